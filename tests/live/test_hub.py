"""The hub alone, with a source that the test holds in its hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from blog.live.events import News, Stream, event
from blog.live.hub import BACKLOG, Hub


@dataclass
class Notebook:
    """A source with one topic, whose version is the number of its lines."""

    lines: list[str] = field(default_factory=list)
    gone: bool = False
    reads: int = 0
    failures: int = 0
    quiet: bool = False

    def versions(self, topics: list[str]) -> dict[str, int]:
        return {} if self.gone else dict.fromkeys(topics, len(self.lines))

    def news(self, topic: str, since: int) -> News | None:
        self.reads += 1
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database went away")
        if self.gone:
            return None
        version = len(self.lines)
        lines = b"".join(event(line, n) for n, line in enumerate(self.lines[since:], since + 1))
        return News(version, lines, self.quiet)


@dataclass
class Reader:
    hub: Hub
    received: list[bytes] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    slow: asyncio.Event | None = None

    def follow(self, since: int, topic: str = "t") -> Stream:
        stream = Stream(topic, since, self.take, self.ended.set)
        self.hub.subscribe(stream)
        return stream

    async def take(self, events: bytes) -> None:
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


def run(test: Callable[[Hub, Notebook], Awaitable[None]], beat: float = 60) -> None:
    async def main() -> None:
        book = Notebook()
        hub = Hub(book, beat=beat, most=100, most_per_network=3)
        await test(hub, book)
        hub.threads.shutdown()

    # in a thread of its own: the browser tests leave a loop running in this one
    thread = ThreadPoolExecutor(1)
    thread.submit(asyncio.run, main()).result()
    thread.shutdown()


def test_a_reader_gets_what_was_missed_and_then_what_comes_each_once() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        book.lines = ["one", "two"]
        reader = Reader(hub)
        reader.follow(1)
        await until(lambda: "two" in reader.text)
        book.lines.append("three")
        hub.changed("t")
        hub.changed("t")
        await until(lambda: "three" in reader.text)
        assert [reader.text.count(word) for word in ("one", "two", "three")] == [0, 1, 1]

    run(test)


def test_a_change_during_the_first_reading_is_not_lost() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        readers = [Reader(hub) for _ in range(3)]
        for reader in readers:
            reader.follow(0)
        for number in range(20):
            book.lines.append(f"line-{number};")
            hub.changed("t")
            await asyncio.sleep(0)
        await until(lambda: all("line-19;" in reader.text for reader in readers))
        for reader in readers:
            assert [reader.text.count(f"line-{number};") for number in range(20)] == [1] * 20

    run(test)


def test_a_lost_hint_is_made_good_by_the_next_look() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        reader = Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        book.lines.append("unannounced")
        await hub.look()
        await until(lambda: "unannounced" in reader.text)

    run(test)


def test_one_reading_serves_all_who_follow() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        readers = [Reader(hub) for _ in range(50)]
        for reader in readers:
            reader.follow(0)
        await until(lambda: all(reader.received for reader in readers))
        before = book.reads
        book.lines.append("new")
        hub.changed("t")
        await until(lambda: all("new" in reader.text for reader in readers))
        assert book.reads - before == 1

    run(test)


def test_a_topic_that_is_gone_ends_its_streams() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        reader = Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        book.gone = True
        await hub.look()
        await asyncio.wait_for(reader.ended.wait(), 5)

    run(test)


def test_a_restored_backup_is_read_anew_and_later_news_still_come() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        book.lines = ["a", "b", "c"]
        reader = Reader(hub)
        stream = reader.follow(3)
        await until(lambda: reader.received)
        book.lines = ["a"]
        await hub.look()
        await until(lambda: stream.position == 1)
        book.lines.append("after")
        hub.changed("t")
        await until(lambda: "after" in reader.text)

    run(test)


def test_a_reader_who_takes_nothing_is_dropped_and_the_others_go_on() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        stuck, brisk = Reader(hub, slow=asyncio.Event()), Reader(hub)
        stuck.follow(0)
        brisk.follow(0)
        for number in range(BACKLOG + 2):
            book.lines.append(f"line-{number};")
            hub.changed("t")
            await until(lambda number=number: f"line-{number};" in brisk.text)
        await asyncio.wait_for(stuck.ended.wait(), 5)
        assert not brisk.ended.is_set()

    run(test)


def test_a_database_that_went_away_is_asked_again() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        reader = Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        book.failures = 1
        book.lines.append("later")
        hub.changed("t")
        await until(lambda: "later" in reader.text)

    run(test)


def test_an_idle_stream_beats() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        reader = Reader(hub)
        reader.follow(0)
        beating = asyncio.create_task(hub.keep_beating())
        await until(lambda: b"".join(reader.received).count(b"event: beat") >= 3)
        beating.cancel()

    run(test, beat=0.02)


def test_too_many_of_one_network_or_in_all_are_not_admitted() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        assert [hub.reserve("one") for _ in range(4)] == [True, True, True, False]
        assert hub.reserve("two")
        hub.release("one")
        assert hub.reserve("one")
        hub.most = hub.open
        assert not hub.reserve("three")
        for network in ("one", "one", "one", "two"):
            hub.release(network)
        assert (hub.open, dict(hub.networks)) == (0, {})

    run(test)


def test_a_stream_that_begins_while_the_hub_stops_is_ended_too() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        assert hub.reserve("one")
        hub.stop()
        assert not hub.reserve("one")
        reader = Reader(hub)
        reader.follow(0)
        assert reader.ended.is_set()

    run(test)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\r\nb"])
def test_every_kind_of_line_break_begins_a_new_data_line(text: str) -> None:
    assert event(text, 7) == b"id: 7\ndata: a\ndata: b\n\n"


class Hand:
    """A clock that the test turns, and what shall be done when it is time."""

    def __init__(self, hub: Hub) -> None:
        self.time = 100.0
        self.due: list[tuple[float, Callable[..., None], tuple[object, ...]]] = []
        hub.clock, hub.later = (lambda: self.time), self.later

    def later(self, wait: float, work: Callable[..., None], *args: object) -> None:
        self.due.append((self.time + wait, work, args))

    def turn(self, seconds: float) -> None:
        self.time += seconds
        due, self.due = ([one for one in self.due if (one[0] <= self.time) is now] for now in (True, False))
        for _, work, args in due:
            work(*args)


async def done(hub: Hub) -> None:
    """Until the hub has nothing in hand."""
    await until(lambda: not hub._tasks)


def test_fifty_quiet_changes_a_second_are_told_once_a_second_with_all_that_came() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        book.quiet = True
        hand, reader = Hand(hub), Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        await done(hub)
        reader.received.clear()
        told: list[int] = []
        for second in range(4):
            for change in range(50):
                book.lines.append(f"line-{second}-{change};")
                hub.changed("t", quiet=bool(change % 2))
                await done(hub)
                hand.turn(0.02)
            await done(hub)
            told.append(len(reader.received))
        assert told == [1, 2, 3, 4]
        hand.turn(1)
        await done(hub)
        assert reader.text.count("line-") == 200
        assert [reader.text.count(f"line-{second}-{change};") for second in range(4) for change in (0, 49)] == [1] * 8
        assert len(reader.received) == 5

    run(test)


def test_a_quiet_change_that_comes_alone_is_told_at_once_and_is_never_forgotten() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        book.quiet = True
        hand, reader = Hand(hub), Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        await done(hub)
        hand.turn(5)
        for line, seen in (("one", True), ("two", False)):
            book.lines.append(line)
            hub.changed("t", quiet=True)
            await done(hub)
            assert (line in reader.text) is seen
        reads = book.reads
        for _ in range(10):
            hub.changed("t", quiet=True)
        await done(hub)
        assert book.reads == reads
        hand.turn(1)
        await done(hub)
        assert "two" in reader.text

    run(test)


def test_what_is_loud_does_not_wait_and_takes_along_what_is_quiet() -> None:
    async def test(hub: Hub, book: Notebook) -> None:
        hand, reader = Hand(hub), Reader(hub)
        reader.follow(0)
        await until(lambda: reader.received)
        await done(hub)
        for line, quiet in (("one", True), ("two", True), ("three", False)):
            book.quiet = quiet
            book.lines.append(line)
            hub.changed("t", quiet)
            await done(hub)
        assert [line in reader.text for line in ("one", "two", "three")] == [True] * 3
        hand.turn(2)
        await done(hub)
        assert reader.text.count("two") == 1

    run(test)
