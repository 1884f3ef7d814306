"""What followers are told of, when, and of what they are not."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from blog.comments.followers import notifications
from blog.comments.followers.notifications import send_next_digest
from blog.comments.models import HELD, Comment, Notice
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.moderation.undo import undo
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, Editor
from blog.posts.models import Post
from blog.site.models import HOLD_ALL, OPEN, current_site
from tests.factories import a_comment, a_post
from tests.mail.followers import ANN, BOB, LATER, ask, confirms, of_kind, send, tell, writes
from tests.mail.post_office import PostOffice


@pytest.fixture
def post(app: Flask) -> Post:
    return a_post()


@pytest.fixture
def ed(app: Flask) -> Editor:
    return add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")


def ann_follows(client: FlaskClient, post: Post, what: str = "thread") -> int:
    comment = writes(client, post, "Ann's own words", email=ANN, follow=what)
    confirms(client)
    return comment.id


def untold() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Notice.id).where(Notice.mailed_at.is_(None))).all())


def test_several_answers_within_a_few_minutes_make_one_mail(client: FlaskClient, post: Post) -> None:
    ann_follows(client, post)
    first = a_comment(post, "The **first** answer.", name="Bob")
    assert tell(timedelta(minutes=4)) == []
    second = a_comment(post, "The second answer.", name="Cat", reader_key="c")
    (mail,) = tell()
    assert mail.recipient == ANN
    assert "2 responses" in mail.subject
    for comment, text in ((first, "The first answer."), (second, "The second answer.")):
        assert text in mail.text
        assert text in mail.html
        assert f"https://blog.example.org/posts/{post.id}/comments/{comment.id}" in mail.text
    assert "Bob" in mail.text
    assert len(tell()) == 1
    a_comment(post, "The third answer.", name="Dan", reader_key="d")
    assert [mail.subject for mail in tell()][1:] == []  # while the first waits in the outbox, the next waits too


def test_once_the_first_is_sent_the_next_follows(client: FlaskClient, post: Post, office: PostOffice) -> None:
    ann_follows(client, post)
    a_comment(post, "The first answer.")
    tell()
    send()
    a_comment(post, "The second answer.", name="Cat\nInjected: yes")
    first, second = tell()
    assert "The second answer." not in first.text
    assert "The first answer." not in second.text
    assert second.subject == "Cat Injected: yes on “Herons return”"


def test_answers_to_me_are_those_to_mine_and_to_what_answered_me(client: FlaskClient, post: Post) -> None:
    mine = ann_follows(client, post, "answers")
    elsewhere = a_comment(post, "Elsewhere.")
    a_comment(post, "Elsewhere, deeper.", parent=elsewhere)
    direct = a_comment(post, "A direct answer.", parent=db.session.get_one(Comment, mine))
    below = a_comment(post, "An answer to the answer.", parent=direct)
    a_comment(post, "Far below.", parent=below)
    (mail,) = tell()
    assert "A direct answer." in mail.text
    assert "An answer to the answer." in mail.text
    assert "Elsewhere" not in mail.text
    assert "Far below" not in mail.text


def test_what_came_before_the_address_was_proven_is_told_then(client: FlaskClient, post: Post) -> None:
    writes(client, post, "Ann's own words", email=ANN, follow="thread")
    a_comment(post, "An early answer.")
    assert tell() == []
    confirms(client)
    (mail,) = tell()
    assert "An early answer." in mail.text


def test_what_waits_for_an_editor_is_told_once_it_is_approved(client: FlaskClient, post: Post, ed: Editor) -> None:
    ann_follows(client, post)
    held = a_comment(post, "A held answer.", trapped=True)
    assert not held.visible
    assert (untold(), tell()) == (0, [])
    decide(audit_log.APPROVE, [Pick(held.id)], ed)
    (mail,) = tell()
    assert "A held answer." in mail.text
    decide(audit_log.HOLD, [Pick(held.id)], ed)
    decide(audit_log.APPROVE, [Pick(held.id)], ed)
    assert len(tell()) == 1


def test_a_held_follower_follows_from_approval_on(client: FlaskClient, post: Post, ed: Editor) -> None:
    with writing():
        current_site().comment_rule = HOLD_ALL
    comment = writes(client, post, "Held", email=ANN, follow="thread")
    assert comment.status == HELD
    assert of_kind("confirm") == []
    decide(audit_log.APPROVE, [Pick(comment.id)], ed)
    ask()
    confirms(client)
    with writing():
        current_site().comment_rule = OPEN
    a_comment(post, "An answer.")
    assert len(tell()) == 1


def test_what_is_hidden_again_before_it_is_sent_is_told_to_nobody(client: FlaskClient, post: Post, ed: Editor) -> None:
    ann_follows(client, post)
    kept = a_comment(post, "A kept answer.")
    gone = a_comment(post, "A removed answer.", reader_key="g")
    removal = decide(audit_log.REMOVE, [Pick(gone.id)], ed)
    (mail,) = tell()
    assert "A removed answer." not in mail.text
    assert "A kept answer." in mail.text
    # and out of the outbox, where it waits; what else the mail told of is told anew
    assert removal.entry
    undo(removal.entry.id, ed)
    decide(audit_log.REMOVE, [Pick(kept.id)], ed)
    assert of_kind("notice") == []
    (mail,) = tell()
    assert "A removed answer." in mail.text
    assert "A kept answer." not in mail.text


def test_what_was_sent_is_not_told_again_when_it_is_shown_again(
    client: FlaskClient, post: Post, ed: Editor, office: PostOffice
) -> None:
    ann_follows(client, post)
    comment = a_comment(post, "An answer.")
    tell()
    send()
    decide(audit_log.HOLD, [Pick(comment.id)], ed)
    decide(audit_log.APPROVE, [Pick(comment.id)], ed)
    assert len(tell()) == 1


def test_nobody_is_told_of_their_own(app: Flask, client: FlaskClient, post: Post) -> None:
    ann_follows(client, post)
    writes(client, post, "From the same browser", name="Annie")
    writes(app.test_client(), post, "From another browser", email="ANN@example.org")
    assert tell() == []


def test_nothing_is_told_of_a_post_that_is_not_shown(client: FlaskClient, post: Post, ed: Editor) -> None:
    ann_follows(client, post)
    held = a_comment(post, "A held answer.", trapped=True)
    a_comment(post, "An answer.")
    with writing():
        db.session.get_one(Post, post.id).unpublish()
    decide(audit_log.APPROVE, [Pick(held.id)], ed)
    assert untold() == 1
    assert tell() == []
    assert untold() == 0


def test_two_readers_are_told_apart_and_two_follows_of_one_make_one_mail(
    app: Flask, client: FlaskClient, post: Post
) -> None:
    mine = ann_follows(client, post, "answers")
    writes(client, post, "And all of it", email=ANN, follow="thread")
    bob = app.test_client()
    writes(bob, post, "Bob's words", email=BOB, follow="thread")
    confirms(bob)
    a_comment(post, "An answer to Ann.", parent=db.session.get_one(Comment, mine))
    told = tell()
    assert sorted(mail.recipient for mail in told) == [ANN, BOB]
    assert [mail.text.count("An answer to Ann.") for mail in told] == [1, 1]


def test_processes_that_write_at_once_write_each_mail_once(app: Flask, client: FlaskClient, post: Post) -> None:
    ann_follows(client, post)
    a_comment(post, "An answer.")
    begin = threading.Barrier(4)

    def work() -> None:
        with app.app_context():
            begin.wait()
            while send_next_digest(now() + LATER):
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(of_kind("notice")) == 1


def test_what_changes_while_a_mail_is_made_is_looked_at_again(
    client: FlaskClient, post: Post, ed: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann_follows(client, post)
    a_comment(post, "A kept answer.")
    gone = a_comment(post, "A removed answer.", reader_key="g")
    real = notifications.render_mail

    def render(*args: str, **values: object) -> tuple[str, str, str]:
        letter = real(*args, **values)
        monkeypatch.setattr(notifications, "render_mail", real)
        decide(audit_log.REMOVE, [Pick(gone.id)], ed)
        return letter

    monkeypatch.setattr(notifications, "render_mail", render)
    assert send_next_digest(now() + LATER)
    assert of_kind("notice") == []
    (mail,) = tell()
    assert "A removed answer." not in mail.text


def test_very_many_answers_are_counted_and_the_first_are_listed(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "MOST_LISTED", 3)
    ann_follows(client, post)
    for number in range(5):
        a_comment(post, f"Answer {number}.", reader_key=f"r{number}")
    (mail,) = tell()
    assert "5 responses" in mail.subject
    assert "Answer 2." in mail.text
    assert "Answer 3." not in mail.text
    assert "And 2 more" in mail.text


def test_where_nothing_is_due_nothing_is_written(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann_follows(client, post)
    a_comment(post, "An answer.")

    def never() -> None:
        raise AssertionError("an act was begun")

    monkeypatch.setattr(notifications, "writing", never)
    assert not send_next_digest()


def test_from_the_form_to_the_last_mail_by_a_real_mail_server(
    app: Flask, client: FlaskClient, post: Post, office: PostOffice
) -> None:
    writes(client, post, "Ann's own words", email=ANN, follow="thread")
    send()
    asked = office.deliveries[-1].message
    body = asked.get_body(("plain",))
    assert body
    (confirmation,) = re.findall(r"https://blog\.example\.org(/mail/follows/\S+/confirmation)", body.get_content())
    assert client.post(confirmation).status_code == 200
    for number in range(3):
        a_comment(post, f"Answer {number}.", reader_key=f"r{number}")
    tell()
    send()
    assert office.recipients == [ANN, ANN]
    told = office.deliveries[-1].message
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    ending = told["List-Unsubscribe"].removeprefix("<https://blog.example.org").removesuffix(">")
    assert app.test_client(use_cookies=False).post(ending, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    a_comment(post, "One more answer.", reader_key="r9")
    tell()
    with writing():
        db.session.execute(update(Notice).values(mailed_at=None))
    tell()
    send()
    assert len(office.deliveries) == 2
