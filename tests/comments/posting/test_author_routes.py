"""Edit and withdraw comments: by whom, until when, and what others see."""

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

from blog.comments.changes import changing_threads
from blog.comments.identity import COOKIE
from blog.comments.live_events import news, versions
from blog.comments.models import HELD, REMOVED, VISIBLE, Comment
from blog.db import db, now, writing
from blog.editors.audit_log import EDIT
from blog.editors.models import AuditEntry
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import current_site
from blog.stored_messages import message
from tests.comments.moderation.desk import decide
from tests.factories import HTMX, a_comment, a_post, answer, signed_in, token, why


def reload_comment(comment: Comment) -> Comment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Comment, comment.id)


def post_comment_as(client: FlaskClient, post: Post, body: str = "My first words", **fields: str) -> Comment:
    """Post a comment from this browser and return it."""
    before = set(db.session.scalars(select(Comment.id)))
    assert answer(client, post, body, **fields).status_code == 200
    db.session.rollback()
    return db.session.scalars(select(Comment).where(Comment.id.not_in(before))).one()


def set_age(comment: Comment, **since: float) -> None:
    with changing_threads():
        stored = db.session.get_one(Comment, comment.id)
        stored.created_at = now() - timedelta(**since)


def address(comment: Comment, verb: str = "") -> str:
    return f"/posts/{comment.post_id}/comments/{comment.id}{verb}"


def csrf_token_for(client: FlaskClient, comment: Comment, verb: str) -> str:
    page = client.get(address(comment, verb))
    assert page.status_code == 200
    return re.search(r'name="csrf_token" value="([^"]*)"', page.text)[1]  # type: ignore[index]


def edit(client: FlaskClient, comment: Comment, body: str, htmx: bool = True, **form: str) -> TestResponse:
    sent = {"csrf_token": form.get("csrf_token") or csrf_token_for(client, comment, "/edit"), "body": body}
    return client.post(address(comment), data=sent, headers=HTMX if htmx else {})


def withdraw(client: FlaskClient, comment: Comment, htmx: bool = True, **form: str) -> TestResponse:
    sent = {"csrf_token": form.get("csrf_token") or csrf_token_for(client, comment, "/removal")}
    return client.post(address(comment, "?_method=DELETE"), data=sent, headers=HTMX if htmx else {})


def csrf_token_of(client: FlaskClient, post: Post) -> str:
    return token(client, post)["csrf_token"]


def live_html(comment: Comment, since: int) -> str:
    """Return the live events that everybody gets after a version."""
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


def test_reading_sets_no_cookie_and_the_token_request_sets_it(client: FlaskClient) -> None:
    post = a_post()
    a_comment(post)
    for path in ("/", post.path or "", f"/posts/{post.id}/comments/1", f"/posts/{post.id}/comments/mine"):
        assert COOKIE not in str(client.get(path).headers)
    response = client.get(f"/posts/{post.id}/comments/token")
    (line,) = [line for line in response.headers.getlist("Set-Cookie") if COOKIE in line]
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert "Max-Age=31536000" in line
    assert "Secure" not in line
    assert client.get_cookie("talkback") is not None


def test_reader_cookie_is_secure_behind_tls(settings: Settings, app: Flask) -> None:
    app.config["SETTINGS"] = Settings(blog_instance=settings.blog_instance, blog_url="https://blog.example.org")
    post = a_post()
    response = app.test_client().get(f"/posts/{post.id}/comments/token")
    (line,) = [line for line in response.headers.getlist("Set-Cookie") if COOKIE in line]
    assert "Secure" in line


