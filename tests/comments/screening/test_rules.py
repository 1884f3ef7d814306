from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from sqlalchemy import event

from blog.comments.models import HELD, VISIBLE, Ban, Comment
from blog.comments.posting.submit import NewComment, post_comment
from blog.comments.refusals import Refused
from blog.comments.screening import writer_history
from blog.comments.screening.rules import RULES, examine, verdict
from blog.db import db, now, writing
from blog.editors.accounts import add_editor
from blog.editors.audit_log import REMOVE
from blog.editors.models import OWNER, AuditEntry
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import current_site
from tests.factories import HTMX, a_comment, a_post, answer, count, token

LONG = "The herons are back at the weir, three of them, and nobody minds the noise."


def settle(**settings: Any) -> None:
    with writing():
        for name, value in settings.items():
            setattr(current_site(), name, value)


def ban(kind: str, value: str, reason: str = "") -> None:
    with writing():
        db.session.add(Ban(kind=kind, value=value, reason=reason))


def decide(comment: Comment, verb: str, *, by_editor: bool = True) -> None:
    """What becomes of it, and the line that an editor's decision leaves in the log."""
    with writing():
        getattr(db.session.get_one(Comment, comment.id), verb)(*([] if verb == "approve" else ["why"]))
        if verb == "remove":
            db.session.add(AuditEntry(verb=REMOVE, comment_id=comment.id, editor_id=7 if by_editor else None))


def posted(post: Post, body: str = "Seen one.", *, paced: bool = False, **fields: Any) -> Comment:
    who = {"name": "Ann", "email": "", "website": "", "reader_key": "ann", "address_key": "here", "parent_id": None}
    return post_comment(
        NewComment(post_id=post.id, body=body, **(who | {"key": f"k{id(fields)}{body[:9]}{now()}"} | fields)), paced
    )


def test_by_default_everything_appears_at_once(app: Flask) -> None:
    comment = posted(
        a_post(), "With https://a.example and https://b.example.", website="https://ann.example", email="a@b.example"
    )
    assert (comment.status, comment.status_reason) == (VISIBLE, "")


def test_what_waits_has_all_its_reasons_and_is_seen_by_nobody(client: FlaskClient, app: Flask) -> None:
    post = a_post()
    settle(most_links=0, muted="casino", hold_after_days=1, comment_rule="all")
    with writing():
        db.session.get_one(Post, post.id).published_at = now() - timedelta(days=3)
    ban("domain", "casino.example", "sells")
    response = answer(client, post, "https://www.casino.example/", subject="x", website="https://old.casino.example")
    assert response.status_code == 200
    assert "is waiting for approval" in response.text
    assert count() == 1
    comment = db.session.query(Comment).one()
    assert comment.status == HELD
    for reason in (
        "the hidden field was filled in",
        "links: 1, at most 0",
        "muted: casino",
        "every response waits here",
        "the post is more than 1 days old",
        "the domain casino.example is banned (sells)",
    ):
        assert reason in comment.status_reason
    assert "casino" not in app.test_client().get(post.path or "").text


def test_reasons_that_are_too_many_are_cut_not_lost(app: Flask) -> None:
    for number in range(5):
        ban("domain", f"{'x' * 60}{number}.example", "y" * 200)
    links = " ".join(f"https://{'x' * 60}{number}.example/" for number in range(5))
    comment = posted(a_post(), links)
    assert comment.status == HELD
    assert len(comment.status_reason) == 500
    assert comment.status_reason.endswith("…")


@pytest.mark.parametrize(("links", "status"), [(3, VISIBLE), (4, HELD)])
def test_links_over_the_limit_wait(app: Flask, links: int, status: str) -> None:
    assert posted(a_post(), " ".join(f"https://e.example/{number}" for number in range(links))).status == status


