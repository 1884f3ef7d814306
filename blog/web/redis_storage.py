"""Counting limits in Redis without waiting for it: one that is slow or silent is left alone for a while.

Flask-Limiter then counts in the process, and asks again by `check`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from limits.storage import RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.retry import Retry

from blog.settings import WrongSetting

PREFIX = "brief+"
# for each answer, and for connecting: a Redis nearby takes a thousandth of it
TIMEOUT_SECONDS = 0.1
SLOW_SECONDS = 0.05
PAUSE_SECONDS = 30.0
OPTIONS: dict[str, Any] = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}
OPTIONS["retry"] = Retry(NoBackoff(), 0)

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Paused(RedisError):
    """Redis was slow a moment ago and is not asked."""


class BriefRedisStorage(RedisStorage):
    """Redis as `limits` counts in it, within the bounds above; its address begins with brief+redis."""

    STORAGE_SCHEME = [f"{PREFIX}redis", f"{PREFIX}rediss"]
    paused_until = 0.0

    def __init__(self, uri: str, **options: Any) -> None:
        super().__init__(uri.removeprefix(PREFIX), **options)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._briefly(lambda: super(BriefRedisStorage, self).incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._briefly(lambda: super(BriefRedisStorage, self).get(key))

    def get_expiry(self, key: str) -> float:
        return self._briefly(lambda: super(BriefRedisStorage, self).get_expiry(key))

    def check(self) -> bool:
        try:
            return self._briefly(lambda: super(BriefRedisStorage, self).check())
        except Paused:
            return False

    def _briefly(self, ask: Callable[[], Result]) -> Result:
        started = time.monotonic()
        if started < self.paused_until:
            raise Paused
        try:
            return ask()
        finally:
            if (ended := time.monotonic()) - started > SLOW_SECONDS:
                self.paused_until = ended + PAUSE_SECONDS


def check_access(storage: Storage, place: str) -> None:
    """Count once; raise WrongSetting where Redis refuses the login, the database or the commands.

    A Redis that is away or slow is none of these: limits are counted in the process until it is back.
    """
    try:
        storage.incr("LIMITS:start", 1)
    except AuthenticationError as error:
        raise WrongSetting(
            f"RATELIMIT_STORAGE_URI cannot be used: Redis at {place} refuses the user or the password."
        ) from error
    except NoPermissionError as error:
        raise WrongSetting(
            f"RATELIMIT_STORAGE_URI cannot be used: Redis at {place} does not let this user run scripts "
            "and write keys that begin with LIMITS."
        ) from error
    except ResponseError as error:
        if "DB index" in str(error):
            raise WrongSetting(
                f"RATELIMIT_STORAGE_URI cannot be used: Redis at {place} has no database of this number "
                "(most have 0 to 15)."
            ) from error
    except Exception:
        log.warning("Redis could not be asked; limits are counted in this process until it can.")
