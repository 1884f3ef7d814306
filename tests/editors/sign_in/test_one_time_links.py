"""Test one-time links: first account, sign-in, new password."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.db import db, writing
from blog.editors.accounts import (
    OwnerExists,
    add_editor,
    add_owner,
    change_password,
    create_first_run_link,
    create_password_link,
    create_sign_in_link,
    remove_editor,
    sign_out,
)
from blog.editors.models import EDITOR, OWNER, AccountLink, Editor, EditorSession
from blog.editors.sign_in.one_time_links import LinkSpent, use_link
from tests.factories import csrf, sign_in
from tests.test_routes import all_rows

PASSWORD = "a sentence to remember"
OWNERS_FORM = {"name": "Olive", "email": "olive@example.org", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def ed(app: Flask) -> Editor:
    return add_editor("ed@example.org", "Ed", OWNER, PASSWORD)


def use(browser: FlaskClient, link: str, **form: str) -> TestResponse:
    return browser.post(link, data=form | {"csrf_token": csrf(browser, "/desk/sign-in")})


def age(by: timedelta) -> None:
    with writing():
        for link in db.session.query(AccountLink):
            link.expires_at -= by


def test_first_run_link_is_random_and_stored_as_hash(app: Flask) -> None:
    first, second = create_first_run_link(), create_first_run_link()
    assert first != second
    token = second.rpartition("/")[2]
    assert len(token) >= 43
    assert token not in str(all_rows())
    assert app.test_client().get(first).status_code == 404
    assert app.test_client().get(second).status_code == 200


def test_first_run_link_expires_and_page_explains_renewal(app: Flask, client: FlaskClient) -> None:
    link = create_first_run_link()
    age(timedelta(minutes=59))
    assert client.get(link).status_code == 200
    age(timedelta(minutes=1))
    for answer in (client.get(link), use(client, link, **OWNERS_FORM)):
        assert answer.status_code == 404
        assert "flask editors first-run-link" in answer.text
    assert db.session.query(Editor).count() == 0


def test_concurrent_first_runs_add_one_owner(app: Flask) -> None:
    token, made = create_first_run_link().rpartition("/")[2], []
    refused: list[Exception] = []

    def add(number: int) -> None:
        with app.app_context():
            try:
                made.append(add_owner(f"olive{number}@example.org", "Olive", "", token))
            except (OwnerExists, LinkSpent) as error:
                refused.append(error)
            db.session.remove()

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 5)
    db.session.rollback()
    assert db.session.query(Editor).count() == 1
    with pytest.raises(OwnerExists):
        create_first_run_link()


def test_refused_form_keeps_link_and_typed_text(app: Flask, client: FlaskClient) -> None:
    link = create_first_run_link()
    refused = use(client, link, **(OWNERS_FORM | {"password": "1234567890", "again": "1234567890"}))
    assert refused.status_code == 422
    assert 'value="olive@example.org"' in refused.text
    assert "1234567890" not in refused.text
    assert use(client, link, **OWNERS_FORM).location == "/desk/"


def links(app: Flask, ed: Editor) -> list[str]:
    return [create_sign_in_link(ed), create_password_link(ed)]


@pytest.mark.parametrize("number", [0, 1])
def test_get_of_link_changes_nothing(app: Flask, client: FlaskClient, ed: Editor, number: int) -> None:
    link = links(app, ed)[number]
    before = all_rows()
    for _ in range(3):
        assert client.get(link).status_code == 200
    assert all_rows() == before
    assert client.get("/desk/posts").status_code == 303


@pytest.mark.parametrize("number", [0, 1])
def test_link_works_once(app: Flask, client: FlaskClient, ed: Editor, number: int) -> None:
    link, form = links(app, ed)[number], {"password": "some other sentence", "again": "some other sentence"}
    assert use(client, link, **form).location == "/desk/"
    assert client.get("/desk/settings").status_code == 200
    assert use(app.test_client(), link, **form).status_code == 404
    assert app.test_client().get(link).status_code == 404


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("ending", ["time", "removal", "sign-out", "password", "newer", "other purpose", "long"])
def test_link_is_revoked(app: Flask, client: FlaskClient, ed: Editor, number: int, ending: str) -> None:
    add_editor("olive@example.org", "Olive", OWNER, PASSWORD)
    link = links(app, ed)[number]
    if ending == "time":
        age(timedelta(days=3))
    elif ending == "removal":
        remove_editor(ed)
    elif ending == "sign-out":
        sign_out(ed)
    elif ending == "password":
        change_password(ed, "some other sentence")
    elif ending == "newer":
        links(app, ed)
    elif ending == "long":
        link = f"{link}{'x' * 3000}"
    else:
        kinds = ["/desk/sign-in/", "/desk/password/"]
        link = link.replace(kinds[number], kinds[1 - number])
    assert client.get(link).status_code == 404
    assert use(client, link, password=PASSWORD, again=PASSWORD).status_code == 404
    assert client.get("/desk/posts").status_code == 303


def test_password_link_ends_other_sessions(app: Flask, client: FlaskClient, ed: Editor) -> None:
    other = app.test_client()
    sign_in(other, "ed@example.org", PASSWORD)
    use(client, create_password_link(ed), password="some other sentence", again="some other sentence")
    assert other.get("/desk/posts").status_code == 303
    assert sign_in(app.test_client(), "ed@example.org", PASSWORD).status_code == 403
    assert sign_in(app.test_client(), "ed@example.org", "some other sentence").status_code == 303


def test_concurrent_requests_use_link_once(app: Flask, ed: Editor) -> None:
    token = create_sign_in_link(ed).rpartition("/")[2]
    with writing():
        use_link("sign_in", token)
    with pytest.raises(LinkSpent), writing():
        use_link("sign_in", token)


def test_link_pages_send_no_path_as_referer(app: Flask, client: FlaskClient) -> None:
    """Hide the path from the site's proxy too, which logs the Referer."""
    pages = [client.get(create_first_run_link())]
    ed = add_editor("ed@example.org", "Ed", EDITOR, PASSWORD)
    pages += [client.get(link) for link in links(app, ed)]
    for page in pages:
        assert page.headers.getlist("Referrer-Policy") == ["strict-origin"]
        assert page.headers["Cache-Control"] == "no-store"
        assert "noindex" in page.text


