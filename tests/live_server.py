"""Start real servers for tests."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from blog.settings import ROOT

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["tests.forkserver"])


def free_port() -> int:
    """Return a free port below the ephemeral range.

    So no outgoing connection takes it while a server restarts.
    """
    while True:
        port = random.randint(20_000, 29_999)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(met: Callable[[], bool], seconds: float = 30, explain: Callable[[], object] = lambda: "") -> None:
    """Ask again and again, and leave the processor to the servers in between.

    Raises AssertionError, with the explanation, if the condition is not met in time.
    """
    end, pause = time.monotonic() + seconds, threading.Event()
    while not met():
        assert time.monotonic() < end, explain()
        pause.wait(0.03)


class ForkedServer:
    """Run a server in a forked process, with the interface of subprocess.Popen."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.process = FORKSERVER.Process(target=run_forked, args=(environment, log))
        self.process.start()
        self.pid = self.process.pid or 0

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("blog.server", timeout or 0)
        return self.process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.process.kill()


def run_forked(environment: dict[str, str], log: Path) -> None:
    """Do what `python -m blog.server` does, in a forked process."""
    from blog.server.main import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    with log.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    sys.exit(main())


class Server:
    """Run a server on its own port and instance.

    Several processes are started as bin/serve does; one is forked from a process that has imported everything.
    """

    def __init__(self, instance: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = instance.with_suffix(".log")
        self.forked = settings.get("WEB_CONCURRENCY", "1") == "1"
        self.environment = {
            **os.environ,
            "BLOG_INSTANCE": str(instance),
            "PORT": str(self.port),
            "RATELIMIT_ENABLED": "0",
            "LOG_REQUESTS": "0",
            **settings,
        }
        self.start()

    def start(self) -> None:
        self.process = self._begin()
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                    connection.sendall(b"GET /static/img/icon.svg HTTP/1.0\r\n\r\n")
                    if connection.recv(12):
                        return
            except OSError:
                # leave the processor to the server until it listens
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.02)

    def _begin(self) -> ForkedServer | subprocess.Popen[bytes]:
        if self.forked:
            return ForkedServer(self.environment, self.log)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "blog.server"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def stop(self, number: signal.Signals = signal.SIGTERM, within: float = 60) -> int:
        """Stop the server by a signal and return its exit status.

        A server promises to stop within five seconds; one test checks that. Here a busy machine may take longer.
        """
        self.process.send_signal(number)
        return self.process.wait(within)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
