"""The form under a post. It is the same for every visitor until somebody begins to write."""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from typing import Self

from flask import current_app, render_template, session
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import Field, HiddenField, StringField, TextAreaField
from wtforms.validators import Email, Length, Optional, ValidationError

from blog.db import row_id

BODY_LENGTH = 10_000
INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\u00ad\x00-\x1f]+")


def _strip(text: str | None) -> str:
    return (text or "").replace("\0", "").strip()


def _newlines(text: str | None) -> str:
    # no database keeps a NUL
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _address(text: str | None) -> str:
    """A website as people type it: without a scheme it is taken for https."""
    text = _strip(text)
    return text if not text or "://" in text or text.startswith(("javascript:", "data:")) else f"https://{text}"


class CommentForm(FlaskForm):
    """What a reader writes. `key` makes a second arrival of the same submission the same comment."""

    body = TextAreaField(_("Your response"), filters=[_newlines])
    name = StringField(_("Name"), [Length(max=80, message=_("A name has at most 80 characters."))], filters=[_strip])
    email = StringField(
        _("E-mail"),
        [Optional(), Length(max=254), Email(_("This e-mail address is not complete. Leave it empty if you like."))],
        filters=[_strip],
    )
    website = StringField(_("Website"), [Optional(), Length(max=500)], filters=[_address])
    # named, since WTForms would ask gettext for the name of a field without one, at every page
    parent_id = HiddenField("")
    key = HiddenField("")
    # a field that people do not see; a program fills it
    subject = StringField(_("Leave this empty"))

    class Meta(FlaskForm.Meta):
        @property
        def csrf_time_limit(self) -> int:
            return int(current_app.config["COMMENT_TOKEN_SECONDS"])

    @classmethod
    def sent(cls) -> Self:
        form = cls()
        form.key.data = form.key.data if is_key(form.key.data) else new_key()
        return form

    def validate_body(self, field: Field) -> None:
        text = field.data or ""
        if not INVISIBLE.sub("", text):
            raise ValidationError(_("Write something first: the response is empty."))
        if len(text) > BODY_LENGTH:
            raise ValidationError(
                _(
                    "This is %(over)d characters too long; a response holds at most 10,000.",
                    over=len(text) - BODY_LENGTH,
                )
            )

    def validate_website(self, field: Field) -> None:
        if field.data and not re.fullmatch(
            r"https?://[^\s<>\"'\\^`{|}@/]+\.[^\s<>\"'\\^`{|}@/]+(/[^\s<>\"]*)?", field.data
        ):
            raise ValidationError(_("A website begins with https:// or http://. Leave it empty if you like."))

    @property
    def token_refused(self) -> bool:
        return bool(self.csrf_token.errors)

    @property
    def parent(self) -> int | None:
        return row_id(self.parent_id.data)


# the same for everybody for as long as the post keeps its address, and a third of the time that its page takes
@lru_cache(maxsize=512)
def blank_form(post_id: int, path: str, _language: str) -> Markup:
    """The form as it stands in a page that everyone gets: without a token, without a name."""
    form = CommentForm(formdata=None, meta={"csrf": False})
    return Markup(render_template("comments/_form.html", post={"id": post_id, "path": path}, form=form, inline=True))  # noqa: S704


def new_key() -> str:
    return secrets.token_urlsafe(24)


def is_key(text: str | None) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{20,64}", text or ""))


def reader_key() -> str:
    """Who writes, as far as the session's cookie tells: made at the first writing, never on a page that is read."""
    if "reader" not in session:
        session["reader"] = secrets.token_urlsafe(16)
    return str(session["reader"])
