"""The queue before Flask, with work that the test lets go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from blog.server import request_queue
from blog.server.request_queue import Busy, Caller, Disconnected, RequestQueue


class Work:
    """Requests that hold their thread until the test lets them go; `begun` says in which order they ran."""

    def __init__(self, queue: RequestQueue) -> None:
        self.queue = queue
        self.begun: list[str] = []
        self.gates: dict[str, threading.Event] = {}
        self.gone: set[str] = set()

    def ask(self, name: str, network: str = "a", writes: bool = False) -> asyncio.Task[str]:
        self.gates[name] = threading.Event()
        caller = Caller(network, writes, lambda: name not in self.gone)
        return asyncio.create_task(self.queue.run(caller, self.do, name))

    def do(self, name: str) -> str:
        self.begun.append(name)
        self.gates[name].wait(5)
        return name

    async def finish(self, *names: str) -> None:
        for name in names:
            self.gates[name].set()
        await settle()


async def settle() -> None:
    """Let tasks and threads go on until nothing moves."""
    for _ in range(20):
        await asyncio.sleep(0.002)


def run(test: Callable[[Work], Awaitable[None]], threads: int = 3, most: int = 128) -> None:
    async def main() -> None:
        work = Work(RequestQueue(threads, most))
        try:
            await test(work)
        finally:
            for gate in work.gates.values():
                gate.set()
            await settle()
            work.queue.threads.shutdown()
        assert (work.queue.free, work.queue.free_to_write) == (threads, max(1, threads - 1))
        assert (work.queue.reads.length, work.queue.writes.length) == (0, 0)

    thread = ThreadPoolExecutor(1)
    thread.submit(asyncio.run, main()).result()
    thread.shutdown()


def test_requests_that_write_leave_one_thread_to_those_that_read() -> None:
    async def test(work: Work) -> None:
        tasks = [work.ask(f"w{n}", writes=True) for n in range(4)]
        await settle()
        assert work.begun == ["w0", "w1"]
        tasks.append(work.ask("r0"))
        await settle()
        assert work.begun == ["w0", "w1", "r0"]
        await work.finish("w0", "w1", "w2", "w3", "r0")
        assert [task.result() for task in tasks] == ["w0", "w1", "w2", "w3", "r0"]

    run(test)


def test_with_one_thread_those_who_read_and_those_who_write_take_turns() -> None:
    async def test(work: Work) -> None:
        first = work.ask("first")
        await settle()
        tasks = [work.ask(f"w{n}", writes=True) for n in range(3)] + [work.ask(f"r{n}") for n in range(2)]
        await settle()
        await work.finish("first", "w0", "w1", "w2", "r0", "r1")
        await asyncio.gather(first, *tasks)
        assert work.begun == ["first", "r0", "w0", "r1", "w1", "w2"]

    run(test, threads=1)


def test_beyond_the_queue_is_busy_at_once() -> None:
    async def test(work: Work) -> None:
        tasks = [work.ask(str(n)) for n in range(6)]
        await settle()
        with pytest.raises(Busy):
            await asyncio.wait_for(work.ask("one too many"), 1)
        await work.finish(*map(str, range(6)))
        await asyncio.gather(*tasks)
        assert "one too many" not in work.begun

    run(test, most=3)


def test_networks_take_turns_however_many_requests_one_has() -> None:
    async def test(work: Work) -> None:
        many = [work.ask(f"many{n}", "attacker") for n in range(20)]
        await settle()
        one = work.ask("one", "reader")
        await settle()
        await work.finish(*[f"many{n}" for n in range(20)], "one")
        await asyncio.gather(*many, one)
        assert work.begun.index("one") <= 2

    run(test, threads=1)


def test_a_network_that_comes_once_goes_before_all_that_come_again() -> None:
    async def test(work: Work) -> None:
        many = [work.ask(f"{network}{n}", network) for n in range(3) for network in "abcdefgh"]
        await settle()
        await work.finish(*[f"{network}0" for network in "abcdefgh"])
        one = work.ask("one", "reader")
        await settle()
        await work.finish(*[f"{network}{n}" for n in (1, 2) for network in "abcdefgh"], "one")
        await asyncio.gather(*many, one)
        assert work.begun.index("one") == 9

    run(test, threads=1)


def test_a_network_that_fills_the_queue_makes_room_for_another() -> None:
    async def test(work: Work) -> None:
        many = [work.ask(f"many{n}", "attacker") for n in range(5)]
        await settle()
        one = work.ask("one", "reader")
        await settle()
        assert isinstance(many[4].exception(), Busy)
        await work.finish(*[f"many{n}" for n in range(5)], "one")
        assert await one == "one"

    run(test, threads=1, most=4)


def test_a_request_whose_client_has_gone_is_not_run() -> None:
    async def test(work: Work) -> None:
        first, gone, last = work.ask("first"), work.ask("gone"), work.ask("last")
        await settle()
        work.gone.add("gone")
        await work.finish("first", "last")
        await asyncio.gather(first, last)
        assert isinstance(gone.exception(), Disconnected)
        assert work.begun == ["first", "last"]

    run(test, threads=1)


def test_clients_that_have_gone_take_no_place_in_the_queue() -> None:
    async def test(work: Work) -> None:
        abandoned = [work.ask(f"gone{n}") for n in range(5)]
        await settle()
        work.gone.update(f"gone{n}" for n in range(5))
        living = work.ask("living")
        await settle()
        await work.finish("gone0", "living")
        assert await living == "living"
        assert [type(task.exception()) for task in abandoned[1:]] == [Disconnected] * 4
        assert work.begun == ["gone0", "living"]

    run(test, threads=1, most=4)


def test_who_has_waited_for_too_long_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_queue, "MAX_WAIT_SECONDS", 0.05)

    async def test(work: Work) -> None:
        first = work.ask("first")
        await settle()
        with pytest.raises(Busy):
            await work.ask("second")
        await work.finish("first")
        assert await first == "first"

    run(test, threads=1)


def test_a_request_that_is_cancelled_gives_its_place_back_also_as_its_turn_comes() -> None:
    async def test(work: Work) -> None:
        first, waiting, called = work.ask("first"), work.ask("waiting"), work.ask("called")
        await settle()
        waiting.cancel()
        await settle()
        work.queue._leave(False)  # the turn of `called` comes, and it is cancelled before it can go on
        called.cancel()
        await asyncio.gather(waiting, called, return_exceptions=True)
        assert called.cancelled()
        assert work.queue.free == 1
        work.queue._occupy(False)
        await work.finish("first")
        assert await first == "first"
        assert work.begun == ["first"]

    run(test, threads=1)
