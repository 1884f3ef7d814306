"""Test that Python's text encodings are read and others are refused."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.db import db
from blog.errors import Unusable
from blog.importing import job
from blog.importing.formats.atom import Feed
from blog.importing.formats.encoding import RecodedStream
from blog.importing.formats.open_export import open_export
from blog.importing.models import REFUSED, Import
from blog.posts.models import Post
from tests.factories import csrf, signed_in
from tests.importing.export_files import HEAD, post_entry, run

CHINESE = "中文"
READABLE = {
    "gb2312": CHINESE, "GBK": CHINESE, "gb18030": CHINESE + "\U0001f986", "big5": CHINESE, "Big5-HKSCS": CHINESE,
    "Shift_JIS": CHINESE, "euc-jp": CHINESE, "iso-2022-jp": CHINESE, "euc-kr": CHINESE, "koi8-r": "цапля",
    "windows-1251": "цапля", "windows-1252": "Zürich “x”", "iso-8859-15": "10 €", "macintosh": "Zürich",
    "UTF8": "Zürich",
}  # fmt: skip
UNREADABLE = [
    "utf-7", "UTF-7", "cp037", "hex", "zip", "bz2", "rot13", "base64", "uu", "quopri", "idna", "punycode", "undefined",
    "unicode_escape", "raw_unicode_escape", "unknown-x", "mbcs", "utf-32", "utf-16", "", "../../etc/passwd",
    "a" * 250, "é",
]  # fmt: skip


def a_feed(encoding: str, body: str = "Herons") -> str:
    return HEAD.replace("UTF-8", encoding) + post_entry(1, body=body) + "</feed>"


def as_file(folder: Path, content: bytes) -> Path:
    (path := folder / "blog.xml").write_bytes(content)
    return path


def as_takeout(folder: Path, content: bytes) -> Path:
    with ZipFile(path := folder / "takeout.zip", "w") as archive:
        archive.writestr("Takeout/Blogger/Blogs/Herons/feed.atom", content)
    return path


Save = Callable[[Path, bytes], Path]
both_containers = pytest.mark.parametrize("save", [as_file, as_takeout])


@both_containers
@pytest.mark.parametrize("encoding", READABLE)
def test_text_encodings_are_read(tmp_path: Path, save: Save, encoding: str) -> None:
    path = save(tmp_path, a_feed(encoding, READABLE[encoding]).encode(encoding))
    assert [post.body for post in open_export(path).posts()] == [READABLE[encoding]]


@both_containers
@pytest.mark.parametrize("declared", ["utf-8", "utf-16", "iso-8859-1", "gb2312", "hex"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "utf-32-be"),
    ],
)
def test_the_first_bytes_override_the_declaration(
    tmp_path: Path, save: Save, declared: str, mark: bytes, encoding: str
) -> None:
    path = save(tmp_path, mark + a_feed(declared, CHINESE).encode(encoding))
    assert [post.body for post in open_export(path).posts()] == [CHINESE]


@both_containers
@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_an_unreadable_encoding_is_refused_in_one_sentence(
    app: Flask, tmp_path: Path, save: Save, name: str, option: list[str]
) -> None:
    result = run(app, "import", save(tmp_path, a_feed(name).encode()), *option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "declares the encoding" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert len(result.stderr) < 400
    assert db.session.scalars(select(Post)).all() == []


@both_containers
@pytest.mark.parametrize("encoding", ["gb2312", "big5", "euc-jp", "iso-2022-jp"])
def test_a_file_that_is_not_in_its_declared_encoding_is_refused(
    app: Flask, tmp_path: Path, save: Save, encoding: str
) -> None:
    whole = a_feed(encoding, "x" * 200_000 + "END").encode(encoding)
    result = run(app, "import", save(tmp_path, whole.replace(b"END", b"\xff\xff\xfe")))
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"is not written in {encoding}" in result.stderr
    assert db.session.scalars(select(Post)).all() == []


def test_the_desk_shows_the_refusal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "start_worker", job.run_import)
    desk: FlaskClient = signed_in(app)
    file = io.BytesIO(a_feed("zip").encode())
    sent = {"csrf_token": csrf(desk, "/desk/imports"), "export": (file, "blog.xml")}
    page = desk.post("/desk/imports", data=sent, content_type="multipart/form-data", follow_redirects=True)
    assert "blog.xml declares the encoding “zip”, which cannot be read" in page.text
    assert db.session.scalars(select(Import.state)).all() == [REFUSED]


def test_markup_in_utf_7_never_becomes_markup(tmp_path: Path) -> None:
    with pytest.raises(Unusable):
        open_export(as_file(tmp_path, a_feed("utf-7", "+ADw-script+AD4-").encode()))


def test_entities_are_refused_in_every_encoding(tmp_path: Path) -> None:
    feed = a_feed("gb2312").replace("<feed", "<!DOCTYPE feed [<!ENTITY a 'b'>]><feed", 1)
    with pytest.raises(Unusable, match="declares entities"):
        open_export(as_file(tmp_path, feed.encode("gb2312")))


def test_errors_in_recoded_files_have_line_numbers(tmp_path: Path) -> None:
    feed = a_feed("big5", CHINESE).replace("</feed>", "\n<entry><id>cut")
    with pytest.raises(Unusable, match="broken at line"):
        open_export(as_file(tmp_path, feed.encode("big5")))


def test_undeclared_prefixes_are_repaired_in_every_encoding(tmp_path: Path) -> None:
    feed = a_feed("gb2312", CHINESE).replace("<title>", f"<gd:x>{CHINESE}</gd:x><title>")
    archive = open_export(as_file(tmp_path, feed.encode("gb2312")))
    assert archive.repaired_prefixes == ("gd",)
    assert [post.body for post in archive.posts()] == [CHINESE]


@pytest.mark.parametrize("size", [1, 3, 7, 100_000])
def test_recoding_does_not_depend_on_the_size_of_reads(size: int) -> None:
    text = CHINESE * 50_000
    feed = Feed("a feed", lambda: io.BytesIO(text.encode("gb2312")))
    recoded = io.BufferedReader(RecodedStream(feed, "gb2312"))
    read = recoded.read if size > 100 else recoded.read1
    pieces = [read(size) for _ in range(200)]
    assert text.encode().startswith(b"".join(pieces))
    assert b"".join(pieces) + recoded.read() == text.encode()
