"""Define the form of the site's settings."""

from __future__ import annotations

from zoneinfo import available_timezones

import re2
from babel.localedata import locale_identifiers
from flask_babel import lazy_gettext as _
from wtforms import Field
from wtforms.validators import AnyOf, InputRequired, NumberRange, Optional, ValidationError

from blog.html.invisible_characters import clean_line
from blog.html.urls import is_web_address
from blog.site.contacts import contact_url
from blog.site.models import (
    ACCENTS,
    CALM,
    HOLD_ALL,
    HOLD_NEW,
    NO_TRAINING,
    NO_WISH,
    OFF,
    OPEN,
    READ_ONLY,
    SEARCH_ONLY,
    STRICT,
    USUAL,
    parse_menu,
)
from blog.spam.muted_words import MAX_CHARACTERS, parse_muted_words
from blog.web.forms.fields import Choice, Form, LongText, Switch, Text, WholeNumber
from blog.web.safe_fetch import FetchError
from blog.web.safe_fetch.public_addresses import parse_url

ZONES = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")

RULES = (
    (OPEN, _("Appear at once")),
    (HOLD_NEW, _("Wait for approval while a reader is new")),
    (HOLD_ALL, _("All wait for approval")),
    (READ_ONLY, _("Responses are closed")),
)
STRICTNESS = (
    (OFF, _("Off")),
    (CALM, _("Calm")),
    (USUAL, _("Usual")),
    (STRICT, _("Strict")),
)
AI_CHOICES = (
    (NO_WISH, _("No wish: say nothing")),
    (NO_TRAINING, _("No training: AI may read the blog for its answers, but not learn from it")),
    (SEARCH_ONLY, _("Search only: the blog may be found, and AI may not use it otherwise")),
)
MAX_FAULTS = 5
MAX_PROFILE_LINKS = 20
FEDIVERSE_ACCOUNT = re2.compile(r"@[A-Za-z0-9_.-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+")


def whole_number(label: str, least: int, most: int) -> WholeNumber:
    """Make a field for a required whole number."""
    sentence = _("A whole number from %(least)d to %(most)d.", least=least, most=most)
    return WholeNumber(label, [NumberRange(least, most, sentence)])


def days_or_never(label: str) -> WholeNumber:
    sentence = _("A number of days from 1 to 36,500, or nothing for never.")
    return WholeNumber(label, [Optional(), NumberRange(1, 36_500, sentence)])


class SettingsForm(Form):
    """Change the site's settings."""

    title = Text(_("Title"), [InputRequired(_("A blog needs a title."))], filters=[clean_line], max_length=200)
    tagline = Text(_("Tagline"), filters=[clean_line], max_length=500)
    menu = LongText(_("Menu"), max_length=20_000)
    accent = Choice(_("Accent"), [AnyOf(ACCENTS, _("This is not one of the accents."))])
    note_label = Text(_("Label of the editor’s note"), filters=[clean_line], max_length=80)
    language = Text(_("Language"), [InputRequired()], max_length=20)
    timezone = Choice(_("Time zone"), [AnyOf(ZONES, _("This is not one of the time zones."))])
    rule = Choice(
        _("New responses"), [AnyOf([OPEN, HOLD_NEW, HOLD_ALL, READ_ONLY], _("Please choose one of the rules."))]
    )
    approvals = whole_number(_("Approved responses that a new reader needs"), 1, 100)
    hold_after_days = days_or_never(_("Hold responses to posts older than this many days"))
    close_after_days = days_or_never(_("Close responses after this many days"))
    most_links = WholeNumber(
        _("Maximum number of links in a response"),
        [Optional(), NumberRange(0, 1000, _("A number from 0 to 1,000, or nothing for any number of links."))],
    )
    filter_strictness = Choice(
        _("Spam filter"), [AnyOf([OFF, CALM, USUAL, STRICT], _("This is not one of the choices."))]
    )
    muted = LongText(_("Muted words and patterns"), max_length=MAX_CHARACTERS)
    agreeing = Switch(_("Readers may agree with responses"))
    reports_to_hold = WholeNumber(
        _("Reports that hold a response"),
        [Optional(), NumberRange(0, 100, _("A number from 0 to 100, or nothing for never."))],
    )
    reader_per_10_seconds = whole_number(_("Responses of one reader in 10 seconds"), 1, 1000)
    reader_per_10_minutes = whole_number(_("Responses of one reader in 10 minutes"), 1, 1000)
    address_per_minute = whole_number(_("Responses from one network address in a minute"), 1, 1000)
    address_per_10_minutes = whole_number(_("Responses from one network address in 10 minutes"), 1, 1000)
    max_indent = whole_number(_("Levels of indented replies"), 1, 4)
    edit_minutes = whole_number(_("Minutes in which readers can edit a response"), 0, 1440)
    websub_hub = Text(_("Hub of the feeds (WebSub)"), filters=[clean_line], max_length=500)
    security_contact = Text(_("Contact for security reports"), filters=[clean_line], max_length=500)
    address_days = whole_number(_("Days to keep network addresses"), 0, 3650)
    audit_days = whole_number(_("Days to keep the log"), 0, 3650)
    hidden_days = days_or_never(_("Delete spam and removed responses after this many days"))

    fediverse_creator = Text(_("Your account in the fediverse"), filters=[clean_line], max_length=200)
    profile_links = LongText(_("Your profiles on other sites"), max_length=10_000)
    ai_choice = Choice(
        _("Use by AI"), [AnyOf([NO_WISH, NO_TRAINING, SEARCH_ONLY], _("This is not one of the choices."))]
    )

    accents = ACCENTS
    ai_choices = AI_CHOICES
    zones = ZONES
    rules = RULES
    strictness = STRICTNESS

    def validate_title(self, field: Field) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_("A blog needs a title."))

    def validate_muted(self, field: Field) -> None:
        if faults := parse_muted_words(field.data or "").errors:
            more = len(faults) - MAX_FAULTS
            raise ValidationError(" ".join([*faults[:MAX_FAULTS], _("(%(more)d more)", more=more) if more > 0 else ""]))

    def validate_websub_hub(self, field: Field) -> None:
        try:
            if field.data and not (parse_url(field.data) and is_web_address(field.data)):
                raise FetchError("wrong_address")
        except FetchError as error:
            raise ValidationError(str(error)) from error

    def validate_security_contact(self, field: Field) -> None:
        if field.data and not contact_url(field.data):
            raise ValidationError(_("This is neither an e-mail address nor an address that starts with https://."))

    def validate_language(self, field: Field) -> None:
        if (field.data or "").strip().replace("-", "_") not in locale_identifiers():
            raise ValidationError(_("This is not a language code such as en, de or pt-BR."))

    def validate_fediverse_creator(self, field: Field) -> None:
        if field.data and not FEDIVERSE_ACCOUNT.fullmatch(field.data):
            raise ValidationError(_("An account looks like @ann@example.social."))

    def validate_profile_links(self, field: Field) -> None:
        links = (field.data or "").split()
        if len(links) > MAX_PROFILE_LINKS or not all(map(is_web_address, links)):
            most = MAX_PROFILE_LINKS
            raise ValidationError(_("At most %(most)d addresses, one a line; each starts with https://.", most=most))

    def validate_menu(self, field: Field) -> None:
        lines = [line for line in (field.data or "").splitlines() if line.strip()]
        if len(parse_menu(field.data or "")) != len(lines):
            raise ValidationError(
                _(
                    "Each line is “Word | address”, such as “About | /p/about.html”; the address begins with / or https://."
                )
            )
