"""Static files are looked up by name: no address reaches a file outside static/."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from blog.web import static_files
from tests.live_server import Server
from tests.media.test_serving import DIGEST, ask

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
    """Build addresses that lead from static/ or media/ to `target` where names are joined to a folder."""
    inside = str(target).lstrip("/")
    climbing = [f"{climb * times}{inside}" for climb in CLIMBS for times in (1, 2, 8)]
    encoded = [climb + inside.replace("/", "%2F") for climb in CLIMBS]
    mixed = [f"css/{climb}{inside}" for climb in CLIMBS] + [f"css/base.css/{'../' * 9}{inside}"]
    return [*climbing, *encoded, *mixed, f"{inside}%00.css", f"/{inside}%00", f"file://{target}", f"~root/{SECRET}"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_address_reaches_a_file_outside(serve: Callable[..., Server], instance: Path, method: str) -> None:
    server = serve()
    key = instance / SECRET
    assert key.read_text()
    for folder in ("static", "media"):
        for target in (key, Path("/etc/passwd"), Path("/proc/self/environ")):
            for name in hostile_addresses(target):
                status, headers, found = ask(server, f"/{folder}/{name}", method)
                assert status == 404, name
                assert len(found) < 100, name
                assert headers["cache-control"] == "no-store", name


def test_no_address_reaches_a_file_outside_under_plain_wsgi(client: FlaskClient) -> None:
    for folder in ("static", "media"):
        for name in hostile_addresses(Path("/etc/passwd")):
            answer = client.get(f"/{folder}/{name}", follow_redirects=True)
            assert answer.status_code == 404, name
            assert b"root:" not in answer.data, name


def test_flask_answers_for_static_files_as_the_server_does(client: FlaskClient, serve: Callable[..., Server]) -> None:
    server, address = serve(), static_files.asset("css/base.css")
    for path in (address, "/static/css/base.css"):
        status, headers, content = ask(server, path)
        answer = client.get(path)
        assert (
            (answer.status_code, answer.data)
            == (status, content)
            == (200, (static_files.STATIC / "css/base.css").read_bytes())
        )
        for name in ("content-type", "cache-control", "etag"):
            assert answer.headers[name] == headers[name], name
        assert client.get(path, headers={"If-None-Match": headers["etag"]}).status_code == 304


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of static files of the test's own."""
    folder = tmp_path / "static"
    (folder / "css").mkdir(parents=True)
    monkeypatch.setattr(static_files, "STATIC", folder)
    static_files.static_files.cache_clear()
    yield folder
    static_files.static_files.cache_clear()


def test_symbolic_links_are_not_listed(static: Path, tmp_path: Path) -> None:
    (static / "css" / "base.css").write_text("p {}")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / SECRET).write_text("secret")
    (static / "link.css").symlink_to(tmp_path / "outside" / SECRET)
    (static / "folder").symlink_to(tmp_path / "outside")
    os.mkfifo(static / "pipe.css")
    assert list(static_files.static_files()) == ["css/base.css"]


def test_a_file_added_later_is_not_served(static: Path) -> None:
    assert static_files.static_files() == {}
    (static / "late.css").write_text("p {}")
    assert static_files.static_files() == {}
    assert static_files.asset("late.css") == "/static/late.css"


def test_a_picture_that_is_a_link_or_a_pipe_is_not_opened(tmp_path: Path) -> None:
    name = f"ab/{DIGEST}-1600.jpg"
    place = tmp_path / name
    place.parent.mkdir()
    (tmp_path / SECRET).write_text("secret")
    place.symlink_to(tmp_path / SECRET)
    assert static_files.open_kept(tmp_path, name) is None
    place.unlink()
    os.mkfifo(place)
    assert static_files.open_kept(tmp_path, name) is None
    place.unlink()
    place.mkdir()
    assert static_files.open_kept(tmp_path, name) is None
    place.rmdir()
    place.write_bytes(b"picture")
    _, file = static_files.open_kept(tmp_path, name) or (None, None)
    assert file
    with file:
        assert file.read() == b"picture"
