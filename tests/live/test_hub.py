"""Test the SSE hub with a fake source and a fake clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from blog.live.events import Stream, TopicUpdate, sse_event
from blog.live.hub import MAX_BACKLOG, Hub


@dataclass
class FakeSource:
    """Provide one topic, whose version is the number of its lines."""

    lines: list[str] = field(default_factory=list)
    deleted: bool = False
    reads: int = 0
    failures: int = 0
    quiet: bool = False

    def versions(self, topics: list[str]) -> dict[str, int]:
        return {} if self.deleted else dict.fromkeys(topics, len(self.lines))

    def read_update(self, topic: str, since: int) -> TopicUpdate | None:
        self.reads += 1
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database went away")
        if self.deleted:
            return None
        version = len(self.lines)
        lines = b"".join(sse_event(line, n) for n, line in enumerate(self.lines[since:], since + 1))
        return TopicUpdate(version, lines, self.quiet)


@dataclass
class Reader:
    hub: Hub
    received: list[bytes] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    slow: asyncio.Event | None = None

    def follow(self, since: int, topic: str = "t") -> Stream:
        stream = Stream(topic, since, self.receive, self.ended.set)
        self.hub.subscribe(stream)
        return stream

    async def receive(self, events: bytes) -> None:
        if self.slow:
            await self.slow.wait()
        self.received.append(events)

    @property
    def text(self) -> str:
        return b"".join(self.received).decode()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


def run(test: Callable[[Hub, FakeSource], Awaitable[None]], heartbeat_seconds: float = 60) -> None:
    async def main() -> None:
        source = FakeSource()
        hub = Hub(source, heartbeat_seconds=heartbeat_seconds, max_streams=100, max_per_network=3)
        await test(hub, source)
        hub.threads.shutdown()

    # in another thread: the browser tests leave a loop running in this one
    thread = ThreadPoolExecutor(1)
    thread.submit(asyncio.run, main()).result()
    thread.shutdown()


def test_stream_receives_missed_and_new_events_once() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        source.lines = ["one", "two"]
        reader = Reader(hub)
        reader.follow(1)
        await until(lambda: "two" in reader.text)
        source.lines.append("three")
        hub.mark_changed("t")
        hub.mark_changed("t")
        await until(lambda: "three" in reader.text)
        assert [reader.text.count(word) for word in ("one", "two", "three")] == [0, 1, 1]

    run(test)


def test_change_during_the_first_read_is_not_lost() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        readers = [Reader(hub) for _ in range(3)]
        for reader in readers:
            reader.follow(0)
        for number in range(20):
            source.lines.append(f"line-{number};")
            hub.mark_changed("t")
            await asyncio.sleep(0)
        await until(lambda: all("line-19;" in reader.text for reader in readers))
        for reader in readers:
            assert [reader.text.count(f"line-{number};") for number in range(20)] == [1] * 20

    run(test)


def test_lost_hint_is_recovered_by_the_next_check() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        reader = Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        source.lines.append("unannounced")
        await hub.check_all_topics()
        await until(lambda: "unannounced" in reader.text)

    run(test)


def test_one_read_serves_all_streams() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        readers = [Reader(hub) for _ in range(50)]
        for reader in readers:
            reader.follow(0)
        await until(lambda: all(reader.received for reader in readers))
        before = source.reads
        source.lines.append("new")
        hub.mark_changed("t")
        await until(lambda: all("new" in reader.text for reader in readers))
        assert source.reads - before == 1

    run(test)


def test_deleted_topic_ends_its_streams() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        reader = Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        source.deleted = True
        await hub.check_all_topics()
        await asyncio.wait_for(reader.ended.wait(), 5)

    run(test)


def test_streams_continue_after_a_restored_backup() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        source.lines = ["a", "b", "c"]
        reader = Reader(hub)
        stream = reader.follow(3)
        await until(lambda: reader.received)
        source.lines = ["a"]
        await hub.check_all_topics()
        await until(lambda: stream.position == 1)
        source.lines.append("after")
        hub.mark_changed("t")
        await until(lambda: "after" in reader.text)

    run(test)


def test_stalled_stream_is_dropped_alone() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        stuck, brisk = Reader(hub, slow=asyncio.Event()), Reader(hub)
        stuck.follow(0)
        brisk.follow(0)
        for number in range(MAX_BACKLOG + 2):
            source.lines.append(f"line-{number};")
            hub.mark_changed("t")
            await until(lambda number=number: f"line-{number};" in brisk.text)
        await asyncio.wait_for(stuck.ended.wait(), 5)
        assert not brisk.ended.is_set()

    run(test)


def test_failed_read_is_retried() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        reader = Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        source.failures = 1
        source.lines.append("later")
        hub.mark_changed("t")
        await until(lambda: "later" in reader.text)

    run(test)


def test_idle_stream_receives_heartbeats() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        reader = Reader(hub)
        reader.follow(0)
        heartbeats = asyncio.create_task(hub.send_heartbeats())
        await until(lambda: b"".join(reader.received).count(b"event: beat") >= 3)
        heartbeats.cancel()

    run(test, heartbeat_seconds=0.02)


def test_hub_limits_streams_in_all_and_per_network() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        assert [hub.reserve("one") for _ in range(4)] == [True, True, True, False]
        assert hub.reserve("two")
        hub.release("one")
        assert hub.reserve("one")
        hub.max_streams = hub.open_streams
        assert not hub.reserve("three")
        for network in ("one", "one", "one", "two"):
            hub.release(network)
        assert (hub.open_streams, dict(hub.networks)) == (0, {})

    run(test)


def test_stream_opened_during_stop_is_ended() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        assert hub.reserve("one")
        hub.stop()
        assert not hub.reserve("one")
        reader = Reader(hub)
        reader.follow(0)
        assert reader.ended.is_set()

    run(test)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\r\nb"])
def test_sse_event_splits_lines_at_every_line_break(text: str) -> None:
    assert sse_event(text, 7) == b"id: 7\ndata: a\ndata: b\n\n"


class FakeClock:
    """Replace the hub's clock and timers."""

    def __init__(self, hub: Hub) -> None:
        self.time = 100.0
        self.due: list[tuple[float, Callable[..., None], tuple[object, ...]]] = []
        hub.clock, hub.call_later = (lambda: self.time), self.call_later

    def call_later(self, wait: float, work: Callable[..., None], *args: object) -> None:
        self.due.append((self.time + wait, work, args))

    def advance(self, seconds: float) -> None:
        self.time += seconds
        due, self.due = ([one for one in self.due if (one[0] <= self.time) is now] for now in (True, False))
        for _, work, args in due:
            work(*args)


