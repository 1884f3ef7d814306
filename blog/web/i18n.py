"""Wording and dates: all text through gettext, all times in the site's zone and language."""

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
    """Give templates gettext and dates; `language` and `zone` say what the site speaks and where it lives."""

    def spoken() -> str:
        try:
            return language()
        except SQLAlchemyError:  # a sentence must be found even where the database is away
            return "en"

    Babel(app, locale_selector=spoken, timezone_selector=zone)
    app.jinja_env.filters.update(day=day, moment=moment, iso=iso)
    app.jinja_env.globals.update({"_": said, "gettext": said, "ngettext": counted})
    app.jinja_env.globals.update(state_word=state_word, language_tag=lambda: str(get_locale()).replace("_", "-"))


@pass_eval_context
def said(context: EvalContext, text: str, /, **values: object) -> str:
    """gettext for templates: words of ours, which may hold HTML, with `values`, which HTML's templates escape."""
    return _said(translations(), context.autoescape, text, **values)


@pass_eval_context
def counted(context: EvalContext, one: str, many: str, count: int, /, **values: object) -> str:
    """ngettext for templates; `%(num)d` is the count."""
    return _counted(translations(), context.autoescape, one, many, count, **values)


# a page has some forty of them, and putting one together costs as much as the rest of its element
@lru_cache(maxsize=4096, typed=True)
def _said(catalogue: Any, escaping: bool, text: str, /, **values: object) -> str:
    return _kind(escaping)(catalogue.ugettext(text)) % values


@lru_cache(maxsize=4096, typed=True)
def _counted(catalogue: Any, escaping: bool, one: str, many: str, count: int, /, **values: object) -> str:
    return _kind(escaping)(catalogue.ungettext(one, many, count)) % {"num": count, **values}


def _kind(escaping: bool) -> type[str]:
    return Markup if escaping else str


def translations() -> Any:
    """The catalogue of this request's language, which Flask-Babel by itself looks for at each word."""
    try:
        return g.translations
    except AttributeError:
        g.translations = get_translations()
        return g.translations


def state_word(state: str) -> str:
    """What a state of a post or of a comment is called."""
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
    """November 24, 2026, as the site's language writes it."""
    return _day(to_user_timezone(at).date(), get_locale())


def moment(at: datetime) -> str:
    """A day and a time of day, such as November 24, 2026, 2:05 PM, as the site's language writes it."""
    local, spoken = to_user_timezone(at), get_locale()
    return f"{_day(local.date(), spoken)}, {_hour(local.hour, local.minute, spoken)}"


def iso(at: datetime) -> str:
    """For the datetime attribute: UTC, to the second."""
    return f"{at.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"


# a page shows hundreds of times, and writing one out costs as much as the rest of its response
@lru_cache(maxsize=4096)
def _day(day: date, spoken: Locale) -> str:
    return format_date(day, "long", locale=spoken)


@lru_cache(maxsize=4096)
def _hour(hour: int, minute: int, spoken: Locale) -> str:
    return format_time(time(hour, minute), "short", locale=spoken)
