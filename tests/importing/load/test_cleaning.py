"""Texts are cleaned in other processes where there is much to do: in order, whatever happens to them."""

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
from blog.importing.load.cleaning import Cleaners, OldHost, clean_comments, clean_posts
from blog.ops.stats import stats
from blog.settings import ROOT
from tests.importing.export_files import an_export, comment_entry, post_entry, run

HOME = OldHost("www.heron.example", "heronpost.blogspot.com")


@dataclass
class Text:
    body: str


def batches(count: int) -> list[list[Text]]:
    return [[Text(f"{batch}-{number}") for number in range(3)] for batch in range(count)]


def test_little_is_cleaned_without_another_process() -> None:
    with Cleaners(HOME, cores=4) as cleaners:
        assert len(list(cleaners.cleaned(batches(50), clean_comments))) == 50
        assert cleaners._pool is None


@pytest.mark.parametrize("cores", [1, 2])
def test_many_batches_come_back_in_their_order(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(cleaning, "ALONE", 100)
    with Cleaners(HOME, cores=cores) as cleaners:
        found = list(cleaners.cleaned(batches(40), clean_comments))
        assert (cleaners._pool is None) == (cores == 1)
    assert [[entry.body for entry, _ in batch] for batch in found] == [[t.body for t in batch] for batch in batches(40)]
    assert all(cleaned == f"<p>{entry.body}</p>\n" for batch in found for entry, cleaned in batch)


def test_no_more_than_a_few_batches_are_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "ALONE", 0)
    read = 0

    def reading():
        nonlocal read
        for batch in batches(40):
            read += 1
            yield batch

    with Cleaners(HOME, cores=2) as cleaners:
        cleaned = cleaners.cleaned(reading(), clean_comments)
        next(cleaned)
        assert read == 5


def test_workers_that_are_killed_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "ALONE", 0)
    with Cleaners(HOME, cores=2) as cleaners:
        cleaned = cleaners.cleaned(batches(40), clean_comments)
        found = [next(cleaned)]
        for worker in list(cleaners._pool._processes.values()):  # type: ignore[union-attr]
            worker.kill()
        found += cleaned
    assert len(found) == 40


def test_links_to_either_name_of_the_blog_become_local() -> None:
    body = (
        "<a href=\"http://heronpost.blogspot.com/p/a.html\">a</a> <a href='https://www.heron.example/p/b.html'>b</a> "
        '<a href="http://heronpost.blogspot.co.uk/p/c.html">c</a> <a href="http://heronpost.example/">d</a>'
    )
    (cleaned,) = clean_posts([body], HOME)
    assert 'href="/p/a.html"' in cleaned.html
    assert 'href="/p/b.html"' in cleaned.html
    assert 'href="/p/c.html"' in cleaned.html
    assert 'href="http://heronpost.example/"' in cleaned.html


def visible() -> int:
    db.session.rollback()
    number: int = stats()["comments"]["visible"]
    return number


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Every process that has this one as its parent."""
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
def test_an_import_that_is_killed_leaves_whole_batches_no_workers_and_goes_on(app: Flask, tmp_path: Path) -> None:
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
    assert (visible(), stats()["comments"]["replies"]) == (1500, 1000)
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
