"""Test accounts at the desk: adding, roles, links, signing out, removal."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.models import Comment
from blog.comments.moderation.alerts import alert_editors, set_alert_choice
from blog.db import db, now, writing
from blog.editors.accounts import LastOwner, NotAllowed, add_editor, change_role, remove_editor
from blog.editors.audit_log import list_entries
from blog.editors.models import EDITOR, IMMEDIATE, OWNER, Editor, owner_count
from blog.editors.reserved_names import is_reserved
from blog.mail.outbox import put_mail
from blog.posts.models import Post
from tests.comments.moderation.desk import decide
from tests.comments.moderation.letters import create_held, enable_mail, hold_everything
from tests.factories import HTMX, a_comment, csrf, sign_in, signed_in
from tests.mail.letters import mails
from tests.posts.forms import write

PASSWORD = "a sentence to remember"


@pytest.fixture
def ed(app: Flask) -> FlaskClient:
    """Return the owner's browser."""
    return signed_in(app)


@pytest.fixture
def bea(app: Flask, ed: FlaskClient) -> FlaskClient:
    """Return an editor's browser."""
    add_editor("bea@example.org", "Bea", EDITOR, PASSWORD)
    browser = app.test_client()
    sign_in(browser, "bea@example.org", PASSWORD)
    return browser


def account(name: str) -> Editor:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Editor).filter_by(name=name).one()


def post(browser: FlaskClient, path: str, **form: str) -> TestResponse:
    return browser.post(path, data=form | {"csrf_token": csrf(browser, "/desk/password")})


def add(browser: FlaskClient, **form: str) -> TestResponse:
    return post(browser, "/desk/editors", **({"name": "Cy", "email": "cy@example.org", "role": EDITOR} | form))


def test_owner_adds_account_with_password(app: Flask, ed: FlaskClient) -> None:
    assert add(ed, password="cycling in the rain").location == "/desk/editors?added"
    assert "cy@example.org" in ed.get("/desk/editors?added").text
    cy = app.test_client()
    assert sign_in(cy, "cy@example.org", "cycling in the rain").status_code == 303
    assert cy.get("/desk/posts").status_code == 200


def test_owner_adds_account_with_one_time_link(app: Flask, ed: FlaskClient) -> None:
    page = add(ed)
    assert page.status_code == 200
    link = re.search(r'value="http://localhost(/desk/password/[^"]*)"', page.text)[1]
    assert link.rpartition("/")[2] not in ed.get("/desk/editors").text
    cy = app.test_client()
    form = {"csrf_token": csrf(cy, link), "password": "cycling in the rain", "again": "cycling in the rain"}
    assert cy.post(link, data=form).location == "/desk/"
    assert cy.get("/desk/posts").status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("email", "cy", "not complete"),
        ("email", "x" * 1_000_000, "characters too long"),
        ("email", "ED@example.org", "already"),
        ("name", " ", "A name is needed"),
        ("name", "x" * 100_000, "at most 80"),
        ("role", "king", "choose a role"),
        ("password", "short", "at least 10"),
        ("password", "1234567890", "most common"),
        ("password", "cy.cy.2026", "little more than"),
    ],
)
def test_refusal_returns_all_fields_except_password(ed: FlaskClient, field: str, value: str, why: str) -> None:
    typed = {"name": "Cyrus", "email": "cyrus@example.org"} | ({"name": "Cy.Cy"} if "cy." in value else {})
    refused = add(ed, **(typed | {field: value}))
    assert refused.status_code == 422
    assert why in refused.text
    for name, text in typed.items():
        assert field == name or text in refused.text
    assert field != "password" or value not in refused.text


def test_role_change_applies_immediately_to_access_and_menu(ed: FlaskClient, bea: FlaskClient) -> None:
    owners = ("/desk/settings", "/desk/imports", "/desk/editors")
    menu = bea.get("/desk/posts").text
    assert not [path for path in (*owners, "/desk/audit", "/desk/filter") if f'href="{path}"' in menu]
    assert all(f'href="{path}"' in ed.get("/desk/posts").text for path in owners)
    pages = [bea.get(path).text for path in ("/desk/comments", "/desk/bans", "/desk/mail")]
    assert not [page for page in pages if "/desk/audit" in page or "/desk/filter" in page or "mail is waiting" in page]
    assert post(ed, f"/desk/editors/{account('Bea').id}/role", role=OWNER).location == "/desk/editors?saved"
    assert [bea.get(path).status_code for path in owners] == [200] * 3
    assert post(ed, f"/desk/editors/{account('Bea').id}/role", role=EDITOR).status_code == 303
    assert [bea.get(path).status_code for path in owners] == [403] * 3