def test_account_removed_during_sign_in_gets_no_session(
    app: Flask, client: FlaskClient, ed: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Remove the account after the password check, before the session begins."""
    from blog.editors.sign_in import begin_session

    add_editor("olive@example.org", "Olive", OWNER, PASSWORD)
    begin = begin_session.begin_session

    def late(editor: Editor, remember: bool) -> str:
        generation = editor.generation
        with app.app_context():
            remove_editor(db.session.get_one(Editor, editor.id))
            db.session.remove()
        assert editor.generation == generation
        return begin(editor, remember)

    monkeypatch.setattr(begin_session, "begin_session", late)
    answer = sign_in(client, "ed@example.org", PASSWORD, **{"kept-title": "Herons"})
    assert answer.status_code == 403
    assert "was just changed" in answer.text
    assert "Herons" in answer.text
    db.session.rollback()
    assert db.session.query(EditorSession).count() == 0


def test_https_form_accepts_origin_as_referer(client: FlaskClient, ed: Editor) -> None:
    link, secure = create_sign_in_link(ed), {"base_url": "https://localhost"}
    form_token = re.search(r'name="csrf_token" value="([^"]*)"', client.get(link, **secure).text)[1]
    origin = {"Referer": "https://localhost/", "Origin": "https://localhost"}
    assert client.post(link, data={"csrf_token": form_token}, headers=origin, **secure).location == "/desk/"


def test_first_owner_needs_unused_address(client: FlaskClient) -> None:
    add_editor("olive@example.org", "Olive", EDITOR, PASSWORD)
    link = create_first_run_link()
    refused = use(client, link, **OWNERS_FORM)
    assert refused.status_code == 422
    assert "already" in refused.text
    assert use(client, link, **(OWNERS_FORM | {"email": "prinz@example.org"})).location == "/desk/"
