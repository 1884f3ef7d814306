"""Read the parameters of a feed's address, which are Blogger's.

See "Blogger Data API: Query parameters" and, for those of every feed, "Google Data API: Query requests". `after` and
`before` are the keys of `web/pagination.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

ATOM, RSS, JSON_FEED, JSON, SCRIPT = "atom", "rss", "jsonfeed", "json", "json-in-script"
FORMATS = (ATOM, RSS, JSON_FEED, JSON, SCRIPT)
DEFAULT_SIZE = 25
MAX_SIZE = 150
MAX_LENGTH = 200
TIMES = ("published-min", "published-max", "updated-min", "updated-max")
CALLBACK = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.]{0,99}")
# a query turns the "+" before a zone into a blank
BLANK_ZONE = re.compile(r" (?=[0-9]{2}:?[0-9]{2}\Z)")


class WrongParameter(Exception):
    """Refuse a request, with one sentence for its sender."""


@dataclass(frozen=True)
class Parameters:
    """Hold the parameters; `query` has them as they were typed, in canonical order."""

    query: tuple[tuple[str, str], ...] = ()
    format: str = ATOM
    size: int = DEFAULT_SIZE
    start: int = 1
    by_update: bool = False
    published_min: datetime | None = None
    published_max: datetime | None = None
    updated_min: datetime | None = None
    updated_max: datetime | None = None
    after: str | None = None
    before: str | None = None
    callback: str = ""


def read_parameters(arguments: Mapping[str, str], zone: ZoneInfo) -> Parameters:
    """Read the parameters; times without a zone are in `zone`.

    Raises: WrongParameter.
    """
    typed = {name: arguments[name][: MAX_LENGTH + 1] for name in NAMES if arguments.get(name)}
    if long := next((name for name, value in typed.items() if len(value) > MAX_LENGTH), None):
        raise WrongParameter(_("%(name)s is too long.", name=long))
    times = {name.replace("-", "_"): _read_time(name, typed[name], zone) for name in TIMES if name in typed}
    format_name = _read_choice("alt", typed, FORMATS)
    order = _read_choice("orderby", typed, ("published", "updated"))
    return Parameters(
        query=tuple(typed.items()),
        format=format_name,
        size=min(_read_number("max-results", typed, DEFAULT_SIZE), MAX_SIZE),
        start=max(_read_number("start-index", typed, 1), 1),
        # Blogger too takes these bounds with this order only
        by_update=order == "updated" or not typed.keys().isdisjoint(("updated-min", "updated-max")),
        after=typed.get("after"),
        before=typed.get("before"),
        callback=_read_callback(typed) if format_name == SCRIPT else "",
        **times,
    )


NAMES = ("alt", "max-results", "start-index", "orderby", *TIMES, "after", "before", "callback")


def _read_choice(name: str, typed: Mapping[str, str], choices: tuple[str, ...]) -> str:
    value = typed.get(name, choices[0])
    if value not in choices:
        raise WrongParameter(_("%(name)s must be one of these: %(choices)s.", name=name, choices=", ".join(choices)))
    return value


def _read_number(name: str, typed: Mapping[str, str], default: int) -> int:
    value = typed.get(name, str(default))
    if not (value.isascii() and value.isdigit()):
        raise WrongParameter(_("%(name)s must be a whole number such as %(example)s.", name=name, example=25))
    return int(value[:9])


def _read_time(name: str, value: str, zone: ZoneInfo) -> datetime:
    """Read a time of RFC 3339, or what is like one: a day, a missing zone."""
    try:
        at = datetime.fromisoformat(BLANK_ZONE.sub("+", value.strip()))
        return at.replace(tzinfo=at.tzinfo or zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongParameter(
            _("%(name)s must be a time such as %(example)s.", name=name, example="2026-11-28T12:00:00Z")
        ) from None


def _read_callback(typed: Mapping[str, str]) -> str:
    """Read the name of a function, such as `showrecentposts` or `widget.show`."""
    name = typed.get("callback", "")
    if CALLBACK.fullmatch(name) is None or ".." in name or name.endswith("."):
        raise WrongParameter(_("callback must be the name of a JavaScript function."))
    return name
