"""Queue requests before Flask and refuse those beyond the limit.

The queue is fair between networks, so that a thousand requests from one delay the next reader by one request. Requests
that write leave one thread free for those that read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from blog.server.fair_queue import FairQueue

T = TypeVar("T")

# reads and writes each, per process
MAX_WAITING = 128
MAX_WAIT_SECONDS = 10.0


class ServerBusy(Exception):
    """Raised when the server cannot take the request now."""


class Disconnected(Exception):
    """Raised when the client left before its request was read or run."""


@dataclass(eq=False, slots=True)
class Caller:
    """Describe the origin of a request and whether it writes."""

    network: str
    writes: bool
    connected: Callable[[], bool]


@dataclass(eq=False, slots=True)
class QueuedRequest:
    """Hold a waiting request and the future of its turn."""

    caller: Caller
    turn: asyncio.Future[None]

    def refuse(self, reason: Exception) -> None:
        if not self.turn.done():  # its task may have been cancelled a moment ago
            self.turn.set_exception(reason)


class WaitingLine(FairQueue[QueuedRequest]):
    """Hold at most `max_waiting` requests."""

    def __init__(self, max_waiting: int) -> None:
        super().__init__()
        self.max_waiting = max_waiting

    def enter(self, queued: QueuedRequest) -> None:
        """Add a request. A full line refuses one of its largest network.

        Raises: ServerBusy if that is the network of the request itself.
        """
        network = queued.caller.network
        if self.length >= self.max_waiting:
            self.drop_disconnected()
        if self.length >= self.max_waiting:
            longest = max(self.networks, key=self.count_waiting)
            if self.count_waiting(longest) <= self.count_waiting(network) + 1:
                raise ServerBusy
            self.pop_last_of(longest).refuse(ServerBusy())
        self.add(network, queued)

    def leave(self, queued: QueuedRequest) -> None:
        self.remove(queued.caller.network, queued)

    def drop_disconnected(self) -> None:
        everybody = [queued for queue in self.networks.values() for queued in queue]
        for queued in everybody:
            if not queued.caller.connected():
                self.leave(queued)
                queued.refuse(Disconnected())


class RequestQueue:
    """Run requests in a pool of threads, in fair order."""

    def __init__(self, threads: int, max_waiting: int = MAX_WAITING) -> None:
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="flask")
        self.size = self.free = threads
        self.free_to_write = max(1, threads - 1)
        self.reads, self.writes = WaitingLine(max_waiting), WaitingLine(max_waiting)
        self.read_last = False

    async def run(self, caller: Caller, work: Callable[..., T], *args: object) -> T:
        """Run `work` in a thread and return its result.

        Raises: ServerBusy if the line is full or the wait too long, Disconnected if the client left.
        """
        if self.free < self.size:
            await asyncio.sleep(0)  # lets the loop notice that the client left
        if not caller.connected():
            raise Disconnected
        line = self.writes if caller.writes else self.reads
        if line.length or not self._has_room(caller.writes):
            await self._wait(line, caller)
        else:
            line.note_turn(caller.network)
            self._occupy(caller.writes)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, work, *args)
        finally:
            self._leave(caller.writes)

    async def _wait(self, line: WaitingLine, caller: Caller) -> None:
        queued = QueuedRequest(caller, asyncio.get_running_loop().create_future())
        line.enter(queued)
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                await queued.turn
        except (TimeoutError, asyncio.CancelledError) as error:
            line.leave(queued)
            if queued.turn.done() and not queued.turn.cancelled() and not queued.turn.exception():
                self._leave(caller.writes)  # the turn came at the same moment
            if isinstance(error, TimeoutError):
                raise ServerBusy from None
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
            queued = line.pop()
            if queued.turn.done():
                continue
            if not queued.caller.connected():
                queued.refuse(Disconnected())
                continue
            self.read_last = line is self.reads
            self._occupy(queued.caller.writes)
            queued.turn.set_result(None)

    def _next(self) -> WaitingLine | None:
        """Return the line to serve next; reads and writes alternate."""
        lines = (self.writes, self.reads) if self.read_last else (self.reads, self.writes)
        return next((line for line in lines if line.length and self._has_room(line is self.writes)), None)
