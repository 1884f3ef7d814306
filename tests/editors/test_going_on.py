"""What an editor sent after the session had ended: it goes through signing in, and on from there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from PIL import Image
from werkzeug.test import TestResponse

from blog.db import db, writing
from blog.editors.models import EditorSession
from blog.media.models import Picture
from tests.cast import csrf, signed_in
from tests.posts.forms import how_many, only_post, opened

PASSWORD = "a sentence to remember"


@pytest.fixture
def ed(app: Flask) -> FlaskClient:
    return signed_in(app)


def a_photo() -> bytes:
    Image.new("RGB", (90, 60), "teal").save(file := io.BytesIO(), "JPEG")
    return file.getvalue()


def end_sessions() -> None:
    with writing():
        db.session.query(EditorSession).delete()


def press(ed: FlaskClient, page: str, **fields: str) -> TestResponse:
    """Send the form on a page, other than the one for signing out, the way a browser does."""
    form = html.document_fromstring(page).xpath("//main//form")[0]
    data = {name: value.removeprefix("\n") for name, value in form.form_values()} | fields
    return ed.post(form.action, data=data, content_type=form.get("enctype", "application/x-www-form-urlencoded"))


def sent_too_late(ed: FlaskClient, **fields: Any) -> str:
    form = opened(ed) | {"then": "save"} | fields
    end_sessions()
    late = ed.post("/desk/posts", data=form, content_type="multipart/form-data")
    assert late.status_code == 403
    return late.text


def sign_in_again(ed: FlaskClient, page: str) -> str:
    answer = press(ed, page, email="ed@example.org", password=PASSWORD)
    assert answer.status_code == 200
    return answer.text


def go_on(ed: FlaskClient, page: str) -> None:
    assert press(ed, page).status_code == 303


def test_the_photo_too_is_kept(ed: FlaskClient) -> None:
    page = sent_too_late(ed, title="Herons return", photo_file=(io.BytesIO(a_photo()), "heron.jpg"))
    go_on(ed, sign_in_again(ed, page))
    post = only_post()
    assert post.title == "Herons return"
    assert ed.get(post.photo_url).status_code == 200


def test_it_makes_one_post_however_often_it_is_sent(ed: FlaskClient) -> None:
    page = sign_in_again(ed, sent_too_late(ed, title="Herons return"))
    go_on(ed, page)
    go_on(ed, page)
    assert only_post().title == "Herons return"


def test_a_long_text_in_any_letters_outlives_signing_in(ed: FlaskClient) -> None:
    text = ("Цапли вернулись. " * 14_000).strip()
    go_on(ed, sign_in_again(ed, sent_too_late(ed, title="x", body=f"<p>{text}</p>")))
    assert only_post().body == f"<p>{text}</p>"


@pytest.mark.parametrize("cookie", ["nobody", "reader"])
def test_nobody_who_was_never_signed_in_keeps_a_photo(app: Flask, ed: FlaskClient, cookie: str) -> None:
    stranger = app.test_client()
    form = {"title": "x", "photo_file": (io.BytesIO(a_photo()), "x.jpg")}
    if cookie == "reader":
        form["csrf_token"] = csrf(stranger, "/desk/sign-in")
    assert stranger.post("/desk/posts", data=form, content_type="multipart/form-data").status_code == 403
    assert how_many(Picture) == 0


def test_nor_does_anybody_without_the_token_of_that_session(ed: FlaskClient) -> None:
    sent_too_late(ed, csrf_token="forged", title="x", photo_file=(io.BytesIO(a_photo()), "x.jpg"))
    assert how_many(Picture) == 0


def test_what_is_no_photo_is_left_out_and_the_rest_kept(ed: FlaskClient, tmp_path: Path) -> None:
    page = sent_too_late(ed, title="Herons return", photo_file=(io.BytesIO(b"%PDF-1.7"), "x.jpg"))
    go_on(ed, sign_in_again(ed, page))
    assert (only_post().title, only_post().photo_url) == ("Herons return", "")


def test_more_than_can_be_kept_is_a_page_too(ed: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    form = opened(ed) | {"title": "x" * 6000}
    monkeypatch.setattr("blog.security.DESK_FORM", 5000)
    end_sessions()
    late = ed.post("/desk/posts", data=form, content_type="multipart/form-data")
    assert late.status_code == 413
    assert "Too much at once" in late.text
