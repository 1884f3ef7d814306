"""The editors' mail in tests: what comes to wait, what is then written, and the links in it."""

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


def sets_mail_up(app: Flask, **more: Any) -> None:
    """So that mail is written; nobody sends it."""
    how = {"blog_url": HOST, "mail_from": "blog@example.org", "smtp_host": "127.0.0.1", "smtp_security": "none"}
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **(how | more))


def everything_waits() -> Post:
    with writing():
        current_site().comment_rule = HOLD_ALL
    return a_post("Herons return")


def ed() -> Editor:
    """The owner, who is told at once."""
    return add_editor("ed@example.org", "Ed", OWNER, PASSWORD)


def held(post: Post, body: str = "Seen one today.", **fields: Any) -> Comment:
    comment = fresh(a_comment(post, body, **fields))
    assert comment.status == "held"
    return comment


def letters() -> list[Mail]:
    return [mail for mail in mails() if mail.kind == "held"]


def the_letter() -> Mail:
    (mail,) = letters()
    return mail


def sent_by_now(at: Any) -> None:
    """As the mail server would have taken them."""
    with writing():
        db.session.query(Mail).filter(Mail.due_at.is_not(None)).update({"due_at": None, "sent_at": at})


def links(text: str) -> dict[str, str]:
    """The paths of the first links of a mail by their words."""
    found: dict[str, str] = {}
    for word, path in re.findall(rf"^(\w+): {re.escape(HOST)}(/mail/\S+)", text, re.MULTILINE):
        found.setdefault(word, path)
    return found
