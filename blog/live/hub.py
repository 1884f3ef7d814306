"""Send server-sent events (SSE) to all open streams of a topic.

The hub does not know what topics are about. On a hint it reads what changed since the version that it has, renders
that once, and sends it to every stream of the topic. Hints may be lost, doubled or late, since updates are read by
version; a stream that fell behind gets a read of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from blog.live.events import Stream, Topic, TopicUpdate, UpdateSource, heartbeat

T = TypeVar("T")

log = logging.getLogger(__name__)

# updates that a stream may be behind; then it is closed, and its reader reconnects and catches up
MAX_BACKLOG = 64
RETRY_SECONDS = 1.0
# shortest time between any update and a quiet one
QUIET_SECONDS = 1.0


_hub: Hub | None = None
_loop: asyncio.AbstractEventLoop | None = None


def hint(topic: str, quiet: bool = False) -> None:
    """Tell this process's hub that a topic may have changed.

    May be called in any thread. A quiet change may be sent a moment later.
    """
    if _hub is None or _loop is None or _loop.is_closed():
        return
    _loop.call_soon_threadsafe(_hub.mark_changed, topic, quiet)


def set_process_hub(hub: Hub | None) -> None:
    """Send the hints of this process to `hub`; None stops that."""
    global _hub, _loop  # the one hub of the process
    _hub, _loop = hub, asyncio.get_running_loop() if hub else None


class Hub:
    """Manage all SSE streams of one process, in its event loop."""

    def __init__(self, source: UpdateSource, heartbeat_seconds: float, max_streams: int, max_per_network: int) -> None:
        self.source, self.heartbeat_seconds = source, heartbeat_seconds
        self.max_streams, self.max_per_network = max_streams, max_per_network
        self.topics: dict[str, Topic] = {}
        self.networks: Counter[str] = Counter()
        self.stopping = False
        self.clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
        self.call_later: Callable[..., object] = lambda *call: asyncio.get_running_loop().call_later(*call)
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="live")
        self._tasks: set[asyncio.Task[None]] = set()
        self._stream_reads: dict[tuple[str, int], asyncio.Future[TopicUpdate | None]] = {}

    @property
    def open_streams(self) -> int:
        return self.networks.total()

    def reserve(self, network: str) -> bool:
        """Count one more stream of a network; return False beyond the limits."""
        if self.stopping or self.open_streams >= self.max_streams or self.networks[network] >= self.max_per_network:
            return False
        self.networks[network] += 1
        return True

    def release(self, network: str) -> None:
        self.networks[network] -= 1
        if not self.networks[network]:
            del self.networks[network]

    async def exists(self, topic: str) -> bool:
        """Return whether the topic exists. Raises: what the source raises."""
        return topic in await self._in_thread(self.source.versions, [topic])

    def subscribe(self, stream: Stream) -> None:
        """Send updates to the stream, first those that it missed."""
        self.topics.setdefault(stream.topic, Topic(stream.topic)).streams.add(stream)
        if self.stopping:
            self._end([stream])
        self.schedule_update(stream)

    def unsubscribe(self, stream: Stream) -> None:
        stream.ended = True
        topic = self.topics[stream.topic]
        topic.streams.discard(stream)
        if not topic.streams:
            del self.topics[stream.topic]

    def stop(self) -> None:
        """End every stream and accept no more."""
        self.stopping = True
        for topic in list(self.topics.values()):
            self._end(topic.streams)

    def mark_changed(self, name: str, quiet: bool = False) -> None:
        """Read the updates of a topic, if it has streams."""
        topic = self.topics.get(name)
        if topic is None or (quiet and topic.is_deferred):
            return
        topic.has_changed = True
        if not topic.is_reading:
            topic.is_reading = True
            self._start(self._read_topic(topic))

    async def check_all_topics(self) -> None:
        """Compare the versions of all topics; read those that changed."""
        if not self.topics:
            return
        versions = await self._in_thread(self.source.versions, list(self.topics))
        for name, topic in list(self.topics.items()):
            if versions.get(name) != topic.version:
                self.mark_changed(name)

    async def send_heartbeats(self) -> None:
        """Send heartbeats to idle streams, for ever."""
        while True:
            await asyncio.sleep(min(1.0, self.heartbeat_seconds / 4))
            due = asyncio.get_running_loop().time() - self.heartbeat_seconds
            for topic in list(self.topics.values()):
                for stream in [s for s in topic.streams if s.sent_at < due]:
                    self.schedule_update(stream)

    def schedule_update(self, stream: Stream) -> None:
        """Start updating the stream, unless an update is running."""
        if stream.ended:
            return
        stream.needs_update = True
        if not stream.is_updating:
            stream.is_updating = True
            self._start(self._update_stream(stream))

    async def _update_stream(self, stream: Stream) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while stream.needs_update and not stream.ended:
                stream.needs_update = False
                if (update := await self._update_after(stream)) is None:
                    self._end([stream])
                    return
                idle = clock() - stream.sent_at >= self.heartbeat_seconds
                stream.position, stream.unsent_updates = update.version, 0
                if stream.ended:
                    return
                if events := update.events or (heartbeat(update.version) if idle else b""):
                    if stream.allowed and not await stream.allowed():
                        self._end([stream])
                        return
                    stream.sent_at = clock()
                    await stream.send(events)
        except Exception:
            if stream.ended:
                return
            log.warning("A live stream failed; its reader will reconnect.", exc_info=True)
            self._end([stream])
        finally:
            stream.is_updating = False

    async def _update_after(self, stream: Stream) -> TopicUpdate | None:
        """Return the update after the stream's position."""
        topic = self.topics[stream.topic]
        if topic.version < 0:
            async with topic.lock:
                if topic.version < 0:
                    if (update := await self._read_for_stream(stream)) is None:
                        return None
                    topic.version = update.version
                    return update
        if stream.position == topic.version or any(since == stream.position for since, _ in topic.log):
            news_since = [update for since, update in topic.log if since >= stream.position]
            return TopicUpdate(topic.version, b"".join(update.events for update in news_since))
        return await self._read_for_stream(stream)

    async def _read_for_stream(self, stream: Stream) -> TopicUpdate | None:
        # after a restart many streams reconnect with the same version: they share one read
        key = (stream.topic, stream.position)
        if key not in self._stream_reads:
            task = asyncio.ensure_future(self._in_thread(self.source.read_update, *key))
            self._stream_reads[key] = task
            task.add_done_callback(lambda _: self._stream_reads.pop(key, None))
        return await asyncio.shield(self._stream_reads[key])

    async def _read_topic(self, topic: Topic) -> None:
        try:
            while topic.has_changed and topic.streams:
                topic.has_changed = False
                async with topic.lock:
                    if topic.version >= 0:
                        update = await self._in_thread(self.source.read_update, topic.name, topic.version)
                        if not self._defer(topic, update):
                            self._publish(topic, update)
        except Exception:
            log.warning("Updates could not be read; trying again.", exc_info=True)
            self.call_later(RETRY_SECONDS, self.mark_changed, topic.name)
        finally:
            topic.is_reading = False

    def _defer(self, topic: Topic, update: TopicUpdate | None) -> bool:
        """Return whether to send a quiet update later, after another read."""
        wait = topic.quiet_until - self.clock()
        if update is None or not update.quiet or wait <= 0:
            topic.quiet_until = self.clock() + QUIET_SECONDS
            return False
        if not topic.is_deferred:
            topic.is_deferred = True
            self.call_later(wait, self._end_deferral, topic)
        return True

    def _end_deferral(self, topic: Topic) -> None:
        topic.is_deferred = False
        self.mark_changed(topic.name)

    def _publish(self, topic: Topic, update: TopicUpdate | None) -> None:
        if update is None:
            self._end(topic.streams)
            return
        if update.version == topic.version:
            return
        if update.version < topic.version:  # a backup was restored, so the log is invalid
            topic.log.clear()
        else:
            topic.log.append((topic.version, update))
        topic.version = update.version
        while len(topic.log) > MAX_BACKLOG:
            topic.log.popleft()
        for stream in list(topic.streams):
            stream.unsent_updates += 1
            if stream.unsent_updates > MAX_BACKLOG:
                self._end([stream])
            else:
                self.schedule_update(stream)

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
