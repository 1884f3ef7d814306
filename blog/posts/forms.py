"""The forms of the desk: writing a post, naming a label."""

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
from blog.html.urls import is_picture_address, is_web_address
from blog.posts.editing import PUBLISH, SAVE, UNPUBLISH, Typed, one_newline, stamp
from blog.posts.models import DRAFT, PAGE, POST, Post
from blog.site.forms import RULES
from blog.site.models import HOLD_ALL, HOLD_NEW, OPEN, READ_ONLY, current_site
from blog.web.forms.fields import Choice, Form, Hidden, LongText, Text

SCHEMELESS = re2.compile(r"[\pL\pN_-]+(?:\.[\pL\pN_-]+)+(?:[/?#].*)?")
EARLIEST = 1970
LABEL_LENGTH = 200


def _line(text: str | None) -> str:
    return " ".join(one_newline(text or "").split())


def _text(text: str | None) -> str:
    return one_newline(text or "")


def _address(text: str | None) -> str:
    """An address as people type it: without a scheme it is taken for https."""
    text = _line(text)
    return f"https://{text}" if SCHEMELESS.fullmatch(text) else text


def short(label: str, most: int) -> Text:
    return Text(label, filters=[_line], most=most)


def long(label: str, most: int) -> LongText:
    return LongText(label, filters=[_text], most=most)


class PostForm(Form):
    """Every field of a post in the order of its page. `updated_at` is the stamp of the state that it was opened on,
    `submission_key` the name of a new one's form, `then` what the pressed button asks for. A field that was not sent
    keeps what stands.
    """

    updated_at = Hidden()
    submission_key = Hidden()
    then = Hidden()
    photo_file = FileField(_("Photo from this device"))
    photo_url = Text(_("Its address"), filters=[_address], most=2000)
    photo_alt = short(_("What the photo shows, for those who cannot see it"), 1000)
    photo_caption = short(_("Caption"), 2000)
    photo_credit = short(_("Credit"), 500)
    title = short(_("Headline"), 500)
    published_at = short(_("Date"), 100)
    author_name = short(_("Author"), 200)
    standfirst = short(_("Standfirst"), 5000)
    source_name = short(_("Source"), 300)
    source_title = short(_("Headline there"), 500)
    source_url = Text(_("Address there"), filters=[_address], most=2000)
    quote = long(_("Quoted paragraphs"), 200_000)
    body = long(_("Text as HTML"), 1_000_000)
    note = long(_("Editor’s note"), 200_000)  # noqa: RUF001
    label_names = short(_("Labels"), 5000)
    comments_open = BooleanField(_("Readers may answer"))
    comment_rule = Choice(
        _("New responses"), [AnyOf(["", OPEN, HOLD_NEW, HOLD_ALL], _("This is not one of the rules."))]
    )
    kind = Choice(_("Kind"))

    kinds = ((POST, _("Post")), (PAGE, _("Page")))
    rules = (("", _("As for the whole blog")), *((rule, word) for rule, word in RULES if rule != READ_ONLY))

    post: Post | None = None

    @classmethod
    def blank(cls, kind: str, author_name: str) -> Self:
        kind, key = kind if kind == PAGE else POST, secrets.token_urlsafe(16)
        return cls(formdata=None, kind=kind, author_name=author_name, comments_open=True, submission_key=key)

    @classmethod
    def of(cls, post: Post) -> Self:
        """The form of a post that stands, with what was sent in it, if anything was."""
        form = cls(data=standing_in(post))
        form.post = post
        if form.is_submitted() and not form.updated_at.raw_data:
            form.updated_at.data = ""
        return form

    def stand_on(self, post: Post) -> None:
        """From here on, saving means: knowing of this state."""
        self.updated_at.data = stamp(post)

    @property
    def asked(self) -> str:
        return self.then.data if self.then.data in {PUBLISH, UNPUBLISH} else SAVE

    @property
    def first_refused(self) -> str:
        """The name of the first field with something wrong, which takes the focus."""
        return next((field.name for field in self if field.errors and field.name != "csrf_token"), "")

    @property
    def token_refused(self) -> bool:
        return bool(self.csrf_token.errors)

    def validate_photo_url(self, field: Field) -> None:
        if field.data and not is_picture_address(field.data):
            raise ValidationError(_("The address of a picture begins with https://, or with / for one of this site."))

    def validate_source_url(self, field: Field) -> None:
        if field.data and not is_web_address(field.data):
            raise ValidationError(_("An address begins with https:// or http:// and has no blanks in it."))

    def validate_title(self, field: Field) -> None:
        texts = (self.title, self.standfirst, self.quote, self.body, self.note)
        if self.asked == PUBLISH and not any((text.data or "").strip() for text in texts):
            raise ValidationError(_("Give it a headline: there is nothing yet that readers could see."))

    def validate_kind(self, field: Field) -> None:
        if field.data not in {POST, PAGE}:
            raise ValidationError(_("It is either a post or a page."))

    def validate_label_names(self, field: Field) -> None:
        if any(len(name) > LABEL_LENGTH for name in names_in(field.data or "")):
            raise ValidationError(_("A label has at most 200 characters."))

    def validate_published_at(self, field: Field) -> None:
        at = moment_of(field.data or "", current_site().zone)
        if at and at > now():
            raise ValidationError(_("This is still to come. A post is published at once, with a date that has been."))
        if at and self.asked == SAVE and (self.post is None or self.post.state == DRAFT):
            raise ValidationError(_("A draft has no date yet: leave this empty, and set it when you publish."))

    def typed(self) -> Typed:
        """What was typed, for the act; what was not touched is left as it stands, to the letter and the millisecond."""
        standing = standing_in(self.post) if self.post else {}
        labels, at = self.label_names.data or "", self.published_at.data or ""
        return Typed(
            fields={name: self[name].data or "" for name in COLUMNS},
            comments_open=self.comments_open.data,
            comment_rule=self.comment_rule.data or "",
            published_at=moment_of(at, current_site().zone) if at != standing.get("published_at") else None,
            labels=names_in(labels) if labels != standing.get("label_names") else None,
        )


