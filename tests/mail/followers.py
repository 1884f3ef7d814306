"""Readers who follow by mail, and the links in what they get."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.comments.followers.notifications import WAIT, send_next_digest
from blog.comments.followers.subscriptions import send_next_confirmation
from blog.comments.models import Comment, Follow
from blog.db import db, now
from blog.mail.models import Mail
from blog.mail.sending import send_due_mails
from blog.posts.models import Post
from tests.factories import answer
from tests.mail.letters import mails

ANN, BOB = "ann@example.org", "bob@example.org"
LATER = WAIT + timedelta(seconds=1)


def writes(client: FlaskClient, post: Post, body: str = "Seen one today.", **fields: str) -> Comment:
    """A comment of this browser's."""
    given = answer(client, post, body, **fields)
    assert given.status_code == 200, given.text
    ask()
    return db.session.scalars(select(Comment).order_by(Comment.id.desc()).limit(1)).one()


def ask() -> None:
    """Write the mails that ask to confirm, as the thread beside the server does."""
    db.session.rollback()
    while send_next_confirmation():
        pass
    db.session.rollback()


def link(mail: Mail, part: str) -> str:
    """The path of the link in a mail that ends so, or that leads to the page of all."""
    pattern = rf"/mail/follows/[^/\s]+/{part}" if part != "page" else r"/mail/[^/\s]+(?=\s)"
    (found,) = set(re.findall(rf"https://blog\.example\.org({pattern})", mail.text))
    return str(found)


def paths(text: str) -> set[str]:
    """Every address of this blog in a mail, without its host."""
    return {urlsplit(found).path for found in re.findall(r'https://blog\.example\.org[^\s"<>]*', text)}


def follows() -> list[Follow]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Follow).order_by(Follow.id)))


def of_kind(kind: str) -> list[Mail]:
    return [mail for mail in mails() if mail.kind == kind]


def confirms(client: FlaskClient) -> None:
    """As the last mail that asks for it says."""
    assert client.post(link(of_kind("confirm")[-1], "confirmation")).status_code == 200


def tell(after: timedelta = LATER) -> list[Mail]:
    """Write what is due so much later; all notices that there are then."""
    db.session.rollback()
    while send_next_digest(now() + after):
        pass
    return of_kind("notice")


def send() -> None:
    """As the thread beside the server does, which has a database session of its own."""
    with current_app.app_context():
        assert send_due_mails()
