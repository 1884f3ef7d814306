"""Test that requests sent after the session ended are resumed after sign-in."""

from __future__ import annotations

import io
import os
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from PIL import Image
from werkzeug.test import TestResponse

from blog.db import db, now, writing
from blog.editors.models import EditorSession
from blog.media.late_photos import FOLDER, MAX_PHOTOS, forget_late_photos
from blog.media.models import Picture
from tests.comments.moderation.desk import bea
from tests.factories import csrf, signed_in
from tests.posts.forms import count_rows, only_post, open_form, write

PASSWORD = "a sentence to remember"


@pytest.fixture
def ed(app: Flask) -> FlaskClient:
    return signed_in(app)


def a_photo() -> bytes:
    Image.new("RGB", (90, 60), "teal").save(file := io.BytesIO(), "JPEG")
    return file.getvalue()


def end_sessions() -> None:
    expire(timedelta(minutes=1))


def press(ed: FlaskClient, page: str, **fields: str) -> TestResponse:
    """Submit the first form on a page, except the sign-out form."""
    form = html.document_fromstring(page).xpath("//main//form")[0]
    data = {name: value.removeprefix("\n") for name, value in form.form_values()} | fields
    return ed.post(form.action, data=data, content_type=form.get("enctype", "application/x-www-form-urlencoded"))


def submit_after_expiry(ed: FlaskClient, **fields: Any) -> str:
    form = open_form(ed) | {"then": "save"} | fields
    end_sessions()
    late = ed.post("/desk/posts", data=form, content_type="multipart/form-data")
    assert late.status_code == 403
    return late.text


def sign_in_again(ed: FlaskClient, page: str) -> str:
    answer = press(ed, page, email="ed@example.org", password=PASSWORD)
    assert answer.status_code == 200
    return answer.text


def resume(ed: FlaskClient, page: str) -> None:
    assert press(ed, page).status_code == 303


def test_photo_is_resumed(ed: FlaskClient) -> None:
    page = submit_after_expiry(ed, title="Herons return", photo_file=(io.BytesIO(a_photo()), "heron.jpg"))
    resume(ed, sign_in_again(ed, page))
    post = only_post()
    assert post.title == "Herons return"
    assert ed.get(post.photo_url).status_code == 200


def test_repeated_resume_creates_one_post(ed: FlaskClient) -> None:
    page = sign_in_again(ed, submit_after_expiry(ed, title="Herons return"))
    resume(ed, page)
    resume(ed, page)
    assert only_post().title == "Herons return"


def test_long_unicode_text_is_resumed(ed: FlaskClient) -> None:
    text = ("Цапли вернулись. " * 14_000).strip()
    resume(ed, sign_in_again(ed, submit_after_expiry(ed, title="x", body=f"<p>{text}</p>")))
    assert only_post().body == f"<p>{text}</p>"


@pytest.mark.parametrize("cookie", ["nobody", "reader"])
def test_visitor_without_session_stores_no_photo(app: Flask, ed: FlaskClient, cookie: str) -> None:
    stranger = app.test_client()
    form = {"title": "x", "photo_file": (io.BytesIO(a_photo()), "x.jpg")}
    if cookie == "reader":
        form["csrf_token"] = csrf(stranger, "/desk/sign-in")
    assert stranger.post("/desk/posts", data=form, content_type="multipart/form-data").status_code == 403
    assert count_rows(Picture) == 0


def test_request_without_form_token_stores_no_photo(ed: FlaskClient) -> None:
    submit_after_expiry(ed, csrf_token="forged", title="x", photo_file=(io.BytesIO(a_photo()), "x.jpg"))
    assert count_rows(Picture) == 0


def test_invalid_photo_is_dropped_and_text_resumed(ed: FlaskClient, tmp_path: Path) -> None:
    page = submit_after_expiry(ed, title="Herons return", photo_file=(io.BytesIO(b"%PDF-1.7"), "x.jpg"))
    resume(ed, sign_in_again(ed, page))
    assert (only_post().title, only_post().photo_url) == ("Herons return", "")


