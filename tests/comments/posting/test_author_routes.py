"""A reader's own responses: who may change them, until when, and who sees what."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from blog.comments.changes import next_version
from blog.comments.identity import COOKIE
from blog.comments.live_events import news, versions
from blog.comments.models import HELD, REMOVED, VISIBLE, Comment
from blog.db import db, now, writing
from blog.editors.audit_log import EDIT
from blog.editors.models import AuditEntry
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import current_site
from tests.comments.moderation.desk import decide
from tests.factories import HTMX, a_comment, a_post, answer, signed_in, token


def fresh(comment: Comment) -> Comment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Comment, comment.id)


def posted(client: FlaskClient, post: Post, body: str = "My first words", **fields: str) -> Comment:
    """A comment that this browser wrote."""
    before = set(db.session.scalars(select(Comment.id)))
    assert answer(client, post, body, **fields).status_code == 200
    db.session.rollback()
    return db.session.scalars(select(Comment).where(Comment.id.not_in(before))).one()


def aged(comment: Comment, **since: float) -> None:
    with writing():
        fresh_one = db.session.get_one(Comment, comment.id)
        fresh_one.created_at = now() - timedelta(**since)


def address(comment: Comment, verb: str = "") -> str:
    return f"/posts/{comment.post_id}/comments/{comment.id}{verb}"


def its_token(client: FlaskClient, comment: Comment, verb: str) -> str:
    page = client.get(address(comment, verb))
    assert page.status_code == 200
    return re.search(r'name="csrf_token" value="([^"]*)"', page.text)[1]  # type: ignore[index]


def edit(client: FlaskClient, comment: Comment, body: str, htmx: bool = True, **form: str) -> TestResponse:
    sent = {"csrf_token": form.get("csrf_token") or its_token(client, comment, "/edit"), "body": body}
    return client.post(address(comment), data=sent, headers=HTMX if htmx else {})


def withdraw(client: FlaskClient, comment: Comment, htmx: bool = True, **form: str) -> TestResponse:
    sent = {"csrf_token": form.get("csrf_token") or its_token(client, comment, "/removal")}
    return client.post(address(comment, "?_method=DELETE"), data=sent, headers=HTMX if htmx else {})


def a_token(client: FlaskClient, post: Post) -> str:
    return token(client, post)["csrf_token"]


def live(comment: Comment, since: int) -> str:
    """What everybody who reads along is sent after this version."""
    db.session.rollback()
    with current_app.test_request_context():
        found = news(f"post:{comment.post_id}", since)
    assert found
    return found.events.decode()


def version(post: Post) -> int:
    db.session.rollback()
    return versions([f"post:{post.id}"])[f"post:{post.id}"]


# ---- the cookie


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    return found.value if found else ""


def test_a_page_that_is_read_sets_no_cookie_and_one_that_is_written_on_sets_it(client: FlaskClient) -> None:
    post = a_post()
    a_comment(post)
    for path in ("/", post.path or "", f"/posts/{post.id}/comments/1", f"/posts/{post.id}/comments/mine"):
        assert COOKIE not in str(client.get(path).headers)
    given = client.get(f"/posts/{post.id}/comments/token")
    (line,) = [line for line in given.headers.getlist("Set-Cookie") if COOKIE in line]
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert "Max-Age=31536000" in line
    assert "Secure" not in line
    assert client.get_cookie("talkback") is not None


def test_behind_tls_the_cookie_is_secure(settings: Settings, app: Flask) -> None:
    app.config["SETTINGS"] = Settings(blog_instance=settings.blog_instance, blog_url="https://blog.example.org")
    post = a_post()
    given = app.test_client().get(f"/posts/{post.id}/comments/token")
    (line,) = [line for line in given.headers.getlist("Set-Cookie") if COOKIE in line]
    assert "Secure" in line


def test_the_number_in_the_cookie_is_kept_nowhere_and_shown_nowhere(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    post = a_post()
    comment = posted(client, post)
    number = cookie(client).split(".")[0]
    assert len(number) >= 16
    assert comment.reader_key
    assert number not in comment.reader_key
    pages = (post.path or "", address(comment, "/edit"), f"/posts/{post.id}/comments/mine", "/nothing-here")
    for page in pages:
        text = client.get(page).text
        assert number not in text
        assert comment.reader_key not in text
    assert number not in caplog.text


@pytest.mark.parametrize("forged", ["", "x", "a" * 22, "a" * 22 + ".forged", "{number}.AAAA", "é", "."])
def test_a_forged_cookie_is_nobodys(app: Flask, client: FlaskClient, forged: str) -> None:
    post = a_post()
    comment = posted(client, post)
    mallory = app.test_client()
    mallory.set_cookie(COOKIE, forged.format(number=cookie(client).split(".")[0]))
    assert mallory.get(address(comment, "/edit")).status_code == 403
    assert "My first words" not in mallory.get(f"/posts/{post.id}/comments/mine").text
    hers = posted(mallory, post, "Another number is given.")
    assert hers.reader_key != comment.reader_key


def test_the_key_is_the_same_in_every_answer_and_from_session_to_session(client: FlaskClient) -> None:
    post = a_post()
    first = posted(client, post, "One")
    client.delete_cookie("talkback")
    assert posted(client, post, "Two").reader_key == first.reader_key


def test_a_key_that_still_lies_in_the_session_is_taken_over_with_its_comments(client: FlaskClient) -> None:
    post = a_post()
    old = a_comment(post, "From before", reader_key="an-old-number-of-22-ch")
    somebody = a_comment(post, "Somebody else's", reader_key="another-number-of-22-c")
    with client.session_transaction() as session:
        session["reader"] = "an-old-number-of-22-ch"
    new = posted(client, post)
    assert fresh(old).reader_key == new.reader_key != "an-old-number-of-22-ch"
    assert fresh(somebody).reader_key == "another-number-of-22-c"
    with client.session_transaction() as session:
        assert "reader" not in session
    assert edit(client, old, "Changed now").status_code == 200


# ---- changing


def test_its_writer_changes_it_and_everybody_sees_it(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = posted(client, post, "My *earliest* words")
    form = client.get(address(comment, "/edit"))
    assert "My *earliest* words</textarea>" in form.text
    assert form.headers["Cache-Control"] == "no-store"
    before = version(post)
    changed = edit(client, comment, "My **second** words<script>x</script>")
    assert changed.status_code == 200
    assert changed.headers["Cache-Control"] == "no-store"
    page = app.test_client().get(post.path or "").text
    for shown in (page, live(comment, before), changed.text):
        assert "<strong>second</strong>" in shown
        assert "earliest" not in shown
        assert 'class="edited"' in shown
        assert "<script>x" not in shown
    kept = fresh(comment)
    assert kept.body == "My **second** words<script>x</script>"
    assert kept.edited_at is not None
    assert kept.version == before + 1
    assert kept.created_at == comment.created_at


def test_the_editors_keep_what_it_said_before(client: FlaskClient) -> None:
    comment = posted(client, a_post())
    edit(client, comment, "My second words")
    db.session.rollback()
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.verb == EDIT
    assert (entry.before, entry.after) == ("My first words", "My second words")
    assert entry.reason == "edited by its writer"
    assert entry.comment_id == comment.id
    assert entry.editor_id is None


def test_the_same_change_twice_is_one(client: FlaskClient) -> None:
    post = a_post()
    comment = posted(client, post)
    proof = its_token(client, comment, "/edit")
    for _ in range(2):
        assert edit(client, comment, "My second words", csrf_token=proof).status_code == 200
    assert version(post) == 2
    assert len(list(db.session.scalars(select(AuditEntry)))) == 1


def test_without_javascript_plain_pages_do_it(client: FlaskClient) -> None:
    post = a_post()
    comment = posted(client, post)
    mine = client.get(f"/posts/{post.id}/comments/mine").text
    assert address(comment, "/edit") in mine
    assert "15 minutes left" in mine
    changed = edit(client, comment, "My second words", htmx=False)
    assert changed.status_code == 303
    assert changed.location == f"{post.path}#comment-{comment.id}"
    asked = client.get(address(comment, "/removal"))
    assert "My second words" in asked.text
    assert fresh(comment).visible
    assert withdraw(client, comment, htmx=False).status_code == 303
    assert "My second words" not in client.get(f"/posts/{post.id}/comments/mine").text


@pytest.mark.parametrize("text", ["", " \n\u200b", "x" * 10_001])
def test_a_text_that_cannot_be_taken_comes_back(client: FlaskClient, text: str) -> None:
    comment = posted(client, a_post())
    refused = edit(client, comment, text)
    assert refused.status_code == 422
    assert text in refused.text
    assert "aria-invalid" in refused.text
    assert fresh(comment).body == "My first words"


def test_without_its_token_nothing_is_changed_and_the_text_is_kept(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = posted(client, post)
    stolen = a_token(app.test_client(), post)
    for proof in ("nothing", stolen):
        for htmx in (True, False):
            refused = edit(client, comment, "Sent by another page", htmx, csrf_token=proof)
            assert refused.status_code == 403
            assert "Sent by another page" in refused.text
            assert withdraw(client, comment, htmx, csrf_token=proof).status_code == 403
    assert fresh(comment).body == "My first words"
    assert fresh(comment).visible
    again = re.search(r'name="csrf_token" value="([^"]*)"', refused.text)[1]  # type: ignore[index]
    assert edit(client, comment, "Sent by another page", csrf_token=again).status_code == 200


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_while_the_database_is_away_the_text_is_kept(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    post = a_post()
    comment = posted(client, post)
    proof = its_token(client, comment, "/edit")

    def away(*_: Any) -> None:
        raise OperationalError("", {}, Exception("away"))

    monkeypatch.setattr("blog.comments.posting.author_routes.changeable", away)
    refused = client.post(address(comment), data={"csrf_token": proof, "body": "Kept meanwhile"}, headers=headers)
    assert refused.status_code == 503
    assert "could not be saved. Your text" in refused.text
    assert "Kept meanwhile" in refused.text
    monkeypatch.undo()
    assert edit(client, comment, "Kept meanwhile", csrf_token=proof).status_code == 200


# ---- who may not, and when not


def test_nobody_else_changes_it(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = posted(client, post)
    mallory = app.test_client()
    proof = a_token(mallory, post)
    for path in ("/edit", "/removal"):
        refused = mallory.get(address(comment, path))
        assert refused.status_code == 403
        assert "did not post this response from this browser" in refused.text
        assert "<textarea" not in refused.text
    refused = edit(mallory, comment, "Mallory's words", csrf_token=proof)
    assert refused.status_code == 403
    assert "Mallory&#39;s words" in refused.text
    assert "My first words" not in refused.text
    assert withdraw(mallory, comment, csrf_token=proof).status_code == 403
    assert fresh(comment).body == "My first words"
    assert fresh(comment).visible


@pytest.mark.parametrize(("since", "status"), [({"minutes": 14.9}, 200), ({"minutes": 15}, 403), ({"days": 3}, 403)])
def test_the_time_is_counted_from_the_posting(client: FlaskClient, since: dict[str, float], status: int) -> None:
    post = a_post()
    comment = posted(client, post)
    proof = a_token(client, post)
    aged(comment, **since)
    assert client.get(address(comment, "/edit")).status_code == status
    assert client.get(address(comment, "/removal")).status_code == status
    changed = edit(client, comment, "Kept all the same", csrf_token=proof)
    assert changed.status_code == status
    if status == 403:
        assert "could edit this response for 15 minutes" in changed.text
        assert "Kept all the same" in changed.text
        assert fresh(comment).body == "My first words"
        assert "/edit" not in client.get(f"/posts/{post.id}/comments/mine").text
        assert withdraw(client, comment, csrf_token=proof).status_code == 403
        assert fresh(comment).visible


def test_a_clock_that_was_set_back_gives_no_endless_time(client: FlaskClient) -> None:
    post = a_post()
    comment = posted(client, post)
    aged(comment, days=-300)
    assert client.get(address(comment, "/edit")).status_code == 403
    aged(comment, seconds=-2)
    assert client.get(address(comment, "/edit")).status_code == 200


def test_a_site_may_say_how_long_or_never(client: FlaskClient) -> None:
    comment = posted(client, a_post())
    aged(comment, minutes=20)
    for minutes, status in ((0, 403), (15, 403), (30, 200)):
        with writing():
            current_site().edit_minutes = minutes
        assert client.get(address(comment, "/edit")).status_code == status
    with writing():
        current_site().edit_minutes = 0
    assert "cannot edit a response after you post it" in client.get(address(comment, "/edit")).text
    assert json.loads(answer(client, a_post("Other"), "x").headers["HX-Trigger"])["talkback:posted"]["seconds"] == 0


def test_what_its_writer_took_away_no_editor_brings_back(app: Flask, client: FlaskClient) -> None:
    comment = posted(client, a_post())
    withdraw(client, comment)
    desk = signed_in(app)
    for noun in ("approval", "hold"):
        refusal = decide(desk, comment, noun, **HTMX)
        assert refusal.status_code == 409
        assert "The author deleted this response" in refusal.text
        assert fresh(comment).status == REMOVED
    assert "My first words" not in client.get(comment.post.path or "").text


def test_what_an_editor_removed_or_a_thread_that_was_closed_stays(client: FlaskClient) -> None:
    post = a_post()
    comment = posted(client, post)
    proof = a_token(client, post)
    with writing():
        db.session.get_one(Post, post.id).comments_closed_at = now()
    closed = edit(client, comment, "Kept in a closed thread", csrf_token=proof)
    assert closed.status_code == 409
    assert "is closed" in closed.text
    assert "Kept in a closed thread" in closed.text
    assert withdraw(client, comment, csrf_token=proof).status_code == 409
    with writing():
        db.session.get_one(Post, post.id).comments_closed_at = None
        db.session.get_one(Comment, comment.id).remove("removed by Ed")
    gone = edit(client, comment, "Kept though it is gone", csrf_token=proof)
    assert gone.status_code == 410
    assert "no longer here" in gone.text
    assert "Kept though it is gone" in gone.text
    assert "Ed" not in gone.text.replace("Edit", "")
    assert fresh(comment).status_reason == "removed by Ed"


def test_what_is_not_there_or_under_a_post_that_is_not_shown_is_a_404(client: FlaskClient) -> None:
    post, other, draft = a_post(), a_post("Other"), a_post("Draft", draft=True)
    comment = posted(client, post)
    for path in (
        f"/posts/{other.id}/comments/{comment.id}/edit",
        f"/posts/{post.id}/comments/999/edit",
        f"/posts/{draft.id}/comments/mine",
        f"/posts/{draft.id}/comments/held",
        "/posts/999/comments/mine",
    ):
        assert client.get(path).status_code == 404
        assert client.get(path, headers=HTMX).status_code == 404


# ---- taking it away


def test_without_replies_it_goes_with_them_its_place_stays(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    lonely, answered = posted(client, post, "Lonely words"), posted(client, post, "Answered words")
    a_comment(post, "The reply.", parent=answered)
    before = version(post)
    gone = withdraw(client, lonely)
    assert gone.status_code == 200
    assert "talkback:withdrawn" in gone.headers["HX-Trigger"]
    withdraw(client, answered)
    page = app.test_client().get(post.path or "").text
    event = live(lonely, before)
    for shown in (page, event, gone.text):
        assert "Lonely words" not in shown
        assert "Answered words" not in page
    assert "1</span> Response to" in page
    assert f'id="comment-{lonely.id}"' not in page
    assert "This response is no longer here." in page
    assert "The reply." in page
    assert "data-gone" in event
    assert fresh(lonely).status == REMOVED
    assert fresh(lonely).status_reason == "removed by its writer"
    assert withdraw(client, lonely, csrf_token=a_token(client, post)).status_code == 410


# ---- pauses and the verdict


class TestWithPauses:
    @pytest.fixture
    def settings(self, tmp_path: Any, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    def test_changes_come_with_pauses_and_the_text_is_kept(self, client: FlaskClient) -> None:
        comment = a_comment(a_post())
        writer_of(client, comment)
        assert edit(client, comment, "Second").status_code == 200
        refused = edit(client, comment, "Third")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 5
        assert "Third" in refused.text


def writer_of(client: FlaskClient, comment: Comment) -> None:
    """Make this browser the comment's writer."""
    other = answer(client, a_post("Elsewhere"), "To have a key", subject="trap")
    assert other.status_code == 200
    db.session.rollback()
    key = db.session.scalars(select(Comment.reader_key).order_by(Comment.id.desc()).limit(1)).one()
    with writing():
        db.session.get_one(Comment, comment.id).reader_key = key


