"""Define the forms for posts and labels."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

import re2
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, FileField
from wtforms.validators import AnyOf, ValidationError

from blog.db import now
from blog.html.invisible_characters import clean_line
from blog.html.urls import is_image_address, is_web_address
from blog.posts.editing import PUBLISH, SAVE, UNPUBLISH, PostInput, normalize_newlines, stamp
from blog.posts.models import DRAFT, PAGE, POST, Post
from blog.site.forms import RULES
from blog.site.models import HOLD_ALL, HOLD_NEW, OPEN, READ_ONLY, current_site
from blog.web.forms.fields import Choice, Form, Hidden, LongText, Text

SCHEMELESS = re2.compile(r"[\pL\pN_-]+(?:\.[\pL\pN_-]+)+(?:[/?#].*)?")
FIRST_YEAR, LAST_YEAR = 1971, 9998
MAX_LABEL_LENGTH = 200


def _to_text(text: str | None) -> str:
    return normalize_newlines(text or "")


def _to_url(text: str | None) -> str:
    """Add https:// to a URL that was typed without a scheme."""
    text = clean_line(text)
    return f"https://{text}" if SCHEMELESS.fullmatch(text) else text


def line_field(label: str, most: int) -> Text:
    return Text(label, filters=[clean_line], max_length=most)


def text_field(label: str, most: int) -> LongText:
    return LongText(label, filters=[_to_text], max_length=most)


class PostForm(Form):
    """Edit a post; a field that was not sent keeps its value.

    `updated_at` is the stamp of the revision that the form was opened on, `submission_key` identifies a new post's
    form, `then` is the button that was pressed.
    """

    updated_at = Hidden()
    submission_key = Hidden()
    then = Hidden()
    title = line_field(_("Headline"), 500)
    source_name = line_field(_("Source"), 300)
    source_title = line_field(_("Headline of the source"), 500)
    source_url = Text(_("Address of the source"), filters=[_to_url], max_length=2000)
    quote = text_field(_("Quoted paragraphs"), 200_000)
    note = text_field(_("Editor’s note"), 200_000)
    photo_file = FileField(_("Photo from this device"))
    photo_alt = line_field(_("Description of the photo (alt text)"), 1000)
    photo_caption = line_field(_("Caption"), 2000)
    photo_credit = line_field(_("Credit"), 500)
    photo_license = Text(_("Address of its licence"), filters=[_to_url], max_length=2000)
    photo_license_page = Text(_("Address where a licence is sold"), filters=[_to_url], max_length=2000)
    photo_url = Text(_("Address of the photo"), filters=[_to_url], max_length=2000)
    label_names = line_field(_("Labels"), 5000)
    standfirst = line_field(_("Standfirst"), 5000)
    body = text_field(_("Text as HTML"), 1_000_000)
    published_at = line_field(_("Date"), 100)
    author_name = line_field(_("Author"), 200)
    comments_open = BooleanField(_("Allow responses"))
    comment_rule = Choice(
        _("New responses"), [AnyOf(["", OPEN, HOLD_NEW, HOLD_ALL], _("Please choose one of the rules."))]
    )
    kind = Choice(_("Kind"))

    kinds = ((POST, _("Post")), (PAGE, _("Page")))
    rules = (("", _("Same as the whole blog")), *((rule, word) for rule, word in RULES if rule != READ_ONLY))

    post: Post | None = None

    @classmethod
    def blank(cls, kind: str, author_name: str) -> Self:
        kind, key = kind if kind == PAGE else POST, secrets.token_urlsafe(16)
        return cls(formdata=None, kind=kind, author_name=author_name, comments_open=True, submission_key=key)

    @classmethod
    def for_post(cls, post: Post) -> Self:
        """Make the form of an existing post, with any submitted fields."""
        form = cls(data=form_values(post))
        form.post = post
        if form.is_submitted() and not form.updated_at.raw_data:
            form.updated_at.data = ""
        return form

    def set_base(self, post: Post) -> None:
        """Base the form on this revision: saving it overwrites no unseen change."""
        self.updated_at.data = stamp(post)

    @property
    def action(self) -> str:
        return self.then.data if self.then.data in {PUBLISH, UNPUBLISH} else SAVE

    @property
    def token_refused(self) -> bool:
        return bool(self.csrf_token.errors)

    def validate_photo_url(self, field: Field) -> None:
        if field.data and not is_image_address(field.data):
            raise ValidationError(_("The address of a picture starts with https://, or with / for one of this site."))

    def validate_source_url(self, field: Field) -> None:
        if field.data and not is_web_address(field.data):
            raise ValidationError(_("An address starts with https:// or http:// and has no spaces."))

    validate_photo_license = validate_photo_license_page = validate_source_url

    def validate_title(self, field: Field) -> None:
        texts = (self.title, self.standfirst, self.quote, self.body, self.note)
        if self.action == PUBLISH and not any((text.data or "").strip() for text in texts):
            raise ValidationError(_("Please add a headline."))

    def validate_kind(self, field: Field) -> None:
        if field.data not in {POST, PAGE}:
            raise ValidationError(_("Please choose post or page."))

    def validate_label_names(self, field: Field) -> None:
        if any(len(name) > MAX_LABEL_LENGTH for name in parse_labels(field.data or "")):
            raise ValidationError(_("A label has at most 200 characters."))

    def validate_published_at(self, field: Field) -> None:
        at = parse_local(field.data or "", current_site().zone)
        if at and at > now():
            raise ValidationError(_("This date is in the future. Please choose a date in the past."))
        if at and self.action == SAVE and (self.post is None or self.post.state == DRAFT):
            raise ValidationError(_("A draft has no date. Leave it empty, and set it when you publish."))

    def post_input(self) -> PostInput:
        """Return the typed values; unchanged dates and labels are None."""
        stored = form_values(self.post) if self.post else {}
        labels, at = self.label_names.data or "", self.published_at.data or ""
        return PostInput(
            fields={name: self[name].data or "" for name in COLUMNS},
            comments_open=self.comments_open.data,
            comment_rule=self.comment_rule.data or "",
            published_at=parse_local(at, current_site().zone) if at != stored.get("published_at") else None,
            labels=parse_labels(labels) if labels != stored.get("label_names") else None,
        )


