"""Run a PostgreSQL server for one test."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.live_server import free_port

PROGRAMS = Path("/usr/lib/postgresql")


class Cluster:
    """Manage a server made with initdb in a temporary folder.

    PostgreSQL refuses to run as root, so root runs it as another user.
    """

    def __init__(self) -> None:
        self.programs = program_folder()
        self.folder = Path(tempfile.mkdtemp(prefix="talkback-postgres-"))
        self.port = free_port()
        self.address = f"postgresql://talkback@127.0.0.1:{self.port}/postgres"
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = unprivileged_user()
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.run("initdb", "--auth=trust", "--username=talkback", "--encoding=UTF8", "--locale=C", "--no-sync")
        settings = f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nfsync=off\n"
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(settings)
        self.start()

    def start(self) -> None:
        self.run("pg_ctl", "start", "--wait", f"--log={self.folder / 'log'}")

    def stop(self) -> None:
        """Stop at once, like a crash."""
        self.run("pg_ctl", "stop", "--wait", "--mode=immediate")

    def remove(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):  # already stopped
            self.stop()
        shutil.rmtree(self.folder)

    def run(self, program: str, *options: str) -> None:
        command = [self.programs / program, f"--pgdata={self.folder / 'data'}", *options]
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        subprocess.run(command, check=True, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, **self.user)


def program_folder() -> Path:
    """Return the folder of the newest server programs, or skip the test."""
    found = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    if initdb := shutil.which("initdb"):
        return Path(initdb).parent
    pytest.skip("PostgreSQL's server programs (initdb, pg_ctl) are not on this machine.")


def unprivileged_user() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")
