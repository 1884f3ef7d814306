from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from blog.comments import submission_keys
from blog.comments.changes import changing_threads
from blog.comments.models import HELD, VISIBLE, Ban, Comment
from blog.comments.posting.submit import post_comment
from blog.comments.refusals import Refused
from blog.comments.screening.rules import MAX_HELD, RULES, prepare_screening, screen
from blog.comments.screening.submission import Submission
from blog.comments.screening.writer_history import RECENT_LIMIT
from blog.comments.status_reasons import SENTENCES
from blog.db import db, now, writing
from blog.editors.accounts import add_editor
from blog.editors.audit_log import REMOVE
from blog.editors.models import OWNER, AuditEntry
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import current_site
from tests.factories import HTMX, a_comment, a_post, answer, count, token, why

LONG = "The herons are back at the weir, three of them, and nobody minds the noise."


def change_settings(**settings: Any) -> None:
    with writing():
        for name, value in settings.items():
            setattr(current_site(), name, value)


def ban(kind: str, value: str, reason: str = "") -> None:
    with writing():
        db.session.add(Ban(kind=kind, value=value, reason=reason))


def decide(comment: Comment, verb: str, *, by_editor: bool = True) -> None:
    """Change a comment's status, and log it as an editor's decision."""
    with changing_threads():
        getattr(db.session.get_one(Comment, comment.id), verb)()
        if verb == "remove":
            db.session.add(AuditEntry(verb=REMOVE, comment_id=comment.id, editor_id=7 if by_editor else None))


def submit(post: Post, body: str = "Seen one.", *, throttled: bool = False, **fields: Any) -> Comment:
    who = {"name": "Ann", "email": "", "website": "", "reader_key": "ann", "address_key": "here", "parent_id": None}
    return post_comment(
        Submission(post_id=post.id, body=body, **(who | {"key": f"k{id(fields)}{body[:9]}{now()}"} | fields)), throttled
    )


def test_default_settings_publish_every_comment(app: Flask) -> None:
    comment = submit(
        a_post(), "With https://a.example and https://b.example.", website="https://ann.example", email="a@b.example"
    )
    assert (comment.status, why(comment)) == (VISIBLE, "")


def test_held_comment_has_all_reasons_and_is_hidden(client: FlaskClient, app: Flask) -> None:
    post = a_post()
    change_settings(most_links=0, muted="casino", hold_after_days=1, comment_rule="all")
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
        assert reason in why(comment)
    assert "casino" not in app.test_client().get(post.path or "").text


def test_many_long_reasons_are_all_stored(app: Flask) -> None:
    for number in range(5):
        ban("domain", f"{'x' * 60}{number}.example", "y" * 200)
    comment = submit(a_post(), " ".join(f"https://{'x' * 60}{number}.example/" for number in range(5)))
    assert comment.status == HELD
    for number in range(5):
        assert f"the domain {'x' * 60}{number}.example is banned ({'y' * 100})" in why(comment)


@pytest.mark.parametrize(("links", "status"), [(3, VISIBLE), (4, HELD)])
def test_too_many_links_hold(app: Flask, links: int, status: str) -> None:
    assert submit(a_post(), " ".join(f"https://e.example/{number}" for number in range(links))).status == status


def test_internal_links_do_not_count_and_the_limit_can_be_disabled(tmp_path: Any, app: Flask) -> None:
    html = '<p><a href="/2026/11/x.html#comment-1" rel="nofollow">x</a> <a href="https://me.example/y">y</a></p>'
    app.config["SETTINGS"] = Settings(blog_instance=tmp_path, blog_url="https://me.example")
    assert replace(Submission.of(a_comment(a_post())), body_html=html).links == []
    change_settings(most_links=None)
    assert submit(a_post(), " ".join(f"https://e.example/{number}" for number in range(40))).status == VISIBLE


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
def test_muted_words_are_found_in_every_field(app: Flask, fields: dict[str, str]) -> None:
    change_settings(muted="casino")
    comment = submit(a_post(), **fields)
    assert (comment.status, why(comment)) == (HELD, "muted: casino")
    assert submit(a_post(), "the casinos are open", reader_key="bob", address_key="there").status == VISIBLE


def test_invalid_pattern_does_not_disable_muted_words(app: Flask) -> None:
    change_settings(muted="/(/\ncasino")
    assert why(submit(a_post(), "casino")) == "muted: casino"


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("reader", "ann", "this reader is banned"),
        ("address", "here", "this network address is banned"),
        ("email", "ann@example.org", "this e-mail address is banned"),
        ("domain", "spam.example", "the domain spam.example is banned"),
    ],
)
def test_ban_holds_only_the_banned_writer(app: Flask, kind: str, value: str, reason: str) -> None:
    post = a_post()
    ban(kind, value)
    theirs = {"email": "Ann@Example.org", "website": "https://Shop.spam.example:8080/x"}
    assert reason in why(submit(post, **theirs))
    other = {"reader_key": "bob", "address_key": "there", "email": "bob@example.org"}
    assert submit(post, "See https://notspam.example", website="https://spam.example.org", **other).status == VISIBLE
    decide(submit(post, "Anonymous", **(other | {"email": ""})), "approve")


