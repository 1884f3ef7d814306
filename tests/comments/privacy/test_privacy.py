"""Test access to, export and erasure of the comments of an e-mail address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from blog.comments.changes import changing_threads
from blog.comments.live_events import news
from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Ban, Comment
from blog.comments.moderation.bans import describe_ban
from blog.comments.privacy import erasure
from blog.comments.privacy.email_proof import PRIVACY, send_link, verified_email
from blog.comments.privacy.erasure import erase, erase_one
from blog.db import db, now, writing
from blog.editors.audit_log import ERASE
from blog.editors.models import AuditEntry
from blog.mail.models import Mail
from blog.posts.models import Post
from blog.stored_messages import message
from blog.web.signed_tokens import sign_token
from tests.comments.moderation.desk import decide, fresh, log, post, the_editor, undo
from tests.factories import a_comment, a_post, csrf, signed_in, why
from tests.mail.letters import create_mail, mails
from tests.mail.post_office import PostOffice, post_office
from tests.postgres.databases import on_sqlite
from tests.test_routes import all_rows

ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    with post_office() as office:
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], **office.settings)
        yield office


@pytest.fixture
def herons(app: Flask) -> Post:
    return a_post("Herons return")


def comment_by_ann(post: Post, body: str = "Ann saw a heron", **more: Any) -> Comment:
    return a_comment(post, body, **({"name": "Ann Smith", "email": ANN, "website": "https://ann.example"} | more))


def comment_by_bob(post: Post, body: str = "Bob saw an owl", **more: Any) -> Comment:
    return a_comment(post, body, **({"name": "Bob Jones", "email": BOB, "reader_key": "b"} | more))


def privacy_path(email: str = ANN, path: str = "") -> str:
    return f"/privacy/{sign_token(PRIVACY, email)}{path}"


def request_link(client: FlaskClient, email: str) -> Any:
    return client.post("/privacy/link", data={"csrf_token": csrf(client, "/privacy/link/new"), "email": email})


def database_text() -> str:
    """Return the text of all tables but posts."""
    return "\n".join(str(table) for table in all_rows())


# the public page


def test_privacy_page_is_public_cacheable_and_follows_the_settings(app: Flask, client: FlaskClient) -> None:
    ed = signed_in(app)
    page = client.get("/privacy")
    assert page.text == ed.get("/privacy").text
    assert page.headers["Cache-Control"] == "no-cache"
    assert client.get("/privacy", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304
    assert "for 30 days, to stop spam" in page.text
    assert "edited, for 365 days" in page.text
    assert "ask the editor of this blog" in page.text
    assert "/privacy/link/new" not in page.text
    assert '<a href="/privacy">Privacy</a>' in client.get("/").text
    form = csrf(ed, "/desk/settings")
    ed.post("/desk/settings", data=settings_form(ed) | {"csrf_token": form, "address_days": "0", "hidden_days": "9"})
    page = client.get("/privacy").text
    assert "deleted within the hour" in page
    assert "deleted after 9 days" in page


def settings_form(ed: FlaskClient) -> dict[str, str]:
    from tests.site.test_settings import SETTINGS

    return SETTINGS | {"language": "en"}


def test_privacy_page_links_to_the_form_where_mail_is_set_up(client: FlaskClient, office: PostOffice) -> None:
    page = client.get("/privacy").text
    assert 'href="/privacy/link/new"' in page
    assert "ask the editor" not in page
    assert client.get("/privacy/link/new").headers["Cache-Control"] == "no-store"


# the link


def test_link_is_mailed_only_to_addresses_of_comments_with_the_same_response(
    client: FlaskClient, office: PostOffice, herons: Post
) -> None:
    comment_by_ann(herons, email="Ann@Example.org")
    answers = [request_link(client, email) for email in (ANN, BOB)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text.replace(BOB, ANN)
    (to_ann,) = mails()
    assert to_ann.recipient == ANN
    link = re.search(r"https?://\S+?(/privacy/\S+)", to_ann.text)
    assert link
    assert "Ann saw a heron" in client.get(link[1]).text
    assert link[1] in to_ann.html


def test_links_to_one_address_are_limited_per_ten_minutes_and_day(app: Flask, office: PostOffice, herons: Post) -> None:
    comment_by_ann(herons)
    for email in (ANN, "ANN@example.org", ANN):
        send_link(email)
    assert len(mails()) == 1
    for _ in range(9):
        with writing():
            for mail in db.session.scalars(select(Mail)):
                mail.created_at -= timedelta(minutes=11)
        send_link(ANN)
    assert len(mails()) == 5


def test_link_requests_of_one_network_address_are_throttled_and_keep_the_text(
    settings: Any, office: PostOffice
) -> None:
    from blog import create_app

    client = create_app(replace(settings, ratelimit_enabled=True, **office.settings)).test_client()
    answers = [request_link(client, f"reader{number}@example.org") for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 'value="reader5@example.org"' in answers[5].text
    assert "Please wait" in answers[5].text
    assert int(answers[5].headers["Retry-After"]) > 0


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@example.org", "a b@example.org", "x" * 300 + "@example.org"])
def test_invalid_address_is_refused_and_stays_in_the_form(client: FlaskClient, office: PostOffice, email: str) -> None:
    answer = request_link(client, email)
    assert answer.status_code == 422
    sentences = ("This e-mail address is not complete.", "Write your e-mail address.", "characters too long")
    assert any(sentence in answer.text for sentence in sentences)
    assert f'value="{email}"' in answer.text
    assert mails() == []


def test_link_request_without_csrf_token_keeps_the_text(client: FlaskClient, office: PostOffice) -> None:
    answer = client.post("/privacy/link", data={"email": ANN})
    assert answer.status_code == 403
    assert "press the button again" in answer.text
    assert f'value="{ANN}"' in answer.text
    assert mails() == []


# the pages behind the link


def test_list_has_comments_of_every_status_without_editors_reasons(
    app: Flask, client: FlaskClient, herons: Post
) -> None:
    desk = signed_in(app)
    visible, held, spam, removed = (comment_by_ann(herons, f"Ann {word}") for word in ("one", "two", "three", "four"))
    post(desk, f"/desk/comments/{held.id}/hold", why="she is a nuisance")
    decide(desk, spam, "spam")
    decide(desk, removed, "removal")
    comment_by_bob(herons)
    page = client.get(privacy_path())
    for words in (
        "Ann one",
        "Ann two",
        "Ann three",
        "Ann four",
        "Published",
        "Waiting",
        "Spam",
        "Removed",
        "Herons return",
    ):
        assert words in page.text
    assert f"/posts/{herons.id}/comments/{visible.id}" in page.text
    for words in ("nuisance", "by Ed", "Bob", BOB):
        assert words not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in page.headers


def test_unpublished_post_is_not_named(client: FlaskClient, herons: Post) -> None:
    comment_by_ann(herons)
    with writing():
        db.session.get_one(Post, herons.id).unpublish()
    page = client.get(privacy_path()).text
    assert "Ann saw a heron" in page
    assert "Herons return" not in page
    assert "Herons return" not in client.get(privacy_path(path="/export")).text


def test_list_is_paginated(client: FlaskClient, herons: Post) -> None:
    for number in range(51):
        comment_by_ann(herons, f"Ann says {number:02}.")
    page, seen = client.get(privacy_path()).text, set()
    seen |= set(re.findall(r"Ann says (\d\d)\.", page))
    assert len(seen) == 50
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    seen |= set(re.findall(r"Ann says (\d\d)\.", client.get(older[1]).text))
    assert len(seen) == 51


def test_export_has_all_comments_of_the_address_and_no_others(
    client: FlaskClient, herons: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.comments.privacy.data_export.BATCH_SIZE", 2)
    anns = [comment_by_ann(herons, f"Ann says “{number}”.\n\n*So*") for number in range(5)]
    comment_by_bob(herons)
    answer = client.get(privacy_path(path="/export"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="responses.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    found = json.loads(answer.text)
    assert found["email"] == ANN
    assert [row["id"] for row in found["responses"]] == [comment.id for comment in reversed(anns)]
    row = found["responses"][-1]
    assert row["text"] == "Ann says “0”.\n\n*So*"
    assert (row["name"], row["state"], row["post"]) == ("Ann Smith", VISIBLE, "Herons return")
    assert "Bob" not in answer.text
    assert json.loads(client.get(privacy_path("nobody@example.org", "/export")).text)["responses"] == []


def test_link_of_another_address_gives_no_access(client: FlaskClient, herons: Post) -> None:
    comment = comment_by_ann(herons)
    assert "Ann" not in client.get(privacy_path(BOB)).text
    assert client.get(privacy_path(BOB, f"/comments/{comment.id}/erasure/new")).status_code == 404
    client.post(privacy_path(BOB, f"/comments/{comment.id}/erasure"))
    client.post(privacy_path(BOB, "/erasure"))
    assert fresh(comment).body == "Ann saw a heron"


@pytest.mark.parametrize("token", ["guess", sign_token.__name__, "x.y.z"])
def test_forged_link_is_a_410_page(client: FlaskClient, herons: Post, token: str) -> None:
    comment = comment_by_ann(herons)
    for answer in (
        client.get(f"/privacy/{token}"),
        client.get(f"/privacy/{token}/export"),
        client.post(f"/privacy/{token}/erasure"),
        client.post(f"/privacy/{token}/comments/{comment.id}/erasure"),
    ):
        assert answer.status_code == 410
        assert "This link has expired" in answer.text
    assert fresh(comment).visible


def test_link_is_valid_for_a_day_and_one_purpose(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign_token(PRIVACY, ANN)
    assert verified_email(token) == ANN
    assert verified_email(sign_token("unsubscribe", ANN)) is None
    assert verified_email(sign_token(PRIVACY, 7)) is None
    later = int(now().timestamp())
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _self: later + 86_300)
    assert verified_email(token) == ANN
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _self: later + 86_500)
    assert verified_email(token) is None


def test_get_requests_change_nothing(client: FlaskClient, office: PostOffice, herons: Post) -> None:
    comment = comment_by_ann(herons)
    before = all_rows()
    for path in ("", "/export", "/erasure/new", f"/comments/{comment.id}/erasure/new"):
        assert client.get(privacy_path(path=path)).status_code == 200
        assert client.head(privacy_path(path=path)).status_code == 200
    assert client.get(privacy_path(path="/erasure")).status_code == 404
    client.get("/privacy/link/new")
    assert all_rows() == before


# erasing


def test_erasure_leaves_no_text_in_the_database(app: Flask, client: FlaskClient, herons: Post) -> None:
    desk = signed_in(app)
    first, second = comment_by_ann(herons), comment_by_ann(herons, "Ann saw another", email="ANN@Example.Org")
    decide(desk, second, "hold")
    decide(desk, second, "spam")
    other = comment_by_bob(herons)
    assert "Ann Smith" in database_text()
    answer = client.post(privacy_path(path="/erasure"))
    assert answer.status_code == 303
    assert "2 responses were erased." in client.get(answer.location).text
    rest = database_text()
    for words in ("Ann Smith", "Ann saw", "ann.example", "ann@", "ANN@"):
        assert words not in rest
    for comment in map(fresh, (first, second)):
        assert (comment.status, why(comment)) == (REMOVED, "erased by its writer")
        assert (comment.reader_key, comment.address_key, comment.submission_key) == (None, None, None)
        assert next(entry.verb for entry in log() if entry.comment_id == comment.id) == ERASE
    assert fresh(other).body == "Bob saw an owl"
    assert "No comments were found for" in client.get(privacy_path()).text


def test_erasure_of_one_comment_leaves_the_others(client: FlaskClient, herons: Post) -> None:
    first, second = comment_by_ann(herons), comment_by_ann(herons, "Ann saw another")
    assert "Ann saw a heron" in client.get(privacy_path(path=f"/comments/{first.id}/erasure/new")).text
    for _twice in range(2):
        assert client.post(privacy_path(path=f"/comments/{first.id}/erasure")).status_code == 303
    assert fresh(first).body == ""
    assert fresh(second).body == "Ann saw another"


def test_erasure_keeps_the_thread_and_sends_live_events(client: FlaskClient, herons: Post) -> None:
    comment = comment_by_ann(herons)
    reply = comment_by_bob(herons, parent=comment)
    childless = comment_by_ann(herons, "Ann again")
    version = fresh(childless).version
    erase(ANN)
    page = client.get(herons.path or "").text
    assert "Ann" not in page.replace("Announ", "")
    assert f'id="comment-{reply.id}"' in page
    assert "This response is no longer here." in page
    assert f'id="comment-{childless.id}"' not in page
    assert '<span class="number">1</span> Response to' in page
    sent = news(f"post:{herons.id}", version)
    assert sent
    events = sent.events.decode()
    assert f"comment-{comment.id}" in events
    assert f"comment-{childless.id}" in events
    assert "Ann " not in events
    herons = db.session.get_one(Post, herons.id, populate_existing=True)
    assert (herons.comment_count, herons.top_count) == (1, 1)


def test_erasure_works_in_batches_across_posts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "BATCH_SIZE", 3)
    posts = [a_post(f"Post {number}") for number in range(3)]
    for number in range(10):
        comment_by_ann(posts[number % 3], f"Number {number}")
        comment_by_bob(posts[number % 3], f"Bob {number}", key=f"bob-{number}")
    assert erase(ANN) == 10
    db.session.rollback()
    db.session.expire_all()
    assert {db.session.get_one(Post, one.id).comment_count for one in posts} == {4, 3}
    assert db.session.query(Comment).filter_by(body="").count() == 10


def test_erased_comment_cannot_be_restored(app: Flask, herons: Post) -> None:
    desk = signed_in(app)
    comment = comment_by_ann(herons)
    decide(desk, comment, "removal")
    entry = log()[0]
    erase(ANN)
    assert undo(desk, entry).status_code == 409
    for noun in ("approval", "hold"):
        assert post(desk, f"/desk/comments/{comment.id}/{noun}").status_code == 409
    decide(desk, comment, "spam")
    for noun in ("approval", "hold"):
        answer = post(desk, f"/desk/comments/{comment.id}/{noun}")
        assert answer.status_code == 409
        assert "Author deletions are final" in answer.text
    assert fresh(comment).body_html == ""
    assert fresh(comment).status == SPAM
    for page in (f"/desk/comments/{comment.id}", "/desk/comments?state=spam", "/desk/audit", "/desk/bans"):
        assert desk.get(page).status_code == 200


def test_comment_deleted_by_its_author_cannot_be_restored_from_spam(app: Flask, herons: Post) -> None:
    from blog.comments.identity import Visitor
    from blog.comments.posting.edit import withdraw_comment

    desk = signed_in(app)
    comment = comment_by_ann(herons)
    withdraw_comment(herons.id, comment.id, Visitor("r", ""))
    decide(desk, comment, "spam")
    assert post(desk, f"/desk/comments/{comment.id}/approval").status_code == 409
    assert fresh(comment).status == SPAM


def test_editor_reply_to_an_erased_comment_stays_and_can_be_undone(app: Flask, herons: Post) -> None:
    from blog.comments.moderation.editor_reply import reply_to_comment

    desk = signed_in(app)
    comment = comment_by_ann(herons)
    reply_action = reply_to_comment(comment.id, the_editor(), "Thank you", "a" * 24)
    erase(ANN)
    assert fresh(reply_action.reply).visible
    assert undo(desk, reply_action.entry).status_code == 303
    assert not fresh(reply_action.reply).visible


def test_ban_stays_without_the_name(app: Flask, herons: Post) -> None:
    desk = signed_in(app)
    comment = comment_by_ann(herons)
    post(desk, f"/desk/comments/{comment.id}/bans", choices=["reader", "email"], seen=str(comment.version))
    erase(ANN)
    names = {ban.kind: describe_ban(ban.name) for ban in db.session.scalars(select(Ban))}
    assert names == {"reader": "whose responses were erased", "email": ANN}
    assert all(undo(desk, entry).status_code == 409 for entry in log() if entry.verb == "ban")
    assert desk.get("/desk/bans").status_code == 200


def test_erasure_deletes_unsent_mail_and_empties_sent_mail(app: Flask, office: PostOffice) -> None:
    create_mail("Ann@example.org", subject="Waits")
    create_mail(BOB, subject="To Bob")
    sent = create_mail(ANN, subject="Was sent")
    with writing():
        db.session.execute(update(Mail).where(Mail.id == sent.id).values(sent_at=now(), due_at=None))
    erase(ANN)
    assert [(mail.recipient, mail.subject, mail.text != "") for mail in mails()] == [
        (BOB, "To Bob", True),
        (ANN, "", False),
    ]


def test_repeated_import_does_not_restore_the_text(app: Flask, herons: Post) -> None:
    from blog.importing import archive
    from blog.importing.load.load_comments import load_comments
    from blog.importing.report import Report

    with writing():
        db.session.get_one(Post, herons.id).import_ref = "post-1"
    entry = archive.Comment("comment-1", "post-1", None, "Ann Smith", "", "Ann then", now(), False, "c1")
    load_comments([(entry, "<p>Ann then</p>")], Report())
    comment = db.session.scalars(select(Comment).where(Comment.import_ref == "comment-1")).one()
    assert erase_one(comment.id)
    load_comments([(entry, "<p>Ann then</p>")], Report())
    (again,) = db.session.scalars(select(Comment).where(Comment.import_ref == "comment-1"))
    assert (again.id, again.body, again.status) == (comment.id, "", REMOVED)
    assert "Ann then" not in database_text()


# by editors and commands


def test_editor_erases_all_comments_of_a_reader(app: Flask, herons: Post) -> None:
    desk = signed_in(app)
    comment, other = comment_by_ann(herons), comment_by_ann(herons, "Ann again")
    assert f"/desk/comments/{comment.id}/erasure/new" in desk.get(f"/desk/comments/{comment.id}").text
    page = desk.get(f"/desk/comments/{comment.id}/erasure/new").text
    assert f"{ANN} has 2 responses in all states" in page
    assert fresh(comment).visible
    assert post(desk, f"/desk/comments/{comment.id}/erasure").location == f"/desk/comments/{comment.id}"
    assert {why(fresh(comment)) for comment in (comment, other)} == {"erased by Ed"}
    page = desk.get(f"/desk/comments/{comment.id}").text
    assert "Ann" not in page
    assert "/erasure/new" not in page
    assert post(desk, f"/desk/comments/{comment.id}/erasure").status_code == 404


def test_editor_erases_one_comment_without_address(app: Flask, herons: Post) -> None:
    desk = signed_in(app)
    comment, other = comment_by_ann(herons, email=""), comment_by_ann(herons, "Ann again", email="")
    assert "only this response is erased" in desk.get(f"/desk/comments/{comment.id}/erasure/new").text
    post(desk, f"/desk/comments/{comment.id}/erasure")
    assert fresh(comment).body == ""
    assert fresh(other).body == "Ann again"


def test_privacy_commands_export_and_erase(app: Flask, herons: Post) -> None:
    comment_by_ann(herons)
    comment_by_bob(herons)
    run = app.test_cli_runner()
    found = json.loads(run.invoke(args=["privacy", "export", "Ann@example.org"]).output)
    assert [row["text"] for row in found["responses"]] == ["Ann saw a heron"]
    assert run.invoke(args=["privacy", "erase", ANN], input="n\n").exit_code == 1
    assert "Ann Smith" in database_text()
    assert run.invoke(args=["privacy", "erase", ANN, "--yes"]).output == "Responses erased: 1.\n"
    assert run.invoke(args=["privacy", "erase", ANN]).output == "Responses erased: 0.\n"
    assert "Ann Smith" not in database_text()
    refused = run.invoke(args=["privacy", "erase", "ann"])
    assert refused.exit_code == 2
    assert "not an e-mail address" in refused.output


# lookup


@on_sqlite
def test_address_lookup_uses_the_index(app: Flask) -> None:
    for query in (
        select(Comment).where(Comment.has_email(ANN)).order_by(Comment.id).limit(200),
        select(Comment).where(Comment.has_email(ANN)).order_by(Comment.created_at.desc(), Comment.id.desc()),
    ):
        sql = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = " ".join(row.detail for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
        assert "USING INDEX ix_comments_email" in plan


def test_empty_address_erases_nothing(app: Flask, herons: Post) -> None:
    comment = comment_by_ann(herons, email="")
    assert erase("") == 0
    assert erase("%") == 0
    assert fresh(comment).visible


def test_erased_comment_leaves_the_queue(app: Flask, herons: Post) -> None:
    comment = comment_by_ann(herons)
    with changing_threads():
        db.session.get_one(Comment, comment.id).hold(message("note", text="first"))
    assert fresh(comment).status == HELD
    erase(ANN)
    assert fresh(comment).status == REMOVED
    assert db.session.query(AuditEntry).filter_by(verb=ERASE).count() == 1
