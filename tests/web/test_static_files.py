"""Test that static URLs reach no file outside static/ and media/."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from blog.web import static_files
from tests.live_server import Server
from tests.media.test_serving import DIGEST, fetch

SECRET = "secret_key"
CLIMBS = [
    "/",
    "//",
    "%2F",
    "%2f",
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%5c",
    "%5c",
    "./",
    "%00",
    "....//",
    "%252f",
]


def hostile_addresses(target: Path) -> list[str]:
    """Build path traversal URLs that lead to `target`."""
    inside = str(target).lstrip("/")
    climbing = [f"{climb * times}{inside}" for climb in CLIMBS for times in (1, 2, 8)]
    encoded = [climb + inside.replace("/", "%2F") for climb in CLIMBS]
    mixed = [f"css/{climb}{inside}" for climb in CLIMBS] + [f"css/base.css/{'../' * 9}{inside}"]
    return [*climbing, *encoded, *mixed, f"{inside}%00.css", f"/{inside}%00", f"file://{target}", f"~root/{SECRET}"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_static_urls_reach_no_file_outside(serve: Callable[..., Server], instance: Path, method: str) -> None:
    server = serve()
    key = instance / SECRET
    assert key.read_text()
    for folder in ("static", f"static/{static_files.tree_hash()}", "media"):
        for target in (key, Path("/etc/passwd"), Path("/proc/self/environ")):
            for name in hostile_addresses(target):
                status, headers, content = fetch(server, f"/{folder}/{name}", method)
                assert status == 404, name
                assert len(content) < 100, name
                assert headers["cache-control"] == "no-store", name


def test_static_urls_reach_no_file_outside_under_wsgi(client: FlaskClient) -> None:
    for folder in ("static", f"static/{static_files.tree_hash()}", "media"):
        for name in hostile_addresses(Path("/etc/passwd")):
            answer = client.get(f"/{folder}/{name}", follow_redirects=True)
            assert answer.status_code == 404, name
            assert b"root:" not in answer.data, name


def test_flask_serves_static_files_like_the_server(client: FlaskClient, serve: Callable[..., Server]) -> None:
    server = serve()
    addresses = {
        static_files.asset("css/base.css"): static_files.IMMUTABLE,
        "/static/css/base.css": "no-cache",
        "/static/0123456789ab/css/base.css": "no-cache",  # of another release
    }
    for path, cache_control in addresses.items():
        status, headers, content = fetch(server, path)
        answer = client.get(path)
        assert (
            (answer.status_code, answer.data)
            == (status, content)
            == (200, (static_files.STATIC / "css/base.css").read_bytes())
        )
        assert headers["cache-control"] == cache_control
        for name in ("content-type", "cache-control", "etag"):
            assert answer.headers[name] == headers[name], name
        assert client.get(path, headers={"If-None-Match": headers["etag"]}).status_code == 304


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Replace the folder of static files."""
    folder = tmp_path / "static"
    (folder / "css").mkdir(parents=True)
    monkeypatch.setattr(static_files, "STATIC", folder)
    monkeypatch.setattr(static_files, "SHEETS", {})
    clear_caches()
    yield folder
    clear_caches()


def clear_caches() -> None:
    static_files.static_files.cache_clear()
    static_files.tree_hash.cache_clear()


def test_static_files_skip_symbolic_links(static: Path, tmp_path: Path) -> None:
    (static / "css" / "base.css").write_text("p {}")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / SECRET).write_text("secret")
    (static / "link.css").symlink_to(tmp_path / "outside" / SECRET)
    (static / "folder").symlink_to(tmp_path / "outside")
    os.mkfifo(static / "pipe.css")
    assert list(static_files.static_files()) == ["css/base.css"]


def test_page_has_one_stylesheet_of_its_kind(client: FlaskClient) -> None:
    for path, kind in {"/": "list", "/privacy": "post", "/subscribe": "subscribe", "/desk/sign-in": "desk"}.items():
        page = client.get(path).text
        assert page.count('rel="stylesheet"') == 1
        assert f'href="{static_files.asset(f"css/pages/{kind}.css")}"' in page
        joined = client.get(static_files.asset(f"css/pages/{kind}.css")).data
        for sheet in static_files.SHEETS[kind]:
            assert (static_files.STATIC / f"css/{sheet}.css").read_bytes() in joined


def test_every_stylesheet_is_used() -> None:
    """moderate.js adds its own stylesheet for editors; feeds name theirs."""
    sheets = {path.stem for path in (static_files.STATIC / "css").iterdir()} - {"moderate", "feed"}
    assert sheets == {sheet for joined in static_files.SHEETS.values() for sheet in joined}


def test_static_files_are_listed_once(static: Path) -> None:
    assert static_files.static_files() == {}
    (static / "late.css").write_text("p {}")
    assert static_files.static_files() == {}
    assert static_files.find_static_file("late.css") is None


@pytest.mark.parametrize("change", [("base.css", "a {}"), ("print.css", "p {}")])
def test_hash_changes_with_any_file(static: Path, change: tuple[str, str]) -> None:
    (static / "css" / "base.css").write_text("p {}")
    before = static_files.asset("css/base.css")
    clear_caches()
    (static / "css" / change[0]).write_text(change[1])
    assert static_files.asset("css/base.css") != before


def test_media_file_must_be_a_regular_file(tmp_path: Path) -> None:
    name = f"ab/{DIGEST}-1600.jpg"
    path = tmp_path / name
    path.parent.mkdir()
    (tmp_path / SECRET).write_text("secret")
    path.symlink_to(tmp_path / SECRET)
    assert static_files.open_media_file(tmp_path, name) is None
    path.unlink()
    os.mkfifo(path)
    assert static_files.open_media_file(tmp_path, name) is None
    path.unlink()
    path.mkdir()
    assert static_files.open_media_file(tmp_path, name) is None
    path.rmdir()
    path.write_bytes(b"picture")
    _, file = static_files.open_media_file(tmp_path, name) or (None, None)
    assert file
    with file:
        assert file.read() == b"picture"
