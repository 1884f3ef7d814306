"""Serve files and SSE streams; pass other requests to Flask.

This is the ASGI application that bin/serve runs.
"""

from __future__ import annotations

import asyncio
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
from blog.db import parse_id
from blog.ip_networks import network_of
from blog.live.events import Stream
from blog.live.hub import Hub, set_process_hub
from blog.logs import configure_logging
from blog.server.comment_source import CommentSource
from blog.server.flask_requests import DESK_LIVE_PATH, FlaskRequests
from blog.server.health import ALIVE_PATH, READY_PATH, Readiness
from blog.server.http_limits import max_streams
from blog.server.jobs import Jobs, job_table
from blog.server.parent_watch import end_with_parent
from blog.server.request_bodies import content_length
from blog.server.request_queue import Disconnected, ServerBusy
from blog.server.wsgi_bridge import HTTPResponse, header, plain_response, send_response
from blog.settings import load
from blog.web.asgi_types import Receive, Scope, Send
from blog.web.security_headers import security_headers
from blog.web.static_files import find_static_file, media_folder, media_headers, open_media_file, send_media_file

log = logging.getLogger(__name__)

LIVE_PATH = re.compile(r"/(?:posts/(\d{1,18})/)?live")

PermissionCheck = Callable[[], Awaitable[bool]]


