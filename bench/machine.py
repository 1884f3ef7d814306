"""Describe the machine that the figures come from."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from blog.settings import ROOT

PACKAGES = ("Flask", "Werkzeug", "Jinja2", "SQLAlchemy", "uvicorn", "uvloop", "httptools", "bleach", "lxml")


def describe_machine() -> list[tuple[str, str]]:
    """Return machine, system and versions as (name, value) pairs."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        ("machine", f"{os.cpu_count()} cores ({processor()}), {memory()}"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("Python, SQLite", f"{platform.python_version()}, {sqlite3.sqlite_version}"),
        ("packages", packages),
        ("commit", commit()),
        ("taken", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; load of the machine before: {os.getloadavg()[0]:.1f}"),
    ]


def processor() -> str:
    return search_file("/proc/cpuinfo", r"model name\s*:\s*(.+)") or platform.machine()


def memory() -> str:
    kilobytes = search_file("/proc/meminfo", r"MemTotal:\s+(\d+)")
    return f"{int(kilobytes) / 2**20:.0f} GiB of memory" if kilobytes else "memory unknown"


def search_file(path: str, pattern: str) -> str:
    try:
        match = re.search(pattern, Path(path).read_text())
    except OSError:
        return ""
    return match[1].strip() if match else ""


def commit() -> str:
    """Return the measured commit, and whether files were changed."""
    name = git("rev-parse", "--short", "HEAD") or "unknown"
    return f"{name}, with changes" if git("status", "--porcelain", "blog", "templates") else name


def git(*arguments: str) -> str:
    try:
        output = subprocess.run(  # noqa: S603
            ["git", "--no-optional-locks", *arguments],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return output.stdout.strip()