def test_a_change_is_judged_again(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = posted(client, post)
    with writing():
        current_site().muted = "casino"
    before = version(post)
    changed = edit(client, comment, "Win at the casino")
    assert changed.status_code == 200
    assert "Your response is waiting for approval" in changed.text
    assert json.loads(changed.headers["HX-Trigger"])["talkback:changed"]["held"] is True
    assert fresh(comment).status == HELD
    assert "casino" in fresh(comment).status_reason
    assert "casino" not in app.test_client().get(post.path or "").text
    assert "casino" not in live(comment, before)
    edit(client, comment, "Good words only")
    assert fresh(comment).status == HELD
    assert "casino" in fresh(comment).status_reason


# ---- what waits


def held(client: FlaskClient, post: Post, body: str = "Waiting words") -> Comment:
    comment = posted(client, post, body, subject="filled in by a program")
    assert comment.status == HELD
    return comment


def test_its_writer_alone_sees_what_waits(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = held(client, post)
    hers = client.get(f"/posts/{post.id}/comments/held", headers=HTMX)
    assert hers.headers["Cache-Control"] == "no-store"
    assert "Waiting words" in hers.text
    assert ">waiting for approval<" in hers.text
    assert "Waiting words" in client.get(f"/posts/{post.id}/comments/mine").text
    assert "Waiting words" not in client.get(post.path or "").text
    bob = app.test_client()
    posted(bob, post, "Bob's words")
    for path in ("/held", "/mine", f"/{comment.id}/edit", f"/{comment.id}/removal", f"/{comment.id}"):
        for headers in (HTMX, {}):
            given = bob.get(f"/posts/{post.id}/comments{path}", headers=headers)
            assert "Waiting words" not in given.text
            assert given.status_code == (404 if str(comment.id) in path else 200)
    assert "Waiting words" not in bob.get(post.path or "").text
    assert "Waiting words" not in live(comment, 0)
    assert "Waiting words" not in client.get(f"/posts/{a_post('Other').id}/comments/held", headers=HTMX).text


def test_what_waits_can_be_changed_and_taken_away_and_goes_on_waiting(client: FlaskClient) -> None:
    post = a_post()
    comment = held(client, post)
    changed = edit(client, comment, "Waiting still")
    assert "Waiting still" in changed.text
    assert fresh(comment).status == HELD
    assert "0</span> Response to" in changed.text
    mine = edit(client, comment, "Waiting even longer", htmx=False)
    assert mine.location == f"/posts/{post.id}/comments/mine"
    gone = withdraw(client, comment)
    assert "Waiting" not in gone.text
    assert fresh(comment).status == REMOVED


def test_when_it_is_decided_on_the_mark_goes_without_a_word(client: FlaskClient) -> None:
    post = a_post()
    approved, removed, spam = (held(client, post, f"Waiting {word}") for word in ("one", "two", "three"))
    for comment, verb in ((approved, "approve"), (removed, "remove"), (spam, "mark_as_spam")):
        with writing():
            one = db.session.get_one(Comment, comment.id)
            getattr(one, verb)(*([] if verb == "approve" else ["by Ed"]))
            one.version = next_version(post.id).thread_version
    assert client.get(f"/posts/{post.id}/comments/held", headers=HTMX).text.strip() == ""
    mine = client.get(f"/posts/{post.id}/comments/mine").text
    assert "Waiting one" in mine
    assert "Waiting two" not in mine
    assert "Waiting three" not in mine


def test_the_answer_tells_the_browser_what_to_remember(client: FlaskClient) -> None:
    post = a_post()
    for subject, waits in (("", False), ("trap", True)):
        told = json.loads(answer(client, post, "Words", subject=subject).headers["HX-Trigger"])["talkback:posted"]
        assert told["held"] is waits
        db.session.rollback()
        assert 890 <= told["seconds"] <= 900
        assert db.session.get_one(Comment, told["id"]).status == (HELD if waits else VISIBLE)


# ---- the picture


def pictures(text: str) -> list[str]:
    return re.findall(r"<svg class=\"picture.*?</svg>", text)


def test_the_same_key_gives_the_same_picture_and_another_another(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    posted(client, post, "One", name="Ann")
    posted(client, post, "Two", name="Anna")
    posted(app.test_client(), post, "Three", name="Ann")
    first, second, third = pictures(client.get(post.path or "").text)
    assert first == second != third
    assert len(first) < 300
    assert 'aria-hidden="true"' in first
    assert "style" not in first
    assert app.config["SECRET_KEY"] not in first


def test_without_a_key_the_name_gives_the_picture(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    for name in ("Ann", "ann", "Bob"):
        a_comment(post, name, name=name, reader_key=None)
    first, second, third = pictures(client.get(post.path or "").text)
    assert first == second != third


def test_pictures_are_small_and_none_is_empty(app: Flask) -> None:
    from blog.comments.thread.avatars import picture

    drawn = {str(picture(Comment(name="", email="", reader_key=f"{number:064x}"))) for number in range(300)}
    assert len(drawn) > 290
    assert max(map(len, drawn)) < 300
    assert all('d="M' in one for one in drawn)
