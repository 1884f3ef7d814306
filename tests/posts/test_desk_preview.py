from __future__ import annotations

from flask.testing import FlaskClient

from blog.posts.models import Label, Post
from tests.factories import a_post, csrf
from tests.posts.forms import afresh, form_in, how_many, opened
from tests.posts.test_desk_editing import EVERYTHING, picture
from tests.posts.test_posts import in_order


def test_the_preview_is_the_page_as_it_would_be_and_saves_nothing(ed: FlaskClient) -> None:
    answer = ed.post("/desk/posts/preview", data=opened(ed) | EVERYTHING | {"photo_file": picture()})
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
    assert how_many(Post) == how_many(Label) == 0


def test_the_preview_of_a_post_that_stands_changes_nothing_of_it(ed: FlaskClient) -> None:
    post = a_post("As it stands", labels=("Birds",), body="<p>Imported</p>")
    answer = ed.post(f"/desk/posts/{post.id}/preview", data=opened(ed, post) | {"title": "As it may be"})
    assert in_order(answer.text, "As it may be</h1>", "<p>Imported</p>", "Birds")
    assert afresh(post).title == "As it stands"


def test_what_cannot_be_saved_is_left_out_and_named(ed: FlaskClient) -> None:
    wrong = {"title": "Fine", "source_title": "There", "source_url": "javascript:alert(1)"}
    answer = ed.post("/desk/posts/preview", data=opened(ed) | wrong)
    assert answer.status_code == 200
    assert "<b>Address of the source:</b> An address starts with" in answer.text
    assert "javascript:" not in answer.text


def test_without_a_token_the_form_comes_back_with_the_text(ed: FlaskClient) -> None:
    answer = ed.post("/desk/posts/preview", data=opened(ed) | EVERYTHING | {"csrf_token": ""})
    assert answer.status_code == 403
    assert form_in(answer.text)["note"] == EVERYTHING["note"]


def test_nobody_else_sees_a_preview(client: FlaskClient) -> None:
    form = {"csrf_token": csrf(client, "/desk/sign-in"), "title": "Mine"}
    answer = client.post("/desk/posts/preview", data=form)
    assert answer.status_code == 403
    assert "<h1>Mine" not in answer.text
