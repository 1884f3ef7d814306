"""Create held comments and read the alerts about them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask import Flask

from blog.comments.models import Comment
from blog.db import db, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, Editor
from blog.mail.models import Mail
from blog.posts.models import Post
from blog.site.models import HOLD_ALL, current_site
from tests.comments.moderation.desk import fresh
from tests.factories import a_comment, a_post
from tests.mail.letters import mails

HOST = "https://blog.example.org"
PASSWORD = "a sentence to remember"


def enable_mail(app: Flask, **more: Any) -> None:
    """Configure mail, so that it is written; nothing sends it."""
    settings = {"blog_url": HOST, "mail_from": "blog@example.org", "smtp_host": "127.0.0.1", "smtp_security": "none"}
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **(settings | more))


def hold_everything() -> Post:
    with writing():
        current_site().comment_rule = HOLD_ALL
    return a_post("Herons return")


def add_owner() -> Editor:
    """Add the owner, who is alerted at once."""
    return add_editor("ed@example.org", "Ed", OWNER, PASSWORD)


def create_held(post: Post, body: str = "Seen one today.", **fields: Any) -> Comment:
    comment = fresh(a_comment(post, body, **fields))
    assert comment.status == "held"
    return comment


def alert_mails() -> list[Mail]:
    return [mail for mail in mails() if mail.kind == "held"]


def only_alert() -> Mail:
    (mail,) = alert_mails()
    return mail


def mark_sent(at: Any) -> None:
    """Mark all mail as sent."""
    with writing():
        db.session.query(Mail).filter(Mail.due_at.is_not(None)).update({"due_at": None, "sent_at": at})


def links(text: str) -> dict[str, str]:
    """Return the path of the first link for each word."""
    found: dict[str, str] = {}
    for word, path in re.findall(rf"^(\w+): {re.escape(HOST)}(/mail/\S+)", text, re.MULTILINE):
        found.setdefault(word, path)
    return found
