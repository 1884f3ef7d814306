"""Attacks on a running server, and what readers of the home page notice of each: `python -m bench.attacks [NAME…]`.

Every attack meets a server of its own. Home is asked for 40 times a second on new connections, first in peace and then
under attack; the attacker is another process and comes from other addresses of the loopback network. Only ratios
compare between machines. All of it is over in some three minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from random import randrange
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import click

from bench.serving import Served, command, serving
from bench.writing import percentile

WARM_SECONDS = 1.0
PEACE_SECONDS = 4.0
ATTACK_SECONDS = 8.0
PROBE_SECONDS = 1 / 40
PATIENCE = 10.0
# the trusted proxy, which 127.0.0.1 is, says that readers come from so many addresses
READERS = 50
PIECE = 65_536
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Target:
    """The server under attack, and when the attack must end (time.monotonic())."""

    port: int
    until: float
    post_id: int = 1

    @property
    def going_on(self) -> bool:
        return time.monotonic() < self.until

    @contextlib.contextmanager
    def connect(self, host: int = 2) -> Iterator[socket.socket]:
        """A connection from 127.0.0.`host`, which is no trusted proxy."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE, (f"127.0.0.{host}", 0)) as connection:
            yield connection

    def repeat_in_threads(self, connections: int, one: Callable[[Target, int], str]) -> str:
        """Run `one` in so many threads, each again and again; returns how often which outcome came."""
        outcomes: Counter[str] = Counter()

        def keep_on(number: int) -> None:
            while self.going_on:
                try:
                    outcomes[one(self, number)] += 1
                except (OSError, HTTPException) as error:
                    outcomes[type(error).__name__] += 1
                    time.sleep(0.02)

        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(keep_on, range(connections)))
        return ", ".join(f"{what}: {times}" for what, times in outcomes.most_common(4))


def status(connection: socket.socket) -> str:
    """The status of the answer; "closed" where there is none."""
    answer = connection.recv(PIECE)
    return answer[9:12].decode("latin-1") if answer else "closed"


def send(connection: socket.socket, data: bytes, until: Callable[[], bool]) -> int:
    """Send piece by piece while the server takes it; returns how much that was."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < len(data) and until():
            sent += connection.send(data[sent : sent + PIECE])
    return sent


# Each attack lasts until the target's time is up and returns what it has seen.


def nothing(target: Target) -> str:
    """No attack: how much the figures of this machine vary by themselves."""
    while target.going_on:
        time.sleep(0.05)
    return ""


def long_headers(target: Target) -> str:
    """Four connections, each with 150 MB of headers."""
    block, most = b"X-Long: " + b"a" * 8000 + b"\r\n", 0

    def one(target: Target, _number: int) -> str:
        nonlocal most
        with target.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            sent = send(connection, block * (150 * MEGABYTE // len(block)), lambda: target.going_on)
            most = max(most, sent)
            connection.settimeout(0.2)
            return status(connection)

    return f"{target.repeat_in_threads(4, one)}; at most {most / MEGABYTE:.1f} MB taken"


def abandoned(target: Target) -> str:
    """3,000 requests whose client does not wait for the answer."""
    numbers = count()
    refused = 0
    while target.going_on and (number := next(numbers)) < 3000:
        try:
            with target.connect(2 + number % 8) as connection:
                connection.sendall(b"GET /search?q=heron HTTP/1.1\r\nHost: x\r\n\r\n")
        except OSError:
            refused += 1
    sent_after = number + 1
    while target.going_on:
        time.sleep(0.05)
    return f"{sent_after} sent, {refused} not taken"


def half_open(target: Target) -> str:
    """300 connections whose headers never end, a byte a second each."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(target.connect(2 + number % 8)) for number in range(300)]
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        deadline = target.until + 6  # longer than the others, since headers may take ten seconds
        while time.monotonic() < deadline:
            time.sleep(1)
            opened = [connection for connection in opened if drip(connection)]
    return f"{len(opened)} of 300 still open after {ATTACK_SECONDS + 6:.0f} s"


def drip(connection: socket.socket) -> bool:
    try:
        connection.send(b"a")
        connection.settimeout(0)
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def large_bodies(target: Target) -> str:
    """40 connections, each with an anonymous body of 25 MB, of which it says the length."""
    return target.repeat_in_threads(
        40, lambda target, _: upload(target, b"Content-Length: 25000000\r\n", bytes(25 * MEGABYTE))
    )


