from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.db import db
from blog.site.models import Site, current_site, menu_lines
from tests.cast import a_post, csrf, signed_in

SETTINGS = {
    "title": " The Heron Post ",
    "tagline": "Twice a week",
    "menu": "About | /p/about.html\nArchive|https://example.org/old",
    "accent": "blue",
    "note_label": "The editor:",
    "language": "de",
    "timezone": "Europe/Berlin",
    "comments_open": "y",
    "close_after_days": "",
}


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def save(desk: FlaskClient, **changes: str):
    form = SETTINGS | changes | {"csrf_token": csrf(desk, "/desk/settings")}
    return desk.post("/desk/settings", data={name: value for name, value in form.items() if value is not None})


def site() -> Site:
    db.session.rollback()
    db.session.expire_all()
    return current_site()


def test_what_is_saved_shows_on_every_page(app: Flask, desk: FlaskClient) -> None:
    post = a_post(note="Seen.")
    assert save(desk).status_code == 303
    page = app.test_client().get(post.path or "").text
    for shown in ("The Heron Post", "Twice a week", "The editor:", 'lang="de"', 'href="/p/about.html"'):
        assert shown in page
    assert site().timezone == "Europe/Berlin"
    assert 'value="The Heron Post"' in desk.get("/desk/settings?saved").text


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("title", "  ", "needs a title"),
        ("language", "english please", "not a language code"),
        ("timezone", "Mars/Olympus", "not one of the time zones"),
        ("accent", "beige", "not one of the accents"),
        ("menu", "About | javascript:alert(1)", "Each line is"),
        ("menu", "About", "Each line is"),
        ("close_after_days", "soon", "Not a valid integer"),
        ("close_after_days", "-1", "from 1 to 36,500"),
    ],
)
def test_a_wrong_setting_comes_back_with_a_sentence_and_changes_nothing(
    desk: FlaskClient, name: str, value: str, sentence: str
) -> None:
    answer = save(desk, **{name: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "The Heron Post" in answer.text or name == "title"
    assert site().title == "Talkback"


def test_the_thread_closes_for_all_by_one_box(app: Flask, desk: FlaskClient) -> None:
    post = a_post()
    save(desk, comments_open="")
    assert "This thread was closed" in app.test_client().get(post.path or "").text


def test_only_lines_with_a_word_and_a_safe_address_are_a_menu() -> None:
    assert menu_lines("A | /a\n\nB|//evil\nC | data:x\n | /d\nE | f | https://e.example/") == [
        ("A", "/a"),
        ("E | f", "https://e.example/"),
    ]
