"""Keeping: once, whole or not at all, files before rows, whoever else keeps the same at the same moment."""

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
from blog.media.library import NoPicture, keep, size_of, small
from blog.media.models import Picture
from blog.posts.models import Post
from blog.posts.publishing import derive_fields
from blog.settings import ROOT
from tests.media.image_files import encoded, noise, png, quartered

ADDRESS = re.compile(r"/media/([0-9a-f]{2})/\1[0-9a-f]{38}-1600\.(jpg|webp)")
OURS = f"/media/ab/ab{'0' * 38}"

KILLED = """
import os, signal, sys
from blog import create_app
from blog.media.library import keep
places = []
def kill(descriptor):
    places.append(descriptor)
    if len(places) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = kill
with create_app().app_context():
    print(keep(open(sys.argv[1], "rb").read()))
"""


@pytest.fixture
def media(app: Flask) -> Path:
    return app.config["SETTINGS"].blog_instance / "media"


def files(media: Path) -> list[str]:
    return sorted(path.name for path in media.rglob("*") if path.is_file())


def rows() -> list[Picture]:
    db.session.rollback()
    return list(db.session.scalars(select(Picture)))


def test_a_picture_is_kept_in_two_sizes_and_entered(media: Path) -> None:
    address = keep(encoded(quartered(2000, 1000)), r"C:\Users\Ann\heron.jpg")
    assert ADDRESS.fullmatch(address)
    digest = address[10:50]
    assert files(media) == [f"{digest}-1600.jpg", f"{digest}-640.jpg"]
    with Image.open(media / address.removeprefix("/media/")) as large:
        assert (large.format, large.size) == ("JPEG", (1600, 800))
    (row,) = rows()
    assert (row.digest, row.name, row.extension, row.width, row.height) == (digest, "heron.jpg", "jpg", 1600, 800)
    assert size_of(address) == (1600, 800)
    assert size_of(small(address)) == (640, 320)


def test_the_size_that_is_told_is_that_of_the_file(media: Path) -> None:
    for size in ((1601, 997), (641, 3), (333, 8000), (1, 1)):
        address = keep(encoded(Image.new("RGB", size, (size[0] % 255, 9, 9)), "PNG"))
        for one in (address, small(address)):
            with Image.open(media / one.removeprefix("/media/")) as image:
                assert size_of(one) == image.size


def test_the_same_content_is_kept_once_whatever_its_name(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = keep(encoded(quartered()), "first.jpg")
    monkeypatch.setattr(storage, "prints_of", lambda content: pytest.fail("it was developed again"))
    assert keep(encoded(quartered()), "second.html") == address
    assert [row.name for row in rows()] == ["first.jpg"]


def test_what_the_browser_says_of_a_file_is_not_believed(media: Path) -> None:
    address = keep(encoded(quartered(), "WEBP"), "evil/\0../x\u202e\n.svg" + "y" * 300)
    assert ADDRESS.fullmatch(address)
    assert rows()[0].name.startswith("x.svgyyy")
    assert len(rows()[0].name) == 200
    assert keep(encoded(quartered(50, 50)), "\0\r\n") != address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/media/",
        f"{OURS}-1600.svg",
        f"{OURS}-1600.jpg\n",
        f"{OURS}-1600.jpg?x=1",
        f"{OURS}-800.jpg",
        f"https://elsewhere.example{OURS}-1600.jpg",
        OURS.replace("/ab/", "/cd/") + "-1600.jpg",
        "https://1.bp.blogspot.com/-x/s1600/heron.jpg",
        "/media/../blog.sqlite",
    ],
)
def test_an_address_that_is_not_ours_stays_as_it_is(app: Flask, address: str) -> None:
    assert small(address) == address
    assert size_of(address) is None


def test_the_smaller_size_has_an_address_of_its_own(app: Flask) -> None:
    assert small(f"{OURS}-1600.webp") == f"{OURS}-640.webp"
    assert small(f"{OURS}-640.webp") == f"{OURS}-640.webp"
    assert size_of(f"{OURS}-640.webp") is None


