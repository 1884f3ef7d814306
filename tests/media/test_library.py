"""Test saving: once, complete or not at all, in parallel too."""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from blog.db import db
from blog.media import library, storage
from blog.media.library import picture_size, save_picture, small_address
from blog.media.models import Picture
from blog.media.picture_errors import PictureRefused
from blog.posts.models import Post
from blog.posts.publishing import derive_fields
from blog.settings import ROOT
from tests.media.image_files import encode, four_colors, noise_image, png

ADDRESS = re.compile(r"/media/([0-9a-f]{2})/\1[0-9a-f]{38}-1600\.(jpg|webp)")
OUR_ADDRESS = f"/media/ab/ab{'0' * 38}"

SAVE_AND_KILL = """
import os, signal, sys
from blog import create_app
from blog.media.library import save_picture
places = []
def kill(descriptor):
    places.append(descriptor)
    if len(places) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = kill
with create_app().app_context():
    print(save_picture(open(sys.argv[1], "rb").read()))
"""


@pytest.fixture
def media(app: Flask) -> Path:
    return app.config["SETTINGS"].blog_instance / "media"


def file_names(media: Path) -> list[str]:
    return sorted(path.name for path in media.rglob("*") if path.is_file())


def all_rows() -> list[Picture]:
    db.session.rollback()
    return list(db.session.scalars(select(Picture)))


def test_save_picture_writes_two_sizes_and_a_row(media: Path) -> None:
    address = save_picture(encode(four_colors(2000, 1000)), r"C:\Users\Ann\heron.jpg")
    assert ADDRESS.fullmatch(address)
    digest = address[10:50]
    assert file_names(media) == [f"{digest}-1600.jpg", f"{digest}-640.jpg"]
    with Image.open(media / address.removeprefix("/media/")) as large:
        assert (large.format, large.size) == ("JPEG", (1600, 800))
    (row,) = all_rows()
    assert (row.digest, row.name, row.extension, row.width, row.height) == (digest, "heron.jpg", "jpg", 1600, 800)
    assert picture_size(address) == (1600, 800)
    assert picture_size(small_address(address)) == (640, 320)


def test_picture_size_matches_the_file(media: Path) -> None:
    for size in ((1601, 997), (641, 3), (333, 8000), (1, 1)):
        address = save_picture(encode(Image.new("RGB", size, (size[0] % 255, 9, 9)), "PNG"))
        for one in (address, small_address(address)):
            with Image.open(media / one.removeprefix("/media/")) as image:
                assert picture_size(one) == image.size


def test_the_same_content_is_saved_once_under_any_name(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = save_picture(encode(four_colors()), "first.jpg")
    monkeypatch.setattr(storage, "encode_picture", lambda content: pytest.fail("it was processed again"))
    assert save_picture(encode(four_colors()), "second.html") == address
    assert [row.name for row in all_rows()] == ["first.jpg"]


def test_the_file_name_is_not_trusted(media: Path) -> None:
    address = save_picture(encode(four_colors(), "WEBP"), "evil/\0../x\u202e\n.svg" + "y" * 300)
    assert ADDRESS.fullmatch(address)
    assert all_rows()[0].name.startswith("x.svgyyy")
    assert len(all_rows()[0].name) == 200
    assert save_picture(encode(four_colors(50, 50)), "\0\r\n") != address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/media/",
        f"{OUR_ADDRESS}-1600.svg",
        f"{OUR_ADDRESS}-1600.jpg\n",
        f"{OUR_ADDRESS}-1600.jpg?x=1",
        f"{OUR_ADDRESS}-800.jpg",
        f"https://elsewhere.example{OUR_ADDRESS}-1600.jpg",
        OUR_ADDRESS.replace("/ab/", "/cd/") + "-1600.jpg",
        "https://1.bp.blogspot.com/-x/s1600/heron.jpg",
        "/media/../blog.sqlite",
    ],
)
def test_other_addresses_stay_unchanged(app: Flask, address: str) -> None:
    assert small_address(address) == address
    assert picture_size(address) is None


def test_small_address_names_the_smaller_size(app: Flask) -> None:
    assert small_address(f"{OUR_ADDRESS}-1600.webp") == f"{OUR_ADDRESS}-640.webp"
    assert small_address(f"{OUR_ADDRESS}-640.webp") == f"{OUR_ADDRESS}-640.webp"
    assert picture_size(f"{OUR_ADDRESS}-640.webp") is None


