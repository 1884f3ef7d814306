from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.db import db
from blog.posts.models import Label
from tests.factories import a_post, csrf
from tests.posts.forms import count_rows, reload


def label(name: str) -> Label:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Label).filter_by(name=name).one()


def rename(client: FlaskClient, old: str, new: str) -> TestResponse:
    path = f"/desk/labels/{label(old).id}"
    return client.post(path, data={"csrf_token": csrf(client, path), "name": new})


def test_labels_are_sorted_with_counts(ed: FlaskClient) -> None:
    a_post("One", labels=("birds", "Work"))
    a_post("Two", labels=("birds",), draft=True)
    rows = re.findall(r'dir="auto">([^<]*)</a>\s*</th>\s*<td[^>]*>(\d+)<', ed.get("/desk/labels").text)
    assert rows == [("birds", "2"), ("Work", "1")]


def test_label_is_renamed_on_all_posts(ed: FlaskClient, client: FlaskClient) -> None:
    a_post("One", labels=("Brids",))
    assert rename(ed, "Brids", "Birds").location.endswith("?renamed")
    assert "One" in client.get("/search/label/Birds").text
    assert client.get("/search/label/Brids").status_code == 404


def test_rename_to_existing_label_merges_both(ed: FlaskClient, client: FlaskClient) -> None:
    both, old = a_post("Both", labels=("Birds", "Brids")), a_post("Old", labels=("Brids",))
    answer = rename(ed, "Brids", "Birds")
    assert answer.location == f"/desk/labels/{label('Birds').id}?merged"
    assert count_rows(Label) == 1
    for post in (both, old):
        assert [one.name for one in reload(post).labels] == ["Birds"]


@pytest.mark.parametrize(("name", "sentence"), [("", "enter a name"), ("a, b", "comma"), ("x" * 201, "at most 200")])
def test_invalid_label_name_is_refused_and_returned(ed: FlaskClient, name: str, sentence: str) -> None:
    a_post("One", labels=("Birds",))
    answer = rename(ed, "Birds", name)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{name}"' in answer.text
    assert label("Birds")


def test_deleting_label_asks_first_and_keeps_posts(ed: FlaskClient, client: FlaskClient) -> None:
    post = a_post("Stays", labels=("Birds",))
    path = f"/desk/labels/{label('Birds').id}"
    assert "Delete this label?" in ed.get(path).text
    ed.post(f"{path}?_method=DELETE", data={"csrf_token": csrf(ed, path)})
    assert count_rows(Label) == 0
    assert "Stays" in client.get(post.path or "").text
    assert ed.get(path).status_code == 404
    assert ed.post(f"{path}?_method=DELETE", data={"csrf_token": csrf(ed, "/desk/posts/new")}).status_code == 404


def test_labels_require_sign_in(client: FlaskClient) -> None:
    a_post("One", labels=("Birds",))
    path, token = f"/desk/labels/{label('Birds').id}", csrf(client, "/desk/sign-in")
    assert client.get(path).status_code == 303
    for method in ("", "?_method=DELETE"):
        assert client.post(path + method, data={"csrf_token": token, "name": "Gulls"}).status_code == 403
    assert label("Birds")
