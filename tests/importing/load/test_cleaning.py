"""Test that workers clean texts in order, even if some are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from blog.db import db
from blog.importing.load import cleaning
from blog.importing.load.cleaning import CleaningPool, OldHost, clean_comments, clean_posts
from blog.ops.stats import count_content
from blog.settings import ROOT
from tests.importing.export_files import an_export, comment_entry, post_entry, run

OLD_HOST = OldHost("www.heron.example", "heronpost.blogspot.com")


@dataclass
class Text:
    body: str


def batches(count: int) -> list[list[Text]]:
    return [[Text(f"{batch}-{number}") for number in range(3)] for batch in range(count)]


def test_small_imports_start_no_worker() -> None:
    with CleaningPool(OLD_HOST, cores=4) as pool:
        assert len(list(pool.clean(batches(50), clean_comments))) == 50
        assert pool._pool is None


@pytest.mark.parametrize("cores", [1, 2])
def test_batches_are_yielded_in_order(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(cleaning, "MIN_POOL_CHARACTERS", 100)
    with CleaningPool(OLD_HOST, cores=cores) as pool:
        found = list(pool.clean(batches(40), clean_comments))
        assert (pool._pool is None) == (cores == 1)
    assert [[entry.body for entry, _ in batch] for batch in found] == [[t.body for t in batch] for batch in batches(40)]
    assert all(cleaned == f"<p>{entry.body}</p>\n" for batch in found for entry, cleaned in batch)


def test_only_a_few_batches_are_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "MIN_POOL_CHARACTERS", 0)
    read = 0

    def reading():
        nonlocal read
        for batch in batches(40):
            read += 1
            yield batch

    with CleaningPool(OLD_HOST, cores=2) as pool:
        cleaned = pool.clean(reading(), clean_comments)
        next(cleaned)
        assert read == 5


def test_killed_workers_lose_no_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "MIN_POOL_CHARACTERS", 0)
    with CleaningPool(OLD_HOST, cores=2) as pool:
        cleaned = pool.clean(batches(40), clean_comments)
        found = [next(cleaned)]
        for worker in list(pool._pool._processes.values()):  # type: ignore[union-attr]
            worker.kill()
        found += cleaned
    assert len(found) == 40


def test_links_to_the_old_host_and_its_alias_become_local() -> None:
    body = (
        "<a href=\"http://heronpost.blogspot.com/p/a.html\">a</a> <a href='https://www.heron.example/p/b.html'>b</a> "
        '<a href="http://heronpost.blogspot.co.uk/p/c.html">c</a> <a href="http://heronpost.example/">d</a>'
    )
    (cleaned,) = clean_posts([body], OLD_HOST)
    assert 'href="/p/a.html"' in cleaned.html
    assert 'href="/p/b.html"' in cleaned.html
    assert 'href="/p/c.html"' in cleaned.html
    assert 'href="http://heronpost.example/"' in cleaned.html


def visible() -> int:
    db.session.rollback()
    number: int = count_content()["comments"]["visible"]
    return number


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the ids of the child processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == process.pid:
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for workers in /proc")
def test_a_killed_import_leaves_whole_batches_and_no_workers_and_continues(app: Flask, tmp_path: Path) -> None:
    body = "word " * 1000
    entries = [
        post_entry(1),
        *(comment_entry(n + 10, 1, parent=n + 9 if n % 3 else None, body=body) for n in range(1500)),
    ]
    export = an_export(tmp_path, entries)
    flask = Path(sys.executable).with_name("flask")
    environ = app.config["SETTINGS"].environment()
    with subprocess.Popen([flask, "import", export], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while visible() < 500 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.02)
        workers = workers_of(process)
        process.send_signal(signal.SIGKILL)
    assert visible() % 100 == 0
    assert 500 <= visible() < 1500
    assert run(app, "import", export).exit_code == 0
    assert (visible(), count_content()["comments"]["replies"]) == (1500, 1000)
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
