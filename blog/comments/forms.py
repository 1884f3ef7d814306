"""Define the forms of readers and editors for comments."""

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

from blog.comments.screening.rules import MIN_FILL_SECONDS
from blog.db import now, parse_id
from blog.editors.access import current_editor
from blog.editors.reserved_names import is_reserved
from blog.email_addresses import MAX_ADDRESS_BYTES, is_email_address
from blog.html.urls import is_website
from blog.mail.outbox import mail_enabled
from blog.web.forms.fields import Choice, Choices, Form, Hidden, LongText, Text

BODY_LENGTH = 10_000
REASON_LENGTH = 300
# values of the field `follow`
NO_MAIL, MAIL_REPLIES, MAIL_THREAD = "", "answers", "thread"
BLANK = re.compile(r"[\s\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\u00ad\x00-\x1f]+")


def _strip(text: str | None) -> str:
    # PostgreSQL refuses NUL characters
    return (text or "").replace("\0", "").strip()


def _normalize_newlines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _token_signed_at(token: str | None) -> datetime | None:
    """Return when this session's CSRF token was signed, to the second.

    Flask-WTF checks the age but does not return it.
    """
    serializer = URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token")
    try:
        value, at = serializer.loads(token or "", return_timestamp=True)
    except BadData:
        return None
    return at if hmac.compare_digest(str(value).encode(), str(session.get("csrf_token", "")).encode()) else None


def _add_scheme(text: str | None) -> str:
    """Add https:// to a website that was typed without a scheme."""
    text = _strip(text)
    return text if not text or "://" in text or text.startswith(("javascript:", "data:")) else f"https://{text}"


class ReaderForm(Form):
    """Validate what a reader sends; the CSRF token counts as a field.

    So a refused form returns with its text.
    """

    class Meta(Form.Meta):
        @property
        def csrf_time_limit(self) -> int:
            return int(current_app.config["COMMENT_TOKEN_SECONDS"])

    @property
    def token_refused(self) -> bool:
        return bool(self.csrf_token.errors)

    @property
    def seconds(self) -> int | None:
        """Return how long the form was open; None without a valid token."""
        signed_at = _token_signed_at(self.csrf_token.data)
        return max(0, int((now() - signed_at).total_seconds())) if signed_at else None

    @property
    def token(self) -> str:
        """Return the token for the page, the old one while young.

        So the form keeps its age when it is shown again.
        """
        seconds = self.seconds
        young = seconds is not None and seconds < self.meta.csrf_time_limit / 2
        return str(self.csrf_token.data if young else self.csrf_token.current_token)

    @property
    def min_seconds(self) -> int:
        """Return how many seconds our script waits before it submits."""
        return MIN_FILL_SECONDS if current_app.config["SETTINGS"].ratelimit_enabled else 0


class TextForm(ReaderForm):
    """Validate the text of a comment, new or edited."""

    body = LongText(_("Your response"), filters=[_normalize_newlines], max_length=BODY_LENGTH)

    def validate_body(self, field: Field) -> None:
        if not BLANK.sub("", field.data or ""):
            raise ValidationError(_("Your response is empty. Please write something."))


class ReportForm(ReaderForm):
    """Validate a report of a comment."""

    reason = Text(_("What is wrong with it? (optional)"), filters=[_strip], max_length=REASON_LENGTH)


class CommentForm(TextForm):
    """Validate a reader's new comment.

    `key` is the submission key: sending the same form twice makes one comment.
    """

    name = Text(_("Name"), filters=[_strip], max_length=80)
    email = Text(
        _("E-mail"),
        [Optional(), Email(_("This e-mail address is not complete. You can leave it empty."))],
        filters=[_strip],
        max_length=MAX_ADDRESS_BYTES,
    )
    website = Text(_("Website"), [Optional()], filters=[_add_scheme], max_length=500)
    follow = Choice(_("E-mail me new replies"))
    # an empty label: without one WTForms would translate the field's name for each page
    parent_id = Hidden("")
    key = Hidden("")
    # the honeypot: people do not see this field, bots fill it in
    subject = Text(_("Leave this empty"), max_length=BODY_LENGTH)

    @classmethod
    def from_request(cls) -> Self:
        form = cls()
        form.key.data = form.key.data if is_submission_key(form.key.data) else new_submission_key()
        return form

    def validate_name(self, field: Field) -> None:
        if is_reserved(field.data or "") and not current_editor():
            raise ValidationError(_("This is the name of an editor. Please choose another name, or sign in first."))

    def validate_website(self, field: Field) -> None:
        if field.data and not is_website(field.data):
            raise ValidationError(_("A website begins with https:// or http://. Leave it empty if you like."))

    def validate_follow(self, field: Field) -> None:
        if self.mail_choice and not current_editor() and not is_email_address(self.email.data or ""):
            raise ValidationError(_("For this, write your e-mail address above."))

    @property
    def mail_choice(self) -> str:
        """Return which notifications the reader wants; NO_MAIL if mail is off."""
        return self.follow.data if self.follow.data in {MAIL_REPLIES, MAIL_THREAD} and mail_enabled() else NO_MAIL

    @property
    def parent(self) -> int | None:
        return parse_id(self.parent_id.data)


class AnswerForm(TextForm):
    """Validate an editor's reply; its token lasts as long as the session."""

    key = Hidden("")

    class Meta(Form.Meta):
        pass

    @classmethod
    def from_request(cls) -> Self:
        form = cls()
        form.key.data = form.key.data if is_submission_key(form.key.data) else new_submission_key()
        return form

    def body_and_key(self) -> tuple[str, str]:
        return self.body.data or "", self.key.data or ""


class BanForm(Form):
    """Validate which identifiers of a comment's author to ban, and why."""

    choices = Choices(_("Whose responses shall wait from now on?"), choices=[], validate_choice=False, max_length=5_000)
    reason = Text(_("Why (for the list of bans and the log)"), filters=[_strip], max_length=REASON_LENGTH)
    seen = Hidden("")

    def validate_choices(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one."))


class LinkForm(Form):
    """Validate where to send a link that proves an e-mail address."""

    email = Text(
        _("Your e-mail address"),
        [InputRequired(_("Write your e-mail address."))],
        filters=[_strip],
        max_length=MAX_ADDRESS_BYTES,
    )

    def validate_email(self, field: Field) -> None:
        if not is_email_address(field.data or ""):
            raise ValidationError(_("This e-mail address is not complete."))


def blank_form(post_id: int, path: str, language: str) -> Markup:
    """Render the comment form for public pages, without token and name."""
    return _blank_form(post_id, path, language, mail_enabled())


# rendering the form takes a third of a post page's time, and it is the same for every visitor
@lru_cache(maxsize=512)
def _blank_form(post_id: int, path: str, _language: str, _mail: bool) -> Markup:
    form = CommentForm(formdata=None, meta={"csrf": False})
    post = {"id": post_id, "path": path}
    return Markup(render_template("comments/posting/_form.html", post=post, form=form, inline=True))  # noqa: S704


def new_submission_key() -> str:
    return secrets.token_urlsafe(24)


def is_submission_key(text: str | None) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{20,64}", text or ""))
