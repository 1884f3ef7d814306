"""From ASGI to Flask: how much a request may send, its body read whole, its turn in the queue, its answer."""

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
    MAX_READER_BODIES,
    Body,
    Budget,
    TooLarge,
    discard,
    length_of,
    waits_for_permission,
)
from blog.server.request_queue import Busy, Caller, Disconnected, RequestQueue
from blog.server.wsgi_bridge import Answer, call, environ, header, plain_answer, send_answer
from blog.settings import Settings
from blog.web.asgi_types import Receive, Scope, Send
from blog.web.forms.body_limits import MAX_READER_BODY

DESK = "/desk/"
DESK_LIVE = "/desk/live"
UPLOAD = "/desk/imports"
UPLOAD_SECONDS = 3600
# of what is refused for its size: so many bytes of a reader, so many clients at a time
MAX_READER_DISCARD = 4_000_000
MAX_DISCARDING = 8
READING = {"GET", "HEAD", "OPTIONS", "TRACE"}
BEYOND = 2**62

BUSY = "The site is too busy just now. Please try again in a moment; nothing you wrote is lost."
LATE = "The request did not arrive whole in time. Please send it again."
TOO_LARGE = "That is more than this site takes at once. Please send less."


@dataclass(frozen=True)
class Allowance:
    """How many bytes a request may send, in how many seconds, and what they are counted against; and up to how many
    are read of one that is refused for its size.
    """

    most: int
    seconds: int
    budget: Budget
    discard: int


class FlaskRequests:
    """All requests of one process that Flask answers."""

    def __init__(self, app: Flask, headers: list[tuple[str, str]]) -> None:
        self.app, self.headers = app, headers
        self.settings: Settings = app.config["SETTINGS"]
        self.queue = RequestQueue(self.settings.threads)
        self.discarding = 0
        seconds, most, upload = self.settings.body_seconds, self.settings.max_body, self.settings.max_upload
        desk_body = self.settings.desk_body
        readers, desk = Budget(MAX_READER_BODIES), Budget(upload + 2 * desk_body)
        self.for_readers = Allowance(min(MAX_READER_BODY, most), seconds, readers, MAX_READER_DISCARD)
        self.for_former_editors = Allowance(most, seconds, desk, 2 * most)
        self.for_editors = Allowance(desk_body, UPLOAD_SECONDS, desk, 2 * desk_body)
        self.for_uploads = Allowance(upload, UPLOAD_SECONDS, desk, 2 * upload)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self.answer(scope, receive)
        except (Busy, Disconnected):  # who has gone gets an answer too, or uvicorn would report that there was none
            answer = self.sentence(scope, 503, BUSY)
        except TimeoutError:
            answer = self.sentence(scope, 408, LATE)
        await send_answer(send, answer, head=scope["method"] == "HEAD")

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Flask's answer. Raises: Busy, Disconnected, TimeoutError where the body did not arrive in time."""
        if (length := length_of(scope)) == 0:
            return await self.call(scope, io.BytesIO())
        allowance = await self.allowance(scope, length)
        try:
            if length and length > allowance.most:
                raise TooLarge(more=True)
            with Body(allowance.budget) as body:
                async with asyncio.timeout(allowance.seconds):
                    await body.read(receive, allowance.most)
                return await self.call(scope, body.file)
        except TooLarge as error:
            if error.more:
                await self.let_arrive(scope, receive, allowance.discard)
            return await self.too_large(scope)

    async def allowance(self, scope: Scope, length: int | None) -> Allowance:
        """Decide, before any of the body is read, how much this client may send here.

        Photos and exports are larger than anything that readers send. Whoever was an editor may send as much as it
        takes to go on after signing in again: the signed cookie shows it, without a look at the database.
        """
        small = length is not None and length <= self.for_readers.most
        if small or not scope["path"].startswith(DESK) or not self.was_editor(scope):
            return self.for_readers
        if not await self.may_open(scope, UPLOAD if scope["path"] == UPLOAD else DESK_LIVE):
            return self.for_former_editors
        return self.for_uploads if scope["path"] == UPLOAD else self.for_editors

    def was_editor(self, scope: Scope) -> bool:
        with self.app.request_context(environ(scope, io.BytesIO())):
            return "desk" in session

    async def is_editor(self, scope: Scope) -> bool:
        """Tell whether an editor asks, who is signed in now. Raises Busy and Disconnected."""
        return await self.may_open(scope, DESK_LIVE)

    async def may_open(self, scope: Scope, path: str) -> bool:
        """Tell whether whoever asks may open this page of the desk. Raises Busy and Disconnected."""
        cookie = [(name, value) for name, value in scope["headers"] if name in {b"host", b"cookie"}]
        asked = {**scope, "method": "HEAD", "path": path, "query_string": b"", "headers": cookie}
        return (await self.call(asked, io.BytesIO())).status in {200, 204}

    async def let_arrive(self, scope: Scope, receive: Receive, most: int) -> None:
        """Read on for a while, of a few clients at a time, so that a browser shows why its request was refused."""
        if self.discarding >= MAX_DISCARDING or (length_of(scope) or 0) > most or waits_for_permission(scope):
            return
        self.discarding += 1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.settings.body_seconds):
                    await discard(receive, most)
        finally:
            self.discarding -= 1

    async def too_large(self, scope: Scope) -> Answer:
        """Flask's own page for it, as it answers to the length alone; the body is not read."""
        about_body = {b"content-length", b"transfer-encoding"}
        headers = [(name, value) for name, value in scope["headers"] if name not in about_body]
        asked = {**scope, "headers": [*headers, (b"content-length", str(BEYOND).encode())]}
        answer = await self.call(asked, io.BytesIO())
        if answer.status < 400:  # nobody looked at what was sent
            return self.sentence(scope, 413, TOO_LARGE)
        return Answer(answer.status, [*answer.headers, ("Connection", "close")], answer.body)

    async def call(self, scope: Scope, body: IO[bytes]) -> Answer:
        """Let Flask answer when the turn of this request has come."""
        transport, client = scope.get(TRANSPORT), scope.get("client") or ("", 0)
        caller = Caller(
            network_of(client[0]),
            writes=scope["method"] not in READING,
            connected=lambda: transport is None or not transport.is_closing(),
        )
        return await self.queue.run(caller, call, self.app.wsgi_app, environ(scope, body))

    def sentence(self, scope: Scope, status: int, text: str) -> Answer:
        return plain_answer(self.headers, status, text, htmx=header(scope, b"hx-request") == "true")
