"""Run servers and commands of this program as child processes."""

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
class RunningServer:
    port: int
    pid: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def memory(self) -> float:
        """Return the proportional set size (PSS) of the process in bytes."""
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return 1024.0 * next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def environment(instance: Path, **settings: str) -> dict[str, str]:
    """Return this environment with `settings` as the blog's only settings."""
    known = {field.name.upper() for field in fields(Settings)}
    inherited = {name: value for name, value in os.environ.items() if name not in known}
    return inherited | {"BLOG_INSTANCE": str(instance)} | settings


@contextmanager
def serving(module: str, instance: Path, streams: int = 50) -> Iterator[RunningServer]:
    """Run `python -m module` until the block ends, once it accepts connections."""
    port = free_port()
    settings = {"PORT": str(port), "RATELIMIT_ENABLED": "0", "LIVE_STREAMS_PER_ADDRESS": str(streams + 50)}
    with instance.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", module], cwd=ROOT, env=environment(instance, **settings), stdout=log, stderr=log
        )
    try:
        wait_until_ready(process, port, instance.with_suffix(".log"))
        yield RunningServer(port, process.pid)
    finally:
        stop(process)


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as probe:
                probe.sendall(b"GET /static/img/icon.svg HTTP/1.0\r\n\r\n")
                if probe.recv(1):
                    return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"The server did not start:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def import_export(file: Path, instance: Path) -> float:
    """Run `flask import` on the file; return its duration in seconds."""
    started = time.monotonic()
    run_flask(instance, "import", str(file))
    return time.monotonic() - started


def run_flask(instance: Path, *arguments: str) -> None:
    """Run `flask` on the blog in `instance`.

    Raises: SystemExit if it fails.
    """
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "flask", *arguments],
        cwd=ROOT,
        env=environment(instance),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if result.returncode:
        raise SystemExit(f"`flask {' '.join(arguments)}` failed:\n{result.stdout}{result.stderr}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
