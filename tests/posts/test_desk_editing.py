from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from PIL import Image
from sqlalchemy.exc import OperationalError

from blog.db import db, now, writing
from blog.editors.models import EditorSession
from blog.posts import desk
from blog.posts.models import Post
from blog.site.models import current_site
from tests.factories import a_comment, a_post, csrf
from tests.posts.forms import count_rows, form_in, only_post, open_form, reload, send, write

PASSWORD = "a sentence to remember"

EVERYTHING: dict[str, str] = {
    "photo_url": "/static/img/demo/loaf.svg",
    "photo_alt": "A loaf",
    "photo_caption": "The four-pound loaf",
    "photo_credit": "Linocut: Ann",
    "photo_license": "https://creativecommons.org/licenses/by/4.0/",
    "photo_license_page": "https://ann.example/licences",
    "title": "The baker",
    "author_name": "Ann",
    "standfirst": "Forty loaves.",
    "source_name": "The Courier",
    "source_title": "One long night",
    "source_url": "https://example.org/loaves?a=1&b=2",
    "quote": "First *line*.\n\nSecond.",
    "body": "<p>A <b>text</b> of its own.</p>",
    "note": "  kept as typed\n\n<b>and</b> so on",
    "label_names": "Bread, Work",
}


def picture() -> tuple[io.BytesIO, str]:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(file, "PNG")
    return io.BytesIO(file.getvalue()), "loaf.png"


def test_draft_saves_and_returns_every_field(ed: FlaskClient) -> None:
    answer = write(ed, **EVERYTHING)
    assert answer.status_code == 303
    post = only_post()
    assert answer.location == f"/desk/posts/{post.id}/edit?done=save"
    assert post.state == "draft"
    form = open_form(ed, post)
    assert {name: form[name] for name in EVERYTHING} == EVERYTHING
    assert "<em>line</em>" in post.quote_html
    assert [label.name for label in post.labels] == ["Bread", "Work"]


def test_author_defaults_to_the_editor(ed: FlaskClient) -> None:
    assert open_form(ed)["author_name"] == "Ed"


def test_published_post_keeps_its_path(ed: FlaskClient, client: FlaskClient) -> None:
    write(ed, title="Herons return", then="publish")
    post = only_post()
    path = post.path or ""
    assert path.endswith("/herons-return.html")
    assert "Herons return" in client.get(path).text
    write(ed, post, title="Herons have gone")
    assert "Herons have gone" in client.get(path).text


def test_draft_is_hidden_from_readers(ed: FlaskClient, client: FlaskClient) -> None:
    write(ed, title="Not yet", label_names="Secret")
    for path in ("/", "/search/label/Secret", f"/posts/{only_post().id}/comments/new"):
        assert "Not yet" not in client.get(path).text


