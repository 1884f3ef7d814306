"""Reserve editors' names, and mark editors' comments."""

# ruff: noqa: RUF001  these tests need letters that look alike

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db, now, writing
from blog.editors.accounts import add_editor
from blog.editors.reserved_names import is_reserved, skeleton
from blog.settings import Settings
from blog.site.models import current_site
from tests.factories import HTMX, a_post, answer, csrf, signed_in, token

NAME = "Annie Edson"


@pytest.fixture
def annie(app: Flask) -> None:
    add_editor("annie@example.org", NAME, "owner", "a sentence to remember")


def last_comment() -> Comment:
    db.session.rollback()
    return db.session.scalars(select(Comment).order_by(Comment.id.desc()).limit(1)).one()


@pytest.mark.parametrize(
    "name",
    [
        "Annie Edson",
        "annie edson",
        "ANNIE  EDSON",
        "  Annie\tEdson. ",
        "AnnieEdson",
        "Аnnіе Еdѕоn",  # Cyrillic
        "Αnnie Edsοn",  # Greek
        "Ａｎｎｉｅ Ｅｄｓｏｎ",  # full width
        "𝐀𝐧𝐧𝐢𝐞 𝐄𝐝𝐬𝐨𝐧",
        "Anni\u200be Ed\u00adson",
        "Ann1e Eds0n",
        "4nnie 3dson",
        "Ànnïe Édson",
        "A.n.n.i.e_Edson",
        "Annle Edson",
        "\u202eAnnie Edson\u202c",
        "Annie\u200f Edson",
        "\u3164Annie\u3164Edson",
        "An\u034fnie\u2800Edson",
        "A\U000e0041nnie\U000e0100 Edson",
        "\u13aannie \u13acdson",  # Cherokee
        "\ua4eennie \ua4f0dson",  # Lisu
        "\u15c5nnie Edson",  # Canadian
        "An\u0578ie Eds\u0585n",  # Armenian
    ],
)
@pytest.mark.usefixtures("annie")
def test_editors_name_is_refused_for_a_reader(client: FlaskClient, name: str) -> None:
    refused = answer(client, a_post(), "Kept words", name=name)
    assert refused.status_code == 422
    assert 'id="name-error"' in refused.text
    assert "the name of an editor" in refused.text
    assert "Kept words" in refused.text
    plain = answer(client, a_post("Other"), "Kept words", name=name, htmx=False)
    assert plain.status_code == 422
    assert "Kept words" in plain.text
    assert db.session.query(Comment).count() == 0


@pytest.mark.parametrize("name", ["\u3164", "\u2800\u2800", "\u034f", "\u200d\u200c", "\u202e", " \ufeff "])
def test_a_name_that_shows_nothing_is_refused(client: FlaskClient, name: str) -> None:
    refused = answer(client, a_post(), "Kept words", name=name)
    assert refused.status_code == 422
    assert "This name shows nothing" in refused.text
    assert "Kept words" in refused.text


@pytest.mark.parametrize("body", ["\u3164", "\u2800\n\u2800", "\u034f", "\u200d", "\ufe0f", "\u202e \u2066"])
def test_a_text_that_shows_nothing_is_refused(client: FlaskClient, body: str) -> None:
    refused = answer(client, a_post(), body)
    assert refused.status_code == 422
    assert "Your response is empty" in refused.text


@pytest.mark.usefixtures("annie")
def test_a_name_is_stored_as_it_is_drawn(client: FlaskClient) -> None:
    assert answer(client, a_post(), "Words", name="\u202enosdE einnA\u202c").status_code == 200
    assert last_comment().name == "nosdE einnA"


@pytest.mark.parametrize(
    "text",
    ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f4bb", "\u0915\u094d\u200d\u0937"],
)
def test_joiners_stay_in_names_and_texts(client: FlaskClient, text: str) -> None:
    assert answer(client, a_post(), f"So: {text}", name=text).status_code == 200
    comment = last_comment()
    assert comment.name == text
    assert text in comment.body_html


def test_skeletons_of_long_names_take_bounded_time() -> None:
    assert skeleton("a\u0327\u0301" * 500_000) == skeleton("a\u0327\u0301" * 500)


