"""Test that what XML forbids is dropped and reported, in bounded memory."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from blog.errors import Unusable
from blog.importing.archive import Archive
from blog.importing.formats.open_export import open_export
from blog.importing.formats.xml_characters import MAX_DROPPED, FilteredStream
from tests.importing.export_files import HEAD, comment_entry, entry, post_entry

FORBIDDEN = ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x0e", "\x1f", "\ufffe", "\uffff", "\ud83d"]
REFERENCES = [
    "&#0;", "&#1;", "&#x1;", "&#X1f;", "&#00011;", "&#x000B;", "&#31;", "&#55296;", "&#xDFFF;", "&#xfffe;", "&#65535;",
    "&#1114112;", "&#x110000;", "&#x0;", "&#99999999999999;",
]  # fmt: skip
ALLOWED = ["\t", "\x7f", "\x85", "\ud7ff", "\ue000", "\ufffd", "\U0001f986", "&#9;", "&#x20;", "&#xD7FF;", "&#1114111;"]


def an_archive(folder: Path, text: str, encoding: str = "utf-8") -> Archive:
    path = folder / "blog.xml"
    path.write_bytes(text.encode(encoding, "surrogatepass"))
    return open_export(path)


def content_entry(number: int, content: str) -> str:
    return post_entry(number).replace("Text.", content)


@pytest.mark.parametrize("character", [*FORBIDDEN, *REFERENCES])
def test_a_forbidden_character_is_dropped_and_its_entry_listed(tmp_path: Path, character: str) -> None:
    text = HEAD + content_entry(1, "x") + content_entry(2, f"be{character}fore") + content_entry(3, "z") + "</feed>"
    archive = an_archive(tmp_path, text)
    assert [post.body for post in archive.posts()] == ["x", "before", "z"]
    assert [item["place"] for item in archive.dropped_characters.items] == ["/2011/07/post-2.html"]


@pytest.mark.parametrize("character", ALLOWED)
def test_other_characters_stay(tmp_path: Path, character: str) -> None:
    archive = an_archive(tmp_path, HEAD + content_entry(1, f"be{character}fore") + "</feed>")
    assert len(next(archive.posts()).body) == 7
    assert archive.dropped_characters.count == 0


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252", "gb18030"])
def test_forbidden_characters_are_dropped_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    head = HEAD.replace("UTF-8", encoding)
    archive = an_archive(tmp_path, head + content_entry(1, "a\x0bü&#1;b") + "</feed>", encoding)
    assert [post.body for post in archive.posts()] == ["aüb"]
    assert archive.dropped_characters.count == 1


@pytest.mark.parametrize(
    "place",
    ["<entry\x0b>", "href='http://a.example/\x0b'", "<title>\x01", "&#x1;</content>", "<tit\x0ble>", "\x01<entry>"],
)
def test_a_forbidden_character_may_be_anywhere(tmp_path: Path, place: str) -> None:
    clean = place.replace("\x0b", "").replace("\x01", "").replace("&#x1;", "")
    link = "<link rel='alternate' href='http://a.example/'/>"
    text = HEAD + post_entry(1).replace("</entry>", f"{link}</entry>") + comment_entry(2, 1) + "</feed>"
    archive = an_archive(tmp_path, text.replace(clean, place, 1))
    assert (len(list(archive.posts())), len(list(archive.comments()))) == (1, 1)
    assert archive.dropped_characters.count == 1


@pytest.mark.parametrize("rest", ["\x1a", "\x00\x00\n"])
def test_characters_after_the_end_are_dropped(tmp_path: Path, rest: str) -> None:
    assert len(list(an_archive(tmp_path, HEAD + post_entry(1) + "</feed>" + rest).posts())) == 1


def test_characters_in_a_setting_or_the_head_are_reported_without_an_entry(tmp_path: Path) -> None:
    text = HEAD.replace("Heron", "He\x0bron") + post_entry(1) + entry("template", "layout", "<title>\x01</title>")
    archive = an_archive(tmp_path, text + "</feed>")
    assert archive.site.title == "The Heron Post"
    assert [item["code"] for item in archive.dropped_characters.items] == ["dropped_outside"] * 2


@pytest.mark.parametrize("blanks", ["\n", "\r\n\r\n", "  \t\n", "\ufeff\n", "\ufeff\ufeff\n", "\x00\n"])
def test_blanks_before_the_declaration_are_no_reason_to_refuse(tmp_path: Path, blanks: str) -> None:
    text = HEAD + post_entry(1, body="Zürich") + entry("post", "post-", "<title>x</title>") + "</feed>"
    archive = an_archive(tmp_path, blanks + text)
    assert [post.body for post in archive.posts()] == ["Zürich"]
    assert archive.bad_entries.items[0]["line"] == 4 + blanks.count("\n")


def test_lines_of_errors_are_those_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="broken at line 5"):
        an_archive(tmp_path, "\n" + HEAD + content_entry(1, "a\x0b\x0b") + "<entry>&oops;</entry></feed>")


@pytest.mark.parametrize(
    ("stray", "read"), [(b"Z\xfcrich", "Zürich"), (b"\x93a\x94", "“a”"), (b"\xc3", "Ã"), (b"\x81", "\ufffd")]
)
def test_bytes_that_are_no_utf_8_are_read_as_windows_1252(tmp_path: Path, stray: bytes, read: str) -> None:
    path = tmp_path / "blog.xml"
    text = HEAD + content_entry(1, "Genève") + content_entry(2, "STRAY") + content_entry(3, "東京") + "</feed>"
    path.write_bytes(text.encode().replace(b"STRAY", stray))
    archive = open_export(path)
    assert [post.body for post in archive.posts()] == ["Genève", read, "東京"]
    assert [item["place"] for item in archive.dropped_characters.items] == ["/2011/07/post-2.html"]


@pytest.mark.parametrize("shift", range(8))
def test_characters_are_whole_where_reads_end(shift: int) -> None:
    text = b"<feed>" + b" " * shift + "é東🦆".encode() * 30_000
    dropped: set[int] = set()
    with FilteredStream(io.BytesIO(text), dropped) as file:
        assert b"".join(iter(lambda: file.read(1000), b"")) == text
    assert not dropped


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
@pytest.mark.parametrize("shift", range(0, 12, 3))
def test_dropping_does_not_depend_on_where_reads_end(size: int, shift: int) -> None:
    text = b"<feed>" + b" " * shift + b"<entry>\x01&#x1;\xef\xbf\xbe\xed\xa0\x80&#65;\xed\x95\x9c</entry>" * 5_000
    dropped: set[int] = set()
    with FilteredStream(io.BytesIO(text), dropped) as file:
        read = b"".join(iter(lambda: file.read(size), b""))
    assert read == b"<feed>" + b" " * shift + b"<entry>&#65;\xed\x95\x9c</entry>" * 5_000
    assert dropped == set(range(1, 5_001))


@pytest.mark.parametrize(
    "part",
    [
        b"\x01",
        b"a\x01",
        b"&#1;",
        b"&#x",
        b"&",
        b"<",
        b"<entry>\x01",
        b"&#0",
        b"\xed\xa0\x80",
        b" ",
        b"\x00<",
        b"\xff",
    ],
)
def test_memory_stays_flat_for_any_bytes(part: bytes, tmp_path: Path) -> None:
    path = tmp_path / "big.xml"
    path.write_bytes(b"<feed>" + part * (4_000_000 // len(part)))
    dropped: set[int] = set()
    tracemalloc.start()
    with path.open("rb") as plain, FilteredStream(plain, dropped) as file:
        while file.read(32_768):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
    assert len(dropped) <= MAX_DROPPED


def test_a_takeout_is_repaired_too(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "takeout.zip", "w", ZIP_DEFLATED) as file:
        text = "\n" + HEAD + content_entry(1, "a\x0b&#11;b") + "</feed>"
        file.writestr("Takeout/Blogger/Blogs/x/feed.atom", text)
    archive = open_export(tmp_path / "takeout.zip")
    assert [post.body for post in archive.posts()] == ["ab"]
    assert archive.dropped_characters.count == 1
