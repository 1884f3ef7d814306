"""Attack a running server and measure what readers notice.

Run `python -m bench.attacks [NAME…]`. Each attack gets its own server. The home page is requested 40 times a second on
new connections, before and during the attack. The attacker is another process with other loopback addresses. Only the
ratios are comparable between machines. All attacks take some three minutes.
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

from bench.comment_posting import percentile
from bench.servers import RunningServer, run_flask, serving

WARM_UP_SECONDS = 1.0
BASELINE_SECONDS = 4.0
ATTACK_SECONDS = 8.0
PROBE_INTERVAL_SECONDS = 1 / 40
TIMEOUT_SECONDS = 10.0
# Number of reader addresses in X-Forwarded-For; 127.0.0.1 is the trusted proxy.
READER_ADDRESSES = 50
CHUNK_BYTES = 65_536
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Target:
    """Represent the server under attack.

    `until` is the end of the attack in time.monotonic().
    """

    port: int
    until: float
    post_id: int = 1

    @property
    def is_running(self) -> bool:
        return time.monotonic() < self.until

    @contextlib.contextmanager
    def connect(self, host: int = 2) -> Iterator[socket.socket]:
        """Connect from 127.0.0.`host`, which is no trusted proxy."""
        with socket.create_connection(("127.0.0.1", self.port), TIMEOUT_SECONDS, (f"127.0.0.{host}", 0)) as connection:
            yield connection

    def repeat_in_threads(self, connections: int, attempt: Callable[[Target, int], str]) -> str:
        """Repeat `attempt` in parallel threads; return counts of the outcomes."""
        outcomes: Counter[str] = Counter()

        def repeat(number: int) -> None:
            while self.is_running:
                try:
                    outcomes[attempt(self, number)] += 1
                except (OSError, HTTPException) as error:
                    outcomes[type(error).__name__] += 1
                    time.sleep(0.02)

        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(repeat, range(connections)))
        return ", ".join(f"{outcome}: {times}" for outcome, times in outcomes.most_common(4))


def read_status(connection: socket.socket) -> str:
    """Return the status of the response, or "closed"."""
    answer = connection.recv(CHUNK_BYTES)
    return answer[9:12].decode("latin-1") if answer else "closed"


def send(connection: socket.socket, data: bytes, until: Callable[[], bool]) -> int:
    """Send in chunks while the server reads; return the bytes sent."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < len(data) and until():
            sent += connection.send(data[sent : sent + CHUNK_BYTES])
    return sent


# Each attack runs until `Target.until` and returns a summary. Its name is an argument of the command.


def nothing(target: Target) -> str:
    """Do not attack, to show how much the figures vary."""
    while target.is_running:
        time.sleep(0.05)
    return ""