def test_reader_number_is_neither_stored_nor_shown(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post = a_post()
    comment = post_comment_as(client, post)
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
def test_forged_cookie_identifies_nobody(app: Flask, client: FlaskClient, forged: str) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    mallory = app.test_client()
    mallory.set_cookie(COOKIE, forged.format(number=cookie(client).split(".")[0]))
    assert mallory.get(address(comment, "/edit")).status_code == 403
    assert "My first words" not in mallory.get(f"/posts/{post.id}/comments/mine").text
    forged_comment = post_comment_as(mallory, post, "Another number is given.")
    assert forged_comment.reader_key != comment.reader_key


def test_reader_key_survives_a_new_session(client: FlaskClient) -> None:
    post = a_post()
    first = post_comment_as(client, post, "One")
    client.delete_cookie("talkback")
    assert post_comment_as(client, post, "Two").reader_key == first.reader_key


def test_session_key_of_an_older_version_is_migrated_with_its_comments(client: FlaskClient) -> None:
    post = a_post()
    old = a_comment(post, "From before", reader_key="an-old-number-of-22-ch")
    somebody = a_comment(post, "Somebody else's", reader_key="another-number-of-22-c")
    with client.session_transaction() as session:
        session["reader"] = "an-old-number-of-22-ch"
    new = post_comment_as(client, post)
    assert reload_comment(old).reader_key == new.reader_key != "an-old-number-of-22-ch"
    assert reload_comment(somebody).reader_key == "another-number-of-22-c"
    with client.session_transaction() as session:
        assert "reader" not in session
    assert edit(client, old, "Changed now").status_code == 200


# ---- editing


def test_edit_by_the_author_is_shown_to_everybody(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = post_comment_as(client, post, "My *earliest* words")
    form = client.get(address(comment, "/edit"))
    assert "My *earliest* words</textarea>" in form.text
    assert form.headers["Cache-Control"] == "no-store"
    before = version(post)
    changed = edit(client, comment, "My **second** words<script>x</script>")
    assert changed.status_code == 200
    assert changed.headers["Cache-Control"] == "no-store"
    page = app.test_client().get(post.path or "").text
    for html in (page, live_html(comment, before), changed.text):
        assert "<strong>second</strong>" in html
        assert "earliest" not in html
        assert 'class="edited"' in html
        assert "<script>x" not in html
    stored = reload_comment(comment)
    assert stored.body == "My **second** words<script>x</script>"
    assert stored.edited_at is not None
    assert stored.version == before + 1
    assert stored.created_at == comment.created_at


def test_edit_records_the_old_text_in_the_audit_log(client: FlaskClient) -> None:
    comment = post_comment_as(client, a_post())
    edit(client, comment, "My second words")
    db.session.rollback()
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.verb == EDIT
    assert (entry.before, entry.after) == ("My first words", "My second words")
    assert entry.reason == ""
    assert entry.comment_id == comment.id
    assert entry.editor_id is None


def test_repeated_edit_counts_once(client: FlaskClient) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    proof = csrf_token_for(client, comment, "/edit")
    for _ in range(2):
        assert edit(client, comment, "My second words", csrf_token=proof).status_code == 200
    assert version(post) == 2
    assert len(list(db.session.scalars(select(AuditEntry)))) == 1


def test_edit_and_removal_work_without_javascript(client: FlaskClient) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    mine = client.get(f"/posts/{post.id}/comments/mine").text
    assert address(comment, "/edit") in mine
    assert "15 minutes left" in mine
    changed = edit(client, comment, "My second words", htmx=False)
    assert changed.status_code == 303
    assert changed.location == f"{post.path}#comment-{comment.id}"
    confirmation = client.get(address(comment, "/removal"))
    assert "My second words" in confirmation.text
    assert reload_comment(comment).visible
    assert withdraw(client, comment, htmx=False).status_code == 303
    assert "My second words" not in client.get(f"/posts/{post.id}/comments/mine").text


@pytest.mark.parametrize("text", ["", " \n\u200b", "x" * 10_001])
def test_invalid_edit_returns_the_text(client: FlaskClient, text: str) -> None:
    comment = post_comment_as(client, a_post())
    refused = edit(client, comment, text)
    assert refused.status_code == 422
    assert text in refused.text
    assert "aria-invalid" in refused.text
    assert reload_comment(comment).body == "My first words"


def test_edit_without_csrf_token_is_refused_with_the_text(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    stolen = csrf_token_of(app.test_client(), post)
    for proof in ("nothing", stolen):
        for htmx in (True, False):
            refused = edit(client, comment, "Sent by another page", htmx, csrf_token=proof)
            assert refused.status_code == 403
            assert "Sent by another page" in refused.text
            assert withdraw(client, comment, htmx, csrf_token=proof).status_code == 403
    assert reload_comment(comment).body == "My first words"
    assert reload_comment(comment).visible
    again = re.search(r'name="csrf_token" value="([^"]*)"', refused.text)[1]  # type: ignore[index]
    assert edit(client, comment, "Sent by another page", csrf_token=again).status_code == 200


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_edit_returns_the_text_while_the_database_is_away(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    proof = csrf_token_for(client, comment, "/edit")

    def away(*_: Any) -> None:
        raise OperationalError("", {}, Exception("away"))

    monkeypatch.setattr("blog.comments.posting.author_routes.load_editable", away)
    refused = client.post(address(comment), data={"csrf_token": proof, "body": "Kept meanwhile"}, headers=headers)
    assert refused.status_code == 503
    assert "could not be saved. Your text" in refused.text
    assert "Kept meanwhile" in refused.text
    monkeypatch.undo()
    assert edit(client, comment, "Kept meanwhile", csrf_token=proof).status_code == 200


# ---- refusals


def test_edit_by_somebody_else_is_refused(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    mallory = app.test_client()
    proof = csrf_token_of(mallory, post)
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
    assert reload_comment(comment).body == "My first words"
    assert reload_comment(comment).visible


@pytest.mark.parametrize(("since", "status"), [({"minutes": 14.9}, 200), ({"minutes": 15}, 403), ({"days": 3}, 403)])
def test_edit_time_starts_when_the_comment_is_posted(client: FlaskClient, since: dict[str, float], status: int) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    proof = csrf_token_of(client, post)
    set_age(comment, **since)
    assert client.get(address(comment, "/edit")).status_code == status
    assert client.get(address(comment, "/removal")).status_code == status
    changed = edit(client, comment, "Kept all the same", csrf_token=proof)
    assert changed.status_code == status
    if status == 403:
        assert "could edit this response for 15 minutes" in changed.text
        assert "Kept all the same" in changed.text
        assert reload_comment(comment).body == "My first words"
        assert "/edit" not in client.get(f"/posts/{post.id}/comments/mine").text
        assert withdraw(client, comment, csrf_token=proof).status_code == 403
        assert reload_comment(comment).visible


def test_edit_time_ends_although_the_clock_was_set_back(client: FlaskClient) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    set_age(comment, days=-300)
    assert client.get(address(comment, "/edit")).status_code == 403
    set_age(comment, seconds=-2)
    assert client.get(address(comment, "/edit")).status_code == 200


def test_edit_time_is_a_setting(client: FlaskClient) -> None:
    comment = post_comment_as(client, a_post())
    set_age(comment, minutes=20)
    for minutes, status in ((0, 403), (15, 403), (30, 200)):
        with writing():
            current_site().edit_minutes = minutes
        assert client.get(address(comment, "/edit")).status_code == status
    with writing():
        current_site().edit_minutes = 0
    assert "cannot edit a response after you post it" in client.get(address(comment, "/edit")).text
    assert json.loads(answer(client, a_post("Other"), "x").headers["HX-Trigger"])["talkback:posted"]["seconds"] == 0


def test_comment_withdrawn_by_its_author_cannot_be_approved(app: Flask, client: FlaskClient) -> None:
    comment = post_comment_as(client, a_post())
    withdraw(client, comment)
    desk = signed_in(app)
    for noun in ("approval", "hold"):
        refusal = decide(desk, comment, noun, **HTMX)
        assert refusal.status_code == 409
        assert "The author deleted this response" in refusal.text
        assert reload_comment(comment).status == REMOVED
    assert "My first words" not in client.get(comment.post.path or "").text


def test_edit_of_a_removed_comment_or_in_a_closed_thread_is_refused(client: FlaskClient) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    proof = csrf_token_of(client, post)
    with writing():
        db.session.get_one(Post, post.id).comments_closed_at = now()
    closed = edit(client, comment, "Kept in a closed thread", csrf_token=proof)
    assert closed.status_code == 409
    assert "is closed" in closed.text
    assert "Kept in a closed thread" in closed.text
    assert withdraw(client, comment, csrf_token=proof).status_code == 409
    with changing_threads():
        db.session.get_one(Post, post.id).comments_closed_at = None
        db.session.get_one(Comment, comment.id).remove(message("note", text="removed by Ed"))
    response = edit(client, comment, "Kept though it is gone", csrf_token=proof)
    assert response.status_code == 410
    assert "no longer here" in response.text
    assert "Kept though it is gone" in response.text
    assert "Ed" not in response.text.replace("Edit", "")
    assert why(reload_comment(comment)) == "removed by Ed"


def test_missing_comment_or_unpublished_post_is_a_404(client: FlaskClient) -> None:
    post, other, draft = a_post(), a_post("Other"), a_post("Draft", draft=True)
    comment = post_comment_as(client, post)
    for path in (
        f"/posts/{other.id}/comments/{comment.id}/edit",
        f"/posts/{post.id}/comments/999/edit",
        f"/posts/{draft.id}/comments/mine",
        f"/posts/{draft.id}/comments/held",
        "/posts/999/comments/mine",
    ):
        assert client.get(path).status_code == 404
        assert client.get(path, headers=HTMX).status_code == 404


# ---- withdrawing


def test_withdrawn_comment_leaves_a_placeholder_above_its_replies(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    lonely, answered = post_comment_as(client, post, "Lonely words"), post_comment_as(client, post, "Answered words")
    a_comment(post, "The reply.", parent=answered)
    before = version(post)
    response = withdraw(client, lonely)
    assert response.status_code == 200
    assert "talkback:withdrawn" in response.headers["HX-Trigger"]
    withdraw(client, answered)
    page = app.test_client().get(post.path or "").text
    event = live_html(lonely, before)
    for html in (page, event, response.text):
        assert "Lonely words" not in html
        assert "Answered words" not in page
    assert "1</span> Response to" in page
    assert f'id="comment-{lonely.id}"' not in page
    assert "This response is no longer here." in page
    assert "The reply." in page
    assert "data-gone" in event
    assert reload_comment(lonely).status == REMOVED
    assert why(reload_comment(lonely)) == "removed by its writer"
    assert withdraw(client, lonely, csrf_token=csrf_token_of(client, post)).status_code == 410


# ---- throttle and screening


class TestThrottled:
    @pytest.fixture
    def settings(self, tmp_path: Any, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    def test_quick_second_edit_is_throttled_with_the_text(self, client: FlaskClient) -> None:
        comment = a_comment(a_post())
        make_author(client, comment)
        assert edit(client, comment, "Second").status_code == 200
        refused = edit(client, comment, "Third")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 5
        assert "Third" in refused.text


def make_author(client: FlaskClient, comment: Comment) -> None:
    """Make this browser the comment's author."""
    other = answer(client, a_post("Elsewhere"), "To have a key", subject="trap")
    assert other.status_code == 200
    db.session.rollback()
    key = db.session.scalars(select(Comment.reader_key).order_by(Comment.id.desc()).limit(1)).one()
    with changing_threads():
        db.session.get_one(Comment, comment.id).reader_key = key


def test_edit_is_screened_again(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = post_comment_as(client, post)
    with writing():
        current_site().muted = "casino"
    before = version(post)
    changed = edit(client, comment, "Win at the casino")
    assert changed.status_code == 200
    assert "Your response is waiting for approval" in changed.text
    assert json.loads(changed.headers["HX-Trigger"])["talkback:changed"]["held"] is True
    assert reload_comment(comment).status == HELD
    assert "casino" in why(reload_comment(comment))
    assert "casino" not in app.test_client().get(post.path or "").text
    assert "casino" not in live_html(comment, before)
    edit(client, comment, "Good words only")
    assert reload_comment(comment).status == HELD
    assert "casino" in why(reload_comment(comment))


def test_edit_keeps_the_reason_of_an_earlier_release(client: FlaskClient) -> None:
    comment = post_comment_as(client, a_post())
    with changing_threads():
        held = db.session.get_one(Comment, comment.id)
        held.hold()
        held.status_reason = "links: 4, at most 3"
    with writing():
        current_site().muted = "casino"
    edit(client, comment, "Win at the casino")
    assert why(reload_comment(comment)) == "links: 4, at most 3; muted: casino"


# ---- held comments


def post_held(client: FlaskClient, post: Post, body: str = "Waiting words") -> Comment:
    comment = post_comment_as(client, post, body, subject="filled in by a program")
    assert comment.status == HELD
    return comment


def test_held_comment_is_shown_to_its_author_only(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    comment = post_held(client, post)
    own_fragment = client.get(f"/posts/{post.id}/comments/held", headers=HTMX)
    assert own_fragment.headers["Cache-Control"] == "no-store"
    assert "Waiting words" in own_fragment.text
    assert ">waiting for approval<" in own_fragment.text
    assert "Waiting words" in client.get(f"/posts/{post.id}/comments/mine").text
    assert "Waiting words" not in client.get(post.path or "").text
    bob = app.test_client()
    post_comment_as(bob, post, "Bob's words")
    for path in ("/held", "/mine", f"/{comment.id}/edit", f"/{comment.id}/removal", f"/{comment.id}"):
        for headers in (HTMX, {}):
            response = bob.get(f"/posts/{post.id}/comments{path}", headers=headers)
            assert "Waiting words" not in response.text
            assert response.status_code == (404 if str(comment.id) in path else 200)
    assert "Waiting words" not in bob.get(post.path or "").text
    assert "Waiting words" not in live_html(comment, 0)
    assert "Waiting words" not in client.get(f"/posts/{a_post('Other').id}/comments/held", headers=HTMX).text


def test_held_comment_can_be_edited_and_withdrawn_and_stays_held(client: FlaskClient) -> None:
    post = a_post()
    comment = post_held(client, post)
    changed = edit(client, comment, "Waiting still")
    assert "Waiting still" in changed.text
    assert reload_comment(comment).status == HELD
    assert "0</span> Response to" in changed.text
    mine = edit(client, comment, "Waiting even longer", htmx=False)
    assert mine.location == f"/posts/{post.id}/comments/mine"
    response = withdraw(client, comment)
    assert "Waiting" not in response.text
    assert reload_comment(comment).status == REMOVED


def test_decided_comment_leaves_the_held_list(client: FlaskClient) -> None:
    post = a_post()
    approved, removed, spam = (post_held(client, post, f"Waiting {word}") for word in ("one", "two", "three"))
    for comment, verb in ((approved, "approve"), (removed, "remove"), (spam, "mark_as_spam")):
        with changing_threads():
            getattr(db.session.get_one(Comment, comment.id), verb)()
    assert client.get(f"/posts/{post.id}/comments/held", headers=HTMX).text.strip() == ""
    mine = client.get(f"/posts/{post.id}/comments/mine").text
    assert "Waiting one" in mine
    assert "Waiting two" not in mine
    assert "Waiting three" not in mine


def test_posting_sends_the_script_id_status_and_edit_time(client: FlaskClient) -> None:
    post = a_post()
    for subject, waits in (("", False), ("trap", True)):
        detail = json.loads(answer(client, post, "Words", subject=subject).headers["HX-Trigger"])["talkback:posted"]
        assert detail["held"] is waits
        db.session.rollback()
        assert 890 <= detail["seconds"] <= 900
        assert db.session.get_one(Comment, detail["id"]).status == (HELD if waits else VISIBLE)


# ---- the avatar


def avatars(text: str) -> list[str]:
    return re.findall(r'<span class="picture[^>]*></span>', text)


def test_avatar_depends_on_the_reader_key(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    post_comment_as(client, post, "One", name="Ann")
    post_comment_as(client, post, "Two", name="Anna")
    post_comment_as(app.test_client(), post, "Three", name="Ann")
    first, second, third = avatars(client.get(post.path or "").text)
    assert first == second
    assert 'data-initial="A"' in third
    assert len(first) < 100
    assert 'aria-hidden="true"' in first
    assert "style" not in first
    assert app.config["SECRET_KEY"] not in first


def test_avatar_depends_on_the_name_without_a_key(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    for name in ("Ann", "ann", "Bob"):
        a_comment(post, name, name=name, reader_key=None)
    first, second, third = avatars(client.get(post.path or "").text)
    assert first == second != third
