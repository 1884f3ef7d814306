"""Bodies of requests: read whole before Flask is entered, within a limit of their own and a budget for all of them."""

from __future__ import annotations

import logging
import tempfile
from typing import IO

from blog.server.request_queue import Busy, Disconnected
from blog.server.wsgi_bridge import header
from blog.web.asgi_types import Receive, Scope
from blog.web.forms.body_limits import MAX_READER_BODY

log = logging.getLogger(__name__)

# what all readers' bodies may hold at one time, in each process
MAX_READER_BODIES = 32_000_000


class TooLarge(Exception):
    """The body has, or says that it has, more bytes than this client may send here; `more` of it may follow."""

    def __init__(self, more: bool) -> None:
        self.more = more


class Budget:
    """Bytes that all bodies of one kind may hold at the same time."""

    def __init__(self, most: int) -> None:
        self.left = most

    def take(self, count: int) -> None:
        """Hold so many bytes more; raises Busy where they are not left."""
        if count > self.left:
            raise Busy
        self.left -= count

    def give_back(self, count: int) -> None:
        self.left += count


class Body:
    """One request's body while it is in flight; its bytes go back to the budget at the end of the `with` block."""

    def __init__(self, budget: Budget) -> None:
        self.budget, self.size = budget, 0
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(MAX_READER_BODY)  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.budget.give_back(self.size)

    async def read(self, receive: Receive, most: int) -> None:
        """Take in the whole body. Raises TooLarge beyond `most` bytes, Busy beyond the budget, and Disconnected."""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk, more = message.get("body", b""), message.get("more_body", False)
            if self.size + len(chunk) > most:
                raise TooLarge(more)
            self.budget.take(len(chunk))
            self.size += len(chunk)
            self._keep(chunk)
        self.file.seek(0)

    def _keep(self, chunk: bytes) -> None:
        try:
            self.file.write(chunk)
        except OSError as error:
            log.error("A request could not be kept while it arrived: %s", error)
            raise Busy from error


async def discard(receive: Receive, most: int) -> None:
    """Let up to `most` bytes arrive and go: a browser that is still sending when the connection ends never shows the
    answer.
    """
    more = True
    while more and most > 0:
        message = await receive()
        most -= len(message.get("body", b""))
        more = message.get("more_body", False)


def length_of(scope: Scope) -> int | None:
    """How long the body says it is; None where it comes in chunks, whose number nobody knows."""
    if header(scope, b"transfer-encoding"):
        return None
    length = header(scope, b"content-length")
    return int(length) if length.isdigit() else 0


def waits_for_permission(scope: Scope) -> bool:
    """Whether the client sends its body only after "100 Continue", which the first reading of it sends."""
    return header(scope, b"expect").lower() == "100-continue"