def long_headers(target: Target) -> str:
    """Send 150 MB of headers on each of four connections."""
    block, max_sent = b"X-Long: " + b"a" * 8000 + b"\r\n", 0

    def attempt(target: Target, _number: int) -> str:
        nonlocal max_sent
        with target.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            sent = send(connection, block * (150 * MEGABYTE // len(block)), lambda: target.is_running)
            max_sent = max(max_sent, sent)
            connection.settimeout(0.2)
            return read_status(connection)

    return f"{target.repeat_in_threads(4, attempt)}; at most {max_sent / MEGABYTE:.1f} MB taken"


def abandoned(target: Target) -> str:
    """Send 3,000 requests without waiting for the responses."""
    numbers = count()
    refused = 0
    while target.is_running and (number := next(numbers)) < 3000:
        try:
            with target.connect(2 + number % 8) as connection:
                connection.sendall(b"GET /search?q=heron HTTP/1.1\r\nHost: x\r\n\r\n")
        except OSError:
            refused += 1
    sent_after = number + 1
    while target.is_running:
        time.sleep(0.05)
    return f"{sent_after} sent, {refused} not taken"


def half_open(target: Target) -> str:
    """Open 300 connections that send one header byte per second."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(target.connect(2 + number % 8)) for number in range(300)]
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        deadline = target.until + 6  # longer than other attacks, since headers may take ten seconds
        while time.monotonic() < deadline:
            time.sleep(1)
            opened = [connection for connection in opened if send_byte(connection)]
    return f"{len(opened)} of 300 still open after {ATTACK_SECONDS + 6:.0f} s"


def send_byte(connection: socket.socket) -> bool:
    try:
        connection.send(b"a")
        connection.settimeout(0)
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def large_bodies(target: Target) -> str:
    """Send anonymous bodies of 25 MB with Content-Length on 40 connections."""
    return target.repeat_in_threads(
        40, lambda target, _: upload(target, b"Content-Length: 25000000\r\n", bytes(25 * MEGABYTE))
    )


def chunked_bodies(target: Target) -> str:
    """Send anonymous chunked bodies of 25 MB on 40 connections."""
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    body = chunk * (25 * MEGABYTE // 65_536) + b"0\r\n\r\n"
    return target.repeat_in_threads(40, lambda target, _: upload(target, b"Transfer-Encoding: chunked\r\n", body))


def upload(target: Target, header: bytes, body: bytes) -> str:
    with target.connect() as connection:
        path = f"POST /posts/{target.post_id}/comments HTTP/1.1\r\nHost: x\r\n".encode()
        connection.sendall(path + b"Content-Type: application/x-www-form-urlencoded\r\n" + header + b"\r\n")
        send(connection, body, lambda: target.is_running)
        connection.settimeout(1)
        return read_status(connection)


def beyond_queue(target: Target) -> str:
    """Send requests from 400 clients at eight addresses."""

    def attempt(target: Target, number: int) -> str:
        with target.connect(2 + number % 8) as connection:
            connection.sendall(b"GET /search?q=heron HTTP/1.1\r\nHost: x\r\n\r\n")
            return read_status(connection)

    return target.repeat_in_threads(400, attempt)


def unread_answers(target: Target) -> str:
    """Request the home page on 120 connections without reading it."""
    with contextlib.ExitStack() as stack:
        for number in range(120):
            connection = stack.enter_context(target.connect(2 + number % 8))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while target.is_running:
            time.sleep(0.05)
    return "120 held"


def posts(target: Target) -> str:
    """Submit ordinary comments by one client, as baseline for the next two."""
    return target.repeat_in_threads(
        1, lambda target, _: submit_comment(target, {"body": "Seen by the lake this morning."})
    )


def huge_website(target: Target) -> str:
    """Submit 32 KB in the website field by one client."""
    website = f"https://{'a.' * 16_000}<"
    return target.repeat_in_threads(1, lambda target, _: submit_comment(target, {"body": "x", "website": website}))


def zero_width_body(target: Target) -> str:
    """Submit 1,755 characters, mostly blanks and zero-width spaces."""
    blanks = " \u200b" * 438
    return target.repeat_in_threads(1, lambda target, _: submit_comment(target, {"body": f"a{blanks}.{blanks}x"}))


def submit_comment(target: Target, fields: dict[str, str]) -> str:
    """Submit a comment as a browser does; return the status."""
    source = (f"127.0.0.{randrange(2, 200)}", 0)  # noqa: S311  spreads the clients, hides nothing
    with contextlib.closing(HTTPConnection("127.0.0.1", target.port, 60, source)) as connection:
        path = f"/posts/{target.post_id}/comments"
        connection.request("GET", f"{path}/token")
        answer = connection.getresponse()
        cookies = "; ".join(cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie", []))
        token = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.read().decode()))
        headers = {"Cookie": cookies, "HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, urlencode({"name": "Ann", **token, **fields}), headers)
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
class Observation:
    """Collect latencies in ms, and memory and disk use in bytes."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    late: int = 0
    memory: float = 0.0
    disk: float = 0.0

    @property
    def p99(self) -> float:
        return percentile(self.latencies, 0.99)


async def probe(blog: RunningServer, seconds: float) -> Observation:
    """Request the home page at fixed times, regardless of pending responses."""
    observation, tasks = Observation(), []
    until = time.monotonic() + seconds
    for number in count():
        if time.monotonic() >= until:
            break
        tasks.append(asyncio.create_task(request_home(blog.port, number, observation)))
        if number % 8 == 0:
            observation.memory = max(observation.memory, blog.memory())
            observation.disk = max(observation.disk, spooled_bytes(blog.pid))
        await asyncio.sleep(PROBE_INTERVAL_SECONDS)
    await asyncio.gather(*tasks)
    return observation


async def request_home(port: int, number: int, observation: Observation) -> None:
    """Request the home page once; count a failure as the timeout."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.{number % READER_ADDRESSES}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        answer = b""
        observation.late += 1
    good = answer.startswith(b"HTTP/1.1 200")
    observation.refused += answer != b"" and not good
    observation.latencies.append(1000 * (time.monotonic() - started if good else TIMEOUT_SECONDS))


def spooled_bytes(pid: int) -> float:
    """Return the size of deleted files that the process keeps open."""
    held = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if "(deleted)" in str(link.readlink()):
                held += link.stat().st_size
    return float(held)


async def run_attack(attack: Callable[[Target], str], blog: RunningServer) -> tuple[Observation, Observation, str]:
    await probe(blog, WARM_UP_SECONDS)
    before = await probe(blog, BASELINE_SECONDS)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, os.nice, 10)  # the attacker would run on another machine
        target = Target(blog.port, time.monotonic() + ATTACK_SECONDS)
        summary = asyncio.get_running_loop().run_in_executor(pool, attack, target)
        under_attack = await probe(blog, ATTACK_SECONDS)
        return before, under_attack, await summary


def format_row(name: str, before: Observation, during: Observation, summary: str) -> str:
    memory, files = (during.memory - before.memory) / MEGABYTE, during.disk / MEGABYTE
    times = f"{before.p99:.0f} | {during.p99:.0f} | {during.p99 / before.p99:.1f}"
    unserved = f"{during.refused} + {during.late} of {len(during.latencies)}"
    return f"| {name} | {times} | {unserved} | {memory:+.0f} | {files:.0f} | {summary} |"


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Attack a temporary blog over loopback and print a Markdown table."""
    known = {attack.__name__: attack for attack in ATTACKS}
    if unknown := set(names) - known.keys():
        raise click.UsageError(f"There is no attack {', '.join(sorted(unknown))}: there are {', '.join(known)}.")
    click.echo(
        "| attack | p99 in peace, ms | p99 under attack, ms | ratio | refused, late | memory, MB | files, MB | seen |"
    )
    click.echo("|---|---|---|---|---|---|---|---|")
    with TemporaryDirectory(prefix="talkback-attacks-") as folder:
        instance = Path(folder) / "blog"
        run_flask(instance, "fill", "--posts", "20", "--comments", "600", "--largest", "200")
        for name in names or known:
            with serving("blog.server", instance, streams=0) as blog:
                click.echo(format_row(name, *asyncio.run(run_attack(known[name], blog))))


if __name__ == "__main__":
    main()
