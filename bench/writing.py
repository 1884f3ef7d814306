"""Writers: each keeps a connection and a cookie, fetches a token as htmx does, and posts one comment after another."""

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
TYPE = "application/x-www-form-urlencoded"
# no two writers say the same, which would look like spam
SEEDS = count()


@dataclass
class Client:
    """One browser's connection and cookies; like a browser it opens another when the server closed an idle one."""

    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    cookies: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, path: str, form: dict[str, str] | None = None) -> str:
        """The answer's text; SystemExit where it is not a good one."""
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
        lines += [f"Content-Length: {len(body)}", f"Content-Type: {TYPE}"] if form else []
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines += [f"Cookie: {cookies}"] if cookies else []
        return "\r\n".join([*lines, "", ""]).encode() + body

    def close(self) -> None:
        self.writer.close()


@dataclass
class Writer:
    """A reader who answers, with the token and the key that the last answer brought."""

    client: Client
    random: Random
    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def open(cls, port: int, post_id: int) -> Self:
        writer = cls(await Client.open(port), Random(next(SEEDS)))  # noqa: S311  the same at each run
        writer.keep(await writer.client.ask(f"/posts/{post_id}/comments/token"))
        return writer

    async def post(self, post_id: int, mark: str = "") -> None:
        body = f"{mark} {text(self.random, 30)}".strip()
        form = self.fields | {"body": body, "name": self.random.choice(NAMES)}
        answer = await self.client.ask(f"/posts/{post_id}/comments", form)
        if 'id="thread-' not in answer:
            raise SystemExit(f"A comment was not taken:\n{answer}")
        self.keep(answer)

    def keep(self, answer: str) -> None:
        self.fields = dict(re.findall(r'name="(csrf_token|key)" value="([^"]*)"', answer))


@dataclass(frozen=True)
class Posting:
    """Comments posted a second, and how long an answer took, in ms."""

    rate: float
    p50: float
    p99: float


async def write(port: int, posts: list[int], seconds: float) -> Posting:
    """Post under these posts in turn, by several writers, for so many seconds."""
    writers = [await Writer.open(port, posts[0]) for _ in range(WRITERS)]
    taken: list[float] = []
    started = time.monotonic()
    await asyncio.gather(*(keep_posting(writer, posts, started + seconds, taken) for writer in writers))
    spent = time.monotonic() - started
    for writer in writers:
        writer.client.close()
    return Posting(len(taken) / spent, percentile(taken, 0.5), percentile(taken, 0.99))


async def keep_posting(writer: Writer, posts: list[int], until: float, taken: list[float]) -> None:
    for post_id in cycle(posts):
        started = time.monotonic()
        await writer.post(post_id)
        taken.append(1000 * (time.monotonic() - started))
        if time.monotonic() > until:
            return


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
