"""Translate text by gettext; format dates in the site's zone and language.

Catalogues of translations are `translations/<language>/LC_MESSAGES/messages.po`, compiled by `pybabel compile`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from flask import Flask, g
from flask_babel import Babel, get_locale, get_translations, to_user_timezone
from flask_babel import gettext as _
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError


def init(app: Flask, language: Callable[[], str], zone: Callable[[], str]) -> None:
    """Register Babel and filters; `language` and `zone` read the site's settings."""

    def locale() -> str:
        try:
            return language()
        except SQLAlchemyError:  # error pages are rendered without the database
            return "en"

    Babel(app, locale_selector=locale, timezone_selector=zone)
    app.jinja_env.filters.update(day=day, moment=moment, iso=iso)
    app.jinja_env.globals.update({"_": translate, "gettext": translate, "ngettext": translate_plural})
    app.jinja_env.globals.update(state_word=state_word, language_tag=lambda: str(get_locale()).replace("_", "-"))


@pass_eval_context
def translate(context: EvalContext, text: str, /, **values: object) -> str:
    """Translate a text, which may hold HTML; `values` are escaped."""
    return _translate(translations(), context.autoescape, text, **values)


@pass_eval_context
def translate_plural(context: EvalContext, one: str, many: str, count: int, /, **values: object) -> str:
    """Translate a text with a count, `%(num)d`."""
    return _translate_plural(translations(), context.autoescape, one, many, count, **values)


# a page has some forty texts, and formatting one costs as much as the rest of its element
@lru_cache(maxsize=4096, typed=True)
def _translate(catalogue: Any, escaping: bool, text: str, /, **values: object) -> str:
    return _text_type(escaping)(catalogue.ugettext(text)) % values


@lru_cache(maxsize=4096, typed=True)
def _translate_plural(catalogue: Any, escaping: bool, one: str, many: str, count: int, /, **values: object) -> str:
    return _text_type(escaping)(catalogue.ungettext(one, many, count)) % {"num": count, **values}


def _text_type(escaping: bool) -> type[str]:
    return Markup if escaping else str


def translations() -> Any:
    """Return the catalogue, looked up once per request."""
    try:
        return g.translations
    except AttributeError:
        g.translations = get_translations()
        return g.translations


def state_word(state: str) -> str:
    """Return the label of a post's or a comment's state."""
    words = {
        "all": _("All"),
        "draft": _("Draft"),
        "published": _("Published"),
        "unpublished": _("Unpublished"),
        "trashed": _("Trash"),
        "visible": _("Published"),
        "held": _("Waiting"),
        "spam": _("Spam"),
        "removed": _("Removed"),
        "reported": _("Reported"),
    }
    return str(words.get(state, state))


def day(at: datetime) -> str:
    """Format a day, such as November 24, 2026."""
    return _format_day(to_user_timezone(at).date(), get_locale())


def moment(at: datetime) -> str:
    """Format a day and time, such as November 24, 2026, 2:05 PM."""
    local, locale = to_user_timezone(at), get_locale()
    return f"{_format_day(local.date(), locale)}, {_format_time(local.hour, local.minute, locale)}"


def iso(at: datetime) -> str:
    """Format the datetime attribute: UTC, to the second."""
    return f"{at.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"


# a page shows hundreds of times, and formatting one costs as much as the rest of its comment
@lru_cache(maxsize=4096)
def _format_day(day: date, locale: Locale) -> str:
    return format_date(day, "long", locale=locale)


@lru_cache(maxsize=4096)
def _format_time(hour: int, minute: int, locale: Locale) -> str:
    return format_time(time(hour, minute), "short", locale=locale)