COLUMNS = (
    "kind", "photo_url", "photo_alt", "photo_caption", "photo_credit", "title", "author_name", "standfirst",
    "source_name", "source_title", "source_url", "quote", "body", "note",
)  # fmt: skip
"""The fields that are columns of Post under the same name, and hold text."""


class LabelForm(Form):
    name = short(_("Name"), LABEL_LENGTH)

    def validate_name(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("A label needs a name."))
        if "," in field.data:
            raise ValidationError(_("A comma parts labels, so none can stand in a name."))


def names_in(line: str) -> list[str]:
    """The labels of a line, which commas part."""
    return [name.strip() for name in line.split(",") if name.strip()]


def label_line(post: Post) -> str:
    return _line(", ".join(label.name for label in post.labels))


def standing_in(post: Post) -> dict[str, Any]:
    """What a form shows of a post as it stands."""
    return {name: getattr(post, name) for name in COLUMNS} | {
        "updated_at": stamp(post),
        "published_at": local(post.published_at),
        "label_names": label_line(post),
        "comments_open": post.comments_closed_at is None,
        "comment_rule": post.comment_rule or "",
    }


def local(at: datetime | None) -> str:
    """A moment as a browser's date field has it: in the site's zone, to the minute."""
    return f"{at.astimezone(current_site().zone):%Y-%m-%dT%H:%M}" if at else ""


def moment_of(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment that a browser's date field means; None for an empty one, ValidationError for none at all."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=zone)
    except ValueError:
        raise ValidationError(gettext("This is not a date and a time, such as 2026-11-24 14:05.")) from None
    if not EARLIEST < at.year < 9999:
        raise ValidationError(gettext("No date before 1971 can be kept."))
    return at
