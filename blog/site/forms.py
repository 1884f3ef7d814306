"""The form of the site's settings."""

from __future__ import annotations

from zoneinfo import available_timezones

from babel.localedata import locale_identifiers
from flask_babel import lazy_gettext as _
from wtforms import Field
from wtforms.validators import AnyOf, InputRequired, NumberRange, Optional, ValidationError

from blog.site.models import ACCENTS, ALL, CALM, FIRST, OFF, OPEN, READING, STRICT, USUAL, menu_lines
from blog.spam.muted_words import MAX_CHARACTERS, parse_muted_words
from blog.web.forms.fields import Choice, Form, LongText, Switch, Text, WholeNumber

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


def number(label: str, least: int, most: int) -> WholeNumber:
    """A whole number, never nothing."""
    sentence = _("A whole number from %(least)d to %(most)d.", least=least, most=most)
    return WholeNumber(label, [NumberRange(least, most, sentence)])


def days_or_never(label: str) -> WholeNumber:
    sentence = _("A number of days from 1 to 36,500, or nothing for never.")
    return WholeNumber(label, [Optional(), NumberRange(1, 36_500, sentence)])


class SettingsForm(Form):
    """What an editor may change of the site, in the order in which readers meet it."""

    title = Text(_("Title"), [InputRequired(_("A blog needs a title."))], most=200)
    tagline = Text(_("Tagline"), most=500)
    menu = LongText(_("Menu"), most=20_000)
    accent = Choice(_("Accent"), [AnyOf(ACCENTS, _("This is not one of the accents."))])
    note_label = Text(_("Label of the editor's note"), most=80)
    language = Text(_("Language"), [InputRequired()], most=20)
    timezone = Choice(_("Time zone"), [AnyOf(ZONES, _("This is not one of the time zones."))])
    rule = Choice(_("New responses"), [AnyOf([OPEN, FIRST, ALL, READING], _("This is not one of the rules."))])
    approvals = number(_("Responses to approve before a new reader’s appear at once"), 1, 100)  # noqa: RUF001
    hold_after_days = days_or_never(_("Responses wait under posts older than so many days"))
    close_after_days = days_or_never(_("Close threads after so many days"))
    most_links = WholeNumber(
        _("Most links in a response"),
        [Optional(), NumberRange(0, 1000, _("A number from 0 to 1,000, or nothing for any number of links."))],
    )
    filter_strictness = Choice(
        _("Spam filter"), [AnyOf([OFF, CALM, USUAL, STRICT], _("This is not one of the choices."))]
    )
    muted = LongText(_("Muted words and patterns"), most=MAX_CHARACTERS)
    agreeing = Switch(_("Readers may agree with responses"))
    reports_to_hold = WholeNumber(
        _("Reports that hold a response"),
        [Optional(), NumberRange(0, 100, _("A number from 0 to 100, or nothing for never."))],
    )
    max_indent = number(_("Steps that replies step in by"), 1, 4)
    edit_minutes = number(_("Minutes in which a reader may change a response"), 0, 1440)
    address_days = number(_("Days for which network addresses are kept"), 0, 3650)
    audit_days = number(_("Days for which the log is kept"), 0, 3650)
    hidden_days = days_or_never(_("Forget spam and removed responses after so many days"))

    accents = ACCENTS
    zones = ZONES
    rules = RULES
    strictness = STRICTNESS

    def validate_title(self, field: Field) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_("A blog needs a title."))

    def validate_muted(self, field: Field) -> None:
        if faults := parse_muted_words(field.data or "").errors:
            more = len(faults) - FAULTS_SHOWN
            raise ValidationError(
                " ".join([*faults[:FAULTS_SHOWN], _("(%(more)d more)", more=more) if more > 0 else ""])
            )

    def validate_language(self, field: Field) -> None:
        if (field.data or "").strip().replace("-", "_") not in locale_identifiers():
            raise ValidationError(_("This is not a language code such as en, de or pt-BR."))

    def validate_menu(self, field: Field) -> None:
        lines = [line for line in (field.data or "").splitlines() if line.strip()]
        if len(menu_lines(field.data or "")) != len(lines):
            raise ValidationError(
                _(
                    "Each line is “Word | address”, such as “About | /p/about.html”; the address begins with / or https://."
                )
            )