async def idle(hub: Hub) -> None:
    """Wait until the hub has no tasks."""
    await until(lambda: not hub._tasks)


def test_quiet_changes_are_sent_once_a_second() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        source.quiet = True
        clock, reader = FakeClock(hub), Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        await idle(hub)
        reader.received.clear()
        sent_counts: list[int] = []
        for second in range(4):
            for change in range(50):
                source.lines.append(f"line-{second}-{change};")
                hub.mark_changed("t", quiet=bool(change % 2))
                await idle(hub)
                clock.advance(0.02)
            await idle(hub)
            sent_counts.append(len(reader.received))
        assert sent_counts == [1, 2, 3, 4]
        clock.advance(1)
        await idle(hub)
        assert reader.text.count("line-") == 200
        assert [reader.text.count(f"line-{second}-{change};") for second in range(4) for change in (0, 49)] == [1] * 8
        assert len(reader.received) == 5

    run(test)


def test_single_quiet_change_is_sent_at_once_and_never_lost() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        source.quiet = True
        clock, reader = FakeClock(hub), Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        await idle(hub)
        clock.advance(5)
        for line, seen in (("one", True), ("two", False)):
            source.lines.append(line)
            hub.mark_changed("t", quiet=True)
            await idle(hub)
            assert (line in reader.text) is seen
        reads = source.reads
        for _ in range(10):
            hub.mark_changed("t", quiet=True)
        await idle(hub)
        assert source.reads == reads
        clock.advance(1)
        await idle(hub)
        assert "two" in reader.text

    run(test)


def test_other_changes_are_sent_at_once_with_quiet_ones() -> None:
    async def test(hub: Hub, source: FakeSource) -> None:
        clock, reader = FakeClock(hub), Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        await idle(hub)
        for line, quiet in (("one", True), ("two", True), ("three", False)):
            source.quiet = quiet
            source.lines.append(line)
            hub.mark_changed("t", quiet)
            await idle(hub)
        assert [line in reader.text for line in ("one", "two", "three")] == [True] * 3
        clock.advance(2)
        await idle(hub)
        assert reader.text.count("two") == 1

    run(test)