def test_forbidden_page_returns_typed_text(bea: FlaskClient) -> None:
    page = bea.get("/desk/settings")
    assert page.status_code == 403
    assert "Only an owner of this blog may open this page." in page.text
    refused = post(bea, "/desk/settings", title="A title <typed> before", password="never shown")
    assert refused.status_code == 403
    assert "A title &lt;typed&gt; before" in refused.text
    assert "never shown" not in refused.text
    assert bea.get("/desk/settings", headers=HTMX).status_code == 403


def test_last_owner_cannot_be_removed_or_demoted(ed: FlaskClient, bea: FlaskClient) -> None:
    number = account("Ed").id
    for answer in (
        post(ed, f"/desk/editors/{number}/role", role=EDITOR),
        post(ed, f"/desk/editors/{number}?_method=DELETE"),
    ):
        assert answer.status_code == 409
        assert "the only owner" in answer.text
    assert account("Ed").role == OWNER
    assert ed.get("/desk/editors").status_code == 200


@pytest.mark.parametrize("act", [remove_editor, lambda editor: change_role(editor, EDITOR)], ids=["remove", "demote"])
def test_last_owner_stays_under_concurrent_requests(app: Flask, act) -> None:
    ids = [add_editor(f"{name}@example.org", name, OWNER, "").id for name in ("ann", "bob", "cy")]
    refused = []

    def lose(number: int) -> None:
        with app.app_context():
            try:
                act(db.session.get_one(Editor, number))
            except LastOwner:
                refused.append(number)
            db.session.remove()

    threads = [threading.Thread(target=lose, args=(number,)) for number in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert (len(refused), owner_count()) == (1, 1)


def test_demoted_owner_cannot_change_accounts(app: Flask) -> None:
    """Demote the owner between the request and its transaction."""
    ann, bob, cy = (add_editor(f"{name}@example.org", name, OWNER, "") for name in ("ann", "bob", "cy"))
    change_role(ann, EDITOR)
    for act in (lambda: remove_editor(bob, ann), lambda: change_role(bob, EDITOR, ann)):
        with pytest.raises(NotAllowed):
            act()
    remove_editor(cy)
    with pytest.raises(NotAllowed):
        add_editor("dan@example.org", "Dan", OWNER, "", by=cy)
    with pytest.raises(NotAllowed):
        remove_editor(cy, bob)


def test_removal_asks_first_and_revokes_access(app: Flask, ed: FlaskClient, bea: FlaskClient) -> None:
    number = account("Bea").id
    page = ed.get(f"/desk/editors/{number}/removal/new")
    assert "You cannot undo this" in page.text
    assert bea.get("/desk/posts").status_code == 200
    assert post(ed, f"/desk/editors/{number}?_method=DELETE").location == "/desk/editors?removed"
    assert bea.get("/desk/posts").status_code == 303
    assert sign_in(app.test_client(), "bea@example.org", PASSWORD).status_code == 403
    assert "bea@example.org" not in ed.get("/desk/editors").text
    assert ed.get(f"/desk/editors/{number}").status_code == 404
    assert post(ed, f"/desk/editors/{number}/links").status_code == 404


def test_removed_editors_name_stays_on_posts_and_decisions(app: Flask, ed: FlaskClient, bea: FlaskClient) -> None:
    assert write(bea, then="publish", title="Herons return", author_name="Bea").status_code == 303
    published = db.session.query(Post).filter_by(title="Herons return").one()
    comment = a_comment(published, "A doubtful word.", name="Rae")
    decide(bea, comment, "removal")
    answered = a_comment(published, "Is it true?", name="Rae")
    form = {"body": "It is.", "key": "k" * 20}
    assert post(bea, f"/desk/comments/{answered.id}/answers", **form).status_code in {200, 303}
    remove_editor(account("Bea"))
    page = app.test_client().get(published.path or "").text
    answer = db.session.query(Comment).filter_by(body="It is.").one()
    assert (answer.name, answer.editor_id) == ("Bea", account("Bea").id)
    assert "It is." in page
    assert "Herons return" in page
    assert {entry.editor_name for entry in list_entries(None, None).items} == {"Bea"}
    assert "Bea" in ed.get("/desk/audit").text


def test_removed_editors_name_stays_reserved(app: Flask, bea: FlaskClient) -> None:
    remove_editor(account("Bea"))
    assert is_reserved("Bеa")  # noqa: RUF001  with a Cyrillic letter
    assert not is_reserved("Rae")


def test_removed_accounts_address_can_be_used_again(app: Flask, ed: FlaskClient, bea: FlaskClient) -> None:
    for _ in range(2):
        remove_editor(db.session.query(Editor).filter_by(email="bea@example.org").one())
        assert add(ed, email="Bea@example.org", name="Bea", password="cycling in the rain").status_code == 303
    assert sign_in(app.test_client(), "bea@example.org", "cycling in the rain").status_code == 303
    assert bea.get("/desk/posts").status_code == 303


def test_removed_editor_gets_no_alerts(app: Flask, ed: FlaskClient, bea: FlaskClient) -> None:
    enable_mail(app)
    set_alert_choice(account("Bea"), IMMEDIATE)
    set_alert_choice(account("Ed"), IMMEDIATE)
    remove_editor(account("Bea"))
    create_held(hold_everything())
    alert_editors(now() + timedelta(hours=2))
    assert {letter.recipient for letter in mails()} == {"ed@example.org"}


def test_sign_out_everywhere(app: Flask, ed: FlaskClient, bea: FlaskClient) -> None:
    number = account("Bea").id
    assert "signed in on 1 device" in ed.get(f"/desk/editors/{number}").text
    assert post(ed, f"/desk/editors/{number}/sessions?_method=DELETE").status_code == 303
    assert bea.get("/desk/posts").status_code == 303
    assert sign_in(app.test_client(), "bea@example.org", PASSWORD).status_code == 303


def test_owner_may_remove_themselves_if_another_remains(app: Flask, ed: FlaskClient) -> None:
    add_editor("olive@example.org", "Olive", OWNER, PASSWORD)
    assert post(ed, f"/desk/editors/{account('Ed').id}?_method=DELETE").status_code == 303
    assert ed.get("/desk/editors").location.startswith("/desk/sign-in")


def test_removed_editor_gets_typed_text_back(app: Flask, ed: FlaskClient, bea: FlaskClient) -> None:
    token = csrf(bea, "/desk/password")
    remove_editor(account("Bea"))
    late = bea.post("/desk/posts", data={"csrf_token": token, "title": "Herons <return>", "body": "At dusk."})
    assert late.status_code == 403
    assert "Herons &lt;return&gt;" in late.text
    assert "At dusk." in late.text


def test_late_password_is_never_sent_back(app: Flask, bea: FlaskClient) -> None:
    form = {"current": PASSWORD, "password": "some other sentence", "again": "some other sentence"}
    form["csrf_token"] = csrf(bea, "/desk/password")
    remove_editor(account("Bea"))
    late = bea.post("/desk/password", data=form)
    assert late.status_code == 403
    assert PASSWORD not in late.text
    assert "some other sentence" not in late.text


def test_get_requests_change_no_account(ed: FlaskClient, bea: FlaskClient) -> None:
    number = account("Bea").id
    for path in ("role", "links", "sessions"):
        assert ed.get(f"/desk/editors/{number}/{path}").status_code in {404, 405}
    assert account("Bea").removed_at is None


def test_unsent_mail_of_removed_editor_is_not_sent(app: Flask, ed: FlaskClient, bea: FlaskClient) -> None:
    """Keep the mail that the same address gets as a reader."""
    for kind in ("held", "notice"):
        with writing():
            put_mail("bea@example.org", "A subject", "Text.", "<p>Text.</p>", kind)
    remove_editor(account("Bea"))
    assert [letter.kind for letter in mails()] == ["notice"]


def test_oversized_request_to_owner_page_is_refused_in_words(bea: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blog.web.forms.body_limits.MAX_DESK_FORM", 1000)
    sent = bea.post("/desk/imports", data={"title": "x" * 5000}, content_type="multipart/form-data")
    assert sent.status_code == 413
    assert "Too large" in sent.text
