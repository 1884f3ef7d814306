"""Editors' names are reserved, and an editor's answer says that it is one."""

# ruff: noqa: RUF001  letters that are taken for others are what this is about

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


def last() -> Comment:
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
    ],
)
@pytest.mark.usefixtures("annie")
def test_a_reader_cannot_take_an_editors_name(client: FlaskClient, name: str) -> None:
    refused = answer(client, a_post(), "Kept words", name=name)
    assert refused.status_code == 422
    assert 'id="name-error"' in refused.text
    assert "the name of an editor" in refused.text
    assert "Kept words" in refused.text
    plain = answer(client, a_post("Other"), "Kept words", name=name, htmx=False)
    assert plain.status_code == 422
    assert "Kept words" in plain.text
    assert db.session.query(Comment).count() == 0


@pytest.mark.parametrize("name", ["Annie", "Edson", "Annie Edison", "Bob", "", "Ænnie Edson", "李雷", "😀", "Юлия"])
@pytest.mark.usefixtures("annie")
def test_other_names_are_free(client: FlaskClient, name: str) -> None:
    assert answer(client, a_post(), "Words", name=name).status_code == 200


def test_names_of_signs_only_are_compared_as_they_are(app: Flask) -> None:
    add_editor("star@example.org", "★", "owner", "a sentence to remember")
    assert is_reserved("★")
    assert not is_reserved("☆")
    assert not is_reserved("")
    assert not is_reserved("Bob")
    assert skeleton("Arnold") == skeleton("Amold")


def test_where_there_is_no_editor_every_name_is_free(client: FlaskClient) -> None:
    assert answer(client, a_post(), "Words", name=NAME).status_code == 200


def test_an_editors_answer_carries_the_badge_and_the_editors_name(app: Flask, client: FlaskClient) -> None:
    ed, post = signed_in(app), a_post()
    given = answer(ed, post, "From the desk", name="Somebody", email="x@example.org", website="https://x.example")
    assert given.status_code == 200
    assert '<span class="badge">Editor</span>' in given.text
    comment = last()
    assert (comment.name, comment.email, comment.website) == ("Ed", "", "")
    assert comment.editor_id is not None
    page = client.get(post.path or "").text
    assert page.count('class="badge"') == 1
    assert "Somebody" not in page
    answer(client, post, "From a reader", name="Bob")
    assert client.get(post.path or "").text.count('class="badge"') == 1
    assert last().editor_id is None


def test_the_form_says_who_answers_to_the_editor_alone(app: Flask, client: FlaskClient) -> None:
    ed, post = signed_in(app), a_post()
    path = f"/posts/{post.id}/comments/token"
    assert "You answer as <b" in ed.get(path).text
    assert "answering-as" not in client.get(path).text
    assert "answering-as" not in ed.get(post.path or "").text
    assert ed.get(post.path or "").data == client.get(post.path or "").data


def test_an_editors_answer_never_waits(app: Flask, client: FlaskClient) -> None:
    ed, post = signed_in(app), a_post()
    with writing():
        current_site().comment_rule = "all"
        current_site().muted = "casino"
    assert answer(ed, post, "About the casino", subject="filled by a browser").status_code == 200
    assert last().visible
    answer(client, post, "Bob's words", name="Bob")
    assert not last().visible


def test_after_signing_out_it_is_a_reader_again(app: Flask) -> None:
    ed, post = signed_in(app), a_post()
    answer(ed, post, "As an editor")
    by_editor = last()
    proof = {"csrf_token": csrf(ed, "/desk/password")}
    assert ed.post("/desk/session?_method=DELETE", data=proof).status_code == 303
    assert ed.get(f"/posts/{post.id}/comments/{by_editor.id}/edit").status_code == 403
    assert "As an editor" not in ed.get(f"/posts/{post.id}/comments/mine").text
    assert answer(ed, post, "Now a reader", name="Ed").status_code == 422
    assert answer(ed, post, "Now a reader", name="Edna").status_code == 200
    assert last().editor_id is None
    pictures = [text for text in ed.get(post.path or "").text.split("\n") if text.startswith("<svg")]
    assert len(set(pictures)) == 2


def test_an_editor_changes_the_own_answer_and_needs_no_approval(app: Flask) -> None:
    ed, post = signed_in(app), a_post()
    answer(ed, post, "As an editor")
    with writing():
        current_site().comment_rule = "all"
    comment = last()
    form = token(ed, post) | {"body": "As an editor, changed"}
    changed = ed.post(f"/posts/{post.id}/comments/{comment.id}", data=form, headers=HTMX)
    assert changed.status_code == 200
    assert '<span class="badge">Editor</span>' in changed.text
    assert last().visible


class TestWithPauses:
    @pytest.fixture
    def settings(self, tmp_path, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    def test_an_editor_need_not_pause(self, app: Flask, client: FlaskClient) -> None:
        ed, post = signed_in(app), a_post()
        for number in range(3):
            assert answer(ed, post, f"Answer {number}").status_code == 200
        assert all(comment.visible for comment in db.session.query(Comment))
        assert now() >= last().created_at
