"""Test the request queue with requests that the test finishes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from blog.server import request_queue
from blog.server.request_queue import Caller, Disconnected, RequestQueue, ServerBusy


class FakeRequests:
    """Run requests that wait; `started` holds their order."""

    def __init__(self, queue: RequestQueue) -> None:
        self.queue = queue
        self.started: list[str] = []
        self.gates: dict[str, threading.Event] = {}
        self.disconnected: set[str] = set()

    def ask(self, name: str, network: str = "a", writes: bool = False) -> asyncio.Task[str]:
        self.gates[name] = threading.Event()
        caller = Caller(network, writes, lambda: name not in self.disconnected)
        return asyncio.create_task(self.queue.run(caller, self.do, name))

    def do(self, name: str) -> str:
        self.started.append(name)
        self.gates[name].wait(5)
        return name

    async def finish(self, *names: str) -> None:
        for name in names:
            self.gates[name].set()
        await let_tasks_run()


async def let_tasks_run() -> None:
    """Let tasks and threads go on until nothing moves."""
    for _ in range(20):
        await asyncio.sleep(0.002)


def run(test: Callable[[FakeRequests], Awaitable[None]], threads: int = 3, max_waiting: int = 128) -> None:
    async def main() -> None:
        requests = FakeRequests(RequestQueue(threads, max_waiting))
        try:
            await test(requests)
        finally:
            for gate in requests.gates.values():
                gate.set()
            await let_tasks_run()
            requests.queue.threads.shutdown()
        assert (requests.queue.free, requests.queue.free_to_write) == (threads, max(1, threads - 1))
        assert (requests.queue.reads.length, requests.queue.writes.length) == (0, 0)

    thread = ThreadPoolExecutor(1)
    thread.submit(asyncio.run, main()).result()
    thread.shutdown()


def test_writing_requests_leave_one_thread_for_reads() -> None:
    async def test(requests: FakeRequests) -> None:
        tasks = [requests.ask(f"w{n}", writes=True) for n in range(4)]
        await let_tasks_run()
        assert requests.started == ["w0", "w1"]
        tasks.append(requests.ask("r0"))
        await let_tasks_run()
        assert requests.started == ["w0", "w1", "r0"]
        await requests.finish("w0", "w1", "w2", "w3", "r0")
        assert [task.result() for task in tasks] == ["w0", "w1", "w2", "w3", "r0"]

    run(test)


def test_reads_and_writes_alternate_on_one_thread() -> None:
    async def test(requests: FakeRequests) -> None:
        first = requests.ask("first")
        await let_tasks_run()
        tasks = [requests.ask(f"w{n}", writes=True) for n in range(3)] + [requests.ask(f"r{n}") for n in range(2)]
        await let_tasks_run()
        await requests.finish("first", "w0", "w1", "w2", "r0", "r1")
        await asyncio.gather(first, *tasks)
        assert requests.started == ["first", "r0", "w0", "r1", "w1", "w2"]

    run(test, threads=1)


def test_full_queue_refuses_at_once() -> None:
    async def test(requests: FakeRequests) -> None:
        tasks = [requests.ask(str(n)) for n in range(6)]
        await let_tasks_run()
        with pytest.raises(ServerBusy):
            await asyncio.wait_for(requests.ask("one too many"), 1)
        await requests.finish(*map(str, range(6)))
        await asyncio.gather(*tasks)
        assert "one too many" not in requests.started

    run(test, max_waiting=3)


def test_networks_take_turns() -> None:
    async def test(requests: FakeRequests) -> None:
        many = [requests.ask(f"many{n}", "attacker") for n in range(20)]
        await let_tasks_run()
        one = requests.ask("one", "reader")
        await let_tasks_run()
        await requests.finish(*[f"many{n}" for n in range(20)], "one")
        await asyncio.gather(*many, one)
        assert requests.started.index("one") <= 2

    run(test, threads=1)


def test_first_request_of_a_network_precedes_repeated_ones() -> None:
    async def test(requests: FakeRequests) -> None:
        many = [requests.ask(f"{network}{n}", network) for n in range(3) for network in "abcdefgh"]
        await let_tasks_run()
        await requests.finish(*[f"{network}0" for network in "abcdefgh"])
        one = requests.ask("one", "reader")
        await let_tasks_run()
        await requests.finish(*[f"{network}{n}" for n in (1, 2) for network in "abcdefgh"], "one")
        await asyncio.gather(*many, one)
        assert requests.started.index("one") == 9

    run(test, threads=1)


def test_network_filling_the_queue_makes_room_for_another() -> None:
    async def test(requests: FakeRequests) -> None:
        many = [requests.ask(f"many{n}", "attacker") for n in range(5)]
        await let_tasks_run()
        one = requests.ask("one", "reader")
        await let_tasks_run()
        assert isinstance(many[4].exception(), ServerBusy)
        await requests.finish(*[f"many{n}" for n in range(5)], "one")
        assert await one == "one"

    run(test, threads=1, max_waiting=4)


def test_request_of_a_disconnected_client_is_not_run() -> None:
    async def test(requests: FakeRequests) -> None:
        first, disconnected, last = requests.ask("first"), requests.ask("gone"), requests.ask("last")
        await let_tasks_run()
        requests.disconnected.add("gone")
        await requests.finish("first", "last")
        await asyncio.gather(first, last)
        assert isinstance(disconnected.exception(), Disconnected)
        assert requests.started == ["first", "last"]

    run(test, threads=1)


def test_disconnected_clients_do_not_fill_the_queue() -> None:
    async def test(requests: FakeRequests) -> None:
        abandoned = [requests.ask(f"gone{n}") for n in range(5)]
        await let_tasks_run()
        requests.disconnected.update(f"gone{n}" for n in range(5))
        living = requests.ask("living")
        await let_tasks_run()
        await requests.finish("gone0", "living")
        assert await living == "living"
        assert [type(task.exception()) for task in abandoned[1:]] == [Disconnected] * 4
        assert requests.started == ["gone0", "living"]

    run(test, threads=1, max_waiting=4)


def test_request_is_refused_after_waiting_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_queue, "MAX_WAIT_SECONDS", 0.05)

    async def test(requests: FakeRequests) -> None:
        first = requests.ask("first")
        await let_tasks_run()
        with pytest.raises(ServerBusy):
            await requests.ask("second")
        await requests.finish("first")
        assert await first == "first"

    run(test, threads=1)


def test_cancelled_request_releases_its_turn() -> None:
    async def test(requests: FakeRequests) -> None:
        first, waiting, called = requests.ask("first"), requests.ask("waiting"), requests.ask("called")
        await let_tasks_run()
        waiting.cancel()
        await let_tasks_run()
        requests.queue._leave(False)  # starts the turn of `called`, which is cancelled before it continues
        called.cancel()
        await asyncio.gather(waiting, called, return_exceptions=True)
        assert called.cancelled()
        assert requests.queue.free == 1
        requests.queue._occupy(False)
        await requests.finish("first")
        assert await first == "first"
        assert requests.started == ["first"]

    run(test, threads=1)