COLUMNS = (
    "kind", "photo_url", "photo_alt", "photo_caption", "photo_credit", "photo_license", "photo_license_page", "title",
    "author_name", "standfirst", "source_name", "source_title", "source_url", "quote", "body", "note",
)  # fmt: skip
"""The text fields that are columns of Post under the same name."""


class LabelForm(Form):
    name = line_field(_("Name"), MAX_LABEL_LENGTH)

    def validate_name(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Please enter a name."))
        if "," in field.data:
            raise ValidationError(_("A label cannot contain a comma."))


def parse_labels(line: str) -> list[str]:
    """Split a comma-separated line into labels."""
    return [name.strip() for name in line.split(",") if name.strip()]


def format_labels(post: Post) -> str:
    return clean_line(", ".join(label.name for label in post.labels))


def form_values(post: Post) -> dict[str, Any]:
    """Return the values of a post's form by field name."""
    return {name: getattr(post, name) for name in COLUMNS} | {
        "updated_at": stamp(post),
        "published_at": format_local(post.published_at),
        "label_names": format_labels(post),
        "comments_open": post.comments_closed_at is None,
        "comment_rule": post.comment_rule or "",
    }


def format_local(at: datetime | None) -> str:
    """Format a time for a browser's date field, in the site's zone."""
    return f"{at.astimezone(current_site().zone):%Y-%m-%dT%H:%M}" if at else ""


def parse_local(text: str, zone: ZoneInfo) -> datetime | None:
    """Parse a browser's date field; None for an empty one. Raises ValidationError."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=zone)
    except ValueError:
        raise ValidationError(gettext("This is not a date and a time, such as 2026-11-24 14:05.")) from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValidationError(gettext("No date before 1971 can be kept."))
    return at
