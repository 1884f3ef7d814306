"""The hub: topics with versions, streams that follow them, and hints that something may have changed.

It knows nothing of what the topics are about. A hint only wakes it; it then reads what changed after the version
that it last knew, renders that once, and sends it to every stream of the topic. Hints may be lost, doubled or late:
a stream asks by version, and a stream that fell behind reads for itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from blog.live.events import News, Source, Stream, Topic, beat

T = TypeVar("T")

log = logging.getLogger(__name__)

# a stream that is this many messages behind is closed; it comes again and reads what it missed
BACKLOG = 64
RETRY_SECONDS = 1.0
# what is quiet is told no sooner than this after anything else was
QUIET_SECONDS = 1.0


_hub: Hub | None = None
_loop: asyncio.AbstractEventLoop | None = None


def hint(topic: str, quiet: bool = False) -> None:
    """Say, from any thread, that a topic may have changed. Without a hub in this process nobody needs to know.

    A quiet hint is of something that can wait a moment.
    """
    if _hub is None or _loop is None or _loop.is_closed():
        return
    _loop.call_soon_threadsafe(_hub.changed, topic, quiet)


def listen_for_hints(hub: Hub | None) -> None:
    """From now on hints of this process go to `hub`, which lives in the running loop; None ends that."""
    global _hub, _loop  # the one hub of the process
    _hub, _loop = hub, asyncio.get_running_loop() if hub else None


class Hub:
    """All streams of one process. Everything but `hint` belongs to its event loop."""

    def __init__(self, source: Source, beat: float, most: int, most_per_network: int) -> None:
        self.source, self.beat = source, beat
        self.most, self.most_per_network = most, most_per_network
        self.topics: dict[str, Topic] = {}
        self.networks: Counter[str] = Counter()
        self.stopping = False
        self.clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
        self.later: Callable[..., object] = lambda *call: asyncio.get_running_loop().call_later(*call)
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="live")
        self._tasks: set[asyncio.Task[None]] = set()
        self._catching_up: dict[tuple[str, int], asyncio.Future[News | None]] = {}

    @property
    def open(self) -> int:
        return self.networks.total()

    def reserve(self, network: str) -> bool:
        """Count one more stream of this network, which `release` ends; False where there are too many."""
        if self.stopping or self.open >= self.most or self.networks[network] >= self.most_per_network:
            return False
        self.networks[network] += 1
        return True

    def release(self, network: str) -> None:
        self.networks[network] -= 1
        if not self.networks[network]:
            del self.networks[network]

    async def exists(self, topic: str) -> bool:
        """Whether there is such a topic now; raises what the source raises."""
        return topic in await self._in_thread(self.source.versions, [topic])

    def subscribe(self, stream: Stream) -> None:
        """From now on the stream is told; what it missed until now comes first."""
        self.topics.setdefault(stream.topic, Topic(stream.topic)).streams.add(stream)
        if self.stopping:
            self._end([stream])
        self.wake(stream)

    def unsubscribe(self, stream: Stream) -> None:
        stream.ended = True
        topic = self.topics[stream.topic]
        topic.streams.discard(stream)
        if not topic.streams:
            del self.topics[stream.topic]

    def stop(self) -> None:
        """End every stream, cleanly, and admit no more."""
        self.stopping = True
        for topic in list(self.topics.values()):
            self._end(topic.streams)

    def changed(self, name: str, quiet: bool = False) -> None:
        """A hint has come: read what is new of this topic, if anybody follows it."""
        topic = self.topics.get(name)
        if topic is None or (quiet and topic.waiting):
            return
        topic.dirty = True
        if not topic.reading:
            topic.reading = True
            self._start(self._read(topic))

    async def look(self) -> None:
        """Something changed somewhere: find out which of the followed topics it was."""
        if not self.topics:
            return
        versions = await self._in_thread(self.source.versions, list(self.topics))
        for name, topic in list(self.topics.items()):
            if versions.get(name) != topic.version:
                self.changed(name)

    async def keep_beating(self) -> None:
        """Send a sign of life to every stream that has had nothing for a while, for ever."""
        while True:
            await asyncio.sleep(min(1.0, self.beat / 4))
            due = asyncio.get_running_loop().time() - self.beat
            for topic in list(self.topics.values()):
                for stream in [s for s in topic.streams if s.sent_at < due]:
                    self.wake(stream)

    def wake(self, stream: Stream) -> None:
        """Bring the stream up to date, unless that is being done already."""
        if stream.ended:
            return
        stream.again = True
        if not stream.pumping:
            stream.pumping = True
            self._start(self._pump(stream))

    async def _pump(self, stream: Stream) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while stream.again and not stream.ended:
                stream.again = False
                if (news := await self._after(stream)) is None:
                    self._end([stream])
                    return
                idle = clock() - stream.sent_at >= self.beat
                stream.position, stream.missed = news.version, 0
                if stream.ended:
                    return
                if events := news.events or (beat(news.version) if idle else b""):
                    if stream.allowed and not await stream.allowed():
                        self._end([stream])
                        return
                    stream.sent_at = clock()
                    await stream.send(events)
        except Exception:
            if stream.ended:
                return
            log.warning("A live stream could not be served; its reader will come again.", exc_info=True)
            self._end([stream])
        finally:
            stream.pumping = False

    async def _after(self, stream: Stream) -> News | None:
        """What the stream has not had yet: from the log where that reaches back far enough, else read for it."""
        topic = self.topics[stream.topic]
        if topic.version < 0:
            async with topic.lock:
                if topic.version < 0:
                    if (news := await self._catch_up(stream)) is None:
                        return None
                    topic.version = news.version
                    return news
        if stream.position == topic.version or any(since == stream.position for since, _ in topic.log):
            news_since = [news for since, news in topic.log if since >= stream.position]
            return News(topic.version, b"".join(news.events for news in news_since))
        return await self._catch_up(stream)

    async def _catch_up(self, stream: Stream) -> News | None:
        # many come at once with the same version after a restart: one reading serves them all
        key = (stream.topic, stream.position)
        if key not in self._catching_up:
            task = asyncio.ensure_future(self._in_thread(self.source.news, *key))
            self._catching_up[key] = task
            task.add_done_callback(lambda _: self._catching_up.pop(key, None))
        return await asyncio.shield(self._catching_up[key])

    async def _read(self, topic: Topic) -> None:
        try:
            while topic.dirty and topic.streams:
                topic.dirty = False
                async with topic.lock:
                    if topic.version >= 0:
                        news = await self._in_thread(self.source.news, topic.name, topic.version)
                        if not self._waits(topic, news):
                            self._take(topic, news)
        except Exception:
            log.warning("What is new could not be read; trying again.", exc_info=True)
            self.later(RETRY_SECONDS, self.changed, topic.name)
        finally:
            topic.reading = False

    def _waits(self, topic: Topic, news: News | None) -> bool:
        """Whether it is too early to tell this: it is read again, with what has come by then, when it is time."""
        wait = topic.quiet_until - self.clock()
        if news is None or not news.quiet or wait <= 0:
            topic.quiet_until = self.clock() + QUIET_SECONDS
            return False
        if not topic.waiting:
            topic.waiting = True
            self.later(wait, self._speak, topic)
        return True

    def _speak(self, topic: Topic) -> None:
        topic.waiting = False
        self.changed(topic.name)

    def _take(self, topic: Topic, news: News | None) -> None:
        if news is None:
            self._end(topic.streams)
            return
        if news.version == topic.version:
            return
        if news.version < topic.version:  # a backup was restored: nothing that is known here holds
            topic.log.clear()
        else:
            topic.log.append((topic.version, news))
        topic.version = news.version
        while len(topic.log) > BACKLOG:
            topic.log.popleft()
        for stream in list(topic.streams):
            stream.missed += 1
            if stream.missed > BACKLOG:
                self._end([stream])
            else:
                self.wake(stream)

    def _end(self, streams: Iterable[Stream]) -> None:
        for stream in list(streams):
            if not stream.ended:
                stream.ended = True
                stream.end()

    async def _in_thread(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work, *args)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
