"""Test notifications of followers: which comments, when, and in how many mails."""

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
from blog.site.models import ALL, OPEN, current_site
from tests.factories import a_comment, a_post
from tests.mail.followers import (
    ANN,
    BOB,
    LATER,
    confirm_as,
    mails_of_kind,
    post_as,
    send_mails,
    write_confirmations,
    write_digests,
)
from tests.mail.post_office import PostOffice


@pytest.fixture
def post(app: Flask) -> Post:
    return a_post()


@pytest.fixture
def ed(app: Flask) -> Editor:
    return add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")


def subscribe_ann(client: FlaskClient, post: Post, what: str = "thread") -> int:
    comment = post_as(client, post, "Ann's own words", email=ANN, follow=what)
    confirm_as(client)
    return comment.id


def pending_count() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Notice.id).where(Notice.mailed_at.is_(None))).all())


def test_comments_within_a_few_minutes_make_one_digest(client: FlaskClient, post: Post) -> None:
    subscribe_ann(client, post)
    first = a_comment(post, "The **first** answer.", name="Bob")
    assert write_digests(timedelta(minutes=4)) == []
    second = a_comment(post, "The second answer.", name="Cat", reader_key="c")
    (mail,) = write_digests()
    assert mail.recipient == ANN
    assert "2 responses" in mail.subject
    for comment, text in ((first, "The first answer."), (second, "The second answer.")):
        assert text in mail.text
        assert text in mail.html
        assert f"https://blog.example.org/posts/{post.id}/comments/{comment.id}" in mail.text
    assert "Bob" in mail.text
    assert len(write_digests()) == 1
    a_comment(post, "The third answer.", name="Dan", reader_key="d")
    assert [mail.subject for mail in write_digests()][1:] == []  # while the first digest is unsent, no other is written


def test_next_digest_is_written_after_the_first_is_sent(client: FlaskClient, post: Post, office: PostOffice) -> None:
    subscribe_ann(client, post)
    a_comment(post, "The first answer.")
    write_digests()
    send_mails()
    a_comment(post, "The second answer.", name="Cat\nInjected: yes")
    first, second = write_digests()
    assert "The second answer." not in first.text
    assert "The first answer." not in second.text
    assert second.subject == "Cat Injected: yes on “Herons return”"


def test_replies_subscription_covers_replies_and_their_replies(client: FlaskClient, post: Post) -> None:
    anns_comment = subscribe_ann(client, post, "answers")
    elsewhere = a_comment(post, "Elsewhere.")
    a_comment(post, "Elsewhere, deeper.", parent=elsewhere)
    direct = a_comment(post, "A direct answer.", parent=db.session.get_one(Comment, anns_comment))
    below = a_comment(post, "An answer to the answer.", parent=direct)
    a_comment(post, "Far below.", parent=below)
    (mail,) = write_digests()
    assert "A direct answer." in mail.text
    assert "An answer to the answer." in mail.text
    assert "Elsewhere" not in mail.text
    assert "Far below" not in mail.text


def test_comments_before_confirmation_are_in_the_first_digest(client: FlaskClient, post: Post) -> None:
    post_as(client, post, "Ann's own words", email=ANN, follow="thread")
    a_comment(post, "An early answer.")
    assert write_digests() == []
    confirm_as(client)
    (mail,) = write_digests()
    assert "An early answer." in mail.text


def test_held_comment_is_notified_once_after_approval(client: FlaskClient, post: Post, ed: Editor) -> None:
    subscribe_ann(client, post)
    held = a_comment(post, "A held answer.", trapped=True)
    assert not held.visible
    assert (pending_count(), write_digests()) == (0, [])
    decide(audit_log.APPROVE, [Pick(held.id)], ed)
    (mail,) = write_digests()
    assert "A held answer." in mail.text
    decide(audit_log.HOLD, [Pick(held.id)], ed)
    decide(audit_log.APPROVE, [Pick(held.id)], ed)
    assert len(write_digests()) == 1


def test_held_commenter_gets_the_confirmation_after_approval(client: FlaskClient, post: Post, ed: Editor) -> None:
    with writing():
        current_site().comment_rule = ALL
    comment = post_as(client, post, "Held", email=ANN, follow="thread")
    assert comment.status == HELD
    assert mails_of_kind("confirm") == []
    decide(audit_log.APPROVE, [Pick(comment.id)], ed)
    write_confirmations()
    confirm_as(client)
    with writing():
        current_site().comment_rule = OPEN
    a_comment(post, "An answer.")
    assert len(write_digests()) == 1


def test_comment_hidden_before_sending_leaves_the_digest(client: FlaskClient, post: Post, ed: Editor) -> None:
    subscribe_ann(client, post)
    visible = a_comment(post, "A kept answer.")
    removed = a_comment(post, "A removed answer.", reader_key="g")
    removal = decide(audit_log.REMOVE, [Pick(removed.id)], ed)
    (mail,) = write_digests()
    assert "A removed answer." not in mail.text
    assert "A kept answer." in mail.text
    # it also leaves an unsent digest; the rest of that is sent in a new one
    assert removal.entry
    undo(removal.entry.id, ed)
    decide(audit_log.REMOVE, [Pick(visible.id)], ed)
    assert mails_of_kind("notice") == []
    (mail,) = write_digests()
    assert "A removed answer." in mail.text
    assert "A kept answer." not in mail.text


