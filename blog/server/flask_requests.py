"""Pass ASGI requests to Flask: body limit, queue turn, response."""

from __future__ import annotations

import asyncio
import contextlib
import io
from dataclasses import dataclass
from typing import IO

from flask import Flask, session

from blog.ip_networks import network_of
from blog.server.http_limits import TRANSPORT
from blog.server.request_bodies import (
    MAX_READER_BODY_BYTES,
    BodyTooLarge,
    Budget,
    RequestBody,
    content_length,
    discard,
    expects_continue,
)
from blog.server.request_queue import Caller, Disconnected, RequestQueue, ServerBusy
from blog.server.wsgi_bridge import HTTPResponse, call_wsgi, header, plain_response, send_response, wsgi_environ
from blog.settings import Settings
from blog.web.asgi_types import Receive, Scope, Send
from blog.web.forms.body_limits import MAX_READER_BODY

DESK_PREFIX = "/desk/"
DESK_LIVE_PATH = "/desk/live"
UPLOAD_PATH = "/desk/imports"
UPLOAD_SECONDS = 3600
# bytes read of a refused body, and clients at a time, so that browsers show the refusal
MAX_READER_DISCARD_BYTES = 4_000_000
MAX_DISCARDING_CLIENTS = 8
SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
OVERSIZED_LENGTH = 2**62

BUSY_TEXT = "The site is too busy just now. Please try again in a moment; nothing you wrote is lost."
TIMEOUT_TEXT = "The request did not arrive whole in time. Please send it again."
TOO_LARGE_TEXT = "That is more than this site takes at once. Please send less."


@dataclass(frozen=True)
class BodyAllowance:
    """Bound a request body: bytes, seconds, budget, bytes read when refused."""

    max_bytes: int
    seconds: int
    budget: Budget
    discard: int


class FlaskRequests:
    """Answer requests by Flask."""

    def __init__(self, app: Flask, headers: list[tuple[str, str]]) -> None:
        self.app, self.headers = app, headers
        self.settings: Settings = app.config["SETTINGS"]
        self.queue = RequestQueue(self.settings.threads)
        self.discarding = 0
        seconds, max_bytes, upload = self.settings.body_seconds, self.settings.max_body, self.settings.max_upload
        desk_body = self.settings.max_desk_body
        readers, desk = Budget(MAX_READER_BODY_BYTES), Budget(upload + 2 * desk_body)
        self.for_readers = BodyAllowance(min(MAX_READER_BODY, max_bytes), seconds, readers, MAX_READER_DISCARD_BYTES)
        self.for_former_editors = BodyAllowance(max_bytes, seconds, desk, 2 * max_bytes)
        self.for_editors = BodyAllowance(desk_body, UPLOAD_SECONDS, desk, 2 * desk_body)
        self.for_uploads = BodyAllowance(upload, UPLOAD_SECONDS, desk, 2 * upload)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self.answer(scope, receive)
        except (ServerBusy, Disconnected):  # a client that left is answered too, or uvicorn logs an error
            answer = self.plain_text(scope, 503, BUSY_TEXT)
        except TimeoutError:
            answer = self.plain_text(scope, 408, TIMEOUT_TEXT)
        await send_response(send, answer, head=scope["method"] == "HEAD")

    async def answer(self, scope: Scope, receive: Receive) -> HTTPResponse:
        """Return Flask's response. Raises: ServerBusy, Disconnected, TimeoutError."""
        if (length := content_length(scope)) == 0:
            return await self.run_flask(scope, io.BytesIO())
        allowance = await self.allowance(scope, length)
        try:
            if length and length > allowance.max_bytes:
                raise BodyTooLarge(more=True)
            with RequestBody(allowance.budget) as body:
                async with asyncio.timeout(allowance.seconds):
                    await body.read(receive, allowance.max_bytes)
                return await self.run_flask(scope, body.file)
        except BodyTooLarge as error:
            if error.more:
                await self.discard_body(scope, receive, allowance.discard)
            return await self.too_large(scope)

    async def allowance(self, scope: Scope, length: int | None) -> BodyAllowance:
        """Choose the body allowance before reading the body.

        Photos and exports are larger than anything that readers send. A former editor, known by the signed cookie
        without a database query, may send enough to continue after signing in again.
        """
        small = length is not None and length <= self.for_readers.max_bytes
        if small or not scope["path"].startswith(DESK_PREFIX) or not self.has_desk_session(scope):
            return self.for_readers
        if not await self.may_open(scope, UPLOAD_PATH if scope["path"] == UPLOAD_PATH else DESK_LIVE_PATH):
            return self.for_former_editors
        return self.for_uploads if scope["path"] == UPLOAD_PATH else self.for_editors

    def has_desk_session(self, scope: Scope) -> bool:
        with self.app.request_context(wsgi_environ(scope, io.BytesIO())):
            return "desk" in session

    async def is_editor(self, scope: Scope) -> bool:
        """Return whether an editor is signed in. Raises: ServerBusy, Disconnected."""
        return await self.may_open(scope, DESK_LIVE_PATH)

    async def may_open(self, scope: Scope, path: str) -> bool:
        """Return whether this page of the desk may be opened.

        Raises: ServerBusy, Disconnected.
        """
        cookie = [(name, value) for name, value in scope["headers"] if name in {b"host", b"cookie"}]
        request_scope = {**scope, "method": "HEAD", "path": path, "query_string": b"", "headers": cookie}
        return (await self.run_flask(request_scope, io.BytesIO())).status in {200, 204}

    async def discard_body(self, scope: Scope, receive: Receive, max_bytes: int) -> None:
        """Read a refused body briefly, so that browsers show the refusal."""
        if (
            self.discarding >= MAX_DISCARDING_CLIENTS
            or (content_length(scope) or 0) > max_bytes
            or expects_continue(scope)
        ):
            return
        self.discarding += 1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.settings.body_seconds):
                    await discard(receive, max_bytes)
        finally:
            self.discarding -= 1

    async def too_large(self, scope: Scope) -> HTTPResponse:
        """Return Flask's 413 page, which needs only a length."""
        about_body = {b"content-length", b"transfer-encoding"}
        headers = [(name, value) for name, value in scope["headers"] if name not in about_body]
        request_scope = {**scope, "headers": [*headers, (b"content-length", str(OVERSIZED_LENGTH).encode())]}
        answer = await self.run_flask(request_scope, io.BytesIO())
        if answer.status < 400:  # the view did not read the body
            return self.plain_text(scope, 413, TOO_LARGE_TEXT)
        return HTTPResponse(answer.status, [*answer.headers, ("Connection", "close")], answer.body)

    async def run_flask(self, scope: Scope, body: IO[bytes]) -> HTTPResponse:
        """Run Flask when the request's turn comes."""
        transport, client = scope.get(TRANSPORT), scope.get("client") or ("", 0)
        caller = Caller(
            network_of(client[0]),
            writes=scope["method"] not in SAFE_METHODS,
            connected=lambda: transport is None or not transport.is_closing(),
        )
        return await self.queue.run(caller, call_wsgi, self.app.wsgi_app, wsgi_environ(scope, body))

    def plain_text(self, scope: Scope, status: int, text: str) -> HTTPResponse:
        return plain_response(self.headers, status, text, htmx=header(scope, b"hx-request") == "true")