def test_new_writers_are_held_until_enough_approvals(app: Flask) -> None:
    change_settings(comment_rule="first", approvals=2)
    post = a_post()
    for shown in (0, 1):
        comment = submit(post, f"Number {shown}")
        assert why(comment) == f"a new reader: {shown} of 2 responses approved so far"
        decide(comment, "approve")
    assert submit(post, "Number 2").status == VISIBLE
    assert submit(post, "Under her name", email="", reader_key="mallory", address_key="there").status == HELD


def test_spam_does_not_count_as_approved(app: Flask) -> None:
    change_settings(comment_rule="first")
    post = a_post()
    decide(submit(post, "Spam"), "mark_as_spam")
    assert "0 of 1" in why(submit(post, "More"))


@pytest.mark.parametrize(
    ("post_rule", "site", "status"), [("all", "open", HELD), ("open", "all", VISIBLE), ("first", "open", HELD)]
)
def test_rule_of_a_post_overrides_the_sites(app: Flask, post_rule: str, site: str, status: str) -> None:
    change_settings(comment_rule=site)
    assert submit(a_post(comment_rule=post_rule)).status == status


def test_comments_on_old_posts_are_held(app: Flask) -> None:
    change_settings(hold_after_days=30)
    old, young = (a_post(published_at=now() - timedelta(days=days)) for days in (31, 29))
    assert why(submit(old)) == "the post is more than 30 days old"
    assert submit(young, "Another").status == VISIBLE


def test_removal_by_an_editor_holds_the_writers_next_comments(app: Flask) -> None:
    post = a_post()
    post_rule = submit(post, "One")
    decide(post_rule, "remove", by_editor=False)
    assert submit(post, "Two").status == VISIBLE
    for verb in ("remove", "mark_as_spam"):
        bad = submit(post, f"Bad {verb}", reader_key=verb, address_key=verb)
        decide(bad, verb)
        assert "an editor took away" in why(submit(post, f"After {verb}", reader_key=verb, address_key=verb))
    for number in range(RECENT_LIMIT):
        decide(submit(post, f"Good {number}", reader_key="remove", address_key="remove"), "approve")
    assert submit(post, "Long ago now", reader_key="remove", address_key="remove").status == VISIBLE


def test_duplicate_text_is_held_whoever_sends_it(app: Flask) -> None:
    first = submit(a_post(), LONG)
    other = {"reader_key": "bob", "address_key": "there"}
    again = submit(a_post("Elsewhere"), f"  {LONG.upper().replace(', ', ' — ')}\n", **other)
    assert why(again) == f"the same text as response {first.id}"
    assert submit(a_post(), LONG.replace("three", "four"), **other).status == VISIBLE


def test_short_and_old_texts_are_no_duplicates(app: Flask) -> None:
    post = a_post()
    for who in ("ann", "bob"):
        assert submit(post, "Thank you!", reader_key=who, address_key=who).status == VISIBLE
    comment = submit(post, LONG)
    with changing_threads():
        db.session.get_one(Comment, comment.id).created_at = now() - timedelta(days=2)
    assert submit(post, LONG, reader_key="bob", address_key="there").status == VISIBLE


def test_many_held_comments_hold_the_next_from_the_same_address(app: Flask) -> None:
    post = a_post()
    change_settings(muted="casino")
    for number in range(MAX_HELD):
        comment = submit(post, f"casino {number}", reader_key=f"r{number}")
        with changing_threads():
            db.session.get_one(Comment, comment.id).created_at = now() - timedelta(minutes=30)
    assert "3 responses from here wait already" in why(submit(post, "Harmless", throttled=True, reader_key="new"))
    assert submit(post, "Harmless too", reader_key="new").status == VISIBLE
    assert submit(post, "Source", throttled=True, reader_key="new2", address_key="there").status == VISIBLE


@pytest.mark.parametrize(
    ("seconds", "throttled", "status"),
    [(0, True, HELD), (1, True, HELD), (2, True, VISIBLE), (None, True, VISIBLE), (0, False, VISIBLE)],
)
def test_fast_submissions_are_held_if_throttled(app: Flask, seconds: int | None, throttled: bool, status: str) -> None:
    comment = submit(a_post(), seconds=seconds, throttled=throttled)
    assert (comment.status, comment.seconds) == (status, seconds)


def test_editors_comments_are_never_held(app: Flask) -> None:
    ed = add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    change_settings(comment_rule="all", muted="casino", most_links=0, hold_after_days=1)
    ban("reader", "ann")
    post = a_post(published_at=now() - timedelta(days=9))
    for number in range(3):
        comment = submit(
            post, f"casino https://casino.example {number}", editor_id=ed.id, trapped=True, seconds=0, throttled=True
        )
        assert comment.status == VISIBLE