def test_links_within_the_blog_do_not_count_and_without_a_limit_none_does(tmp_path: Any, app: Flask) -> None:
    html = '<p><a href="/2026/11/x.html#comment-1" rel="nofollow">x</a> <a href="https://me.example/y">y</a></p>'
    app.config["SETTINGS"] = Settings(blog_instance=tmp_path, blog_url="https://me.example")
    assert examine("Ann", "", "", html).links == 0
    settle(most_links=None)
    assert posted(a_post(), " ".join(f"https://e.example/{number}" for number in range(40))).status == VISIBLE


@pytest.mark.parametrize(
    "fields",
    [
        {"body": "the ca**si**no is open"},
        {"body": "[here](https://casino.example/)"},
        {"name": "Casino"},
        {"website": "https://casino.example"},
        {"email": "casino@a.example"},
    ],
)
def test_muted_words_are_looked_for_in_all_that_was_typed(app: Flask, fields: dict[str, str]) -> None:
    settle(muted="casino")
    comment = posted(a_post(), **fields)
    assert (comment.status, comment.status_reason) == (HELD, "muted: casino")
    assert posted(a_post(), "the casinos are open", reader_key="bob", address_key="there").status == VISIBLE


def test_a_list_that_was_kept_with_a_pattern_of_no_use_still_mutes(app: Flask) -> None:
    settle(muted="/(/\ncasino")
    assert posted(a_post(), "casino").status_reason == "muted: casino"


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("reader", "ann", "this reader is banned"),
        ("address", "here", "this network address is banned"),
        ("email", "ann@example.org", "this e-mail address is banned"),
        ("domain", "spam.example", "the domain spam.example is banned"),
    ],
)
def test_whoever_is_banned_waits_and_nobody_else(app: Flask, kind: str, value: str, reason: str) -> None:
    post = a_post()
    ban(kind, value)
    theirs = {"email": "Ann@Example.org", "website": "https://Shop.spam.example:8080/x"}
    assert reason in posted(post, **theirs).status_reason
    other = {"reader_key": "bob", "address_key": "there", "email": "bob@example.org"}
    assert posted(post, "See https://notspam.example", website="https://spam.example.org", **other).status == VISIBLE
    decide(posted(post, "Anonymous", **(other | {"email": ""})), "approve")


def test_first_timers_wait_until_so_many_were_approved(app: Flask) -> None:
    settle(comment_rule="first", approvals=2)
    post = a_post()
    for shown in (0, 1):
        comment = posted(post, f"Number {shown}")
        assert comment.status_reason == f"a new reader: {shown} of 2 responses approved so far"
        decide(comment, "approve")
    assert posted(post, "Number 2").status == VISIBLE
    assert posted(post, "Under her name", email="", reader_key="mallory", address_key="there").status == HELD


def test_what_was_taken_away_again_does_not_count_as_approved(app: Flask) -> None:
    settle(comment_rule="first")
    post = a_post()
    decide(posted(post, "Spam"), "mark_as_spam")
    assert "0 of 1" in posted(post, "More").status_reason


@pytest.mark.parametrize(
    ("own", "site", "status"), [("all", "open", HELD), ("open", "all", VISIBLE), ("first", "open", HELD)]
)
def test_a_posts_own_rule_stands_in_place_of_the_sites(app: Flask, own: str, site: str, status: str) -> None:
    settle(comment_rule=site)
    assert posted(a_post(comment_rule=own)).status == status


def test_under_an_old_post_responses_wait(app: Flask) -> None:
    settle(hold_after_days=30)
    old, young = (a_post(published_at=now() - timedelta(days=days)) for days in (31, 29))
    assert posted(old).status_reason == "the post is more than 30 days old"
    assert posted(young, "Another").status == VISIBLE


def test_somebody_whose_response_an_editor_took_away_waits(app: Flask) -> None:
    post = a_post()
    own = posted(post, "One")
    decide(own, "remove", by_editor=False)
    assert posted(post, "Two").status == VISIBLE
    for verb in ("remove", "mark_as_spam"):
        bad = posted(post, f"Bad {verb}", reader_key=verb, address_key=verb)
        decide(bad, verb)
        assert "an editor took away" in posted(post, f"After {verb}", reader_key=verb, address_key=verb).status_reason
    for number in range(writer_history.LOOKED_BACK):
        decide(posted(post, f"Good {number}", reader_key="remove", address_key="remove"), "approve")
    assert posted(post, "Long ago now", reader_key="remove", address_key="remove").status == VISIBLE


