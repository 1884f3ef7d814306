"""Read request bodies before Flask, within a limit and a shared budget."""

from __future__ import annotations

import logging
import tempfile
from typing import IO

from blog.server.request_queue import Disconnected, ServerBusy
from blog.server.wsgi_bridge import header
from blog.web.asgi_types import Receive, Scope
from blog.web.forms.body_limits import MAX_READER_BODY

log = logging.getLogger(__name__)

# for the bodies of all readers at one time, per process
MAX_READER_BODY_BYTES = 32_000_000


class BodyTooLarge(Exception):
    """Raised when a body exceeds the limit; `more` tells whether bytes follow."""

    def __init__(self, more: bool) -> None:
        self.more = more


class Budget:
    """Limit the bytes of all bodies of one kind."""

    def __init__(self, max_bytes: int) -> None:
        self.remaining = max_bytes

    def reserve(self, count: int) -> None:
        """Reserve bytes. Raises: ServerBusy if they are not available."""
        if count > self.remaining:
            raise ServerBusy
        self.remaining -= count

    def release(self, count: int) -> None:
        self.remaining += count


class RequestBody:
    """Store one request's body within the budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget, self.size = budget, 0
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(MAX_READER_BODY)  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> RequestBody:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.budget.release(self.size)

    async def read(self, receive: Receive, max_bytes: int) -> None:
        """Read the whole body. Raises: BodyTooLarge, ServerBusy, Disconnected."""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk, more = message.get("body", b""), message.get("more_body", False)
            if self.size + len(chunk) > max_bytes:
                raise BodyTooLarge(more)
            self.budget.reserve(len(chunk))
            self.size += len(chunk)
            self._write(chunk)
        self.file.seek(0)

    def _write(self, chunk: bytes) -> None:
        try:
            self.file.write(chunk)
        except OSError as error:
            log.error("A request body could not be stored: %s", error)
            raise ServerBusy from error


async def discard(receive: Receive, max_bytes: int) -> None:
    """Read and drop up to `max_bytes`.

    A browser that is still sending when the connection ends never shows the response.
    """
    more = True
    while more and max_bytes > 0:
        message = await receive()
        max_bytes -= len(message.get("body", b""))
        more = message.get("more_body", False)


def content_length(scope: Scope) -> int | None:
    """Return the declared length of the body; None if chunked."""
    if header(scope, b"transfer-encoding"):
        return None
    length = header(scope, b"content-length")
    return int(length) if length.isdigit() else 0


def expects_continue(scope: Scope) -> bool:
    """Return whether the client waits for "100 Continue".

    The first read of the body sends it.
    """
    return header(scope, b"expect").lower() == "100-continue"
