"""What was written under an e-mail address: who sees it, takes it along, and has it erased."""

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

from blog.comments.live_events import news
from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Ban, Comment
from blog.comments.privacy import erasure
from blog.comments.privacy.email_proof import PRIVACY, proven, send_link
from blog.comments.privacy.erasure import erase, erase_one
from blog.db import db, now, writing
from blog.editors.audit_log import ERASE
from blog.editors.models import AuditEntry
from blog.mail.models import Mail
from blog.posts.models import Post
from blog.web.signed_tokens import signed
from tests.comments.moderation.desk import decide, fresh, log, post, the_editor, undo
from tests.factories import a_comment, a_post, csrf, signed_in
from tests.mail.letters import a_mail, mails
from tests.mail.post_office import PostOffice, post_office
from tests.postgres.databases import on_sqlite
from tests.test_routes import everything_kept

ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    with post_office() as office:
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], **office.settings)
        yield office


@pytest.fixture
def herons(app: Flask) -> Post:
    return a_post("Herons return")


def by_ann(post: Post, body: str = "Ann saw a heron", **more: Any) -> Comment:
    return a_comment(post, body, **({"name": "Ann Smith", "email": ANN, "website": "https://ann.example"} | more))


def by_bob(post: Post, body: str = "Bob saw an owl", **more: Any) -> Comment:
    return a_comment(post, body, **({"name": "Bob Jones", "email": BOB, "reader_key": "b"} | more))


def at(email: str = ANN, path: str = "") -> str:
    return f"/privacy/{signed(PRIVACY, email)}{path}"


def ask(client: FlaskClient, email: str) -> Any:
    return client.post("/privacy/link", data={"csrf_token": csrf(client, "/privacy/link/new"), "email": email})


def everything_typed() -> str:
    """All that the database says, but for posts."""
    return "\n".join(str(table) for table in everything_kept())


# the page for everybody


def test_what_is_kept_is_said_to_everybody_alike_and_by_the_settings(app: Flask, client: FlaskClient) -> None:
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
    ed.post("/desk/settings", data=kept_settings(ed) | {"csrf_token": form, "address_days": "0", "hidden_days": "9"})
    page = client.get("/privacy").text
    assert "deleted within the hour" in page
    assert "deleted after 9 days" in page


def kept_settings(ed: FlaskClient) -> dict[str, str]:
    from tests.site.test_settings import SETTINGS

    return SETTINGS | {"language": "en"}


def test_where_mail_is_set_up_the_page_leads_to_a_link(client: FlaskClient, office: PostOffice) -> None:
    page = client.get("/privacy").text
    assert 'href="/privacy/link/new"' in page
    assert "ask the editor" not in page
    assert client.get("/privacy/link/new").headers["Cache-Control"] == "no-store"


# the link


