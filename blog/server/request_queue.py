"""The queue before Flask: as many requests run as there are threads, some wait, and the rest are refused at once.

It is fair between networks, so that a thousand requests from one delay the next reader by one request. Requests that
change something leave one thread free for those that read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from blog.server.fair_queue import FairQueue

T = TypeVar("T")

# of each kind, in each process
MAX_WAITING = 128
MAX_WAIT_SECONDS = 10.0


class Busy(Exception):
    """There is no room for the request now; it may come again."""


class Disconnected(Exception):
    """The client went away before its request was whole, or while it waited."""


@dataclass(eq=False, slots=True)
class Caller:
    """Who wants a turn: from which network, whether to change something, and whether the client is still there."""

    network: str
    writes: bool
    connected: Callable[[], bool]


@dataclass(eq=False, slots=True)
class Waiting:
    caller: Caller
    turn: asyncio.Future[None]

    def refuse(self, reason: Exception) -> None:
        if not self.turn.done():  # its task may have been cancelled a moment ago
            self.turn.set_exception(reason)


class Line(FairQueue[Waiting]):
    """Those who wait, at most so many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def enter(self, waiting: Waiting) -> None:
        """Let one more wait; Busy for it, or for the last of a network that has more waiting, where all is full."""
        network = waiting.caller.network
        if self.length >= self.most:
            self.drop_disconnected()
        if self.length >= self.most:
            longest = max(self.networks, key=self.waiting)
            if self.waiting(longest) <= self.waiting(network) + 1:
                raise Busy
            self.pop_last_of(longest).refuse(Busy())
        self.add(network, waiting)

    def leave(self, waiting: Waiting) -> None:
        self.remove(waiting.caller.network, waiting)

    def drop_disconnected(self) -> None:
        everybody = [waiting for queue in self.networks.values() for waiting in queue]
        for waiting in everybody:
            if not waiting.caller.connected():
                self.leave(waiting)
                waiting.refuse(Disconnected())


class RequestQueue:
    """Runs work in `threads` threads, in turn. Everything but the work itself belongs to the event loop."""

    def __init__(self, threads: int, most: int = MAX_WAITING) -> None:
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="flask")
        self.size = self.free = threads
        self.free_to_write = max(1, threads - 1)
        self.reads, self.writes = Line(most), Line(most)
        self.read_last = False

    async def run(self, caller: Caller, work: Callable[..., T], *given: object) -> T:
        """Do the work in a thread and return what it returns.

        Raises: Busy where too many wait or the wait was too long, Disconnected where the client went meanwhile.
        """
        if self.free < self.size:
            await asyncio.sleep(0)  # so that a client that sent and left is seen to have left
        if not caller.connected():
            raise Disconnected
        line = self.writes if caller.writes else self.reads
        if line.length or not self._has_room(caller.writes):
            await self._wait(line, caller)
        else:
            line.note_turn(caller.network)
            self._occupy(caller.writes)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, work, *given)
        finally:
            self._leave(caller.writes)

    async def _wait(self, line: Line, caller: Caller) -> None:
        waiting = Waiting(caller, asyncio.get_running_loop().create_future())
        line.enter(waiting)
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                await waiting.turn
        except (TimeoutError, asyncio.CancelledError) as error:
            line.leave(waiting)
            if waiting.turn.done() and not waiting.turn.cancelled() and not waiting.turn.exception():
                self._leave(caller.writes)  # the turn came in the same moment
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    def _has_room(self, writes: bool) -> bool:
        return self.free > 0 and (not writes or self.free_to_write > 0)

    def _occupy(self, writes: bool) -> None:
        self.free -= 1
        self.free_to_write -= writes

    def _leave(self, writes: bool) -> None:
        self.free += 1
        self.free_to_write += writes
        while line := self._next():
            waiting = line.pop()
            if waiting.turn.done():
                continue
            if not waiting.caller.connected():
                waiting.refuse(Disconnected())
                continue
            self.read_last = line is self.reads
            self._occupy(waiting.caller.writes)
            waiting.turn.set_result(None)

    def _next(self) -> Line | None:
        """The line whose turn it is: the two take turns where both may go on."""
        lines = (self.writes, self.reads) if self.read_last else (self.reads, self.writes)
        return next((line for line in lines if line.length and self._has_room(line is self.writes)), None)
