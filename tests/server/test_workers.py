"""Test that workers end with their parent process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blog.settings import ROOT
from tests.live_server import free_port

# five seconds are usual; a busy machine needs longer
TIMEOUT_SECONDS = 40.0


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        probe.listen(1)
        return True
    return False


def wait_until(condition: object, what: str) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    pytest.fail(what)


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """List the worker processes, without the resource tracker."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def parent(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the server with three workers; kill its process group afterwards."""
    settings = {"BLOG_INSTANCE": str(tmp_path / "instance"), "PORT": str(port), "WEB_CONCURRENCY": "3"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "blog.server"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    wait_until(lambda: not is_free(port), "The server did not start.")
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.8, 1.5, 3.0])
def test_port_is_free_after_the_parent_is_killed(parent: subprocess.Popen[bytes], port: int, seconds: float) -> None:
    wait_until(lambda: workers_of(parent), "No worker was started.")
    time.sleep(seconds)  # a worker may be at any point of its start
    parent.kill()
    parent.wait()
    wait_until(lambda: is_free(port), "A worker kept the port.")


def test_port_is_free_after_a_replaced_worker_and_a_killed_parent(parent: subprocess.Popen[bytes], port: int) -> None:
    wait_until(lambda: len(workers_of(parent)) == 3, "The workers were not started.")
    before = set(workers_of(parent))
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: set(workers_of(parent)) - before, "The worker was not replaced.")
    parent.kill()
    parent.wait()
    wait_until(lambda: is_free(port), "A worker kept the port.")
