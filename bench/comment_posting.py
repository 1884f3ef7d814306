"""Post comments by several writers, each with a connection, cookie and token."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from itertools import count, cycle
from random import Random
from typing import Self
from urllib.parse import urlencode

from bench.export import NAMES, text

WRITERS = 4
FORM_TYPE = "application/x-www-form-urlencoded"
# Different seeds, since equal comments would look like spam.
SEEDS = count()


@dataclass
class Client:
    """Represent one browser's connection and cookies; reconnects like a browser."""

    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    cookies: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, path: str, form: dict[str, str] | None = None) -> str:
        """Request a path and return the text of the response.

        Raises: SystemExit on any status but 200.
        """
        if self.reader.at_eof():
            self.writer.close()
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(self.request(path, form))
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"(?im)^content-length: (\d+)", head)
            answer = (await self.reader.readexactly(int(length[1]) if length else 0)).decode()
        except asyncio.IncompleteReadError:
            raise SystemExit(f"{path} was not answered to its end.") from None
        if " 200 " not in head.partition("\r\n")[0]:
            raise SystemExit(f"{path} was answered:\n{head}{answer}")
        self.cookies |= dict(re.findall(r"(?im)^set-cookie: ([^=;\r]+)=([^;\r]*)", head))
        return answer

    def request(self, path: str, form: dict[str, str] | None) -> bytes:
        body = urlencode(form).encode() if form else b""
        lines = [f"{'POST' if form else 'GET'} {path} HTTP/1.1", "Host: 127.0.0.1", "HX-Request: true"]
        lines += [f"Content-Length: {len(body)}", f"Content-Type: {FORM_TYPE}"] if form else []
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines += [f"Cookie: {cookies}"] if cookies else []
        return "\r\n".join([*lines, "", ""]).encode() + body

    def close(self) -> None:
        self.writer.close()


@dataclass
class Writer:
    """Represent a reader who comments, with the latest token and key."""

    client: Client
    random: Random
    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def open(cls, port: int, post_id: int) -> Self:
        writer = cls(await Client.open(port), Random(next(SEEDS)))  # noqa: S311  the same at each run
        writer.store_fields(await writer.client.ask(f"/posts/{post_id}/comments/token"))
        return writer

    async def post(self, post_id: int, marker: str = "") -> None:
        body = f"{marker} {text(self.random, 30)}".strip()
        form = self.fields | {"body": body, "name": self.random.choice(NAMES)}
        answer = await self.client.ask(f"/posts/{post_id}/comments", form)
        if 'id="thread-' not in answer:
            raise SystemExit(f"A comment was not taken:\n{answer}")
        self.store_fields(answer)

    def store_fields(self, answer: str) -> None:
        self.fields = dict(re.findall(r'name="(csrf_token|key)" value="([^"]*)"', answer))


@dataclass(frozen=True)
class PostingLatency:
    """Comments posted a second, and how long an answer took, in ms."""

    rate: float
    p50: float
    p99: float


async def measure_posting(port: int, posts: list[int], seconds: float) -> PostingLatency:
    """Post under these posts in turn, by WRITERS writers."""
    writers = [await Writer.open(port, posts[0]) for _ in range(WRITERS)]
    durations: list[float] = []
    started = time.monotonic()
    await asyncio.gather(*(post_until(writer, posts, started + seconds, durations) for writer in writers))
    spent = time.monotonic() - started
    for writer in writers:
        writer.client.close()
    return PostingLatency(len(durations) / spent, percentile(durations, 0.5), percentile(durations, 0.99))


async def post_until(writer: Writer, posts: list[int], until: float, durations: list[float]) -> None:
    for post_id in cycle(posts):
        started = time.monotonic()
        await writer.post(post_id)
        durations.append(1000 * (time.monotonic() - started))
        if time.monotonic() > until:
            return


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that covers this share of all values."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
