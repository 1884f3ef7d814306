"""Test the import command, its dry run and its progress."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from flask import Flask

from blog.db import db, writing
from blog.errors import Unusable
from blog.importing import progress
from blog.importing.load.run import load_export
from blog.importing.progress import ProgressBar
from blog.site.models import current_site
from tests.factories import a_comment, a_post
from tests.importing.export_files import (
    SAMPLES,
    a_takeout,
    an_export,
    one_blog,
    post_entry,
    run,
    setting_entry,
    takeout_post,
)
from tests.postgres.databases import dump

SAMPLE = SAMPLES / "blogger.xml"


def test_a_dry_run_prints_the_same_report_and_writes_nothing(app: Flask, tmp_path: Path) -> None:
    a_comment(a_post())
    before, files = dump(), sorted(tmp_path.rglob("*"))
    preview = run(app, "import", SAMPLE, "--dry-run")
    assert "Dry run: nothing was written." in preview.stderr
    assert dump() == before
    assert sorted(tmp_path.rglob("*")) == files
    assert run(app, "import", SAMPLE).stdout == preview.stdout


def test_a_dry_run_finds_imported_entries_and_taken_paths(app: Flask, tmp_path: Path) -> None:
    run(app, "import", SAMPLE)
    a_post("Mine")
    more = an_export(tmp_path, [post_entry(101), post_entry(7, path="/2011/07/herons.html"), post_entry(8)])
    preview = run(app, "import", more, "--dry-run")
    assert preview.stdout.splitlines()[:2] == ["2 posts", "Already imported and left unchanged: 1 post."]
    assert "  /2011/07/herons.html: now /2011/07/post-7.html" in preview.stdout
    assert run(app, "import", more).stdout == preview.stdout


def test_a_dry_run_does_not_block_writers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(done: int, total: int) -> None:
        if done == total:
            with writing():
                current_site().tagline = "written meanwhile"

    load_export(SAMPLE, dry_run=True, progress=write)
    db.session.rollback()


def test_a_dry_run_stores_no_picture(app: Flask, media: dict[str, bytes], tmp_path: Path) -> None:
    body = '<img src="data:image/png;base64,iVBORw0KGgo="><img src="data:image/png;base64,AAAA">'
    export = an_export(tmp_path, [post_entry(1, body=body)])
    preview = run(app, "import", export, "--dry-run")
    assert media == {}
    assert preview.stdout.startswith("1 post, 1 picture\n")
    assert run(app, "import", export).stdout == preview.stdout


def test_json_output_is_one_object_and_nothing_else(app: Flask) -> None:
    report = json.loads(run(app, "import", SAMPLE, "--json").stdout)
    assert report["came_in"]["posts"] == 4
    assert report["came_in"]["comments_removed"] == 2
    assert report["skipped"] == {
        "same_id_before": 1,
        "comments_without_post": 1,
        "spam": 0,
        "ghosted": 0,
        "trashed": 0,
        "unshown": 0,
    }
    pictures = {"count": 1, "first": ["http://pictures.example.org/heron.jpg (in /2011/07/herons.html)"]}
    assert report["pictures_not_reachable_by_https"] == pictures
    assert not report["dry_run"]
    assert len(report["look_at"]) == 4
    assert json.loads(run(app, "import", SAMPLE, "--json", "--dry-run").stdout)["left_as_they_were"]["comments"] == 7


def test_a_refused_file_prints_nothing_to_stdout_with_json(app: Flask, tmp_path: Path) -> None:
    result = run(app, "import", tmp_path / "absent.xml", "--json")
    assert (result.exit_code, result.stdout) == (2, "")


def test_the_report_lists_embeds_with_their_posts(app: Flask, tmp_path: Path) -> None:
    body = '<iframe src="https://player.example/1"></iframe>'
    lines = run(app, "import", an_export(tmp_path, [post_entry(1, body=body)])).stdout.splitlines()
    assert "Replaced with a link to the source: 1 player, frame, script or form." in lines
    assert "  https://player.example/1 (in /2011/07/post-1.html)" in lines


def test_the_report_asks_for_the_blog_url_if_the_export_lacks_it(app: Flask, tmp_path: Path) -> None:
    feed = SAMPLES / "takeout-feed.atom"
    assert "does not contain the blog’s address" in run(app, "import", feed, "--dry-run").stdout
    assert "--blog-url" not in run(app, "import", feed, "--dry-run", "--blog-url", "https://heron.example").stdout
    hosted = a_takeout(tmp_path, one_blog(takeout_post(1), blog_publishing_mode="HOSTED"))
    assert "a domain of its own, which the export does not name" in run(app, "import", hosted, "--dry-run").stdout
    classic = an_export(tmp_path, [setting_entry("BLOG_PUBLISHING_MODE", "PUBLISH_MODE_HOSTED"), post_entry(1)])
    assert "a domain of its own" in run(app, "import", classic, "--dry-run").stdout
    plain = a_takeout(tmp_path, one_blog(takeout_post(1)))
    assert "--blog-url" not in run(app, "import", plain, "--dry-run").stdout


def test_links_to_the_blog_url_become_local(app: Flask, client, tmp_path: Path) -> None:
    body = (
        '<p><a href="https://heron.example/p/a.html">a</a> <a href="http://heronpost.blogspot.com/p/b.html">b</a></p>'
    )
    export = a_takeout(tmp_path, one_blog(takeout_post(1, body=body), blog_publishing_mode="HOSTED"))
    run(app, "import", export, "--blog-url", "https://www.heron.example/")
    page = client.get("/2020/04/post-1.html").text
    assert 'href="/p/a.html"' in page
    assert 'href="/p/b.html"' in page


@pytest.mark.parametrize("address", ["nowhere", "ftp://heron.example", "https://", "http://[x"])
def test_an_invalid_blog_url_is_refused(app: Flask, address: str) -> None:
    result = run(app, "import", SAMPLE, "--blog-url", address)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "is not the address of a blog" in result.stderr


def test_load_export_returns_the_report_and_calls_progress(app: Flask, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    report = load_export(SAMPLE, blog_url="", progress=lambda done, total: calls.append((done, total)))
    assert report.lines()[0].startswith("4 posts")
    assert report.as_json()["came_in"]["pages"] == 2
    assert calls[0] == (0, 0)
    assert calls[-1] == (14, 14)
    with pytest.raises(Unusable, match="does not exist"):
        load_export(tmp_path / "absent")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "TERMINAL_SECONDS", 0)
    terminal = Terminal()
    with ProgressBar(terminal) as bar:
        bar(1200, 0)
        bar(1500, 3000)
    assert terminal.getvalue().split("\r\x1b[K")[1:] == [
        f"[{'-' * 30}] reading the export, 1,200 entries so far",
        f"[{'#' * 15}{'-' * 15}] 1,500 of 3,000 entries",
        "",
    ]


def test_progress_is_an_occasional_line_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    file = io.StringIO()
    with ProgressBar(file) as bar:
        for done in range(0, 1200, 100):
            clock[0] += 1
            bar(done, 1200)
    assert file.getvalue() == "400 of 1,200 entries.\n900 of 1,200 entries.\n"
