from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from blog.comments.changes import changing_threads
from blog.comments.live_events import news, versions
from blog.comments.models import Comment
from blog.db import db, now
from blog.live.events import TopicUpdate
from blog.posts.models import Post
from blog.posts.publishing import trash_post, unpublish_post
from blog.stored_messages import message
from tests.factories import a_comment, a_post


@pytest.fixture(autouse=True)
def request_context(app: Flask):
    with app.test_request_context("/"):
        yield


def change(comment: Comment, verb: str, reason: str = "") -> None:
    with changing_threads():
        getattr(db.session.get_one(Comment, comment.id), verb)(*([message("note", text=reason)] if reason else []))


def events(topic: str, since: int) -> list[tuple[int, str]]:
    db.session.rollback()
    found = news(topic, since)
    assert isinstance(found, TopicUpdate)
    blocks = found.events.decode().split("\n\n")[:-1]
    return [
        (int(re.search(r"^id: (\d+)", block)[1]), "\n".join(re.findall(r"^data: ?(.*)$", block, re.M)))
        for block in blocks
    ]


def placed_ids(topic: str, since: int) -> list[str]:
    return [match for _, html in events(topic, since) for match in re.findall(r'<li id="(thread-\d+)"', html)]


def test_news_has_one_event_per_comment_then_the_count() -> None:
    post = a_post()
    for _ in range(3):
        a_comment(post)
    found = events(f"post:{post.id}", 1)
    assert [html.count("<li ") for _, html in found] == [1, 1, 0]
    assert "3</span> Responses" in found[-1][1]
    assert found[-1][0] == 3


def test_news_is_empty_without_changes() -> None:
    post = a_post()
    a_comment(post)
    assert events(f"post:{post.id}", 1) == []


def test_parent_is_sent_before_its_reply_whatever_their_versions() -> None:
    post = a_post()
    parent = a_comment(post)
    a_comment(post, parent=parent)
    change(parent, "hold", "a word")
    change(parent, "approve")
    assert placed_ids(f"post:{post.id}", 0) == ["thread-1", "thread-2"]


def test_resuming_after_any_event_misses_nothing() -> None:
    post = a_post()
    comments = [a_comment(post) for _ in range(5)]
    change(comments[0], "hold", "x")
    change(comments[0], "approve")
    all_of_them = events(f"post:{post.id}", 0)
    seen: set[str] = set()
    for resume, html in all_of_them:
        seen |= set(re.findall(r'<li id="(thread-\d+)"', html))
        assert seen | set(placed_ids(f"post:{post.id}", resume)) == {f"thread-{n}" for n in range(1, 6)}


def test_hidden_comment_is_sent_as_a_removal_without_content() -> None:
    post = a_post()
    comment = a_comment(post, "A secret", name="Mallory")
    change(comment, "hold", "a word")
    text = "".join(html for _, html in events(f"post:{post.id}", 1))
    assert " data-gone" in text
    assert "A secret" not in text
    assert "Mallory" not in text
    assert "a word" not in text
    assert '0</span> Response to "' in text


def test_hidden_parent_becomes_a_placeholder_above_a_visible_reply() -> None:
    post = a_post()
    parent = a_comment(post, "A secret")
    reply = a_comment(post, parent=parent)
    change(parent, "remove", "asked for")
    text = "".join(html for _, html in events(f"post:{post.id}", 2))
    assert "no longer here" in text
    assert " data-gone" not in text
    change(reply, "remove", "asked for")
    text = "".join(html for _, html in events(f"post:{post.id}", 3))
    assert text.count(" data-gone") == 2


def test_reply_under_a_hidden_parent_is_sent_with_its_placeholder() -> None:
    post = a_post()
    parent = a_comment(post)
    reply = a_comment(post, parent=parent)
    change(reply, "hold", "x")
    change(parent, "remove", "x")
    change(reply, "approve")
    assert placed_ids(f"post:{post.id}", 4) == ["thread-1", "thread-2"]


def test_more_than_a_hundred_changes_are_sent_as_count_and_reload_link() -> None:
    post = a_post()
    for _ in range(101):
        a_comment(post)
    found = events(f"post:{post.id}", 0)
    assert len(found) == 1
    assert "Reload them" in found[0][1]
    assert "101</span> Responses" in found[0][1]
    assert len(events(f"post:{post.id}", 1)) == 101


def test_unknown_version_reloads_the_thread() -> None:
    post = a_post()
    a_comment(post)
    assert "Reload them" in events(f"post:{post.id}", 99)[0][1]


def test_draft_and_unpublished_post_have_no_stream() -> None:
    draft = a_post(draft=True)
    assert news(f"post:{draft.id}", 0) is None
    assert news("post:999", 0) is None
    assert f"post:{draft.id}" not in versions([f"post:{draft.id}", "site"])


def test_home_stream_sends_only_changed_counts() -> None:
    first, second = a_post("First"), a_post("Second")
    before = versions(["site"])["site"]
    a_comment(second)
    found = events("site", before)
    assert len(found) == 1
    assert f"#post-{second.id}-count" in found[0][1]
    assert f"#post-{first.id}-count" not in found[0][1]
    assert "1 Response<" in found[0][1]


def test_home_stream_limits_counts_to_the_newest_posts() -> None:
    posts = [a_post(f"Post {n}", published_at=now() - timedelta(days=n)) for n in range(105)]
    text = "".join(html for _, html in events("site", 0))
    assert f"#post-{posts[0].id}-count" in text
    assert f"#post-{posts[104].id}-count" not in text


def test_line_breaks_in_a_text_do_not_split_an_event() -> None:
    post = a_post('Title with "quotes"\r\n\rand breaks')
    a_comment(post, "a\u2028b\x85c")
    assert all(html.count("hx-partial") % 2 == 0 for _, html in events(f"post:{post.id}", 0))
    assert db.session.get_one(Post, post.id).thread_version == 1


def test_home_hears_of_new_posts_but_not_of_drafts_and_pages() -> None:
    first = a_post("Herons return")
    a_post("Otters")
    a_post("A draft", draft=True)
    a_post("About", kind="page")
    html = "".join(html for _, html in events("site", first.site_version))
    assert re.findall(r'data-post="(post-\d+)"', html) == ["post-2"]


def test_home_hears_of_posts_that_are_taken_back_but_not_of_drafts() -> None:
    first = a_post("Herons return")
    gone, trashed, draft = a_post("Otters"), a_post("Storks"), a_post("A draft", draft=True)
    unpublish_post(gone.id)
    trash_post(trashed.id)
    trash_post(draft.id)
    html = "".join(html for _, html in events("site", first.site_version))
    assert set(re.findall(r'data-post="(post-\d+)" data-position="0"', html)) == {"post-2", "post-3"}
    assert f"post-{draft.id}" not in html
    assert "-count" not in html
