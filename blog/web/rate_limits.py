"""How often one network address may ask for tokens and previews, try to sign in, agree and report. (Comments are
counted where they are kept.)

Counted by Flask-Limiter: in each process's memory, or in Redis for all of them. While Redis is away each process
counts for itself.
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

TOKENS = "60 per minute; 600 per hour"
SIGN_IN = "30 per minute"
PREVIEWS = "30 per minute; 300 per hour"
AGREEMENTS = "40 per minute; 400 per hour"
REPORTS = "10 per minute; 40 per hour"

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def limited(rule: str) -> Callable[[View], View]:
    """Let one network address use this view no more often than `rule` says, such as "30 per minute"."""

    def mark(view: View) -> View:
        view.limit = rule  # type: ignore[attr-defined]
        return view

    return mark


def init(app: Flask) -> None:
    """Put the limits around the views that are marked; each app counts for itself. WrongSetting for a wrong store."""
    settings: Settings = app.config["SETTINGS"]
    address, options = _storage(settings.ratelimit_storage_uri)
    limiter = app.extensions["limits"] = Limiter(
        lambda: address_key(request.remote_addr),  # not in clear, since Redis may lie elsewhere
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
        # the views that are marked ask by themselves; looking at each request would cost all pages a twentieth
        app.before_request_funcs[None].remove(limiter._check_request_limit)
    app.register_error_handler(RateLimitExceeded, slow_down)
    for endpoint, view in app.view_functions.items():
        if rule := getattr(view, "limit", ""):
            app.view_functions[endpoint] = limiter.limit(rule)(view)  # type: ignore[assignment]


def _storage(address: str) -> tuple[str, dict[str, Any]]:
    """Return what Flask-Limiter is given; a blog without Redis loads none of its library."""
    if not address.startswith("redis"):
        return address, {}
    from blog.web.redis_storage import OPTIONS, PREFIX

    return f"{PREFIX}{address}", OPTIONS


def _check_access(limiter: Limiter, address: str) -> None:
    if address.startswith("redis"):
        from blog.web.redis_storage import check_access

        store = urlsplit(address)
        check_access(limiter.storage, f"{store.hostname}:{store.port or 6379}")


def slow_down(_error: RateLimitExceeded) -> Response:
    return error_pages.show(TooManyRequests(retry_after=seconds_left()))


def seconds_left() -> int:
    """After a limit was reached: how long until it is lifted."""
    limiter: Limiter = current_app.extensions["limits"]
    reached = limiter.current_limit
    return max(1, ceil(reached.reset_at - time.time())) if reached else 1
