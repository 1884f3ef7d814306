"""Count rate limits in Redis; pause while it fails or is slow."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from limits.errors import StorageError
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.retry import Retry

from blog.errors import WrongSetting

# per command and for connecting; a Redis nearby takes a thousandth of it
TIMEOUT_SECONDS = 0.1
SLOW_SECONDS = 0.05
PAUSE_SECONDS = 30.0
OPTIONS: dict[str, Any] = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}
OPTIONS["retry"] = Retry(NoBackoff(), 0)

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class FailFastRedisStorage(RedisStorage):
    """Store limits in Redis within the bounds above. Raises: StorageError."""

    paused_until = 0.0

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._fail_fast(lambda: super(FailFastRedisStorage, self).incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._fail_fast(lambda: super(FailFastRedisStorage, self).get(key))

    def get_expiry(self, key: str) -> float:
        return self._fail_fast(lambda: super(FailFastRedisStorage, self).get_expiry(key))

    def _fail_fast(self, command: Callable[[], Result]) -> Result:
        started = time.monotonic()
        if started < self.paused_until:
            raise StorageError(RedisError("paused"))
        try:
            result = command()
        except StorageError:
            self._pause()
            raise
        if time.monotonic() - started > SLOW_SECONDS:
            self._pause()
        return result

    def _pause(self) -> None:
        self.paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("Redis is slow or unreachable; limits are counted in this process for %d seconds", PAUSE_SECONDS)


def open_redis(address: str) -> FailFastRedisStorage:
    """Open the storage at this address.

    A Redis that is unreachable or slow passes: limits are counted in the process until it is back. Raises: WrongSetting
    if it refuses the login, the database or the commands.
    """
    try:
        storage = FailFastRedisStorage(address, wrap_exceptions=True, **OPTIONS)
        storage.incr("start", 1)
    except (TypeError, ValueError) as error:  # of options in the address
        raise WrongSetting("RATELIMIT_STORAGE_URI cannot be used: it is memory:// or redis://host:6379/0.") from error
    except StorageError as error:
        server = urlsplit(address)
        if reason := _refusal(error.storage_error, f"{server.hostname}:{server.port or 6379}"):
            raise WrongSetting(f"RATELIMIT_STORAGE_URI cannot be used: {reason}") from error
    return storage


def _refusal(error: Exception, place: str) -> str:
    """Return what Redis refuses, "" if it is unreachable or slow."""
    match error:
        case AuthenticationError():
            return f"Redis at {place} refuses the user or the password."
        case NoPermissionError():
            return f"Redis at {place} does not let this user run scripts and write keys that begin with LIMITS."
        case ResponseError() if "DB index" in str(error):
            return f"Redis at {place} has no database of this number (most have 0 to 15)."
    return ""
