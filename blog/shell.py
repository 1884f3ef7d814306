"""The ASGI face that bin/serve runs: files and live streams at once, everything else by Flask in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import logging
import re
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Any, cast

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from blog import bridge, create_app
from blog.background import Conversation, begin, end_with_parent
from blog.bridge import Answer, Disconnected, Receive, Scope, Send, call, header, length_of, read_body, send_answer
from blog.comments import streaming
from blog.comments.following import ask_next
from blog.comments.noticing import tell_next
from blog.comments.telling import tell_editors
from blog.db import row_id
from blog.files import kept_headers, media_folder, open_kept, send_kept, static_files
from blog.health import ALIVE, READY, Readiness
from blog.live import Hub, listen_for_hints
from blog.mail.sending import keep_sending
from blog.news import Stream
from blog.security import headers

log = logging.getLogger(__name__)

LIVE = re.compile(r"/(?:posts/(\d{1,18})/)?live")
DESK = "/desk/"
DESK_LIVE = "/desk/live"
UPLOAD = "/desk/imports"
UPLOAD_SECONDS = 3600
BEYOND = 2**62

Ask = Callable[[], Awaitable[bool]]


class Shell:
    """One process's face. `app` is its Flask app; the settings are the app's."""

    def __init__(self, app: Flask) -> None:
        self.app, self.settings = app, app.config["SETTINGS"]
        self.headers = headers(self.settings)
        self.pictures = media_folder(self.settings)
        self.threads = ThreadPoolExecutor(self.settings.threads, thread_name_prefix="flask")
        self.readiness = Readiness(app)
        self.hub = Hub(
            Conversation(app),
            beat=self.settings.live_beat,
            most=self.settings.live_streams,
            most_per_address=self.settings.live_streams_per_address,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["method"] == "GET" and (match := LIVE.fullmatch(scope["path"])):
            await self.stream(f"post:{int(match[1])}" if match[1] else streaming.SITE, scope, receive, send)
        elif scope["method"] == "GET" and scope["path"] == DESK_LIVE:
            await self.stream(streaming.DESK, scope, receive, send, partial(self.at_desk, scope))
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
        answer = self.sentence(503 if obstacle else 200, obstacle or "ok")
        return replace(answer, headers=[*answer.headers, ("Retry-After", "5")]) if obstacle else answer

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
        found = await asyncio.to_thread(open_kept, self.pictures, scope["path"].removeprefix("/media/"))
        if found is None:
            await send_answer(send, self.sentence(404, "There is no such picture."), head=head)
            return
        place, file = found
        standing = [*self.headers, *kept_headers(place)]
        with file:
            if f'"{place.stem}"' in header(scope, b"if-none-match"):
                await send_answer(send, Answer(304, standing, b""))
            else:
                await send_kept(send, file, standing, head=head)

    async def flask(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds, most = self.settings.body_seconds, self.settings.max_body
        # pictures and exports take their time on a slow line, and may be larger than anything that readers send
        if length_of(scope) > bridge.IN_MEMORY and scope["path"].startswith(DESK) and await self.at_desk(scope):
            most = self.settings.max_upload if scope["path"] == UPLOAD else self.settings.desk_body
            seconds = UPLOAD_SECONDS
        try:
            async with asyncio.timeout(seconds):
                body = await read_body(scope, receive, most)
        except Disconnected:
            return
        except TimeoutError:
            await send_answer(
                send, self.sentence(408, "The request did not arrive whole in time. Please send it again.")
            )
            return
        if body is None:
            if length_of(scope) <= 2 * most:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.settings.body_seconds):
                        await bridge.drain(receive, 2 * most)
            await send_answer(send, await self.too_large(scope))
            return
        with body:
            answer = await call(self.app.wsgi_app, self.threads, scope, body)
        await send_answer(send, answer, head=scope["method"] == "HEAD")

    async def too_large(self, scope: Scope) -> Answer:
        """Flask's own page for it, as it answers to the length alone; the body is not read."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        asked = {**scope, "headers": [*headers, (b"content-length", str(BEYOND).encode())]}
        answer = await call(self.app.wsgi_app, self.threads, asked, io.BytesIO())
        if answer.status < 400:  # nobody looked at what was sent
            return self.sentence(413, "That is more than this site takes at once. Please send less.")
        return Answer(answer.status, [*answer.headers, ("Connection", "close")], answer.body)

    async def at_desk(self, scope: Scope) -> bool:
        """Whether an editor sends this, who alone may send as much as an export: asked before any of it is read."""
        asked = {**scope, "method": "HEAD", "path": DESK_LIVE, "query_string": b"", "headers": of_reader(scope)}
        answer = await call(self.app.wsgi_app, self.threads, asked, io.BytesIO())
        return answer.status == 204

    def sentence(self, status: int, sentence: str) -> Answer:
        extra = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), ("Connection", "close")]
        return Answer(status, [*self.headers, *extra], sentence.encode())

    async def stream(self, topic: str, scope: Scope, receive: Receive, send: Send, allowed: Ask | None = None) -> None:
        address, last_id = (scope.get("client") or ("",))[0], header(scope, b"last-event-id")
        position = since(scope["query_string"]) if (resumed := row_id(last_id)) is None else resumed
        if not self.hub.admits(address):
            await send_answer(send, self.full(bool(last_id)))
            return
        try:
            standing = await self.hub.standing(topic)
        except SQLAlchemyError:  # blog/hearing.py logs it
            await send_answer(send, self.full(again=True))
            return
        if not standing or (allowed and not await allowed()):
            await send_answer(send, self.sentence(404, "There is nothing to follow at this address."))
            return
        # the end of a stream interrupts this very coroutine where it waits
        interrupt = cast("asyncio.Task[None]", asyncio.current_task()).cancel
        await self.follow(Stream(topic, address, position, partial(push, send), interrupt, allowed), receive, send)

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
        answer = self.sentence(503, "Too busy just now; live updates come back by themselves.")
        return Answer(503, [*answer.headers, ("Retry-After", "30")], answer.body)

    async def live(self, receive: Receive, send: Send) -> None:
        """From the server's start to its end: hear of changes, beat, and end the streams when asked to stop."""
        await receive()
        listen_for_hints(self.hub)
        self.end_streams_on_signals()
        stop_sending = keep_sending(self.app, tell_editors, ask_next, tell_next)
        tasks = begin(self.app, self.hub)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.hub.stop()
        listen_for_hints(None)
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
    face = Shell(create_app())
    gc.freeze()  # as in blog/server.py
    return face


def of_reader(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in scope["headers"] if name in {b"host", b"cookie"}]


def since(query: bytes) -> int:
    """The version in `?since=`; without one the reader has seen nothing."""
    match = re.search(rb"(?:^|&)since=(\d{1,18})(?:&|$)", query)
    return int(match[1]) if match else 0


async def push(send: Send, events: bytes) -> None:
    await send({"type": "http.response.body", "body": events, "more_body": True})