def test_comment_made_visible_again_is_not_notified_twice(
    client: FlaskClient, post: Post, ed: Editor, office: PostOffice
) -> None:
    subscribe_ann(client, post)
    comment = a_comment(post, "An answer.")
    write_digests()
    send_mails()
    decide(audit_log.HOLD, [Pick(comment.id)], ed)
    decide(audit_log.APPROVE, [Pick(comment.id)], ed)
    assert len(write_digests()) == 1


def test_follower_is_not_notified_of_own_comments(app: Flask, client: FlaskClient, post: Post) -> None:
    subscribe_ann(client, post)
    post_as(client, post, "From the same browser", name="Annie")
    post_as(app.test_client(), post, "From another browser", email="ANN@example.org")
    assert write_digests() == []


def test_unpublished_post_sends_no_digest(client: FlaskClient, post: Post, ed: Editor) -> None:
    subscribe_ann(client, post)
    held = a_comment(post, "A held answer.", trapped=True)
    a_comment(post, "An answer.")
    with writing():
        db.session.get_one(Post, post.id).unpublish()
    decide(audit_log.APPROVE, [Pick(held.id)], ed)
    assert pending_count() == 1
    assert write_digests() == []
    assert pending_count() == 0


def test_each_reader_gets_one_digest_for_several_subscriptions(app: Flask, client: FlaskClient, post: Post) -> None:
    anns_comment = subscribe_ann(client, post, "answers")
    post_as(client, post, "And all of it", email=ANN, follow="thread")
    bob = app.test_client()
    post_as(bob, post, "Bob's words", email=BOB, follow="thread")
    confirm_as(bob)
    a_comment(post, "An answer to Ann.", parent=db.session.get_one(Comment, anns_comment))
    mails = write_digests()
    assert sorted(mail.recipient for mail in mails) == [ANN, BOB]
    assert [mail.text.count("An answer to Ann.") for mail in mails] == [1, 1]


def test_concurrent_processes_write_each_digest_once(app: Flask, client: FlaskClient, post: Post) -> None:
    subscribe_ann(client, post)
    a_comment(post, "An answer.")
    begin = threading.Barrier(4)

    def write_all() -> None:
        with app.app_context():
            begin.wait()
            while send_next_digest(now() + LATER):
                pass

    threads = [threading.Thread(target=write_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mails_of_kind("notice")) == 1


def test_change_during_rendering_discards_the_digest(
    client: FlaskClient, post: Post, ed: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe_ann(client, post)
    a_comment(post, "A kept answer.")
    removed = a_comment(post, "A removed answer.", reader_key="g")
    real = notifications.render_mail

    def render(*args: str, **values: object) -> tuple[str, str, str]:
        content = real(*args, **values)
        monkeypatch.setattr(notifications, "render_mail", real)
        decide(audit_log.REMOVE, [Pick(removed.id)], ed)
        return content

    monkeypatch.setattr(notifications, "render_mail", render)
    assert send_next_digest(now() + LATER)
    assert mails_of_kind("notice") == []
    (mail,) = write_digests()
    assert "A removed answer." not in mail.text


def test_digest_lists_the_first_comments_and_counts_the_rest(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "MAX_LISTED", 3)
    subscribe_ann(client, post)
    for number in range(5):
        a_comment(post, f"Answer {number}.", reader_key=f"r{number}")
    (mail,) = write_digests()
    assert "5 responses" in mail.subject
    assert "Answer 2." in mail.text
    assert "Answer 3." not in mail.text
    assert "And 2 more" in mail.text


def test_no_transaction_is_begun_when_no_digest_is_due(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe_ann(client, post)
    a_comment(post, "An answer.")

    def fail() -> None:
        raise AssertionError("a transaction was begun")

    monkeypatch.setattr(notifications, "writing", fail)
    assert not send_next_digest()


def test_subscription_works_end_to_end_with_a_mail_server(
    app: Flask, client: FlaskClient, post: Post, office: PostOffice
) -> None:
    post_as(client, post, "Ann's own words", email=ANN, follow="thread")
    send_mails()
    confirmation_mail = office.deliveries[-1].message
    body = confirmation_mail.get_body(("plain",))
    assert body
    (confirmation,) = re.findall(r"https://blog\.example\.org(/mail/follows/\S+/confirmation)", body.get_content())
    assert client.post(confirmation).status_code == 200
    for number in range(3):
        a_comment(post, f"Answer {number}.", reader_key=f"r{number}")
    write_digests()
    send_mails()
    assert office.recipients == [ANN, ANN]
    digest = office.deliveries[-1].message
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = digest["List-Unsubscribe"].removeprefix("<https://blog.example.org").removesuffix(">")
    assert app.test_client(use_cookies=False).post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    a_comment(post, "One more answer.", reader_key="r9")
    write_digests()
    with writing():
        db.session.execute(update(Notice).values(mailed_at=None))
    write_digests()
    send_mails()
    assert len(office.deliveries) == 2
