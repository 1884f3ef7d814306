"""Servers and commands of this program, each in a process of its own on an instance of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from blog.settings import ROOT, Settings

START_SECONDS = 30
STOP_SECONDS = 10


@dataclass(frozen=True)
class Served:
    port: int
    pid: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def memory(self) -> float:
        """The share of the machine's memory that is this process's own (PSS), in bytes."""
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return 1024.0 * next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def environment(instance: Path, **settings: str) -> dict[str, str]:
    """This environment without any setting of a blog but the instance and those given."""
    known = {field.name.upper() for field in fields(Settings)}
    standing = {name: value for name, value in os.environ.items() if name not in known}
    return standing | {"BLOG_INSTANCE": str(instance)} | settings


@contextmanager
def serving(module: str, instance: Path, streams: int = 50) -> Iterator[Served]:
    """Run `python -m module` until the block ends; it is up when it takes connections."""
    port = free_port()
    settings = {"PORT": str(port), "RATELIMIT_ENABLED": "0", "LIVE_STREAMS_PER_ADDRESS": str(streams + 50)}
    with instance.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", module], cwd=ROOT, env=environment(instance, **settings), stdout=log, stderr=log
        )
    try:
        await_server(process, port, instance.with_suffix(".log"))
        yield Served(port, process.pid)
    finally:
        end(process)


def await_server(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as probe:
                probe.sendall(b"GET /static/img/icon.svg HTTP/1.0\r\n\r\n")
                if probe.recv(1):
                    return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"The server did not start:\n{log.read_text()}")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def import_export(file: Path, instance: Path) -> float:
    """Run `flask import` on the file; returns the seconds that the whole command took."""
    started = time.monotonic()
    command(instance, "import", str(file))
    return time.monotonic() - started


def command(instance: Path, *arguments: str) -> None:
    """Run `flask` with these arguments on the blog in `instance`; SystemExit where it fails."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "flask", *arguments],
        cwd=ROOT,
        env=environment(instance),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"`flask {' '.join(arguments)}` failed:\n{done.stdout}{done.stderr}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
