"""Subscribe readers by mail, and read the links in their mails."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.comments.followers.notifications import DIGEST_DELAY, send_next_digest
from blog.comments.followers.subscriptions import send_next_confirmation
from blog.comments.models import Comment, Follow
from blog.db import db, now
from blog.mail.models import Mail
from blog.mail.sending import send_waiting
from blog.posts.models import Post
from tests.factories import answer
from tests.mail.letters import mails

ANN, BOB = "ann@example.org", "bob@example.org"
LATER = DIGEST_DELAY + timedelta(seconds=1)


def post_as(client: FlaskClient, post: Post, body: str = "Seen one today.", **fields: str) -> Comment:
    """Post a comment from this browser, and write due confirmation mails."""
    response = answer(client, post, body, **fields)
    assert response.status_code == 200, response.text
    write_confirmations()
    return db.session.scalars(select(Comment).order_by(Comment.id.desc()).limit(1)).one()


def write_confirmations() -> None:
    """Write the due confirmation mails, as the server's mail thread does."""
    db.session.rollback()
    while send_next_confirmation():
        pass
    db.session.rollback()


def link_in(mail: Mail, part: str) -> str:
    """Return the path of the link in a mail that ends with `part`.

    The part "page" means the link to the page of subscriptions.
    """
    pattern = rf"/mail/follows/[^/\s]+/{part}" if part != "page" else r"/mail/[^/\s]+(?=\s)"
    (match,) = set(re.findall(rf"https://blog\.example\.org({pattern})", mail.text))
    return str(match)


def blog_paths(text: str) -> set[str]:
    """Return the paths of all links to this blog in a mail."""
    return {urlsplit(match).path for match in re.findall(r'https://blog\.example\.org[^\s"<>]*', text)}


def all_follows() -> list[Follow]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Follow).order_by(Follow.id)))


def mails_of_kind(kind: str) -> list[Mail]:
    return [mail for mail in mails() if mail.kind == kind]


def confirm_as(client: FlaskClient) -> None:
    """Follow the link of the last confirmation mail, and confirm."""
    assert client.post(link_in(mails_of_kind("confirm")[-1], "confirmation")).status_code == 200


def write_digests(after: timedelta = LATER) -> list[Mail]:
    """Write the digests that are due after this time; return all digests."""
    db.session.rollback()
    while send_next_digest(now() + after):
        pass
    return mails_of_kind("notice")


def send_mails() -> None:
    """Send waiting mail in another database session, as the server's mail thread does."""
    with current_app.app_context():
        assert send_waiting()
