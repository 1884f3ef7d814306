"""Test real exports in ../shared/fixtures; skipped if they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from blog.db import db
from blog.ops.stats import count_content
from blog.posts.models import Post
from tests.importing.export_files import FIXTURES, run


def real_export(name: str) -> Path:
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"{name} is not in ../shared/fixtures")
    return path


def test_jeff_handley_is_imported_completely_and_once(app: Flask) -> None:
    export = real_export("jeffhandley-jeffhandley.github.io--blogspot.xml")
    assert run(app, "import", export).stdout.startswith("92 posts, 112 comments\n")
    numbers = count_content()
    assert (numbers["posts"], numbers["drafts"], numbers["comments"]["visible"]) == (92, 0, 112)
    assert "Nothing new to import." in run(app, "import", export).stdout
    assert count_content() == numbers


def test_nexusdecode_is_imported_with_drafts_page_and_labels(app: Flask) -> None:
    export = real_export("Nexusdecode-blogger2jekyll--blog-08-19-2012.xml")
    lines = run(app, "import", export).stdout.splitlines()
    assert lines[0] == "10 posts (2 drafts), 1 page, 1 comment, 44 labels"
    numbers = count_content()
    assert [numbers[name] for name in ("posts", "drafts", "pages", "labels")] == [8, 2, 1, 44]
    assert numbers["comments"]["visible"] == 1


def test_getpelican_is_imported_after_repair(app: Flask) -> None:
    export = real_export("getpelican-pelican--bloggerexport.xml")
    lines = run(app, "import", export).stdout.splitlines()
    assert lines[0] == "2 posts (1 draft), 2 pages (1 draft), 1 comment, 2 labels"
    assert "The file used undeclared XML prefixes, which were repaired: app." in lines
    numbers = count_content()
    assert [numbers[name] for name in ("posts", "pages", "drafts")] == [1, 1, 2]
    assert numbers["comments"]["visible"] == 1
    assert {post.author_name for post in db.session.scalars(select(Post))} == {"Mikhail Afanasyevich Bulgakov"}


def test_a_takeout_is_imported_with_its_picture(app: Flask, media: dict[str, bytes]) -> None:
    export = real_export("simulot-bloggerout--takeout-tree.zip")
    lines = run(app, "import", export).stdout.splitlines()
    assert lines[0] == "4 posts (2 drafts), 2 comments, 2 labels, 1 picture"
    numbers = count_content()
    assert [numbers[name] for name in ("posts", "drafts", "labels")] == [2, 2, 2]
    assert numbers["comments"]["visible"] == 2
    assert list(media) == ["/media/P1040089.jpg"]


REAL_EXPORTS = [
    "jeffhandley-jeffhandley.github.io--blogspot.xml",
    "Nexusdecode-blogger2jekyll--blog-08-19-2012.xml",
    "getpelican-pelican--bloggerexport.xml",
    "simulot-bloggerout--takeout-tree.zip",
]


@pytest.mark.parametrize("name", REAL_EXPORTS)
def test_a_second_import_changes_nothing(app: Flask, media: dict[str, bytes], name: str) -> None:
    export = real_export(name)
    run(app, "import", export)
    numbers, stored = count_content(), dict(media)
    assert run(app, "import", export).stdout.startswith("Nothing new to import.\n")
    assert (count_content(), media) == (numbers, stored)


@pytest.mark.parametrize("name", REAL_EXPORTS)
def test_a_dry_run_prints_the_same_report_and_writes_nothing(app: Flask, media: dict[str, bytes], name: str) -> None:
    export = real_export(name)
    preview = run(app, "import", export, "--dry-run")
    assert (count_content()["posts"], media) == (0, {})
    assert preview.stdout == run(app, "import", export).stdout


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("WordPress-wordpress-importer--malformed-simple.xml", "a WordPress export"),
        ("WPTT-theme-test-data--themeunittestdata.wordpress.xml", "a WordPress export"),
        ("isso-comments-isso--disqus.xml", "a Disqus export"),
        ("prayagverma-google-blog-converters-appengine--movabletype-sample2.txt", "a Movable Type export"),
    ],
)
def test_unsupported_formats_are_refused_by_name(app: Flask, name: str, sentence: str) -> None:
    result = run(app, "import", real_export(name))
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert sentence in result.stderr