def test_the_same_text_again_waits_whoever_sends_it(app: Flask) -> None:
    first = posted(a_post(), LONG)
    other = {"reader_key": "bob", "address_key": "there"}
    again = posted(a_post("Elsewhere"), f"  {LONG.upper().replace(', ', ' — ')}\n", **other)
    assert again.status_reason == f"the same text as response {first.id}"
    assert posted(a_post(), LONG.replace("three", "four"), **other).status == VISIBLE


def test_thanks_may_be_said_by_all_and_old_texts_again(app: Flask) -> None:
    post = a_post()
    for who in ("ann", "bob"):
        assert posted(post, "Thank you!", reader_key=who, address_key=who).status == VISIBLE
    comment = posted(post, LONG)
    with writing():
        db.session.get_one(Comment, comment.id).created_at = now() - timedelta(days=2)
    assert posted(post, LONG, reader_key="bob", address_key="there").status == VISIBLE


def test_many_that_wait_hold_the_next_from_the_same_place(app: Flask) -> None:
    post = a_post()
    settle(muted="casino")
    for number in range(writer_history.MANY_WAITING):
        comment = posted(post, f"casino {number}", reader_key=f"r{number}")
        with writing():
            db.session.get_one(Comment, comment.id).created_at = now() - timedelta(minutes=30)
    assert "3 responses from here wait already" in posted(post, "Harmless", paced=True, reader_key="new").status_reason
    assert posted(post, "Harmless too", reader_key="new").status == VISIBLE
    assert posted(post, "Source", paced=True, reader_key="new2", address_key="there").status == VISIBLE


@pytest.mark.parametrize(
    ("seconds", "paced", "status"),
    [(0, True, HELD), (1, True, HELD), (2, True, VISIBLE), (None, True, VISIBLE), (0, False, VISIBLE)],
)
def test_what_was_sent_at_once_waits_where_times_count(
    app: Flask, seconds: int | None, paced: bool, status: str
) -> None:
    comment = posted(a_post(), seconds=seconds, paced=paced)
    assert (comment.status, comment.seconds) == (status, seconds)


def test_an_editors_answer_never_waits(app: Flask) -> None:
    ed = add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    settle(comment_rule="all", muted="casino", most_links=0, hold_after_days=1)
    ban("reader", "ann")
    post = a_post(published_at=now() - timedelta(days=9))
    for number in range(3):
        comment = posted(
            post, f"casino https://casino.example {number}", editor_id=ed.id, trapped=True, seconds=0, paced=True
        )
        assert comment.status == VISIBLE


def test_one_that_is_changed_is_judged_as_it_is_now_and_not_by_itself(app: Flask) -> None:
    settle(muted="casino")
    post, comment = a_post(), posted(a_post(), LONG)
    assert verdict(comment, post, examine("Ann", "", "", comment.body_html)) == ""
    assert verdict(comment, post, examine("Ann", "", "", "<p>casino</p>")) == "muted: casino"


def test_all_rules_together_ask_the_database_a_few_times_whatever_is_in_the_text(app: Flask) -> None:
    settle(comment_rule="first")
    post, asked = a_post(), []
    comment = posted(post, " ".join(f"https://s{number}.a.b.c.example/" for number in range(300)))
    evidence = examine("Ann", "", "", comment.body_html)
    event.listen(db.engine, "before_cursor_execute", lambda *_: asked.append(1))
    verdict(comment, post, evidence)
    assert len(asked) <= 9
    assert len(RULES) == 12


