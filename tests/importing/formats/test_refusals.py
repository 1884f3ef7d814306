"""Test that unusable files are refused in one sentence, with exit 2."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from flask import Flask

from blog.importing.formats.open_export import open_export
from tests.factories import a_comment, a_post
from tests.importing.export_files import HEAD, SAMPLES, an_export, comment_entry, post_entry, run
from tests.postgres.databases import dump

ENTITIES = "<!DOCTYPE feed [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
EXTERNAL_DTD = "<!DOCTYPE feed SYSTEM 'http://dtd.example.org/x'>"
EXTERNAL_ENTITY = "<!DOCTYPE feed [<!ENTITY secret SYSTEM 'file:///etc/passwd'>]>"

CONTENTS = {
    "is empty": "",
    "is empty ": "  \n\n",
    "an HTML page": "<!DOCTYPE html><title>x</title>",
    "an HTML page ": "<html xmlns='http://www.w3.org/1999/xhtml'><head/></html>",
    "a text file": "Dear diary,\ntoday < yesterday.",
    "a JSON file": json.dumps({"db": [{"meta": {}}]}),
    "a Movable Type export": "AUTHOR: Ann\nTITLE: One\n-----\nBODY:\nText.\n--------\n",
    "a Disqus export": "<disqus xmlns='http://disqus.com'></disqus>",
    "with <opml> as its first tag": "<opml version='1.0'><body/></opml>",
    "a WordPress export": (SAMPLES / "wordpress-cut-off.xml").read_text(),
    "cut off or broken at line 1": "<?xml version='1.0'?><feed xmlns=",
    "cut off or broken at line 2": "\n<?xml version='1.0'?><feed xmlns=",
    "looks like a feed ": "\n<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'/>",
    "looks like a feed": HEAD + "<entry><id>urn:1</id><title>x</title></entry></feed>",
    "broken at line 4": HEAD + post_entry(1) + "<entry><id>tag:blogger.com,1999:blog-77.po",
    "broken at line 5": HEAD + post_entry(1) + post_entry(2) + "<entry><control></entry></feed>",
    "broken at line 3, column": HEAD + "<entry><title>a&nbsp;b</title></entry></feed>",
    "broken at line 3, column ": HEAD + "<entry><title>a\x0b&b</title></entry></feed>",
    "declares entities": HEAD.replace("<feed", ENTITIES + "<feed x='&b;'", 1) + post_entry(1) + "</feed>",
    "declares entities ": HEAD.replace("<feed", EXTERNAL_ENTITY + "<feed", 1)
    + post_entry(1, body="&secret;")
    + "</feed>",
    "declares entities  ": HEAD.replace("<feed", EXTERNAL_DTD + "<feed", 1) + "</feed>",
}


def assert_refused(app: Flask, path: Path, sentence: str) -> None:
    post = a_post("An existing post")
    a_comment(post)
    before = dump()
    result = run(app, "import", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence.strip() in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.count(": ") <= 2
    assert result.stderr.endswith(".\n")
    assert dump() == before


@pytest.mark.parametrize("sentence", CONTENTS)
def test_a_file_that_is_no_export_is_refused_by_name(app: Flask, tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "some.xml"
    path.write_text(CONTENTS[sentence])
    assert_refused(app, path, sentence)


def test_archives_and_binaries_are_refused_by_name(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "gz").write_bytes(gzip.compress(b"<feed/>"))
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    assert_refused(app, tmp_path / "gz", "a gzip archive")
    assert_refused(app, tmp_path / "binary", "a binary file")


def test_folders_missing_files_and_pipes_are_refused(app: Flask, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert_refused(app, tmp_path, "is a folder")
    assert_refused(app, tmp_path / "absent.xml", "does not exist")
    assert_refused(app, tmp_path / "pipe", "is not a regular file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(app: Flask, tmp_path: Path) -> None:
    path = an_export(tmp_path, [post_entry(1)])
    path.chmod(0)
    assert_refused(app, path, "cannot be read")


def test_nothing_of_a_truncated_export_is_imported(app: Flask, tmp_path: Path) -> None:
    text = an_export(tmp_path, [post_entry(1), comment_entry(2, 1)]).read_text()
    path = tmp_path / "cut.xml"
    before = dump()
    for length in range(1, len(text.rstrip()), 23):
        path.write_text(text[:length])
        assert run(app, "import", path).exit_code == 2
    assert dump() == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_an_export_may_declare_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "blog.xml"
    text = HEAD.replace("UTF-8", encoding.removesuffix("-sig")) + post_entry(1, body="Zürich") + "</feed>"
    path.write_bytes(text.encode(encoding))
    assert [post.body for post in open_export(path).posts()] == ["Zürich"]
