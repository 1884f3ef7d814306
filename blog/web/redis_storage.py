"""Count rate limits in Redis; pause while it is slow.

Flask-Limiter then counts in the process, and calls `check` to return to Redis.
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

SCHEME_PREFIX = "brief+"
# per command and for connecting; a Redis nearby takes a thousandth of it
TIMEOUT_SECONDS = 0.1
SLOW_SECONDS = 0.05
PAUSE_SECONDS = 30.0
OPTIONS: dict[str, Any] = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}
OPTIONS["retry"] = Retry(NoBackoff(), 0)

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class RedisPaused(RedisError):
    """Raised without a command while Redis is paused."""


class FailFastRedisStorage(RedisStorage):
    """Store limits in Redis within the bounds above; its scheme is brief+redis."""

    STORAGE_SCHEME = [f"{SCHEME_PREFIX}redis", f"{SCHEME_PREFIX}rediss"]
    paused_until = 0.0

    def __init__(self, uri: str, **options: Any) -> None:
        super().__init__(uri.removeprefix(SCHEME_PREFIX), **options)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._fail_fast(lambda: super(FailFastRedisStorage, self).incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._fail_fast(lambda: super(FailFastRedisStorage, self).get(key))

    def get_expiry(self, key: str) -> float:
        return self._fail_fast(lambda: super(FailFastRedisStorage, self).get_expiry(key))

    def check(self) -> bool:
        try:
            return self._fail_fast(lambda: super(FailFastRedisStorage, self).check())
        except RedisPaused:
            return False

    def _fail_fast(self, operation: Callable[[], Result]) -> Result:
        started = time.monotonic()
        if started < self.paused_until:
            raise RedisPaused
        try:
            return operation()
        finally:
            if (ended := time.monotonic()) - started > SLOW_SECONDS:
                self.paused_until = ended + PAUSE_SECONDS


def check_access(storage: Storage, place: str) -> None:
    """Raise WrongSetting if Redis refuses the login, database or commands.

    A Redis that is unreachable or slow passes: limits are counted in the process until it is back.
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
        log.warning("Redis is unreachable; limits are counted in this process until it is back.")