def chunked_bodies(target: Target) -> str:
    """40 connections, each with an anonymous body of 25 MB in chunks."""
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    body = chunk * (25 * MEGABYTE // 65_536) + b"0\r\n\r\n"
    return target.repeat_in_threads(40, lambda target, _: upload(target, b"Transfer-Encoding: chunked\r\n", body))


def upload(target: Target, header: bytes, body: bytes) -> str:
    with target.connect() as connection:
        place = f"POST /posts/{target.post_id}/comments HTTP/1.1\r\nHost: x\r\n".encode()
        connection.sendall(place + b"Content-Type: application/x-www-form-urlencoded\r\n" + header + b"\r\n")
        send(connection, body, lambda: target.going_on)
        connection.settimeout(1)
        return status(connection)


def beyond_queue(target: Target) -> str:
    """400 clients from eight addresses, each with one request after the other."""

    def one(target: Target, number: int) -> str:
        with target.connect(2 + number % 8) as connection:
            connection.sendall(b"GET /search?q=heron HTTP/1.1\r\nHost: x\r\n\r\n")
            return status(connection)

    return target.repeat_in_threads(400, one)


def unread_answers(target: Target) -> str:
    """120 connections that ask for home and do not read it."""
    with contextlib.ExitStack() as stack:
        for number in range(120):
            connection = stack.enter_context(target.connect(2 + number % 8))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while target.going_on:
            time.sleep(0.05)
    return "120 held"


def posts(target: Target) -> str:
    """One client posts ordinary responses: what the next two are held against."""
    return target.repeat_in_threads(1, lambda target, _: post(target, {"body": "Seen by the lake this morning."}))


def huge_website(target: Target) -> str:
    """One client posts 32 KB in the field of the website."""
    website = f"https://{'a.' * 16_000}<"
    return target.repeat_in_threads(1, lambda target, _: post(target, {"body": "x", "website": website}))


def zero_width_body(target: Target) -> str:
    """One client posts 1,755 characters, most of them blanks and zero-width spaces."""
    blanks = " \u200b" * 438
    return target.repeat_in_threads(1, lambda target, _: post(target, {"body": f"a{blanks}.{blanks}x"}))


def post(target: Target, fields: dict[str, str]) -> str:
    """Post a response as a browser does, with a token of its own; returns the status."""
    source = (f"127.0.0.{randrange(2, 200)}", 0)  # noqa: S311  spreads the clients, hides nothing
    with contextlib.closing(HTTPConnection("127.0.0.1", target.port, 60, source)) as connection:
        place = f"/posts/{target.post_id}/comments"
        connection.request("GET", f"{place}/token")
        answer = connection.getresponse()
        cookies = "; ".join(cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie", []))
        token = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.read().decode()))
        headers = {"Cookie": cookies, "HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", place, urlencode({"name": "Ann", **token, **fields}), headers)
        return str(connection.getresponse().status)


ATTACKS: list[Callable[[Target], str]] = [
    nothing,
    long_headers,
    abandoned,
    half_open,
    large_bodies,
    chunked_bodies,
    beyond_queue,
    unread_answers,
    posts,
    huge_website,
    zero_width_body,
]


@dataclass
class Notice:
    """What readers noticed, in ms, and what the server held meanwhile, in bytes."""

    took: list[float] = field(default_factory=list)
    refused: int = 0
    late: int = 0
    memory: float = 0.0
    disk: float = 0.0

    @property
    def p99(self) -> float:
        return percentile(self.took, 0.99)


async def probe(blog: Served, seconds: float) -> Notice:
    """Ask for home at fixed times, whether or not earlier answers have come."""
    notice, asked = Notice(), []
    until = time.monotonic() + seconds
    for number in count():
        if time.monotonic() >= until:
            break
        asked.append(asyncio.create_task(ask(blog.port, number, notice)))
        if number % 8 == 0:
            notice.memory = max(notice.memory, blog.memory())
            notice.disk = max(notice.disk, spooled(blog.pid))
        await asyncio.sleep(PROBE_SECONDS)
    await asyncio.gather(*asked)
    return notice


async def ask(port: int, number: int, notice: Notice) -> None:
    """One reader; who gets no page counts as one that waited until patience ended."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.{number % READERS}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        answer = b""
        notice.late += 1
    good = answer.startswith(b"HTTP/1.1 200")
    notice.refused += answer != b"" and not good
    notice.took.append(1000 * (time.monotonic() - started if good else PATIENCE))


def spooled(pid: int) -> float:
    """The bytes of temporary files that the process holds open."""
    held = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if "(deleted)" in str(link.readlink()):
                held += link.stat().st_size
    return float(held)


async def meet(attack: Callable[[Target], str], blog: Served) -> tuple[Notice, Notice, str]:
    await probe(blog, WARM_SECONDS)
    peace = await probe(blog, PEACE_SECONDS)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, os.nice, 10)  # its work is another machine's
        target = Target(blog.port, time.monotonic() + ATTACK_SECONDS)
        seen = asyncio.get_running_loop().run_in_executor(pool, attack, target)
        under_attack = await probe(blog, ATTACK_SECONDS)
        return peace, under_attack, await seen


def row(name: str, peace: Notice, attacked: Notice, seen: str) -> str:
    memory, files = (attacked.memory - peace.memory) / MEGABYTE, attacked.disk / MEGABYTE
    times = f"{peace.p99:.0f} | {attacked.p99:.0f} | {attacked.p99 / peace.p99:.1f}"
    unserved = f"{attacked.refused} + {attacked.late} of {len(attacked.took)}"
    return f"| {name} | {times} | {unserved} | {memory:+.0f} | {files:.0f} | {seen} |"


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Attack a server, over loopback, on a temporary blog; prints a table in Markdown."""
    known = {attack.__name__: attack for attack in ATTACKS}
    if unknown := set(names) - known.keys():
        raise click.UsageError(f"There is no attack {', '.join(sorted(unknown))}: there are {', '.join(known)}.")
    click.echo(
        "| attack | p99 in peace, ms | p99 under attack, ms | ratio | refused, late | memory, MB | files, MB | seen |"
    )
    click.echo("|---|---|---|---|---|---|---|---|")
    with TemporaryDirectory(prefix="talkback-attacks-") as folder:
        instance = Path(folder) / "blog"
        command(instance, "fill", "--posts", "20", "--comments", "600", "--largest", "200")
        for name in names or known:
            with serving("blog.server", instance, streams=0) as blog:
                click.echo(row(name, *asyncio.run(meet(known[name], blog))))


if __name__ == "__main__":
    main()
