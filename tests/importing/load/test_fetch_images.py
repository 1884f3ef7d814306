"""Test that pictures in an export are stored."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from blog.db import db
from blog.importing.formats.blogger.albums import possible_names
from blog.posts.models import Post
from tests.importing.export_files import a_takeout, an_export, one_blog, post_entry, run, takeout_post

PNG = b"\x89PNG\r\n\x1a\n"
WEB = "https://1.bp.blogspot.com/-x/Y/AAAA/Z"


def body_of(number: int = 1) -> str:
    db.session.rollback()
    return db.session.scalars(select(Post).where(Post.import_ref == f"blogger:post-{number}")).one().body_html


def an_album(*pictures: tuple[str, str, bytes]) -> dict[str, str | bytes]:
    """Return album files from file names, names on the web and contents."""
    files: dict[str, str | bytes] = {"Albums/An older title/metadata.json": json.dumps({"title": "An older title"})}
    for disk, web, content in pictures:
        files[f"Albums/An older title/{disk}"] = content
        sidecar = disk.replace("(1).jpg", ".jpg(1)") if len(disk) < 50 else web[:46]
        files[f"Albums/An older title/{sidecar}.json"] = json.dumps({"filename": web, "mimeType": "image/*"})
    return files


def import_takeout(app: Flask, folder: Path, body: str, *pictures: tuple[str, str, bytes]) -> list[str]:
    files = one_blog(takeout_post(1, body=body)) | an_album(*pictures)
    return run(app, "import", a_takeout(folder, files)).stdout.splitlines()


def test_inline_pictures_are_stored(app: Flask, media: dict[str, bytes], tmp_path: Path) -> None:
    written = base64.b64encode(PNG + b"inline").decode()
    body = f"<p>x</p><img alt=\"a\" src='data:image/png;base64,{written[:8]}\n{written[8:]}'>"
    lines = run(app, "import", an_export(tmp_path, [post_entry(1, body=body)])).stdout.splitlines()
    assert lines[0] == "1 post, 1 picture"
    assert media == {"/media/picture.png": PNG + b"inline"}
    assert 'src="/media/picture.png"' in body_of()
    assert "data:" not in db.session.scalars(select(Post)).one().body


@pytest.mark.parametrize("address", ["data:image/png;base64,####", "data:image/svg+xml,%3Csvg/%3E", "data:text/html,x"])
def test_invalid_inline_pictures_are_not_stored(
    app: Flask, media: dict[str, bytes], tmp_path: Path, address: str
) -> None:
    result = run(app, "import", an_export(tmp_path, [post_entry(1, body=f'<p>x</p><img src="{address}">')]))
    assert (result.exit_code, media) == (0, {})
    assert result.stdout.startswith("1 post\n")


def test_rejected_pictures_are_reported_with_their_posts(app: Flask, media: dict[str, bytes], tmp_path: Path) -> None:
    body = f'<img src="data:image/png;base64,{base64.b64encode(b"no").decode()}">'
    lines = run(app, "import", an_export(tmp_path, [post_entry(1, body=body)])).stdout.splitlines()
    assert "Not copied because they could not be stored: 1 picture." in lines
    assert "  /2011/07/post-1.html: This does not look like a picture: choose a JPEG, PNG or WebP file." in lines


def test_an_album_picture_replaces_both_its_urls_and_is_stored_once(
    app: Flask, media: dict[str, bytes], tmp_path: Path
) -> None:
    body = f"<a href=\"{WEB}/s1600/Heron%2520one.jpg\"><img\n src='{WEB}/s320/Heron%2520one.jpg'></a>"
    lines = import_takeout(app, tmp_path, body, ("Heron one.jpg", "Heron one.jpg", PNG))
    assert lines[0] == "1 post, 1 picture"
    assert list(media) == ["/media/Heron%20one.jpg"]
    assert 'href="/media/Heron%2520one.jpg"' in body_of() or 'href="/media/Heron%20one.jpg"' in body_of()


def test_a_shortened_file_name_is_found_by_its_sidecar(app: Flask, media: dict[str, bytes], tmp_path: Path) -> None:
    stem = "19-faces-that-show-how-very-exhausted-wi"
    long, other, longest = f"{stem}ll-2-28443-x.jpg", f"{stem}ll-3.jpg", "a" * 80 + ".jpg"
    pictures = [
        (f"{stem}.jpg", long, PNG + b"one"),
        (f"{stem}(1).jpg", other, PNG + b"two"),
        ("a" * 47 + ".jpg", longest, PNG + b"three"),
    ]
    body = "".join(f'<img src="{WEB}/s320/{web}">' for _, web, _ in pictures)
    import_takeout(app, tmp_path, body, *pictures)
    assert media == {f"/media/{web}": content for _, web, content in pictures}


def test_a_sidecar_of_another_picture_is_ignored(app: Flask, media: dict[str, bytes], tmp_path: Path) -> None:
    disk, web = "a" * 46 + "b.jpg", "a" * 80 + ".jpg"
    import_takeout(app, tmp_path, f'<img src="{WEB}/s320/{web}">', (disk, web, PNG))
    assert media == {}


def test_an_ambiguous_picture_name_keeps_its_url(app: Flask, media: dict[str, bytes], tmp_path: Path) -> None:
    body = f'<img src="{WEB}/s320/IMG.jpg"><img src="{WEB}/s320/same.jpg">'
    import_takeout(
        app,
        tmp_path,
        body,
        ("IMG.jpg", "IMG.jpg", PNG + b"one"),
        ("IMG(1).jpg", "IMG.jpg", PNG + b"two"),
        ("same.jpg", "same.jpg", PNG),
        ("same(1).jpg", "same.jpg", PNG),
    )
    assert list(media) == ["/media/same.jpg"]
    assert f'src="{WEB}/s320/IMG.jpg"' in body_of()


def test_a_picture_on_another_site_keeps_its_url(app: Flask, media: dict[str, bytes], tmp_path: Path) -> None:
    import_takeout(app, tmp_path, '<img src="https://elsewhere.example/b.jpg">', ("b.jpg", "b.jpg", PNG))
    assert media == {}


def test_possible_names_of_urls() -> None:
    assert list(possible_names("https://blogger.googleusercontent.com/img/a/TOKEN=s1080")) == ["TOKEN=s1080"]
    assert list(possible_names("//lh3.ggpht.com/_x/a%2520b+c.jpg")) == [
        "a%2520b+c.jpg",
        "a%20b+c.jpg",
        "a b+c.jpg",
        "a%20b c.jpg",
    ]
    assert list(possible_names("https://1.bp.blogspot.com/x/")) == list(possible_names("https://[broken/x.jpg")) == []


def test_a_second_import_stores_no_picture(app: Flask, media: dict[str, bytes], tmp_path: Path) -> None:
    body = f'<img src="{WEB}/s320/b.jpg">'
    import_takeout(app, tmp_path, body, ("b.jpg", "b.jpg", PNG))
    media.clear()
    assert import_takeout(app, tmp_path, body, ("b.jpg", "b.jpg", PNG))[0] == "Nothing new to import."
    assert media == {}