@pytest.mark.parametrize("name", ["Annie", "Edson", "Annie Edison", "Bob", "", "Ænnie Edson", "李雷", "😀", "Юлия"])
@pytest.mark.usefixtures("annie")
def test_other_names_are_accepted(client: FlaskClient, name: str) -> None:
    assert answer(client, a_post(), "Words", name=name).status_code == 200


def test_names_without_letters_are_compared_exactly(app: Flask) -> None:
    add_editor("star@example.org", "★", "owner", "a sentence to remember")
    assert is_reserved("★")
    assert not is_reserved("☆")
    assert not is_reserved("")
    assert not is_reserved("Bob")
    assert skeleton("Arnold") == skeleton("Amold")


def test_every_name_is_accepted_without_editors(client: FlaskClient) -> None:
    assert answer(client, a_post(), "Words", name=NAME).status_code == 200


def test_editors_comment_shows_badge_and_name(app: Flask, client: FlaskClient) -> None:
    ed, post = signed_in(app), a_post()
    response = answer(ed, post, "From the desk", name="Somebody", email="x@example.org", website="https://x.example")
    assert response.status_code == 200
    assert '<span class="badge">Editor</span>' in response.text
    comment = last_comment()
    assert (comment.name, comment.email, comment.website) == ("Ed", "", "")
    assert comment.editor_id is not None
    page = client.get(post.path or "").text
    assert page.count('class="badge"') == 1
    assert "Somebody" not in page
    answer(client, post, "From a reader", name="Bob")
    assert client.get(post.path or "").text.count('class="badge"') == 1
    assert last_comment().editor_id is None


def test_form_names_the_editor_to_that_editor_only(app: Flask, client: FlaskClient) -> None:
    ed, post = signed_in(app), a_post()
    path = f"/posts/{post.id}/comments/token"
    assert "You post as <b" in ed.get(path).text
    assert "answering-as" not in client.get(path).text
    assert "answering-as" not in ed.get(post.path or "").text
    assert ed.get(post.path or "").data == client.get(post.path or "").data


def test_editors_comments_are_never_held(app: Flask, client: FlaskClient) -> None:
    ed, post = signed_in(app), a_post()
    with writing():
        current_site().comment_rule = "all"
        current_site().muted = "casino"
    assert answer(ed, post, "About the casino", subject="filled by a browser").status_code == 200
    assert last_comment().visible
    answer(client, post, "Bob's words", name="Bob")
    assert not last_comment().visible


def test_signed_out_editor_posts_as_a_reader(app: Flask) -> None:
    ed, post = signed_in(app), a_post()
    answer(ed, post, "As an editor")
    by_editor = last_comment()
    proof = {"csrf_token": csrf(ed, "/desk/password")}
    assert ed.post("/desk/session?_method=DELETE", data=proof).status_code == 303
    assert ed.get(f"/posts/{post.id}/comments/{by_editor.id}/edit").status_code == 403
    assert "As an editor" not in ed.get(f"/posts/{post.id}/comments/mine").text
    assert answer(ed, post, "Now a reader", name="Ed").status_code == 422
    assert answer(ed, post, "Now a reader", name="Edna").status_code == 200
    assert last_comment().editor_id is None
    assert ed.get(post.path or "").text.count('class="badge"') == 1


def test_editor_edits_a_comment_without_approval(app: Flask) -> None:
    ed, post = signed_in(app), a_post()
    answer(ed, post, "As an editor")
    with writing():
        current_site().comment_rule = "all"
    comment = last_comment()
    form = token(ed, post) | {"body": "As an editor, changed"}
    changed = ed.post(f"/posts/{post.id}/comments/{comment.id}", data=form, headers=HTMX)
    assert changed.status_code == 200
    assert '<span class="badge">Editor</span>' in changed.text
    assert last_comment().visible


class TestThrottled:
    @pytest.fixture
    def settings(self, tmp_path, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    def test_editor_is_not_throttled(self, app: Flask, client: FlaskClient) -> None:
        ed, post = signed_in(app), a_post()
        for number in range(3):
            assert answer(ed, post, f"Answer {number}").status_code == 200
        assert all(comment.visible for comment in db.session.query(Comment))
        assert now() >= last_comment().created_at