def test_edited_comment_is_screened_without_comparing_it_to_itself(app: Flask) -> None:
    change_settings(muted="casino")
    post = a_post()
    comment = submit(post, LONG)
    assert screen(Submission.of(comment), post).reasons == ()
    assert [reason["code"] for reason in screen(Submission.of(comment, body="casino"), post).reasons] == ["muted_word"]


def test_screening_runs_at_most_five_queries(app: Flask) -> None:
    change_settings(comment_rule="first")
    post, statements = a_post(), []
    comment = submit(post, " ".join(f"https://s{number}.a.b.c.example/" for number in range(300)))
    submission = Submission.of(comment)
    prepare_screening(submission)
    assert post.labels == []
    event.listen(db.engine, "before_cursor_execute", lambda *_: statements.append(1))
    screen(submission, post)
    assert len(statements) <= 5
    assert len(RULES) == 12


def test_every_rule_has_a_sentence() -> None:
    assert {rule.__name__ for rule in RULES} <= SENTENCES.keys()


@pytest.mark.parametrize("way", ["site", "post", "days"])
def test_closed_thread_explains_itself_and_returns_the_text(client: FlaskClient, way: str) -> None:
    post = a_post(published_at=now() - timedelta(days=11))
    form = token(client, post) | {"body": "Too late"}
    if way == "post":
        with writing():
            db.session.get_one(Post, post.id).comment_rule = "reading"
    else:
        change_settings(**({"rule": "reading"} if way == "site" else {"close_after_days": 10}))
    sentence = {"site": "closed on this blog", "post": "Responses to this post are closed", "days": "after 10 days"}[
        way
    ]
    page = client.get(post.path or "").text
    assert sentence in page
    assert "comment-form" not in page.replace("comment-form-place", "")
    response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    assert response.status_code == 403
    assert sentence in response.text
    assert "Your text is still here to copy" in response.text
    assert "Too late" in response.text


def test_read_only_site_overrides_the_rule_of_a_post(app: Flask) -> None:
    post = a_post(comment_rule="open")
    change_settings(rule="reading")
    with pytest.raises(Refused):
        a_comment(post)


class TestWithTimes:
    """Test the time that a form was open, over HTTP."""

    @pytest.fixture
    def settings(self, tmp_path: Any, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    @pytest.fixture
    def backdate_tickets(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Backdate new tickets by some seconds, until called with 0."""

        def set_back(seconds: int) -> None:
            monkeypatch.setattr(submission_keys, "now", lambda: now() - timedelta(seconds=seconds))

        return set_back

    def send(self, client: FlaskClient, post: Post, form: dict[str, str], **fields: str) -> Comment:
        assert client.post(f"/posts/{post.id}/comments", data=form | {"body": "Seen one."} | fields).status_code < 400
        assert count() == 1
        return db.session.query(Comment).one()

    def test_form_sent_at_once_is_held(self, client: FlaskClient) -> None:
        post = a_post()
        form = token(client, post)
        comment = self.send(client, post, form)
        assert why(comment) == "sent less than 2 seconds after the form was opened"
        assert comment.seconds in {0, 1}

    def test_form_open_for_a_while_is_published(self, client: FlaskClient, backdate_tickets: Any) -> None:
        post = a_post()
        backdate_tickets(40)
        form = token(client, post)
        backdate_tickets(0)
        comment = self.send(client, post, form)
        assert (comment.status, comment.seconds in {40, 41}) == (VISIBLE, True)

    def test_refused_form_keeps_its_age(self, client: FlaskClient, backdate_tickets: Any) -> None:
        post = a_post()
        backdate_tickets(40)
        form = token(client, post)
        backdate_tickets(0)
        refused = client.post(f"/posts/{post.id}/comments", data=form | {"body": " "}, headers=HTMX)
        again = dict(re.findall(r'name="(csrf_token|key)" value="([^"]*)"', refused.text))
        assert again["key"] == form["key"]
        assert self.send(client, post, again).status == VISIBLE

    def test_old_ticket_is_replaced_after_a_refusal(self, client: FlaskClient, backdate_tickets: Any) -> None:
        post = a_post()
        backdate_tickets(7 * 3600)
        form = token(client, post)
        backdate_tickets(0)
        refused = client.post(f"/posts/{post.id}/comments", data=form | {"body": " "}, headers=HTMX)
        assert form["key"] not in refused.text

    def test_token_of_another_session_is_never_returned(self, app: Flask, client: FlaskClient) -> None:
        post = a_post()
        theirs = token(app.test_client(), post)
        refused = client.post(f"/posts/{post.id}/comments", data=theirs | {"body": "x"}, headers=HTMX)
        assert refused.status_code == 403
        assert theirs["csrf_token"] not in refused.text

    def test_confirm_page_counts_without_javascript(self, client: FlaskClient, backdate_tickets: Any) -> None:
        post = a_post()
        backdate_tickets(3)
        page = client.post(f"/posts/{post.id}/comments", data={"body": "Seen one."})
        backdate_tickets(0)
        form = dict(re.findall(r'name="(csrf_token|key)"[^>]* value="([^"]*)"', page.text))
        assert self.send(client, post, form).status == VISIBLE