def test_the_answer_is_alike_and_mail_goes_only_to_addresses_of_stored_comments(
    client: FlaskClient, office: PostOffice, herons: Post
) -> None:
    by_ann(herons, email="Ann@Example.org")
    answers = [ask(client, email) for email in (ANN, BOB)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text.replace(BOB, ANN)
    (to_ann,) = mails()
    assert to_ann.recipient == ANN
    link = re.search(r"https?://\S+?(/privacy/\S+)", to_ann.text)
    assert link
    assert "Ann saw a heron" in client.get(link[1]).text
    assert link[1] in to_ann.html


def test_one_address_gets_one_mail_in_ten_minutes_and_a_few_a_day(app: Flask, office: PostOffice, herons: Post) -> None:
    by_ann(herons)
    for email in (ANN, "ANN@example.org", ANN):
        send_link(email)
    assert len(mails()) == 1
    for _ in range(9):
        with writing():
            for mail in db.session.scalars(select(Mail)):
                mail.created_at -= timedelta(minutes=11)
        send_link(ANN)
    assert len(mails()) == 5


def test_one_network_address_may_ask_so_often_and_keeps_what_was_typed(settings: Any, office: PostOffice) -> None:
    from blog import create_app

    client = create_app(replace(settings, ratelimit_enabled=True, **office.settings)).test_client()
    answers = [ask(client, f"reader{number}@example.org") for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 'value="reader5@example.org"' in answers[5].text
    assert "Please wait" in answers[5].text
    assert int(answers[5].headers["Retry-After"]) > 0


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@example.org", "a b@example.org", "x" * 300 + "@example.org"])
def test_what_is_no_address_is_refused_in_a_sentence_and_stays_typed(
    client: FlaskClient, office: PostOffice, email: str
) -> None:
    answer = ask(client, email)
    assert answer.status_code == 422
    sentences = ("This e-mail address is not complete.", "Write your e-mail address.", "characters too long")
    assert any(sentence in answer.text for sentence in sentences)
    assert f'value="{email}"' in answer.text
    assert mails() == []


def test_without_a_token_the_form_comes_back_with_what_was_typed(client: FlaskClient, office: PostOffice) -> None:
    answer = client.post("/privacy/link", data={"email": ANN})
    assert answer.status_code == 403
    assert "press the button again" in answer.text
    assert f'value="{ANN}"' in answer.text
    assert mails() == []


# the private pages


def test_everything_of_the_address_is_listed_whatever_its_state_without_what_editors_say(
    app: Flask, client: FlaskClient, herons: Post
) -> None:
    desk = signed_in(app)
    shown, held, spam, removed = (by_ann(herons, f"Ann {word}") for word in ("one", "two", "three", "four"))
    post(desk, f"/desk/comments/{held.id}/hold", why="she is a nuisance")
    decide(desk, spam, "spam")
    decide(desk, removed, "removal")
    by_bob(herons)
    page = client.get(at())
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
    assert f"/posts/{herons.id}/comments/{shown.id}" in page.text
    for words in ("nuisance", "by Ed", "Bob", BOB):
        assert words not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in page.headers


def test_a_post_that_is_gone_is_not_told_of(client: FlaskClient, herons: Post) -> None:
    by_ann(herons)
    with writing():
        db.session.get_one(Post, herons.id).unpublish()
    page = client.get(at()).text
    assert "Ann saw a heron" in page
    assert "Herons return" not in page
    assert "Herons return" not in client.get(at(path="/export")).text


def test_the_list_goes_page_by_page(client: FlaskClient, herons: Post) -> None:
    for number in range(51):
        by_ann(herons, f"Ann says {number:02}.")
    page, seen = client.get(at()).text, set()
    seen |= set(re.findall(r"Ann says (\d\d)\.", page))
    assert len(seen) == 50
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    seen |= set(re.findall(r"Ann says (\d\d)\.", client.get(older[1]).text))
    assert len(seen) == 51


def test_the_export_holds_ones_own_alone_and_all_of_it(
    client: FlaskClient, herons: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.comments.privacy.data_export.AT_ONCE", 2)
    own = [by_ann(herons, f"Ann says “{number}”.\n\n*So*") for number in range(5)]
    by_bob(herons)
    answer = client.get(at(path="/export"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="responses.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    found = json.loads(answer.text)
    assert found["email"] == ANN
    assert [row["id"] for row in found["responses"]] == [comment.id for comment in reversed(own)]
    row = found["responses"][-1]
    assert row["text"] == "Ann says “0”.\n\n*So*"
    assert (row["name"], row["state"], row["post"]) == ("Ann Smith", VISIBLE, "Herons return")
    assert "Bob" not in answer.text
    assert json.loads(client.get(at("nobody@example.org", "/export")).text)["responses"] == []


def test_another_ones_link_opens_nothing_of_mine(client: FlaskClient, herons: Post) -> None:
    mine = by_ann(herons)
    assert "Ann" not in client.get(at(BOB)).text
    assert client.get(at(BOB, f"/comments/{mine.id}/erasure/new")).status_code == 404
    client.post(at(BOB, f"/comments/{mine.id}/erasure"))
    client.post(at(BOB, "/erasure"))
    assert fresh(mine).body == "Ann saw a heron"


@pytest.mark.parametrize("token", ["guess", signed.__name__, "x.y.z"])
def test_a_link_that_is_not_ours_is_a_calm_page(client: FlaskClient, herons: Post, token: str) -> None:
    mine = by_ann(herons)
    for answer in (
        client.get(f"/privacy/{token}"),
        client.get(f"/privacy/{token}/export"),
        client.post(f"/privacy/{token}/erasure"),
        client.post(f"/privacy/{token}/comments/{mine.id}/erasure"),
    ):
        assert answer.status_code == 410
        assert "This link has expired" in answer.text
    assert fresh(mine).visible


def test_links_are_good_for_a_day_and_for_this_alone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    token = signed(PRIVACY, ANN)
    assert proven(token) == ANN
    assert proven(signed("unsubscribe", ANN)) is None
    assert proven(signed(PRIVACY, 7)) is None
    later = int(now().timestamp())
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _self: later + 86_300)
    assert proven(token) == ANN
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _self: later + 86_500)
    assert proven(token) is None


def test_reading_changes_nothing(client: FlaskClient, office: PostOffice, herons: Post) -> None:
    mine = by_ann(herons)
    before = everything_kept()
    for path in ("", "/export", "/erasure/new", f"/comments/{mine.id}/erasure/new"):
        assert client.get(at(path=path)).status_code == 200
        assert client.head(at(path=path)).status_code == 200
    assert client.get(at(path="/erasure")).status_code == 404
    client.get("/privacy/link/new")
    assert everything_kept() == before


# erasing


def test_erasing_all_leaves_nothing_of_it_anywhere(app: Flask, client: FlaskClient, herons: Post) -> None:
    desk = signed_in(app)
    first, second = by_ann(herons), by_ann(herons, "Ann saw another", email="ANN@Example.Org")
    decide(desk, second, "hold")
    decide(desk, second, "spam")
    other = by_bob(herons)
    assert "Ann Smith" in everything_typed()
    answer = client.post(at(path="/erasure"))
    assert answer.status_code == 303
    assert "2 responses were erased." in client.get(answer.location).text
    kept = everything_typed()
    for words in ("Ann Smith", "Ann saw", "ann.example", "ann@", "ANN@"):
        assert words not in kept
    for comment in map(fresh, (first, second)):
        assert (comment.status, comment.status_reason) == (REMOVED, "erased by its writer")
        assert (comment.reader_key, comment.address_key, comment.submission_key) == (None, None, None)
        assert next(entry.verb for entry in log() if entry.comment_id == comment.id) == ERASE
    assert fresh(other).body == "Bob saw an owl"
    assert "No comments were found for" in client.get(at()).text


def test_one_alone_is_erased(client: FlaskClient, herons: Post) -> None:
    first, second = by_ann(herons), by_ann(herons, "Ann saw another")
    assert "Ann saw a heron" in client.get(at(path=f"/comments/{first.id}/erasure/new")).text
    for _twice in range(2):
        assert client.post(at(path=f"/comments/{first.id}/erasure")).status_code == 303
    assert fresh(first).body == ""
    assert fresh(second).body == "Ann saw another"


def test_the_thread_keeps_its_shape_and_everybody_who_reads_along_sees_it(client: FlaskClient, herons: Post) -> None:
    mine = by_ann(herons)
    reply = by_bob(herons, parent=mine)
    alone = by_ann(herons, "Ann again")
    version = fresh(alone).version
    erase(ANN)
    page = client.get(herons.path or "").text
    assert "Ann" not in page.replace("Announ", "")
    assert f'id="comment-{reply.id}"' in page
    assert "This response is no longer here." in page
    assert f'id="comment-{alone.id}"' not in page
    assert '<span class="number">1</span> Response to' in page
    sent = news(f"post:{herons.id}", version)
    assert sent
    events = sent.events.decode()
    assert f"comment-{mine.id}" in events
    assert f"comment-{alone.id}" in events
    assert "Ann " not in events
    herons = db.session.get_one(Post, herons.id, populate_existing=True)
    assert (herons.comment_count, herons.top_count) == (1, 1)


def test_many_are_erased_in_several_acts_over_several_posts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "AT_ONCE", 3)
    posts = [a_post(f"Post {number}") for number in range(3)]
    for number in range(10):
        by_ann(posts[number % 3], f"Number {number}")
        by_bob(posts[number % 3], f"Bob {number}", key=f"bob-{number}")
    assert erase(ANN) == 10
    db.session.rollback()
    db.session.expire_all()
    assert {db.session.get_one(Post, one.id).comment_count for one in posts} == {4, 3}
    assert db.session.query(Comment).filter_by(body="").count() == 10


def test_no_editor_and_no_undoing_brings_it_back(app: Flask, herons: Post) -> None:
    desk = signed_in(app)
    mine = by_ann(herons)
    decide(desk, mine, "removal")
    entry = log()[0]
    erase(ANN)
    assert undo(desk, entry).status_code == 409
    for noun in ("approval", "hold"):
        assert post(desk, f"/desk/comments/{mine.id}/{noun}").status_code == 409
    decide(desk, mine, "spam")
    for noun in ("approval", "hold"):
        answer = post(desk, f"/desk/comments/{mine.id}/{noun}")
        assert answer.status_code == 409
        assert "Author deletions are final" in answer.text
    assert fresh(mine).body_html == ""
    assert fresh(mine).status == SPAM
    for page in (f"/desk/comments/{mine.id}", "/desk/comments?state=spam", "/desk/audit", "/desk/bans"):
        assert desk.get(page).status_code == 200


def test_what_its_writer_deleted_is_not_brought_back_by_way_of_spam(app: Flask, herons: Post) -> None:
    from blog.comments.identity import Writer
    from blog.comments.posting.edit import withdraw_comment

    desk = signed_in(app)
    mine = by_ann(herons)
    withdraw_comment(herons.id, mine.id, Writer("r"))
    decide(desk, mine, "spam")
    assert post(desk, f"/desk/comments/{mine.id}/approval").status_code == 409
    assert fresh(mine).status == SPAM


def test_an_editors_answer_to_it_stays_and_can_still_be_undone(app: Flask, herons: Post) -> None:
    from blog.comments.moderation.editor_reply import answer_comment

    desk = signed_in(app)
    mine = by_ann(herons)
    done = answer_comment(mine.id, the_editor(), "Thank you", "a" * 24)
    erase(ANN)
    assert fresh(done.answer).visible
    assert undo(desk, done.entry).status_code == 303
    assert not fresh(done.answer).visible


def test_a_ban_stands_without_the_name(app: Flask, herons: Post) -> None:
    desk = signed_in(app)
    mine = by_ann(herons)
    post(desk, f"/desk/comments/{mine.id}/bans", choices=["reader", "email"], seen=str(mine.version))
    erase(ANN)
    names = {ban.kind: ban.name for ban in db.session.scalars(select(Ban))}
    assert names == {"reader": "whose responses were erased", "email": ANN}
    assert all(undo(desk, entry).status_code == 409 for entry in log() if entry.verb == "ban")
    assert desk.get("/desk/bans").status_code == 200


def test_mail_to_the_address_that_waits_is_not_sent_and_what_was_sent_says_nothing(
    app: Flask, office: PostOffice
) -> None:
    a_mail("Ann@example.org", subject="Waits")
    a_mail(BOB, subject="To Bob")
    sent = a_mail(ANN, subject="Was sent")
    with writing():
        db.session.execute(update(Mail).where(Mail.id == sent.id).values(sent_at=now(), due_at=None))
    erase(ANN)
    assert [(mail.recipient, mail.subject, mail.text != "") for mail in mails()] == [
        (BOB, "To Bob", True),
        (ANN, "", False),
    ]


def test_an_import_again_does_not_bring_it_back(app: Flask, herons: Post) -> None:
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
    assert "Ann then" not in everything_typed()


# by editors, and at the server


def test_an_editor_erases_for_a_reader(app: Flask, herons: Post) -> None:
    desk = signed_in(app)
    mine, other = by_ann(herons), by_ann(herons, "Ann again")
    assert f"/desk/comments/{mine.id}/erasure/new" in desk.get(f"/desk/comments/{mine.id}").text
    page = desk.get(f"/desk/comments/{mine.id}/erasure/new").text
    assert f"{ANN} has 2 responses in all states" in page
    assert fresh(mine).visible
    assert post(desk, f"/desk/comments/{mine.id}/erasure").location == f"/desk/comments/{mine.id}"
    assert {fresh(comment).status_reason for comment in (mine, other)} == {"erased by Ed"}
    page = desk.get(f"/desk/comments/{mine.id}").text
    assert "Ann" not in page
    assert "/erasure/new" not in page
    assert post(desk, f"/desk/comments/{mine.id}/erasure").status_code == 404


def test_where_no_address_stands_the_editor_erases_the_one(app: Flask, herons: Post) -> None:
    desk = signed_in(app)
    mine, other = by_ann(herons, email=""), by_ann(herons, "Ann again", email="")
    assert "only this response is erased" in desk.get(f"/desk/comments/{mine.id}/erasure/new").text
    post(desk, f"/desk/comments/{mine.id}/erasure")
    assert fresh(mine).body == ""
    assert fresh(other).body == "Ann again"


def test_the_commands_export_and_erase(app: Flask, herons: Post) -> None:
    by_ann(herons)
    by_bob(herons)
    run = app.test_cli_runner()
    found = json.loads(run.invoke(args=["privacy", "export", "Ann@example.org"]).output)
    assert [row["text"] for row in found["responses"]] == ["Ann saw a heron"]
    assert run.invoke(args=["privacy", "erase", ANN], input="n\n").exit_code == 1
    assert "Ann Smith" in everything_typed()
    assert run.invoke(args=["privacy", "erase", ANN, "--yes"]).output == "Responses erased: 1.\n"
    assert run.invoke(args=["privacy", "erase", ANN]).output == "Responses erased: 0.\n"
    assert "Ann Smith" not in everything_typed()
    refused = run.invoke(args=["privacy", "erase", "ann"])
    assert refused.exit_code == 2
    assert "not an e-mail address" in refused.output


# how it is found


@on_sqlite
def test_an_address_is_found_by_its_index(app: Flask) -> None:
    for query in (
        select(Comment).where(Comment.written_under(ANN)).order_by(Comment.id).limit(200),
        select(Comment).where(Comment.written_under(ANN)).order_by(Comment.created_at.desc(), Comment.id.desc()),
    ):
        sql = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = " ".join(row.detail for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
        assert "USING INDEX ix_comments_email" in plan


def test_no_address_is_nobodys(app: Flask, herons: Post) -> None:
    mine = by_ann(herons, email="")
    assert erase("") == 0
    assert erase("%") == 0
    assert fresh(mine).visible


def test_held_ones_leave_the_queue(app: Flask, herons: Post) -> None:
    mine = by_ann(herons)
    with writing():
        db.session.get_one(Comment, mine.id).hold("first")
    assert fresh(mine).status == HELD
    erase(ANN)
    assert fresh(mine).status == REMOVED
    assert db.session.query(AuditEntry).filter_by(verb=ERASE).count() == 1
