"""The form under a post. It is the same for every visitor until somebody begins to write."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from functools import lru_cache
from typing import Self

from flask import current_app, render_template, session
from flask_babel import lazy_gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from markupsafe import Markup
from wtforms import Field
from wtforms.validators import Email, InputRequired, Optional, ValidationError

from blog.comments.screening.rules import LEAST_SECONDS
from blog.db import now, row_id
from blog.editors.access import current_editor
from blog.editors.reserved_names import is_reserved
from blog.email_addresses import LONGEST, is_address
from blog.html.urls import is_website
from blog.mail.outbox import mail_set_up
from blog.web.forms.fields import Choice, Choices, Form, Hidden, LongText, Text

BODY_LENGTH = 10_000
REASON_LENGTH = 300
# what a reader may be told of by mail; "" for nothing
NOTHING, ANSWERS, THREAD = "", "answers", "thread"
INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\u00ad\x00-\x1f]+")


def _strip(text: str | None) -> str:
    return (text or "").replace("\0", "").strip()


def _newlines(text: str | None) -> str:
    # no database keeps a NUL
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _opened_at(token: str | None) -> datetime | None:
    """When this token of the present session was given, to the second; Flask-WTF's own check tells nobody."""
    serializer = URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token")
    try:
        value, at = serializer.loads(token or "", return_timestamp=True)
    except BadData:
        return None
    return at if hmac.compare_digest(str(value).encode(), str(session.get("csrf_token", "")).encode()) else None


def _address(text: str | None) -> str:
    """A website as people type it: without a scheme it is taken for https."""
    text = _strip(text)
    return text if not text or "://" in text or text.startswith(("javascript:", "data:")) else f"https://{text}"


class ReaderForm(Form):
    """What a reader sends; its token is tested with its fields."""

    class Meta(Form.Meta):
        @property
        def csrf_time_limit(self) -> int:
            return int(current_app.config["COMMENT_TOKEN_SECONDS"])

    @property
    def token_refused(self) -> bool:
        return bool(self.csrf_token.errors)

    @property
    def seconds(self) -> int | None:
        """How long it had been open, by the time that its token was signed at; None where no good one was sent."""
        opened = _opened_at(self.csrf_token.data)
        return max(0, int((now() - opened).total_seconds())) if opened else None

    @property
    def token(self) -> str:
        """For the page: what was sent, while it holds for long yet, so that a form that comes back keeps its age."""
        seconds = self.seconds
        young = seconds is not None and seconds < self.meta.csrf_time_limit / 2
        return str(self.csrf_token.data if young else self.csrf_token.current_token)

    @property
    def least_seconds(self) -> int:
        """How long a program of ours waits before it sends what somebody else than the reader filled in."""
        return LEAST_SECONDS if current_app.config["SETTINGS"].ratelimit_enabled else 0


class TextForm(ReaderForm):
    """The text of a response, as it is written and as its writer changes it."""

    body = LongText(_("Your response"), filters=[_newlines], most=BODY_LENGTH)

    def validate_body(self, field: Field) -> None:
        if not INVISIBLE.sub("", field.data or ""):
            raise ValidationError(_("Write something first: the response is empty."))


class ReportForm(ReaderForm):
    """That a response should not stand, and why."""

    reason = Text(_("What is wrong with it? (optional)"), filters=[_strip], most=REASON_LENGTH)


class CommentForm(TextForm):
    """What a reader writes. `key` makes a second arrival of the same submission the same comment."""

    name = Text(_("Name"), filters=[_strip], most=80)
    email = Text(
        _("E-mail"),
        [Optional(), Email(_("This e-mail address is not complete. Leave it empty if you like."))],
        filters=[_strip],
        most=LONGEST,
    )
    website = Text(_("Website"), [Optional()], filters=[_address], most=500)
    follow = Choice(_("Tell me by mail"))
    # named, since WTForms would ask gettext for the name of a field without one, at every page
    parent_id = Hidden("")
    key = Hidden("")
    # a field that people do not see; a program fills it
    subject = Text(_("Leave this empty"), most=BODY_LENGTH)

    @classmethod
    def sent(cls) -> Self:
        form = cls()
        form.key.data = form.key.data if is_key(form.key.data) else new_key()
        return form

    def validate_name(self, field: Field) -> None:
        if is_reserved(field.data or "") and not current_editor():
            raise ValidationError(_("This is the name of an editor here. Please write another, or sign in first."))

    def validate_website(self, field: Field) -> None:
        if field.data and not is_website(field.data):
            raise ValidationError(_("A website begins with https:// or http://. Leave it empty if you like."))

    def validate_follow(self, field: Field) -> None:
        if self.wish and not current_editor() and not is_address(self.email.data or ""):
            raise ValidationError(_("For this, write your e-mail address above."))

    @property
    def wish(self) -> str:
        """What this reader wants to be told of by mail; NOTHING where none is sent."""
        return self.follow.data if self.follow.data in {ANSWERS, THREAD} and mail_set_up() else NOTHING

    @property
    def parent(self) -> int | None:
        return row_id(self.parent_id.data)


class AnswerForm(TextForm):
    """An editor's answer from the desk; its token lasts as long as the session."""

    key = Hidden("")

    class Meta(Form.Meta):
        pass


class BanForm(Form):
    """What to ban of a comment, of what is known of it, and why."""

    choices = Choices(_("Whose responses shall wait from now on?"), choices=[], validate_choice=False, most=5_000)
    reason = Text(_("Why (for the list of bans and the log)"), filters=[_strip], most=REASON_LENGTH)
    seen = Hidden("")

    def validate_choices(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one."))


class LinkForm(Form):
    """Where to send a link that proves an e-mail address."""

    email = Text(
        _("Your e-mail address"), [InputRequired(_("Write your e-mail address."))], filters=[_strip], most=LONGEST
    )

    def validate_email(self, field: Field) -> None:
        if not is_address(field.data or ""):
            raise ValidationError(_("This e-mail address is not complete."))


def blank_form(post_id: int, path: str, language: str) -> Markup:
    """The form as it stands in a page that everyone gets: without a token, without a name."""
    return _blank_form(post_id, path, language, mail_set_up())


# the same for everybody for as long as the post keeps its address, and a third of the time that its page takes
@lru_cache(maxsize=512)
def _blank_form(post_id: int, path: str, _language: str, _mail: bool) -> Markup:
    form = CommentForm(formdata=None, meta={"csrf": False})
    return Markup(render_template("comments/_form.html", post={"id": post_id, "path": path}, form=form, inline=True))  # noqa: S704


def new_key() -> str:
    return secrets.token_urlsafe(24)


def is_key(text: str | None) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{20,64}", text or ""))
