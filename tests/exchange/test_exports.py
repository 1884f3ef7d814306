"""Real exports of other people's blogs, in ../shared/fixtures beside the repository; skipped where absent."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from blog.exchange.stats import stats
from tests.exchange.making import FIXTURES, run


def real(name: str) -> Path:
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"{name} is not in ../shared/fixtures")
    return path


def test_jeff_handley_comes_in_whole_and_only_once(app: Flask) -> None:
    export = real("jeffhandley-jeffhandley.github.io--blogspot.xml")
    assert run(app, "import", export).stdout.startswith("92 posts, 112 comments\n")
    numbers = stats()
    assert (numbers["posts"], numbers["drafts"], numbers["comments"]["visible"]) == (92, 0, 112)
    assert "Nothing new came in." in run(app, "import", export).stdout
    assert stats() == numbers


def test_nexusdecode_comes_in_with_its_drafts_its_page_and_its_labels(app: Flask) -> None:
    export = real("Nexusdecode-blogger2jekyll--blog-08-19-2012.xml")
    lines = run(app, "import", export).stdout.splitlines()
    assert lines[0] == "10 posts (2 of them drafts), 1 page, 1 comment, 44 labels"
    numbers = stats()
    assert [numbers[name] for name in ("posts", "drafts", "pages", "labels")] == [8, 2, 1, 44]
    assert numbers["comments"]["visible"] == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("getpelican-pelican--bloggerexport.xml", "broken at line 973"),
        ("WordPress-wordpress-importer--malformed-simple.xml", "a WordPress export"),
        ("WPTT-theme-test-data--themeunittestdata.wordpress.xml", "a WordPress export"),
        ("isso-comments-isso--disqus.xml", "a Disqus export"),
        ("prayagverma-google-blog-converters-appengine--movabletype-sample2.txt", "a Movable Type export"),
        ("simulot-bloggerout--takeout-tree.zip", "a zip archive"),
    ],
)
def test_what_cannot_be_imported_yet_is_refused_by_name(app: Flask, name: str, sentence: str) -> None:
    result = run(app, "import", real(name))
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert sentence in result.stderr
