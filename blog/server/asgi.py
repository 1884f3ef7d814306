"""The ASGI face that bin/serve runs: files and live streams at once, everything else by Flask in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import re
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import Any, cast

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from blog import create_app
from blog.comments import live_events
from blog.comments.followers.notifications import send_next_digest
from blog.comments.followers.subscriptions import send_next_confirmation
from blog.comments.moderation.alerts import alert_editors
from blog.db import row_id
from blog.ip_networks import network_of
from blog.live.events import Stream
from blog.live.hub import Hub, set_process_hub
from blog.logs import configure_logging
from blog.mail.sending import keep_sending
from blog.server.flask_requests import DESK_LIVE, FlaskRequests
from blog.server.health import ALIVE, READY, Readiness
from blog.server.http_limits import max_streams
from blog.server.jobs import CommentSource, begin, end_with_parent
from blog.server.request_bodies import length_of
from blog.server.request_queue import Busy, Disconnected
from blog.server.wsgi_bridge import Answer, header, plain_answer, send_answer
from blog.web.asgi_types import Receive, Scope, Send
from blog.web.security_headers import security_headers
from blog.web.static_files import media_folder, media_headers, open_media_file, send_media_file, static_files

log = logging.getLogger(__name__)

LIVE = re.compile(r"/(?:posts/(\d{1,18})/)?live")

Ask = Callable[[], Awaitable[bool]]


class Shell:
    """One process's face. `app` is its Flask app; the settings are the app's."""

    def __init__(self, app: Flask) -> None:
        self.app, self.settings = app, app.config["SETTINGS"]
        self.headers = security_headers(self.settings)
        self.pictures = media_folder(self.settings)
        self.flask = FlaskRequests(app, self.headers)
        self.readiness = Readiness(app)
        self.hub = Hub(
            CommentSource(app),
            heartbeat_seconds=self.settings.live_beat,
            max_streams=max_streams(self.settings),
            max_per_network=self.settings.live_streams_per_address,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["method"] == "GET" and (match := LIVE.fullmatch(scope["path"])):
            await self.stream(f"post:{int(match[1])}" if match[1] else live_events.SITE, scope, receive, send)
        elif scope["method"] == "GET" and scope["path"] == DESK_LIVE:
            await self.stream(live_events.DESK, scope, receive, send, partial(self.flask.is_editor, scope))
        elif scope["path"] in {ALIVE, READY} and scope["method"] in {"GET", "HEAD"}:
            await send_answer(send, await self.health(scope["path"]), head=scope["method"] == "HEAD")
        elif scope["path"].startswith("/static/") and scope["method"] in {"GET", "HEAD"}:
            await send_answer(send, self.file(scope), head=scope["method"] == "HEAD")
        elif scope["path"].startswith("/media/") and scope["method"] in {"GET", "HEAD"}:
            await self.picture(scope, send)
        else:
            await self.flask(scope, receive, send)

    async def health(self, path: str) -> Answer:
        obstacle = await self.readiness.obstacle() if path == READY else ""
        return self.sentence(503 if obstacle else 200, obstacle or "ok")

    def file(self, scope: Scope) -> Answer:
        file = static_files().get(scope["path"].removeprefix("/static/"))
        if file is None:
            return self.sentence(404, "There is no such file.")
        standing = [*self.headers, *file.headers(scope["query_string"].decode("latin-1"))]
        if header(scope, b"if-none-match") == f'"{file.fingerprint}"':
            return Answer(304, standing, b"")
        return Answer(200, standing, file.content)

    async def picture(self, scope: Scope, send: Send) -> None:
        head = scope["method"] == "HEAD"
        found = await asyncio.to_thread(open_media_file, self.pictures, scope["path"].removeprefix("/media/"))
        if found is None:
            await send_answer(send, self.sentence(404, "There is no such picture."), head=head)
            return
        place, file = found
        standing = [*self.headers, *media_headers(place)]
        with file:
            if f'"{place.stem}"' in header(scope, b"if-none-match"):
                await send_answer(send, Answer(304, standing, b""))
            else:
                await send_media_file(send, file, standing, head=head)

    def sentence(self, status: int, sentence: str) -> Answer:
        return plain_answer(self.headers, status, sentence)

    async def stream(self, topic: str, scope: Scope, receive: Receive, send: Send, allowed: Ask | None = None) -> None:
        """Open a live stream, which is counted before anything is waited for and until it has ended."""
        network, last_id = network_of((scope.get("client") or ("",))[0]), header(scope, b"last-event-id")
        position = since(scope["query_string"]) if (resumed := row_id(last_id)) is None else resumed
        if not self.hub.reserve(network):
            await send_answer(send, self.full(bool(last_id)))
            return
        try:
            if refusal := await self.refusal(topic, scope, allowed):
                await send_answer(send, refusal)
                return
            # the end of a stream interrupts this very coroutine where it waits
            interrupt = cast("asyncio.Task[None]", asyncio.current_task()).cancel
            ask_again = partial(still_allowed, allowed) if allowed else None
            await self.follow(Stream(topic, position, partial(push, send), interrupt, ask_again), receive, send)
        finally:
            self.hub.release(network)

    async def refusal(self, topic: str, scope: Scope, allowed: Ask | None) -> Answer | None:
        """The answer to whom nothing can be streamed now; None where the stream may begin."""
        if length_of(scope) != 0:
            return self.sentence(400, "A request for live updates has no body.")
        try:
            if await self.hub.exists(topic) and (allowed is None or await allowed()):
                return None
        except (SQLAlchemyError, Busy, Disconnected):  # blog/live/change_listener.py logs the database's
            return self.full(again=True)
        return self.sentence(404, "There is nothing to follow at this address.")

    async def follow(self, stream: Stream, receive: Receive, send: Send) -> None:
        """Hold the stream until its reader goes or the hub ends it. While idle it is this one coroutine, waiting."""
        await send({"type": "http.response.start", "status": 200, "headers": self.stream_headers()})
        self.hub.subscribe(stream)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not stream.ended:
                raise
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.hub.unsubscribe(stream)

    def stream_headers(self) -> list[tuple[bytes, bytes]]:
        own = [
            ("Content-Type", "text/event-stream; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("X-Accel-Buffering", "no"),
        ]
        return [(name.lower().encode(), value.encode()) for name, value in [*self.headers, *own]]

    def full(self, again: bool) -> Answer:
        """htmx's hx-sse tries a 204 again at once when it reconnects, so that there only an error slows it down."""
        if not again:
            return Answer(204, [*self.headers, ("Cache-Control", "no-store")], b"")
        return self.sentence(503, "Too busy just now; live updates come back by themselves.")

    async def live(self, receive: Receive, send: Send) -> None:
        """From the server's start to its end: hear of changes, beat, and end the streams when asked to stop."""
        await receive()
        set_process_hub(self.hub)
        self.end_streams_on_signals()
        stop_sending = keep_sending(self.app, alert_editors, send_next_confirmation, send_next_digest)
        tasks = begin(self.app, self.hub)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.hub.stop()
        set_process_hub(None)
        await asyncio.to_thread(stop_sending)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        await send({"type": "lifespan.shutdown.complete"})

    def end_streams_on_signals(self) -> None:
        """uvicorn waits for open streams before it tells the app to stop, so the signal itself must end them."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            asked = signal.getsignal(number)

            def stop(caught: int, frame: FrameType | None, asked: Any = asked) -> None:
                loop.call_soon_threadsafe(self.hub.stop)
                if callable(asked):
                    asked(caught, frame)

            signal.signal(number, stop)


def shell() -> Shell:
    """For a process of its own: the face of the environment's app."""
    end_with_parent()
    configure_logging()
    face = Shell(create_app())
    gc.freeze()  # as in blog/server/main.py
    return face


async def still_allowed(allowed: Ask) -> bool:
    """Whether the stream may go on; not where nobody can say, since its reader comes again."""
    try:
        return await allowed()
    except (Busy, Disconnected):
        return False


def since(query: bytes) -> int:
    """The version in `?since=`; without one the reader has seen nothing."""
    match = re.search(rb"(?:^|&)since=(\d{1,18})(?:&|$)", query)
    return int(match[1]) if match else 0


async def push(send: Send, events: bytes) -> None:
    await send({"type": "http.response.body", "body": events, "more_body": True})