def test_thumbnails_use_the_smaller_size(app: Flask) -> None:
    post = Post(title="Herons", photo_url=f"{OUR_ADDRESS}-1600.jpg")
    derive_fields(post)
    assert post.thumbnail == f"{OUR_ADDRESS}-640.jpg"
    post = Post(title="Herons", body=f'<p><img src="{OUR_ADDRESS}-1600.jpg" alt=""></p>')
    derive_fields(post)
    assert post.thumbnail == f"{OUR_ADDRESS}-640.jpg"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a", "GIF"),
        (b"\xff\xd8\xff" + b"\0" * 20 * 2**20, "larger than 20 MB"),
        (png(60_000, 60_000, b""), "megapixels"),
        (encode(four_colors())[:300], "damaged"),
    ],
)
def test_a_refused_picture_leaves_nothing(media: Path, content: bytes, words: str) -> None:
    with pytest.raises(PictureRefused, match=words):
        save_picture(content)
    assert file_names(media) == []
    assert all_rows() == []


def test_eight_threads_save_the_same_picture_once(app: Flask, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, barrier, calls = encode(noise_image(900, 600)), Barrier(8), []

    encode_picture = storage.encode_picture
    monkeypatch.setattr(storage, "encode_picture", lambda content: calls.append(1) or encode_picture(content))

    def save(number: int) -> str:
        with app.app_context():
            barrier.wait()
            return save_picture(content, f"{number}.jpg")

    with ThreadPoolExecutor(8) as threads:
        addresses = set(threads.map(save, range(8)))
    assert len(addresses) == len(all_rows()) == len(calls) == 1
    assert len(file_names(media)) == 2


def test_eight_threads_save_eight_pictures(app: Flask, media: Path) -> None:
    def save(number: int) -> str:
        with app.app_context():
            return save_picture(encode(four_colors(100 + number, 80)))

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(save, range(8)))) == len(all_rows()) == 8


def test_a_row_of_another_process_is_accepted(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = save_picture(encode(four_colors()))
    monkeypatch.setattr(library, "_find_picture", lambda digest: None)
    assert save_picture(encode(four_colors())) == address
    assert len(all_rows()) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("failing", ["replace", "fsync", "mkdir"])
def test_a_full_disk_is_reported_and_leaves_nothing(
    media: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, failing, fail)
        with pytest.raises(PictureRefused, match="disk is full"):
            save_picture(encode(four_colors()))
    assert file_names(media) == []
    assert all_rows() == []
    assert ADDRESS.fullmatch(save_picture(encode(four_colors())))


def test_a_partial_write_is_detected(media: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    content = encode(noise_image(1600, 1200), quality=95)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
    try:
        with pytest.raises(PictureRefused, match="disk is full"):
            save_picture(content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not [name for name in file_names(media) if "-1600." in name]
    assert all_rows() == []


def test_a_failure_between_the_two_files_is_repaired(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, replaced = os.replace, []

    def fail_second_time(source: Path, target: Path) -> None:
        replaced.append(target)
        if len(replaced) == 2:
            raise OSError(errno.ENOSPC, "full")
        replace(source, target)

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", fail_second_time)
        with pytest.raises(PictureRefused):
            save_picture(encode(four_colors()))
    assert all_rows() == []
    save_picture(encode(four_colors()))
    assert len(file_names(media)) == 2
    assert len(all_rows()) == 1


def test_a_missing_file_is_written_again(media: Path) -> None:
    address = save_picture(encode(four_colors()))
    (media / address.removeprefix("/media/")).unlink()
    assert save_picture(encode(four_colors())) == address
    assert len(file_names(media)) == 2
    assert len(all_rows()) == 1


@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_a_killed_process_leaves_no_partial_file(app: Flask, media: Path, tmp_path: Path, moment: int) -> None:
    (upload := tmp_path / "upload.jpg").write_bytes(encode(four_colors(900, 600)))
    assert run_save(app, str(upload), str(moment)).returncode == -signal.SIGKILL
    for path in media.rglob("*-*.jpg"):
        with Image.open(path) as image:
            image.load()
    assert all_rows() == []
    for draft in (media / ".drafts").iterdir():
        os.utime(draft, (0, 0))
    save_picture(upload.read_bytes())
    assert len(file_names(media)) == 2


def test_processes_save_the_same_picture_once(app: Flask, media: Path, tmp_path: Path) -> None:
    (upload := tmp_path / "upload.jpg").write_bytes(encode(noise_image(900, 600)))
    with ThreadPoolExecutor(3) as threads:
        processes = list(threads.map(lambda _: run_save(app, str(upload), "99"), range(3)))
    assert [process.returncode for process in processes] == [0, 0, 0]
    addresses = {process.stdout for process in processes}
    assert len(addresses) == len(all_rows()) == 1
    assert len(file_names(media)) == 2


def run_save(app: Flask, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Save a picture in another process; kill it at the given fsync."""
    settings = app.config["SETTINGS"]
    environment = {"BLOG_INSTANCE": str(settings.blog_instance), "DATABASE_URL": settings.database_url}
    return subprocess.run(
        [sys.executable, "-c", SAVE_AND_KILL, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
