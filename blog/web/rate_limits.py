"""Throttle views by network address: comment forms, previews, sign-in, agreements, reports.

Comments have a throttle of their own, which counts rows. Flask-Limiter counts here: in each process's memory, or in
Redis for all processes. While Redis is unavailable each process counts for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter, RateLimitExceeded
from limits.errors import ConfigurationError
from werkzeug.exceptions import TooManyRequests

from blog.settings import Settings, WrongSetting
from blog.web import error_pages
from blog.web.keyed_hashes import address_key

FORM_LIMIT = "60 per minute; 600 per hour"
SIGN_IN_LIMIT = "30 per minute"
PREVIEW_LIMIT = "30 per minute; 300 per hour"
AGREEMENT_LIMIT = "40 per minute; 400 per hour"
REPORT_LIMIT = "10 per minute; 40 per hour"

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def rate_limit(rule: str) -> Callable[[View], View]:
    """Limit one network's use of a view, such as "30 per minute"."""

    def mark(view: View) -> View:
        view.limit = rule  # type: ignore[attr-defined]
        return view

    return mark


def init(app: Flask) -> None:
    """Wrap the marked views in their limits. Raises: WrongSetting."""
    settings: Settings = app.config["SETTINGS"]
    address, options = _storage(settings.ratelimit_storage_uri)
    limiter = app.extensions["limits"] = Limiter(
        lambda: address_key(request.remote_addr),  # hashed, since Redis may be on another machine
        storage_uri=address,
        storage_options=options,
        key_prefix="talkback",
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        enabled=settings.ratelimit_enabled,
    )
    try:
        limiter.init_app(app)
    except (ConfigurationError, ValueError) as error:
        raise WrongSetting("RATELIMIT_STORAGE_URI cannot be used: it is memory:// or redis://host:6379/0.") from error
    if settings.ratelimit_enabled:
        _check_access(limiter, settings.ratelimit_storage_uri)
        # the marked views check by themselves; a check of every request costs 5% of each page
        app.before_request_funcs[None].remove(limiter._check_request_limit)
    app.register_error_handler(RateLimitExceeded, show_rate_limit)
    for endpoint, view in app.view_functions.items():
        if rule := getattr(view, "limit", ""):
            app.view_functions[endpoint] = limiter.limit(rule)(view)  # type: ignore[assignment]


def _storage(address: str) -> tuple[str, dict[str, Any]]:
    """Return address and options for Flask-Limiter; import Redis if used."""
    if not address.startswith("redis"):
        return address, {}
    from blog.web.redis_storage import OPTIONS, SCHEME_PREFIX

    return f"{SCHEME_PREFIX}{address}", OPTIONS


def _check_access(limiter: Limiter, address: str) -> None:
    if address.startswith("redis"):
        from blog.web.redis_storage import check_access

        store = urlsplit(address)
        check_access(limiter.storage, f"{store.hostname}:{store.port or 6379}")


def show_rate_limit(_error: RateLimitExceeded) -> Response:
    return error_pages.show_error(TooManyRequests(retry_after=seconds_until_reset()))


def seconds_until_reset() -> int:
    """Return the seconds until the limit just reached is reset."""
    limiter: Limiter = current_app.extensions["limits"]
    reached = limiter.current_limit
    return max(1, ceil(reached.reset_at - time.time())) if reached else 1
