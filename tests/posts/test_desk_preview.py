from __future__ import annotations

from flask.testing import FlaskClient

from blog.posts.models import Label, Post
from tests.factories import a_post, csrf
from tests.posts.forms import count_rows, form_in, open_form, reload
from tests.posts.test_desk_editing import EVERYTHING, picture
from tests.posts.test_posts import in_order


def test_preview_shows_the_page_and_saves_nothing(ed: FlaskClient) -> None:
    answer = ed.post("/desk/posts/preview", data=open_form(ed) | EVERYTHING | {"photo_file": picture()})
    assert answer.status_code == 200
    assert in_order(
        answer.text,
        "Preview.",
        'src="/media/',
        "The four-pound loaf",
        "The baker</h1>",
        "Forty loaves.",
        "The Courier",
        "First <em>line</em>.",
        "A <b>text</b> of its own.",
        "Read more ....",
        "kept as typed",
        "Bread",
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert "comment-form" not in answer.text
    assert count_rows(Post) == count_rows(Label) == 0


def test_preview_does_not_change_existing_post(ed: FlaskClient) -> None:
    post = a_post("As it stands", labels=("Birds",), body="<p>Imported</p>")
    answer = ed.post(f"/desk/posts/{post.id}/preview", data=open_form(ed, post) | {"title": "As it may be"})
    assert in_order(answer.text, "As it may be</h1>", "<p>Imported</p>", "Birds")
    assert reload(post).title == "As it stands"


def test_preview_omits_and_names_invalid_fields(ed: FlaskClient) -> None:
    wrong = {"title": "Fine", "source_title": "There", "source_url": "javascript:alert(1)"}
    answer = ed.post("/desk/posts/preview", data=open_form(ed) | wrong)
    assert answer.status_code == 200
    assert "<b>Address there:</b> An address begins with" in answer.text
    assert "javascript:" not in answer.text


def test_preview_without_csrf_token_returns_the_form(ed: FlaskClient) -> None:
    answer = ed.post("/desk/posts/preview", data=open_form(ed) | EVERYTHING | {"csrf_token": ""})
    assert answer.status_code == 403
    assert form_in(answer.text)["note"] == EVERYTHING["note"]


def test_preview_requires_sign_in(client: FlaskClient) -> None:
    form = {"csrf_token": csrf(client, "/desk/sign-in"), "title": "Mine"}
    answer = client.post("/desk/posts/preview", data=form)
    assert answer.status_code == 403
    assert "<h1>Mine" not in answer.text