def test_lists_show_the_smaller_size(app: Flask) -> None:
    post = Post(title="Herons", photo_url=f"{OURS}-1600.jpg")
    derive_fields(post)
    assert post.thumbnail == f"{OURS}-640.jpg"
    post = Post(title="Herons", body=f'<p><img src="{OURS}-1600.jpg" alt=""></p>')
    derive_fields(post)
    assert post.thumbnail == f"{OURS}-640.jpg"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a", "GIF"),
        (b"\xff\xd8\xff" + b"\0" * 20 * 2**20, "larger than 20 MB"),
        (png(60_000, 60_000, b""), "megapixels"),
        (encoded(quartered())[:300], "damaged"),
    ],
)
def test_a_refusal_leaves_nothing_behind(media: Path, content: bytes, words: str) -> None:
    with pytest.raises(NoPicture, match=words):
        keep(content)
    assert files(media) == []
    assert rows() == []


def test_eight_threads_with_the_same_picture_keep_it_once(
    app: Flask, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, together, developed = encoded(noise(900, 600)), Barrier(8), []
    develop = storage.prints_of
    monkeypatch.setattr(storage, "prints_of", lambda content: developed.append(1) or develop(content))

    def bring(number: int) -> str:
        with app.app_context():
            together.wait()
            return keep(content, f"{number}.jpg")

    with ThreadPoolExecutor(8) as threads:
        addresses = set(threads.map(bring, range(8)))
    assert len(addresses) == len(rows()) == len(developed) == 1
    assert len(files(media)) == 2


def test_eight_threads_with_pictures_of_their_own_keep_all(app: Flask, media: Path) -> None:
    def bring(number: int) -> str:
        with app.app_context():
            return keep(encoded(quartered(100 + number, 80)))

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(bring, range(8)))) == len(rows()) == 8


def test_another_process_may_enter_the_same_picture_first(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = keep(encoded(quartered()))
    monkeypatch.setattr(library, "_picture", lambda digest: None)
    assert keep(encoded(quartered())) == address
    assert len(rows()) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("failing", ["replace", "fsync", "mkdir"])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    media: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, failing, fail)
        with pytest.raises(NoPicture, match="disk is full"):
            keep(encoded(quartered()))
    assert files(media) == []
    assert rows() == []
    assert ADDRESS.fullmatch(keep(encoded(quartered())))


def test_a_disk_that_takes_only_a_part_is_noticed(media: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    content = encoded(noise(1600, 1200), quality=95)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
    try:
        with pytest.raises(NoPicture, match="disk is full"):
            keep(content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not [name for name in files(media) if "-1600." in name]
    assert rows() == []


def test_a_failure_between_the_two_files_is_made_good(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, replaced = os.replace, []

    def once(here: Path, there: Path) -> None:
        replaced.append(there)
        if len(replaced) == 2:
            raise OSError(errno.ENOSPC, "full")
        replace(here, there)

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", once)
        with pytest.raises(NoPicture):
            keep(encoded(quartered()))
    assert rows() == []
    keep(encoded(quartered()))
    assert len(files(media)) == 2
    assert len(rows()) == 1


def test_what_is_gone_from_the_disk_is_written_again(media: Path) -> None:
    address = keep(encoded(quartered()))
    (media / address.removeprefix("/media/")).unlink()
    assert keep(encoded(quartered())) == address
    assert len(files(media)) == 2
    assert len(rows()) == 1


@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_a_kill_leaves_no_half_file(app: Flask, media: Path, tmp_path: Path, moment: int) -> None:
    (brought := tmp_path / "brought.jpg").write_bytes(encoded(quartered(900, 600)))
    assert run(app, str(brought), str(moment)).returncode == -signal.SIGKILL
    for place in media.rglob("*-*.jpg"):
        with Image.open(place) as image:
            image.load()
    assert rows() == []
    for draft in (media / ".drafts").iterdir():
        os.utime(draft, (0, 0))
    keep(brought.read_bytes())
    assert len(files(media)) == 2


def test_processes_with_the_same_picture_keep_it_once(app: Flask, media: Path, tmp_path: Path) -> None:
    (brought := tmp_path / "brought.jpg").write_bytes(encoded(noise(900, 600)))
    with ThreadPoolExecutor(3) as threads:
        processes = list(threads.map(lambda _: run(app, str(brought), "99"), range(3)))
    assert [process.returncode for process in processes] == [0, 0, 0]
    addresses = {process.stdout for process in processes}
    assert len(addresses) == len(rows()) == 1
    assert len(files(media)) == 2


def run(app: Flask, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Another process that keeps a picture, and may be killed at it."""
    settings = app.config["SETTINGS"]
    environment = {"BLOG_INSTANCE": str(settings.blog_instance), "DATABASE_URL": settings.database_url}
    return subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
