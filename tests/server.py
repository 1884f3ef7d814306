"""A real server, as a test starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from blog.settings import ROOT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """What bin/serve runs, on a port and an instance of its own."""

    def __init__(self, instance: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = instance.with_suffix(".log")
        self.environment = {
            **os.environ,
            "BLOG_INSTANCE": str(instance),
            "PORT": str(self.port),
            "RATELIMIT_ENABLED": "0",
            **settings,
        }
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "blog.server"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                    connection.sendall(b"GET /static/img/icon.svg HTTP/1.0\r\n\r\n")
                    if connection.recv(12):
                        return
            except OSError:
                continue

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; it must be gone within five seconds. Returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(5)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
