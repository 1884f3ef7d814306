"""Throttle views by network address: comment forms, previews, sign-in, agreements, reports.

Comments have a throttle of their own, which counts rows. Here requests are counted: in each process's memory, or in
Redis for all processes. While Redis is unavailable each process counts for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import wraps
from math import ceil
from typing import ParamSpec

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from blog.settings import Settings
from blog.web.keyed_hashes import address_key

FORM_LIMIT = "60 per minute; 600 per hour"
SIGN_IN_LIMIT = "30 per minute"
PREVIEW_LIMIT = "30 per minute; 300 per hour"
AGREEMENT_LIMIT = "40 per minute; 400 per hour"
REPORT_LIMIT = "10 per minute; 40 per hour"

P = ParamSpec("P")


class RateLimitExceeded(TooManyRequests):
    """Refuse requests for `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(retry_after=seconds)
        self.seconds = seconds


class RequestCounter:
    """Count requests in the first storage that works."""

    def __init__(self, *storages: Storage) -> None:
        self.limiters = [FixedWindowRateLimiter(storage) for storage in storages]

    def count(self, limits: Iterable[RateLimitItem], *keys: str) -> None:
        """Count a request. Raises: RateLimitExceeded."""
        for limit in limits:
            if seconds := self._seconds_to_wait(limit, *keys):
                raise RateLimitExceeded(seconds)

    def _seconds_to_wait(self, limit: RateLimitItem, *keys: str) -> int:
        for limiter in self.limiters:
            try:
                if limiter.hit(limit, *keys):
                    return 0
                return max(1, ceil(limiter.get_window_stats(limit, *keys).reset_time - time.time()))
            except StorageError:
                continue
        return 0


def rate_limit(rule: str) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Limit one network's use of a view, such as "30 per minute"."""
    limits = parse_many(rule)

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def limited(*args: P.args, **values: P.kwargs) -> ResponseReturnValue:
            counter: RequestCounter | None = current_app.extensions["request_counter"]
            if counter:
                # the address is hashed, since Redis may be on another machine
                counter.count(limits, "talkback", address_key(request.remote_addr), request.endpoint or "")
            return view(*args, **values)

        return limited

    return decorate


def init(app: Flask) -> None:
    """Create the counter for `rate_limit`. Raises: WrongSetting."""
    settings: Settings = app.config["SETTINGS"]
    app.extensions["request_counter"] = _counter(settings.ratelimit_storage_uri) if settings.ratelimit_enabled else None


def _counter(address: str) -> RequestCounter:
    if not address.startswith("redis"):
        return RequestCounter(MemoryStorage())
    from blog.web.redis_storage import open_redis  # imports redis only where it is used

    return RequestCounter(open_redis(address), MemoryStorage())