def test_unpublishing_from_the_form_saves_its_text(ed: FlaskClient, client: FlaskClient) -> None:
    post = a_post("Shown")
    write(ed, post, title="Changed meanwhile", then="unpublish")
    assert client.get(post.path or "").status_code == 410
    assert (reload(post).state, reload(post).title) == ("unpublished", "Changed meanwhile")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"source_url": "javascript:alert(1)"}, "An address starts with https://"),
    ({"source_url": "not an address"}, "An address starts with https://"),
    ({"photo_license": "CC BY 4.0"}, "An address starts with https://"),
    ({"photo_license_page": "data:text/html,x"}, "An address starts with https://"),
    ({"photo_url": "http://example.org/a.jpg"}, "The address of a picture starts with"),
    ({"photo_url": "//example.org/a.jpg"}, "The address of a picture starts with"),
    ({"title": "x" * 501}, "1 characters too long"),
    ({"label_names": "x" * 201}, "A label has at most 200"),
    ({"published_at": "yesterday"}, "not a date"),
    ({"published_at": "2999-01-01T10:00", "then": "publish"}, "in the future"),
    ({"published_at": "1066-10-14T09:00", "then": "publish"}, "No date before 1971"),
    ({"published_at": "2020-01-01T10:00"}, "A draft has no date"),
    ({"body": "x" * 1_000_001}, "1 characters too long"),
    ({"kind": "poem"}, "choose post or page"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_refusal_returns_all_text_with_errors_at_fields(ed: FlaskClient, wrong: dict[str, Any], sentence: str) -> None:
    answer = write(ed, **(EVERYTHING | wrong))
    assert answer.status_code == 422
    assert sentence in answer.text
    field = next(name for name in wrong if name != "then")
    if field != "kind":
        assert f'aria-describedby="{field}-error' in answer.text
        assert answer.text.count(" autofocus") == 1
        assert " autofocus" in answer.text.split(f'id="{field}"')[1].split(">")[0]
    returned = form_in(answer.text)
    assert {name: returned[name] for name in EVERYTHING if name != "kind"} == EVERYTHING | {
        name: value for name, value in wrong.items() if name in EVERYTHING
    }
    assert count_rows(Post) == 0


def test_text_without_headline_is_publishable_but_empty_post_is_not(ed: FlaskClient) -> None:
    assert write(ed, then="publish").status_code == 422
    assert write(ed, note="Only this.", then="publish").status_code == 303


def test_photo_is_stored_despite_other_errors(ed: FlaskClient) -> None:
    answer = write(ed, title="Photo", source_url="no address", photo_file=picture())
    assert answer.status_code == 422
    returned = form_in(answer.text)
    assert returned["photo_url"].startswith("/media/")
    assert send(ed, returned, source_url="").status_code == 303
    assert only_post().photo_url == returned["photo_url"]
    assert "-" in only_post().thumbnail


def test_invalid_photo_is_refused_and_text_returned(ed: FlaskClient) -> None:
    answer = write(ed, **EVERYTHING, photo_file=(io.BytesIO(b"%PDF-1.7 not a picture"), "a.pdf"))
    assert answer.status_code == 422
    assert 'id="photo_file-error"' in answer.text
    returned = form_in(answer.text)
    assert {name: returned[name] for name in EVERYTHING} == EVERYTHING


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_invalid_csrf_token_returns_the_form_with_all_text(ed: FlaskClient, token: str) -> None:
    answer = write(ed, **EVERYTHING, csrf_token=token, photo_file=picture())
    assert answer.status_code == 403
    returned = form_in(answer.text)
    assert {name: returned[name] for name in EVERYTHING} == EVERYTHING
    assert count_rows(Post) == 0
    assert send(ed, returned).status_code == 303


def test_text_survives_session_end(ed: FlaskClient) -> None:
    form = open_form(ed)
    with writing():
        db.session.query(EditorSession).delete()
    late = send(ed, form, **EVERYTHING, then="publish")
    assert late.status_code == 403
    assert count_rows(Post) == 0
    signed = ed.post("/desk/session", data=fields_of(late.text) | {"email": "ed@example.org", "password": PASSWORD})
    onward = ed.post("/desk/posts", data=fields_of(signed.text))
    if onward.status_code == 403:  # a second submission must succeed
        onward = send(ed, form_in(onward.text), then="publish")
    assert onward.status_code == 303
    again = open_form(ed, only_post())
    assert {name: again[name] for name in EVERYTHING} == EVERYTHING
    assert only_post().published


def fields_of(page: str) -> dict[str, str]:
    """Return the fields of the last form on a page."""
    form = html.document_fromstring(page).forms[-1]
    return {name: value.removeprefix("\n") for name, value in form.form_values()}


def test_database_outage_returns_the_form(ed: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("", {}, Exception("disk full"))

    monkeypatch.setattr(desk, "write_post", fail)
    answer = write(ed, **EVERYTHING)
    assert answer.status_code == 503
    returned = form_in(answer.text)
    assert {name: returned[name] for name in EVERYTHING} == EVERYTHING


def test_form_and_saving_require_sign_in(app: Flask, client: FlaskClient) -> None:
    post = a_post("Shown")
    assert client.get("/desk/posts/new").location.startswith("/desk/sign-in")
    assert client.get(f"/desk/posts/{post.id}/edit").location.startswith("/desk/sign-in")
    token = csrf(client, "/desk/sign-in")
    for path in ("/desk/posts", f"/desk/posts/{post.id}"):
        assert client.post(path, data={"csrf_token": token, "title": "Taken over"}).status_code == 403
    assert only_post().title == "Shown"


def test_second_editor_sees_conflict_and_may_overwrite(ed: FlaskClient) -> None:
    post = a_post("As it was")
    early = open_form(ed, post)
    write(ed, post, title="Theirs")
    answer = send(ed, early, post, title="Mine")
    assert answer.status_code == 409
    assert f'href="/desk/posts/{post.id}/edit" target="_blank"' in answer.text
    assert form_in(answer.text)["title"] == "Mine"
    assert reload(post).title == "Theirs"
    assert send(ed, form_in(answer.text), post).status_code == 303
    assert reload(post).title == "Mine"


def test_comment_causes_no_edit_conflict(ed: FlaskClient) -> None:
    post = a_post("Answered")
    form = open_form(ed, post)
    a_comment(post)
    assert send(ed, form, post, title="Still mine").status_code == 303


def test_date_uses_the_sites_time_zone(ed: FlaskClient) -> None:
    with writing():
        current_site().timezone = "America/Los_Angeles"
    write(ed, title="Backdated", published_at="2025-12-31T21:00", then="publish")
    post = only_post()
    assert post.published_at == datetime(2026, 1, 1, 5, tzinfo=UTC)
    assert (post.path or "").startswith("/2025/12/")
    assert open_form(ed, post)["published_at"] == "2025-12-31T21:00"


def test_unchanged_date_keeps_its_seconds(ed: FlaskClient) -> None:
    at = now() - timedelta(days=3)
    post = a_post("To the millisecond", published_at=at)
    write(ed, post, title="Changed")
    assert reload(post).published_at == at
    write(ed, post, published_at="2020-02-02T02:02")
    assert reload(post).published_at == datetime(2020, 2, 2, 2, 2, tzinfo=UTC)


def test_unchanged_imported_body_keeps_its_html(ed: FlaskClient) -> None:
    post = a_post("Old", body='<a href="http://old.example/x">x</a>\r\n*not Markdown*')
    with writing():
        db.session.get_one(Post, post.id).body_html = "as the import cleaned it"
    write(ed, post, title="New headline")
    assert reload(post).body == post.body
    assert reload(post).body_html == "as the import cleaned it"
    write(ed, post, body="<p>Changed</p>")
    assert reload(post).body_html == "<p>Changed</p>"


def test_body_without_tags_is_markdown(ed: FlaskClient) -> None:
    write(ed, title="About", body="First.\n\nSecond *one*.", kind="page")
    assert only_post().body_html == "<p>First.</p>\n<p>Second <em>one</em>.</p>"
    write(ed, only_post(), body="<p>one *star*</p>")
    assert only_post().body_html == "<p>one *star*</p>"


def test_page_gets_a_page_path(ed: FlaskClient, client: FlaskClient) -> None:
    form = form_in(ed.get("/desk/posts/new?kind=page").text)
    assert form["kind"] == "page"
    send(ed, form, title="About us", body="<p>We</p>", then="publish")
    assert only_post().path == "/p/about-us.html"
    assert "<p>We</p>" in client.get("/p/about-us.html").text


def test_checkbox_closes_and_opens_comments(ed: FlaskClient, client: FlaskClient) -> None:
    post = a_post("Closed soon")
    form = open_form(ed, post)
    del form["comments_open"]
    send(ed, form, post)
    assert "Responses to this post are closed" in client.get(post.path or "").text
    closed_at = reload(post).comments_closed_at
    write(ed, post, title="Still closed")
    assert reload(post).comments_closed_at == closed_at
    write(ed, post, comments_open="y")
    assert "Responses to this post are closed" not in client.get(post.path or "").text


def test_missing_post_answers_404(ed: FlaskClient) -> None:
    assert ed.get("/desk/posts/99/edit").status_code == 404
    assert ed.post("/desk/posts/99", data={"csrf_token": csrf(ed, "/desk/posts/new")}).status_code == 404
    assert ed.get("/desk/posts/new?kind=nonsense").status_code == 200


def test_posts_comment_rule_overrides_the_sites(ed: FlaskClient) -> None:
    post = a_post()
    for rule, returned in (("all", "all"), ("first", "first"), ("", None)):
        write(ed, post, comment_rule=rule)
        assert reload(post).comment_rule == returned
        assert open_form(ed, post)["comment_rule"] == rule
    refused = write(ed, post, comment_rule="reading", note="Kept")
    assert refused.status_code == 422
    assert "choose one of the rules" in refused.text
    assert "Kept" in refused.text
    assert reload(post).comment_rule is None
