"""Test that undeclared prefixes are declared, in every encoding."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from blog.errors import Unusable
from blog.importing.formats.open_export import open_export
from blog.importing.formats.repair_xml import SplicedStream
from tests.importing.export_files import HEAD, entry, post_entry

DRAFT = "<title>Not yet</title><app:control><app:draft> yes\n </app:draft></app:control>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_draft_is_recognized_by_an_undeclared_prefix(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "blog.xml"
    text = (
        HEAD.replace("UTF-8", encoding.removesuffix("-sig"))
        + entry("post", "post-1\n ", DRAFT)
        + post_entry(2, body="Zürich")
    )
    path.write_bytes((text + "</feed>").encode(encoding))
    archive = open_export(path)
    assert archive.repaired_prefixes == ("app",)
    assert [(post.title, post.draft) for post in archive.posts()] == [("Not yet", True), ("Post 2", False)]
    assert [post.body for post in archive.posts()][1] == "Zürich"


def test_prefixes_of_names_and_attributes_are_repaired(tmp_path: Path) -> None:
    path = tmp_path / "blog.xml"
    rest = "<title>x</title><gd:image odd:size='1'/><media:thumbnail/>"
    path.write_text(HEAD + entry("post", "post-1", rest) + "</feed>")
    assert sorted(open_export(path).repaired_prefixes) == ["gd", "media", "odd"]


def test_another_error_is_reported_after_the_repair(tmp_path: Path) -> None:
    path = tmp_path / "blog.xml"
    path.write_text(HEAD + entry("post", "post-1", DRAFT) + "<entry><id>cut")
    with pytest.raises(Unusable, match="broken at line"):
        open_export(path)


def test_too_many_prefixes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "blog.xml"
    path.write_text(HEAD + entry("post", "post-1", "".join(f"<p{n}:x/>" for n in range(30))) + "</feed>")
    with pytest.raises(Unusable, match="is broken at line 3"):
        open_export(path)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_spliced_bytes_do_not_depend_on_the_size_of_reads(size: int) -> None:
    with SplicedStream(io.BytesIO(b"0123456789"), 4, b"--") as file:
        assert b"".join(iter(lambda: file.read(size), b"")) == b"0123--456789"