class ASGIApp:
    """Answer all requests of one process."""

    def __init__(self, app: Flask) -> None:
        self.app, self.settings = app, app.config["SETTINGS"]
        self.headers = security_headers(self.settings)
        self.media = media_folder(self.settings)
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
            await self.lifespan(receive, send)
        elif scope["method"] == "GET" and (match := LIVE_PATH.fullmatch(scope["path"])):
            await self.stream(f"post:{int(match[1])}" if match[1] else live_events.SITE, scope, receive, send)
        elif scope["method"] == "GET" and scope["path"] == DESK_LIVE_PATH:
            await self.stream(live_events.DESK, scope, receive, send, partial(self.flask.is_editor, scope))
        elif scope["path"] in {ALIVE_PATH, READY_PATH} and scope["method"] in {"GET", "HEAD"}:
            await send_response(send, await self.health(scope["path"]), head=scope["method"] == "HEAD")
        elif scope["path"].startswith("/static/") and scope["method"] in {"GET", "HEAD"}:
            await send_response(send, self.static_file(scope), head=scope["method"] == "HEAD")
        elif scope["path"].startswith("/media/") and scope["method"] in {"GET", "HEAD"}:
            await self.media_file(scope, send)
        else:
            await self.flask(scope, receive, send)

    async def health(self, path: str) -> HTTPResponse:
        problem = await self.readiness.problem() if path == READY_PATH else ""
        return self.plain_text(503 if problem else 200, problem or "ok")

    def static_file(self, scope: Scope) -> HTTPResponse:
        found = find_static_file(scope["path"].removeprefix("/static/"))
        if found is None:
            return self.plain_text(404, "There is no such file.")
        file, cache_control = found
        response_headers = [*self.headers, *file.headers(cache_control)]
        if header(scope, b"if-none-match") == f'"{file.fingerprint}"':
            return HTTPResponse(304, response_headers, b"")
        return HTTPResponse(200, response_headers, file.content)

    async def media_file(self, scope: Scope, send: Send) -> None:
        head = scope["method"] == "HEAD"
        found = await asyncio.to_thread(open_media_file, self.media, scope["path"].removeprefix("/media/"))
        if found is None:
            await send_response(send, self.plain_text(404, "There is no such picture."), head=head)
            return
        path, file = found
        response_headers = [*self.headers, *media_headers(path)]
        with file:
            if f'"{path.stem}"' in header(scope, b"if-none-match"):
                await send_response(send, HTTPResponse(304, response_headers, b""))
            else:
                await send_media_file(send, file, response_headers, head=head)

    def plain_text(self, status: int, text: str) -> HTTPResponse:
        return plain_response(self.headers, status, text)

    async def stream(
        self, topic: str, scope: Scope, receive: Receive, send: Send, allowed: PermissionCheck | None = None
    ) -> None:
        """Open an SSE stream; it is counted until it has ended."""
        network, last_id = network_of((scope.get("client") or ("",))[0]), header(scope, b"last-event-id")
        position = since_version(scope["query_string"]) if (resumed := parse_id(last_id)) is None else resumed
        if not self.hub.reserve(network):
            await send_response(send, self.too_many_streams(bool(last_id)))
            return
        try:
            if refusal := await self.refusal(topic, scope, allowed):
                await send_response(send, refusal)
                return
            # the hub ends a stream by cancelling this task
            interrupt = cast("asyncio.Task[None]", asyncio.current_task()).cancel
            check_again = partial(is_still_allowed, allowed) if allowed else None
            await self.follow(
                Stream(topic, position, partial(send_events, send), interrupt, check_again), receive, send
            )
        finally:
            self.hub.release(network)

    async def refusal(self, topic: str, scope: Scope, allowed: PermissionCheck | None) -> HTTPResponse | None:
        """Return the response if the stream may not begin, else None."""
        if content_length(scope) != 0:
            return self.plain_text(400, "A request for live updates has no body.")
        try:
            if await self.hub.exists(topic) and (allowed is None or await allowed()):
                return None
        except (SQLAlchemyError, ServerBusy, Disconnected):
            # database errors are logged by blog/live/change_listener.py
            return self.too_many_streams(reconnecting=True)
        return self.plain_text(404, "There is nothing to follow at this address.")

    async def follow(self, stream: Stream, receive: Receive, send: Send) -> None:
        """Keep the stream open until the reader or the hub ends it."""
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
        stream_specific = [
            ("Content-Type", "text/event-stream; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("X-Accel-Buffering", "no"),
        ]
        return [(name.lower().encode(), value.encode()) for name, value in [*self.headers, *stream_specific]]

    def too_many_streams(self, reconnecting: bool) -> HTTPResponse:
        """Answer 204 to a new stream, 503 to a reconnecting one.

        When reconnecting, hx-sse retries a 204 at once; only an error makes it wait.
        """
        if not reconnecting:
            return HTTPResponse(204, [*self.headers, ("Cache-Control", "no-store")], b"")
        return self.plain_text(503, "Too busy just now; live updates come back by themselves.")

    async def lifespan(self, receive: Receive, send: Send) -> None:
        """Run the background jobs from the server's start to its stop."""
        await receive()
        set_process_hub(self.hub)
        self.end_streams_on_signals()
        # a full collection of what was loaded would stop every request for 90 ms, seconds after the start
        gc.collect()
        gc.freeze()
        jobs = Jobs(self.app, job_table(self.settings, self.hub))
        jobs.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.hub.stop()
        set_process_hub(None)
        await asyncio.to_thread(jobs.stop)
        await send({"type": "lifespan.shutdown.complete"})

    def end_streams_on_signals(self) -> None:
        """End streams on SIGTERM and SIGINT.

        uvicorn waits for open streams before it sends the shutdown event, so the signal must end them.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            previous_handler = signal.getsignal(number)

            def stop(caught: int, frame: FrameType | None, previous_handler: Any = previous_handler) -> None:
                loop.call_soon_threadsafe(self.hub.stop)
                if callable(previous_handler):
                    previous_handler(caught, frame)

            signal.signal(number, stop)


def create_asgi_app() -> ASGIApp:
    """Create the application of a worker process from the environment."""
    end_with_parent()
    settings = load()
    configure_logging(settings.log_format, settings.log_requests)
    return ASGIApp(create_app(settings))


async def is_still_allowed(allowed: PermissionCheck) -> bool:
    """Return whether the stream may continue; False if the check fails."""
    try:
        return await allowed()
    except (ServerBusy, Disconnected):
        return False


def since_version(query: bytes) -> int:
    """Parse `?since=<version>`; 0 without one."""
    match = re.search(rb"(?:^|&)since=(\d{1,18})(?:&|$)", query)
    return int(match[1]) if match else 0


async def send_events(send: Send, events: bytes) -> None:
    await send({"type": "http.response.body", "body": events, "more_body": True})
