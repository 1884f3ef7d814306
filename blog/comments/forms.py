"""Define the forms of readers and editors for comments."""

from __future__ import annotations

from functools import lru_cache
from typing import Self

from flask import current_app, render_template, request
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from wtforms import Field
from wtforms.validators import Email, InputRequired, Optional, ValidationError

from blog.comments.screening.rules import MIN_FILL_SECONDS
from blog.comments.submission_keys import is_submission_key, issued_at, new_submission_key
from blog.db import now, parse_id
from blog.editors.access import current_editor
from blog.editors.reserved_names import is_reserved
from blog.email_addresses import MAX_ADDRESS_BYTES, is_email_address
from blog.html.invisible_characters import clean_line, is_visible
from blog.html.urls import is_website, normalize_website
from blog.mail.outbox import mail_enabled
from blog.web.csrf import FOREIGN, UNCONFIRMED, is_from_elsewhere
from blog.web.forms.fields import Choice, Choices, Form, Hidden, LongText, Text

BODY_LENGTH = 10_000
REASON_LENGTH = 300
# values of the field `follow`
NO_MAIL, MAIL_REPLIES, MAIL_THREAD = "", "answers", "thread"
NO_COOKIE = _(
    "Your browser did not return this site’s cookie, and does not say from which page the form was sent. "
    "Your text is still here: please allow cookies for this site, and post it again."
)


def _strip(text: str | None) -> str:
    # PostgreSQL refuses NUL characters
    return (text or "").replace("\0", "").strip()


def _normalize_newlines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _complete_website(text: str | None) -> str:
    return normalize_website(_strip(text))


class ReaderForm(Form):
    """Validate what a reader sends; the CSRF token counts as a field.

    So a refused form returns with its text.
    """

    @property
    def token_refused(self) -> bool:
        return bool(self.csrf_token.errors)

    @property
    def min_seconds(self) -> int:
        """Return how many seconds our script waits before it submits."""
        return MIN_FILL_SECONDS if current_app.config["SETTINGS"].ratelimit_enabled else 0


class TextForm(ReaderForm):
    """Validate the text of a comment, new or edited."""

    body = LongText(_("Your response"), filters=[_normalize_newlines], max_length=BODY_LENGTH)

    def validate_body(self, field: Field) -> None:
        if not is_visible(field.data or ""):
            raise ValidationError(_("Your response is empty. Please write something."))


class ReportForm(ReaderForm):
    """Validate a report of a comment."""

    reason = Text(_("What is wrong with it? (optional)"), filters=[_strip], max_length=REASON_LENGTH)


class CommentForm(TextForm):
    """Validate a reader's new comment.

    `key` is the ticket: sending the same form twice makes one comment.
    """

    name = Text(_("Name"), filters=[clean_line], max_length=80)
    email = Text(
        _("E-mail"),
        [Optional(), Email(_("This e-mail address is not complete. You can leave it empty."))],
        filters=[_strip],
        max_length=MAX_ADDRESS_BYTES,
    )
    website = Text(_("Website"), [Optional()], filters=[_complete_website], max_length=500)
    follow = Choice(_("E-mail me new replies"))
    # an empty label: otherwise WTForms translates the field's name; saves 35 % of GET .../token
    parent_id = Hidden("")
    key = Hidden("")
    # the honeypot: people do not see this field, bots fill it in
    subject = Text(_("Leave this empty"), max_length=BODY_LENGTH)

    @property
    def token_refused(self) -> bool:
        return bool(self.csrf_token.errors or self.key.errors)

    @property
    def seconds(self) -> int | None:
        """Return how long the form was open; None without a ticket."""
        at = issued_at(self.key.data)
        return max(0, int((now() - at).total_seconds())) if at else None

    @property
    def ticket(self) -> str:
        """Return the ticket for the page, the old one while young.

        So the form keeps its age when it is shown again.
        """
        seconds = self.seconds
        young = seconds is not None and seconds < current_app.config["COMMENT_TOKEN_SECONDS"] / 2
        return str(self.key.data) if young else new_submission_key()

    @property
    def why_unconfirmed(self) -> str:
        """Return why to send the form again, "" in the first step."""
        if is_from_elsewhere():
            return str(FOREIGN)
        if self.key.data and self.key.errors:
            return str(self.key.errors[0])
        if self.csrf_token.errors and request.form.get("csrf_token"):
            return str(UNCONFIRMED if request.cookies else NO_COOKIE)
        return ""

    def validate_key(self, field: Field) -> None:
        seconds = self.seconds
        if seconds is None or seconds > current_app.config["COMMENT_TOKEN_SECONDS"]:
            raise ValidationError(_("This form was open for too long. Your text is still here: please post it again."))

    def validate_name(self, field: Field) -> None:
        if not field.data and "".join(field.raw_data or ()).strip():
            raise ValidationError(_("This name shows nothing. Please choose another name, or leave it empty."))
        if is_reserved(field.data or "") and not current_editor():
            raise ValidationError(_("This is the name of an editor. Please choose another name, or sign in first."))

    def validate_website(self, field: Field) -> None:
        if field.data and not is_website(field.data):
            raise ValidationError(
                _(
                    "A website begins with https:// or http:// and a domain such as example.org, "
                    "and has no quotes or angle brackets. Leave it empty if you like."
                )
            )

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


def blank_form(post_id: int, address: str, language: str) -> Markup:
    """Render the comment form for public pages, without token and name."""
    return _blank_form(post_id, address, language, mail_enabled())


# the same for every visitor; saves 18 % of a post page
@lru_cache(maxsize=512)
def _blank_form(post_id: int, address: str, _language: str, _mail: bool) -> Markup:
    form = CommentForm(formdata=None, meta={"csrf": False})
    post = {"id": post_id, "address": address}
    return Markup(render_template("comments/posting/_form.html", post=post, form=form, inline=True))  # noqa: S704