@pytest.mark.parametrize("way", ["site", "post", "days"])
def test_where_nobody_may_answer_the_page_says_why_and_a_text_comes_back(client: FlaskClient, way: str) -> None:
    post = a_post(published_at=now() - timedelta(days=11))
    form = token(client, post) | {"body": "Too late"}
    if way == "post":
        with writing():
            db.session.get_one(Post, post.id).comment_rule = "reading"
    else:
        settle(**({"rule": "reading"} if way == "site" else {"close_after_days": 10}))
    why = {"site": "closed on this blog", "post": "Responses to this post are closed", "days": "after 10 days"}[way]
    page = client.get(post.path or "").text
    assert why in page
    assert "comment-form" not in page.replace("comment-form-place", "")
    response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    assert response.status_code == 403
    assert why in response.text
    assert "Your text is still here to copy" in response.text
    assert "Too late" in response.text


def test_a_reading_site_is_closed_whatever_the_post_says(app: Flask) -> None:
    post = a_post(comment_rule="open")
    settle(rule="reading")
    with pytest.raises(Refused):
        a_comment(post)


class TestWithTimes:
    """As the form's token tells how long it has been open, over HTTP."""

    @pytest.fixture
    def settings(self, tmp_path: Any, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    @pytest.fixture
    def earlier(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Until it is called with 0 again, tokens are given as if it were so many seconds ago."""

        def set_back(seconds: int) -> None:
            monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _signer: int(time.time()) - seconds)

        return set_back

    def send(self, client: FlaskClient, post: Post, form: dict[str, str], **fields: str) -> Comment:
        assert client.post(f"/posts/{post.id}/comments", data=form | {"body": "Seen one."} | fields).status_code < 400
        assert count() == 1
        return db.session.query(Comment).one()

    def test_a_form_that_is_sent_as_soon_as_it_was_opened_waits(self, client: FlaskClient) -> None:
        post = a_post()
        form = token(client, post)
        comment = self.send(client, post, form)
        assert comment.status_reason == "sent less than 2 seconds after the form was opened"
        assert comment.seconds in {0, 1}

    def test_one_that_was_open_for_a_while_appears(self, client: FlaskClient, earlier: Any) -> None:
        post = a_post()
        earlier(40)
        form = token(client, post)
        earlier(0)
        comment = self.send(client, post, form)
        assert (comment.status, comment.seconds in {40, 41}) == (VISIBLE, True)

    def test_a_form_that_comes_back_is_as_old_as_it_was(self, client: FlaskClient, earlier: Any) -> None:
        post = a_post()
        earlier(40)
        form = token(client, post)
        earlier(0)
        refused = client.post(f"/posts/{post.id}/comments", data=form | {"body": " "}, headers=HTMX)
        again = dict(re.findall(r'name="(csrf_token|key)" value="([^"]*)"', refused.text))
        assert again == form
        assert self.send(client, post, again).status == VISIBLE

    def test_a_token_that_will_not_hold_for_long_is_not_given_again(self, client: FlaskClient, earlier: Any) -> None:
        post = a_post()
        earlier(7 * 3600)
        form = token(client, post)
        earlier(0)
        refused = client.post(f"/posts/{post.id}/comments", data=form | {"body": " "}, headers=HTMX)
        assert form["csrf_token"] not in refused.text

    def test_a_token_of_another_session_is_never_given_back(self, app: Flask, client: FlaskClient) -> None:
        post = a_post()
        theirs = token(app.test_client(), post)
        refused = client.post(f"/posts/{post.id}/comments", data=theirs | {"body": "x"}, headers=HTMX)
        assert refused.status_code == 403
        assert theirs["csrf_token"] not in refused.text

    def test_without_javascript_the_page_between_counts(self, client: FlaskClient, earlier: Any) -> None:
        post = a_post()
        earlier(3)
        page = client.post(f"/posts/{post.id}/comments", data={"body": "Seen one."})
        earlier(0)
        form = dict(re.findall(r'name="(csrf_token|key)"[^>]* value="([^"]*)"', page.text))
        assert self.send(client, post, form).status == VISIBLE