def test_oversized_request_gets_error_page(ed: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    form = open_form(ed) | {"title": "x" * 6000}
    monkeypatch.setattr("blog.web.forms.body_limits.DESK_FORM", 5000)
    end_sessions()
    late = ed.post("/desk/posts", data=form, content_type="multipart/form-data")
    assert late.status_code == 413
    assert "Too much at once" in late.text


def sent_with_photo(ed: FlaskClient, form: dict[str, Any]) -> TestResponse:
    return ed.post("/desk/posts", data=form | photo(), content_type="multipart/form-data")


def photo() -> dict[str, Any]:
    return {"photo_file": (io.BytesIO(a_photo()), "heron.jpg")}


def stored(tmp_path: Path) -> list[str]:
    """Return every file of the instance except the database and the key."""
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    return [path.name for path in files if "sqlite" not in path.name and path.name != "secret_key"]


def expire(ago: timedelta) -> None:
    with writing():
        for session in db.session.query(EditorSession):
            session.expires_at = now() - ago


def test_signed_out_session_stores_no_photo(app: Flask, ed: FlaskClient, tmp_path: Path) -> None:
    form = open_form(ed)
    cookie = ed.get_cookie("talkback")
    assert cookie
    ed.delete("/desk/session", data={"csrf_token": form["csrf_token"]})
    thief = app.test_client()
    thief.set_cookie("talkback", cookie.value)
    assert sent_with_photo(thief, form).status_code == 403
    assert (count_rows(Picture), stored(tmp_path)) == (0, [])


def test_long_expired_session_stores_no_photo(ed: FlaskClient, tmp_path: Path) -> None:
    form = open_form(ed)
    expire(timedelta(minutes=61))
    assert sent_with_photo(ed, form).status_code == 403
    assert (count_rows(Picture), stored(tmp_path)) == (0, [])


def test_recently_expired_session_stores_photo_outside_media(app: Flask, ed: FlaskClient, tmp_path: Path) -> None:
    form = open_form(ed)
    expire(timedelta(minutes=1))
    for _ in range(5):
        assert sent_with_photo(ed, form).status_code == 403
    (name,) = stored(tmp_path)
    assert (tmp_path / FOLDER / name).is_file()
    assert count_rows(Picture) == 0
    for path in (f"/media/{name}", f"/media/../{FOLDER}/{name}", f"/media/%2e%2e/{FOLDER}/{name}", f"/{FOLDER}/{name}"):
        assert app.test_client().get(path).status_code == 404


def test_stored_photos_are_limited(app: Flask, ed: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    for number in range(MAX_PHOTOS):
        (tmp_path / FOLDER / f"1000{number}").write_bytes(b"x")
    form = open_form(ed)
    expire(timedelta(minutes=1))
    assert "late_photo" not in sent_with_photo(ed, form).text
    assert len(stored(tmp_path)) == MAX_PHOTOS


def test_stored_photo_is_deleted_after_an_hour(ed: FlaskClient, tmp_path: Path) -> None:
    form = open_form(ed)
    expire(timedelta(minutes=1))
    sent_with_photo(ed, form)
    (name,) = stored(tmp_path)
    forget_late_photos()
    assert stored(tmp_path) == [name]
    os.utime(tmp_path / FOLDER / name, (0, time.time() - 3600))
    forget_late_photos()
    assert stored(tmp_path) == []


def test_stored_photo_belongs_to_its_editor(app: Flask, ed: FlaskClient) -> None:
    form = open_form(ed)
    expire(timedelta(minutes=1))
    page = sent_with_photo(ed, form).text
    token = re.search(r'name="kept-late_photo"[^>]*>\s*([^<]+)</textarea>', page)
    assert token
    assert write(bea(app), title="Mine", late_photo=token[1]).status_code == 303
    assert (only_post().photo_url, count_rows(Picture)) == ("", 0)


def test_full_disk_drops_photo_and_resumes_text(ed: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    form = open_form(ed) | {"title": "Herons return"}
    expire(timedelta(minutes=1))
    monkeypatch.setattr(Path, "write_bytes", full)
    assert "Herons return" in sent_with_photo(ed, form).text
