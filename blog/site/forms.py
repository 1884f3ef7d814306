"""The form of the site's settings."""

from __future__ import annotations

from zoneinfo import available_timezones

from babel.localedata import locale_identifiers
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, ValidationError

from blog.site.models import ACCENTS, menu_lines

ZONES = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


class SettingsForm(FlaskForm):
    """What an editor may change of the site, in the order in which readers meet it."""

    title = StringField(_("Title"), [InputRequired(_("A blog needs a title.")), Length(max=200)])
    tagline = StringField(_("Tagline"), [Length(max=500, message=_("A tagline has at most 500 characters."))])
    menu = TextAreaField(_("Menu"))
    accent = StringField(_("Accent"), [AnyOf(ACCENTS, _("This is not one of the accents."))])
    note_label = StringField(_("Label of the editor's note"), [Length(max=80)])
    language = StringField(_("Language"), [InputRequired()])
    timezone = StringField(_("Time zone"), [AnyOf(ZONES, _("This is not one of the time zones."))])
    comments_open = BooleanField(_("Readers may answer"))
    close_after_days = IntegerField(
        _("Close threads after so many days"),
        [Optional(), NumberRange(1, 36_500, _("A number of days from 1 to 36,500, or nothing for never."))],
    )

    accents = ACCENTS
    zones = ZONES

    def validate_title(self, field: StringField) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_("A blog needs a title."))

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
