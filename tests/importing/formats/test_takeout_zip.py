"""Test the choice of a blog in a Takeout zip, and refused zips."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from flask import Flask

from blog.errors import Unusable
from blog.importing.formats.open_export import open_export
from blog.ops.stats import count_content
from tests.importing.export_files import (
    a_takeout,
    one_blog,
    run,
    settings_csv,
    takeout_comment,
    takeout_feed,
    takeout_post,
)
from tests.importing.formats.test_refusals import assert_refused

OTHER = {
    "Blogs/Zwei_ der Blog/feed.atom": takeout_feed(takeout_post(8), takeout_post(9)),
    "Blogs/Zwei_ der Blog/settings.csv": settings_csv(blog_name="Zwei: der Blog", blog_subdomain="zwei"),
}


def test_the_only_blog_is_imported_without_comments_on_other_blogs(app: Flask, tmp_path: Path) -> None:
    files = one_blog(takeout_post(1), takeout_comment(2, 1)) | {
        "Comments/An older title/feed.atom": takeout_feed(takeout_comment(2, 1), takeout_comment(3, 999))
    }
    lines = run(app, "import", a_takeout(tmp_path, files)).stdout.splitlines()
    assert lines[0] == "1 post, 1 comment"
    assert not any("is missing" in line for line in lines)


@pytest.mark.parametrize("above", ["", "Blogger/", "a/b/Takeout/Blogger/", "Takeout\\Blogger\\"])
def test_the_folders_above_may_vary(tmp_path: Path, above: str) -> None:
    path = tmp_path / "again.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{above}Blogs/Fußnoten/feed.atom".replace("/", "\\" if "\\" in above else "/"),
            takeout_feed(takeout_post(1)),
        )
    assert len(list(open_export(path).posts())) == 1


def test_one_of_several_blogs_must_be_chosen(app: Flask, tmp_path: Path) -> None:
    path = a_takeout(tmp_path, one_blog(takeout_post(1)) | OTHER)
    assert_refused(
        app, path, "holds several blogs, so choose one with --blog TITLE: “The Heron Post”, “Zwei_ der Blog”."
    )
    result = run(app, "import", path, "--blog", "Third")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "does not hold exactly one blog called “Third”" in result.stderr


@pytest.mark.parametrize("title", ["Zwei: der Blog", "zwei_ der  blog"])
def test_a_blog_is_chosen_by_title_or_folder(tmp_path: Path, title: str) -> None:
    path = a_takeout(tmp_path, one_blog(takeout_post(1)) | OTHER)
    archive = open_export(path, title)
    assert (archive.total, archive.site.host) == (2, "zwei.blogspot.com")


def test_a_zip_without_a_blog_is_refused(app: Flask, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    assert_refused(app, tmp_path / "empty.zip", "a zip without a Blogs/…/feed.atom")
    path = a_takeout(tmp_path, {"Comments/Mine/feed.atom": takeout_feed(takeout_comment(1, 2))})
    assert_refused(app, path, "a zip without a Blogs/…/feed.atom")


def test_a_zip_that_is_cut_off_or_damaged_is_refused(app: Flask, tmp_path: Path) -> None:
    path = a_takeout(tmp_path, one_blog(*(takeout_post(n) for n in range(50))))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert_refused(app, path, "a zip that is cut off or broken")
    place = whole.index(b"Heron Post/feed.atom") + 60
    path.write_bytes(whole[:place] + bytes(40) + whole[place + 40 :])
    assert_refused(app, path, "")


@pytest.mark.parametrize("name", ["../../feed.atom", "/etc/feed.atom", "C:/feed.atom", "Takeout/..\\..\\x", "a/.."])
def test_a_path_outside_the_zip_is_refused(app: Flask, tmp_path: Path, name: str) -> None:
    path = a_takeout(tmp_path, one_blog(takeout_post(1)))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    assert_refused(app, path, "a path that leads out of it")


def test_an_entry_with_an_absurd_size_is_refused(app: Flask, tmp_path: Path) -> None:
    path = a_takeout(tmp_path, one_blog(takeout_post(1)))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros.jpg", "w") as file:
        for _ in range(70):
            file.write(bytes(1_000_000))
    assert_refused(app, path, "“zeros.jpg”, which claims to be absurdly large")


def test_overlapping_entries_are_refused(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "overlapping.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kernel", bytes(60_000_000))
        kernel = archive.infolist()[0]
        for number in range(20):
            info = zipfile.ZipInfo(f"{number}.jpg")
            info.compress_type, info.CRC = kernel.compress_type, kernel.CRC
            info.file_size, info.compress_size = kernel.file_size, kernel.compress_size
            info.header_offset = kernel.header_offset
            archive.filelist.append(info)
    assert_refused(app, path, "claims to be absurdly large")


def test_an_entry_larger_than_its_claim_is_refused(app: Flask, tmp_path: Path) -> None:
    path = a_takeout(tmp_path, one_blog(*(takeout_post(n) for n in range(200))))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"Takeout/Blogger/Blogs/The Heron Post/feed.atom") - 46
    (claimed,) = struct.unpack_from("<I", content, place + 24)
    struct.pack_into("<I", content, place + 24, claimed // 3)
    path.write_bytes(content)
    assert_refused(app, path, "so nothing was imported")


def test_encrypted_and_unusually_packed_entries_are_refused(app: Flask, tmp_path: Path) -> None:
    path = a_takeout(tmp_path, one_blog(takeout_post(1)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("Blogs/x/feed.atom", takeout_feed(takeout_post(1)))
    assert_refused(app, path, "encrypted or packed in an unusual way")


def test_entities_in_a_zip_are_refused(app: Flask, tmp_path: Path) -> None:
    bomb = takeout_feed(takeout_post(1)).replace("<feed", "<!DOCTYPE feed [<!ENTITY a 'aa'>]><feed", 1)
    assert_refused(app, a_takeout(tmp_path, {"Blogs/x/feed.atom": bomb}), "declares entities")


def test_an_invalid_feed_in_a_zip_is_refused(app: Flask, tmp_path: Path) -> None:
    assert_refused(app, a_takeout(tmp_path, {"Blogs/x/feed.atom": "<rss/>"}), "another kind of XML file")
    assert_refused(app, a_takeout(tmp_path, {"Blogs/x/feed.atom": ""}), "looks like")
    cut = takeout_feed(takeout_post(1))[:-20]
    assert_refused(app, a_takeout(tmp_path, {"Blogs/x/feed.atom": cut}), "is broken at line")


def test_nothing_is_unpacked_to_disk(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1))))
    assert count_content()["posts"] == 1
    assert list(folder.iterdir()) == []


def test_refusals_name_the_feed_within_the_zip(tmp_path: Path) -> None:
    path = a_takeout(tmp_path, one_blog(takeout_post(1, "</entry>").replace("&lt;", "<")))
    with pytest.raises(
        Unusable, match=r"Takeout/Blogger/Blogs/The Heron Post/feed.atom in .*takeout.zip is broken at line 3"
    ):
        open_export(path)
