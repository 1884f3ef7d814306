"""The form of the site's settings."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from babel.localedata import locale_identifiers
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, ValidationError

from blog.muting import MOST_CHARACTERS, muted
from blog.site.models import ACCENTS, ALL, CALM, FIRST, OFF, OPEN, READING, STRICT, USUAL, menu_lines

ZONES = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")

RULES = (
    (OPEN, _("Appear at once")),
    (FIRST, _("Wait for an editor while a reader is new")),
    (ALL, _("Wait for an editor, all of them")),
    (READING, _("None: the blog is for reading only")),
)
STRICTNESS = (
    (OFF, _("Off")),
    (CALM, _("Calm")),
    (USUAL, _("Usual")),
    (STRICT, _("Strict")),
)
FAULTS_SHOWN = 5


class WholeNumber(IntegerField):
    """What is no number is nothing; its validators say which numbers may stand."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            text = valuelist[0].strip()
            self.data = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


class Switch(BooleanField):
    """A box with a hidden field of the same name before it, so that what was not sent at all stays as it is."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = bool(valuelist[-1])


def number(label: str, least: int, most: int) -> WholeNumber:
    """A whole number, never nothing."""
    sentence = _("A whole number from %(least)d to %(most)d.", least=least, most=most)
    return WholeNumber(label, [NumberRange(least, most, sentence)])


def days_or_never(label: str) -> WholeNumber:
    sentence = _("A number of days from 1 to 36,500, or nothing for never.")
    return WholeNumber(label, [Optional(), NumberRange(1, 36_500, sentence)])


class SettingsForm(FlaskForm):
    """What an editor may change of the site, in the order in which readers meet it."""

    title = StringField(_("Title"), [InputRequired(_("A blog needs a title.")), Length(max=200)])
    tagline = StringField(_("Tagline"), [Length(max=500, message=_("A tagline has at most 500 characters."))])
    menu = TextAreaField(_("Menu"))
    accent = StringField(_("Accent"), [AnyOf(ACCENTS, _("This is not one of the accents."))])
    note_label = StringField(_("Label of the editor's note"), [Length(max=80)])
    language = StringField(_("Language"), [InputRequired()])
    timezone = StringField(_("Time zone"), [AnyOf(ZONES, _("This is not one of the time zones."))])
    rule = StringField(_("New responses"), [AnyOf([OPEN, FIRST, ALL, READING], _("This is not one of the rules."))])
    approvals = number(_("Responses to approve before a new reader’s appear at once"), 1, 100)  # noqa: RUF001
    hold_after_days = days_or_never(_("Responses wait under posts older than so many days"))
    close_after_days = days_or_never(_("Close threads after so many days"))
    most_links = WholeNumber(
        _("Most links in a response"),
        [Optional(), NumberRange(0, 1000, _("A number from 0 to 1,000, or nothing for any number of links."))],
    )
    filter_strictness = StringField(
        _("Spam filter"), [AnyOf([OFF, CALM, USUAL, STRICT], _("This is not one of the choices."))]
    )
    muted = TextAreaField(
        _("Muted words and patterns"),
        [Length(max=MOST_CHARACTERS, message=_("All lines together have at most 50,000 characters."))],
    )
    agreeing = Switch(_("Readers may agree with responses"))
    reports_to_hold = WholeNumber(
        _("Reports that hold a response"),
        [Optional(), NumberRange(0, 100, _("A number from 0 to 100, or nothing for never."))],
    )
    steps = number(_("Steps that replies step in by"), 1, 4)
    edit_minutes = number(_("Minutes in which a reader may change a response"), 0, 1440)
    address_days = number(_("Days for which network addresses are kept"), 0, 3650)
    audit_days = number(_("Days for which the log is kept"), 0, 3650)
    hidden_days = days_or_never(_("Forget spam and removed responses after so many days"))

    accents = ACCENTS
    zones = ZONES
    rules = RULES
    strictness = STRICTNESS

    def validate_title(self, field: StringField) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_("A blog needs a title."))

    def validate_muted(self, field: TextAreaField) -> None:
        if faults := muted(field.data or "").faults:
            more = len(faults) - FAULTS_SHOWN
            raise ValidationError(
                " ".join([*faults[:FAULTS_SHOWN], _("(%(more)d more)", more=more) if more > 0 else ""])
            )

    def validate_language(self, field: StringField) -> None:
        if (field.data or "").strip().replace("-", "_") not in locale_identifiers():
            raise ValidationError(_("This is not a language code such as en, de or pt-BR."))

    def validate_menu(self, field: TextAreaField) -> None:
        lines = [line for line in (field.data or "").splitlines() if line.strip()]
        if len(menu_lines(field.data or "")) != len(lines):
            raise ValidationError(
                _(
                    "Each line is “Word | address”, such as “About | /p/about.html”; the address begins with / or https://."
                )
            )
