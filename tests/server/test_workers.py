"""Workers end with the process that started them, whenever it dies, and give the port back."""

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

# the promise is five seconds; a machine that is busy with other tests takes longer over the same work
PATIENCE_SECONDS = 40.0


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        probe.listen(1)
        return True
    return False


def wait_until(condition: object, what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    pytest.fail(what)


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """List the worker processes, without the one that multiprocessing starts to count semaphores."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def parent(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process that bin/serve runs, with three workers; what it leaves behind is ended by process group."""
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
def test_the_port_is_free_after_the_parent_was_killed(
    parent: subprocess.Popen[bytes], port: int, seconds: float
) -> None:
    wait_until(lambda: workers_of(parent), "No worker was started.")
    time.sleep(seconds)  # where in its start a worker is hit differs; what must hold does not
    parent.kill()
    parent.wait()
    wait_until(lambda: is_free(port), "A worker kept the port.")


def test_the_port_is_free_after_a_worker_was_replaced_and_the_parent_killed(
    parent: subprocess.Popen[bytes], port: int
) -> None:
    wait_until(lambda: len(workers_of(parent)) == 3, "The workers were not started.")
    before = set(workers_of(parent))
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: set(workers_of(parent)) - before, "The worker was not replaced.")
    parent.kill()
    parent.wait()
    wait_until(lambda: is_free(port), "A worker kept the port.")
