"""The classic export comes in: once, whole, and again without doubling anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.comments.models import REMOVED, Comment, comment_domains
from blog.comments.screening.link_domains import domain_of
from blog.db import db, writing
from blog.importing.formats.open_export import open_export as read
from blog.importing.load import batches, load_comments
from blog.importing.load.run import load
from blog.ops.stats import stats
from blog.posts.models import Post, post_at
from blog.posts.seed import add_welcome_post
from blog.site.models import current_site
from tests.factories import a_comment, a_post
from tests.importing.export_files import SAMPLES, an_export, comment_entry, post_entry, run, setting_entry
from tests.postgres.databases import dump

SAMPLE = SAMPLES / "blogger.xml"


def bring_in(*entries: str, folder: Path) -> list[str]:
    lines = list(load(read(an_export(folder, entries))).lines())
    db.session.rollback()
    return lines


def the_post(number: int) -> Post:
    return db.session.scalars(select(Post).where(Post.import_ref == f"blogger:post-{number}")).one()


def the_comment(number: int) -> Comment:
    return db.session.scalars(select(Comment).where(Comment.import_ref == f"blogger:comment-{number}")).one()


def everything() -> list[Any]:
    db.session.rollback()
    tables = (Post.__table__, Comment.__table__)
    return [row for table in tables for row in db.session.execute(select(table).order_by(table.c.id))]


def test_the_report_says_what_came_in_what_did_not_and_what_to_look_at(app: Flask) -> None:
    assert run(app, "import", SAMPLE).stdout.splitlines() == [
        "4 posts (1 of them a draft), 2 pages (1 of them a draft), 7 comments (2 of them removed), 3 labels",
        "Skipped, since another entry before has the same id: 1 entry.",
        "Skipped, since the post that they answer is not here: 1 comment.",
        "Taken from the export: the name “The Heron Post”, the time zone Europe/Berlin, the language en_GB.",
        "At the top of the thread, since what they answer is not here: 1 comment.",
        "At an address that they did not have before: 1 post or page.",
        "  without an address: now /2013/01/without-an-address.html",
        "Not shown, since they are not reachable by https: 1 picture.",
        "  http://pictures.example.org/heron.jpg (in /2011/07/herons.html)",
    ]


def test_the_numbers_are_right_and_the_same_after_a_second_time(app: Flask) -> None:
    run(app, "import", SAMPLE)
    before, numbers = everything(), stats()
    assert (numbers["posts"], numbers["pages"], numbers["drafts"], numbers["labels"]) == (3, 1, 2, 3)
    comments = {"visible": 5, "held": 0, "spam": 0, "removed": 2, "replies": 2, "max_depth": 2}
    assert numbers["comments"] == comments
    version = current_site().version
    again = run(app, "import", SAMPLE).stdout.splitlines()
    assert again[:2] == [
        "Nothing new came in.",
        "Left as they were, since they came in before: 4 posts, 2 pages, 7 comments.",
    ]
    assert (everything(), stats(), current_site().version) == (before, numbers, version)


def test_the_blog_takes_its_name_where_nobody_gave_it_one(app: Flask) -> None:
    load(read(SAMPLE))
    site = current_site()
    assert (site.title, site.tagline) == ("The Heron Post", "Birds & weirs, since 2010")
    assert (site.timezone, site.language) == ("Europe/Berlin", "en_GB")


def test_a_blog_that_has_a_name_keeps_it(app: Flask) -> None:
    with writing():
        current_site().title = "Mine"
    load(read(SAMPLE))
    assert (current_site().title, current_site().timezone) == ("Mine", "UTC")


def test_a_zone_or_a_language_that_is_unknown_here_is_left_and_told(app: Flask, tmp_path: Path) -> None:
    settings = [setting_entry("BLOG_TIME_ZONE", "Mars/Base"), setting_entry("BLOG_LOCALE", "tlh_QX"), post_entry(1)]
    lines = bring_in(*settings, folder=tmp_path)
    assert (current_site().timezone, current_site().language) == ("UTC", "en")
    assert any("Mars/Base" in line for line in lines)
    assert any("tlh_QX" in line for line in lines)


def test_no_address_of_a_person_comes_in(app: Flask) -> None:
    load(read(SAMPLE))
    everything = "\n".join(dump())
    assert "owner@example.org" not in everything
    assert "noreply@blogger.com" not in everything


def test_posts_keep_their_dates_and_addresses_and_links_to_the_old_host_become_local(app: Flask) -> None:
    load(read(SAMPLE))
    post = post_at("/2011/07/herons.html")
    assert post
    assert post.published_at == post.created_at == datetime(2011, 8, 1, 6, 30, 0, 123000, tzinfo=UTC)
    assert post.updated_at == datetime(2012, 2, 3, 8, tzinfo=UTC)
    assert 'href="/p/about.html"' in post.body_html
    assert 'href="http://heronpost.blogspot.com' in post.body


def test_old_addresses_answer(app: Flask, client: FlaskClient) -> None:
    load(read(SAMPLE))
    assert "Seen" in client.get("/2011/07/herons.html").text
    assert client.get("/2011/09/%D1%86%D0%B0%D0%BF%D0%BB%D1%8F.html").status_code == 200
    assert client.get("/p/about.html").status_code == 200


def test_a_draft_has_no_address_and_the_date_that_it_was_written(app: Flask) -> None:
    load(read(SAMPLE))
    draft = the_post(104)
    assert (draft.path, draft.published_at) == (None, None)
    assert draft.created_at == datetime(2013, 1, 2, 11, tzinfo=UTC)


def test_a_post_that_is_dated_in_the_future_waits_as_a_draft(app: Flask, tmp_path: Path) -> None:
    lines = bring_in(post_entry(1, at="2999-01-01T00:00:00Z"), folder=tmp_path)
    assert the_post(1).published_at is None
    assert "Kept as drafts, since their date is still to come: 1." in lines


def test_an_address_that_is_taken_here_stays_with_its_post(app: Flask, tmp_path: Path) -> None:
    mine = a_post("Mine", published_at=datetime(2011, 7, 1, tzinfo=UTC))
    lines = bring_in(
        post_entry(1, path="/2011/07/mine.html"), post_entry(2, path="/2011/07/post-1.html"), folder=tmp_path
    )
    assert (mine.path, the_post(2).path) == ("/2011/07/mine.html", "/2011/07/post-1.html")
    assert "  /2011/07/mine.html: now /2011/07/post-1_2.html" in lines


def test_who_needs_an_address_gets_none_that_another_brings(app: Flask, tmp_path: Path) -> None:
    bring_in(post_entry(1, path=None), post_entry(2, path="/2011/07/post-1.html"), folder=tmp_path)
    assert (the_post(1).path, the_post(2).path) == ("/2011/07/post-1_2.html", "/2011/07/post-1.html")


def test_comments_keep_their_words_their_time_and_their_old_anchor(app: Flask) -> None:
    load(read(SAMPLE))
    comment = the_comment(301)
    assert (comment.name, comment.website, comment.email) == ("Ann", "http://ann.example.org/", "")
    assert comment.created_at == datetime(2011, 8, 1, 6, 0, 0, 7000, tzinfo=UTC)
    assert (comment.anchor, comment.position) == ("c301", 1312178400007)
    assert comment.body == "Seen *one* today.<br /><br />Five <b>grey</b> &lt;3 ones."
    assert "grey" in comment.body_html


def test_a_nameless_comment_is_anonymous_and_a_website_is_one_of_the_web(app: Flask) -> None:
    load(read(SAMPLE))
    assert the_comment(305).name == "Anonymous"
    assert the_comment(304).website == ""


def test_replies_stand_under_what_they_answer_and_removed_ones_keep_their_place(app: Flask) -> None:
    load(read(SAMPLE))
    removed, reply = the_comment(303), the_comment(304)
    assert (removed.status, removed.depth) == (REMOVED, 0)
    assert (reply.parent_id, reply.display_parent_id, reply.depth) == (removed.id, removed.id, 1)
    assert the_comment(306).parent_id is None


def test_a_comment_on_a_page_stands_there(app: Flask) -> None:
    load(read(SAMPLE))
    page = post_at("/p/about.html")
    assert page
    assert (the_comment(305).post_id, page.comment_count) == (page.id, 1)


def test_counts_and_versions_are_right_for_pages_that_are_open(app: Flask) -> None:
    before = current_site().version
    load(read(SAMPLE))
    db.session.rollback()
    post = the_post(101)
    assert post.comment_count == 4
    assert {comment.version for comment in db.session.scalars(select(Comment).where(Comment.post_id == post.id))} == {1}
    assert (post.thread_version, post.site_version) == (1, current_site().version)
    assert current_site().version > before


def test_a_reply_does_not_go_under_a_comment_of_another_post(app: Flask, tmp_path: Path) -> None:
    lines = bring_in(post_entry(1), post_entry(2), comment_entry(3, 1), comment_entry(4, 2, parent=3), folder=tmp_path)
    assert the_comment(4).parent_id is None
    assert "At the top of the thread, since what they answer is not here: 1 comment." in lines


def test_a_circle_of_replies_comes_in_and_is_told(app: Flask, tmp_path: Path) -> None:
    circle = [comment_entry(2, 1, parent=4), comment_entry(3, 1, parent=2), comment_entry(4, 1, parent=3)]
    lines = bring_in(post_entry(1), *circle, folder=tmp_path)
    assert stats()["comments"]["visible"] == 3
    assert stats()["comments"]["max_depth"] == 3
    assert "At the top of the thread, since comments answer each other in a circle: 1." in lines


def test_a_long_chain_of_replies_comes_in(app: Flask, tmp_path: Path) -> None:
    chain = [comment_entry(n + 10, 1, parent=n + 9 if n else None) for n in range(250)]
    bring_in(*reversed(chain), post_entry(1), folder=tmp_path)
    assert stats()["comments"]["max_depth"] == 250


def test_what_an_editor_changed_is_not_overwritten(app: Flask) -> None:
    load(read(SAMPLE))
    with writing():
        the_post(101).title = "Herons, corrected"
        the_comment(301).remove("for the test")
    load(read(SAMPLE))
    db.session.rollback()
    assert (the_post(101).title, the_comment(301).status) == ("Herons, corrected", REMOVED)


def test_a_later_export_adds_what_is_new_to_what_stands(app: Flask, tmp_path: Path) -> None:
    bring_in(post_entry(1), comment_entry(2, 1), folder=tmp_path)
    bring_in(post_entry(1), comment_entry(2, 1), comment_entry(3, 1, parent=2), post_entry(4), folder=tmp_path)
    assert (the_post(1).comment_count, the_post(1).thread_version) == (2, 2)
    assert (the_comment(2).version, the_comment(3).version) == (1, 2)
    assert the_comment(3).parent_id == the_comment(2).id


def test_an_import_changes_nothing_of_a_post_but_its_thread(app: Flask, tmp_path: Path) -> None:
    bring_in(post_entry(1, at="2011-07-01T12:00:00Z"), folder=tmp_path)
    bring_in(post_entry(1), comment_entry(2, 1), folder=tmp_path)
    assert the_post(1).updated_at == datetime(2011, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("breaks_at", [1, 2, 3])
def test_an_import_that_is_interrupted_leaves_whole_batches_and_goes_on_the_next_time(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks_at: int
) -> None:
    monkeypatch.setattr(batches, "BATCH", 10)
    entries = [post_entry(1), *(comment_entry(n + 10, 1, parent=n + 9 if n % 3 else None) for n in range(30))]
    archive = read(an_export(tmp_path, entries))
    recount, calls = load_comments.recount_posts, []

    def breaking(posts: set[int]) -> None:
        calls.append(posts)
        if len(calls) == breaks_at:
            raise KeyboardInterrupt
        recount(posts)

    monkeypatch.setattr(load_comments, "recount_posts", breaking)
    with pytest.raises(KeyboardInterrupt):
        load(archive)
    db.session.rollback()
    assert stats()["comments"]["visible"] == the_post(1).comment_count == 10 * (breaks_at - 1)
    load(archive)
    db.session.rollback()
    assert stats()["comments"]["visible"] == the_post(1).comment_count == 30
    assert stats()["comments"]["replies"] == 20


def test_a_batch_of_long_texts_ends_sooner() -> None:
    posts = list(read(SAMPLE).posts()) * 50
    assert [len(batch) for batch in batches.batches(posts)] == [100, 100, 100]
    posts[1] = replace(posts[1], body="x" * 3_000_000)
    assert [len(batch) for batch in batches.batches(posts)] == [2, 100, 100, 98]


def test_the_welcome_post_makes_room_where_nobody_touched_it(app: Flask) -> None:
    add_welcome_post()
    load(read(SAMPLE))
    assert stats()["posts"] == 3


def test_a_welcome_post_that_somebody_answered_stays(app: Flask) -> None:
    add_welcome_post()
    a_comment(db.session.scalars(select(Post)).one())
    load(read(SAMPLE))
    assert stats()["posts"] == 4


def test_links_to_a_name_of_the_owners_own_are_told(app: Flask, tmp_path: Path) -> None:
    path = an_export(tmp_path, [post_entry(1)])
    path.write_text(path.read_text().replace("heronpost.blogspot.com", "www.heronpost.example"))
    assert any("www.heronpost.example" in line for line in load(read(path)).lines())


def test_the_domains_of_imported_comments_are_known(app: Flask) -> None:
    run(app, "import", SAMPLE)
    comments = db.session.scalars(select(Comment).where(Comment.website != "")).all()
    assert comments
    domains = {domain_of(comment.website) for comment in comments}
    known = set(db.session.scalars(select(comment_domains.c.domain)))
    assert domains <= known
    run(app, "import", SAMPLE)
    assert set(db.session.scalars(select(comment_domains.c.domain))) == known
