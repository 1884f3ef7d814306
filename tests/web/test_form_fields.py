"""Test that form fields limit their text and keep it."""

from __future__ import annotations

import importlib
import io
import pkgutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, FileField

import blog
from blog.comments.forms import CommentForm
from blog.comments.submission_keys import new_submission_key
from blog.posts.forms import PostForm
from blog.web.forms.body_limits import MAX_READER_BODY
from blog.web.forms.fields import BoundedField, CSRFTokenInput, Text, WholeNumber
from tests.factories import HTMX, a_comment, a_post, answer, count, signed_in, token

LENGTH = 1_000_000
PIECES = [
    "x",
    " ",
    "\n",
    "\u200b",
    "\u0327\u0301",
    "a.a.a.",
    "<a <a ",
    "7",
    "@",
    "a@",
    "&",
    "[",
    "\ufdfa",
    "https://",
    "/..",
]
WITHOUT_TEXT = (BooleanField, FileField, CSRFTokenInput)


def forms() -> list[type[FlaskForm]]:
    for module in pkgutil.walk_packages(blog.__path__, "blog."):
        if module.name.endswith("forms"):
            importlib.import_module(module.name)
    found, waiting = [], FlaskForm.__subclasses__()
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        if form.__module__.startswith("blog."):
            found.append(form)
    return sorted(found, key=lambda form: form.__name__)


@pytest.fixture
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context(method="POST"):
        yield


def test_every_field_limits_its_text(request_context: None) -> None:
    """Fail for a text field that is not from `blog.web.forms.fields`."""
    unbounded = [
        f"{form.__name__}.{field.name}"
        for form in forms()
        for field in form(formdata=None)
        if not isinstance(field, (BoundedField, *WITHOUT_TEXT))
    ]
    assert len(forms()) >= 12
    assert unbounded == []


def test_field_requires_max_length(request_context: None) -> None:
    class Unbounded(FlaskForm):
        name = Text("Name")  # type: ignore[call-arg]

    with pytest.raises(TypeError, match="max_length"):
        Unbounded(formdata=None)


def cpu(form: type[FlaskForm], data: dict[str, str], enough: float = 0.0, tries: int = 5) -> float:
    """Measure the best CPU seconds of validating; stop at `enough`."""
    best = float("inf")
    for _ in range(tries):
        start = time.process_time()
        form(formdata=MultiDict(data)).validate()
        best = min(best, time.process_time() - start)
        if best <= enough:
            break
    return best


@pytest.mark.slow
@pytest.mark.parametrize("form", forms(), ids=lambda form: form.__name__)
def test_field_rejects_a_megabyte_cheaply(request_context: None, form: type[FlaskForm]) -> None:
    limit = 20 * cpu(form, {"nothing": ""})
    slow = [
        (field.name, piece)
        for field in form(formdata=None)
        for piece in PIECES
        if cpu(form, {field.name: (piece * LENGTH)[:LENGTH]}, enough=limit) > limit
    ]
    assert slow == []


@pytest.mark.slow
@pytest.mark.parametrize("form", forms(), ids=lambda form: form.__name__)
def test_field_validates_its_longest_text_cheaply(request_context: None, form: type[FlaskForm]) -> None:
    """Skip the long fields of posts, which are validated in linear time."""
    limit = 20 * cpu(form, {"nothing": ""})
    slow = [
        (field.name, piece)
        for field in form(formdata=None)
        if isinstance(field, BoundedField) and field.max_length <= 5_000
        for piece in PIECES
        if cpu(form, {field.name: (piece * field.max_length)[: field.max_length]}, enough=limit) > limit
    ]
    assert slow == []


def read(field: Any, text: str) -> Field:
    form = type("AForm", (FlaskForm,), {"field": field})(formdata=MultiDict({"field": text}), meta={"csrf": False})
    form.validate()
    found: Field = form.field
    return found


def test_field_keeps_too_long_text_unread(request_context: None) -> None:
    met: list[str] = []

    def validate(_form: Any, field: Field) -> None:
        met.append(field.data)

    field = read(Text("Name", [validate], filters=[lambda text: met.append(text) or ""], max_length=5), " 123456 ")
    assert field.data == " 123456 "
    assert [str(error) for error in field.errors] == ["This is 3 characters too long; it holds at most 5."]
    assert met == []


def test_field_counts_a_line_break_once(request_context: None) -> None:
    assert not read(Text("Name", max_length=3), "a\r\nb").errors
    assert read(Text("Name", max_length=3), "a\r\nbc").errors


def test_field_rejects_text_lengthened_by_a_filter(request_context: None) -> None:
    assert read(Text("Name", filters=[lambda text: f"https://{text}"], max_length=10), "a.org").errors


def test_number_field_rejects_a_million_digits(request_context: None) -> None:
    assert read(WholeNumber("Number"), "7" * LENGTH).errors
    assert read(WholeNumber("Number"), " 7 ").data == 7


def test_field_sums_the_length_of_all_values(request_context: None) -> None:
    data = MultiDict([("name", "Ann")] * 100)
    form = CommentForm(formdata=data, meta={"csrf": False})
    form.validate()
    assert form.name.errors


@pytest.mark.parametrize(
    "website",
    ["https://ann.example.org/a?b=c#d", "http://ann.example.org:8080", "https://bücher.example", "ann.example.org"],
)
def test_website_accepts_web_addresses(request_context: None, website: str) -> None:
    form = CommentForm(
        formdata=MultiDict({"website": website, "body": "x", "key": new_submission_key()}), meta={"csrf": False}
    )
    assert form.validate()


@pytest.mark.parametrize(
    "website",
    [
        "https://",
        "https://ann",
        "https://a@b.example",
        "https://.",
        "https://[::1",
        "https://a b.example/",
        "mailto:a@b.example",
        "https://a.example/<b>",
        "https://a.example/\u2028b",
        "https:///a.b",
        "ftp://a.example",
        "javascript:x.y",
    ],
)
def test_website_rejects_other_addresses(request_context: None, website: str) -> None:
    form = CommentForm(formdata=MultiDict({"website": website, "body": "x"}), meta={"csrf": False})
    assert not form.validate()


@pytest.mark.parametrize(
    ("field", "address", "fine"),
    [
        ("source_url", "https://paper.example/a|b{c}", True),
        ("source_url", "http://localhost/a", True),
        ("source_url", "/a", False),
        ("source_url", "https:///a", False),
        ("photo_url", "/media/a.jpg", True),
        ("photo_url", "https://a.example/b.jpg", True),
        ("photo_url", "http://a.example/b.jpg", False),
        ("photo_url", "//a.example/b.jpg", False),
        ("photo_url", "/\\a.example/b.jpg", False),
    ],
)
def test_post_form_checks_its_addresses(request_context: None, field: str, address: str, fine: bool) -> None:
    form = PostForm(formdata=MultiDict({"kind": "post", field: address}), meta={"csrf": False})
    form.validate()
    assert bool(form[field].errors) is not fine


@pytest.mark.parametrize("character", ["x", "\u9dfa", "\U0001f986", "\n"])
def test_comment_accepts_10_000_characters_of_any_script(client: FlaskClient, character: str) -> None:
    taken = answer(client, a_post(), "x" + character * 9_999, website="https://example.org/" + "%C3%BC" * 60)
    assert taken.status_code == 200, taken.text
    assert count() == 1


def test_reader_body_is_limited_to_192_kilobytes(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post)
    for path in (f"/posts/{post.id}/comments", f"/posts/{post.id}/comments/preview"):
        at_most = client.post(path, data=form | {"subject": "x" * (MAX_READER_BODY - 1_000)}, headers=HTMX)
        assert at_most.status_code != 413
        assert client.post(path, data=form | {"subject": "x" * MAX_READER_BODY}, headers=HTMX).status_code == 413


@pytest.mark.parametrize(
    "path", ["/desk/posts", "/desk/posts/preview", "/desk/session", "/desk/settings", "/desk/imports"]
)
def test_desk_body_is_limited_for_strangers(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"body": "x" * MAX_READER_BODY}).status_code == 413


def test_too_long_comment_is_returned_whole(client: FlaskClient) -> None:
    refused = answer(client, a_post(), "x" * 150_000, name="n" * 81)
    assert refused.status_code == 422
    assert "x" * 150_000 in refused.text
    assert f'value="{"n" * 81}"' in refused.text
    assert "This is 140000 characters too long; it holds at most 10,000." in refused.text


@pytest.mark.parametrize(
    "json",
    [
        '{"body": 5}',
        '{"body": {"a": 1}}',
        "[1, 2]",
        '"x"',
        "[" * 90_000,
        '{"body": ["x", 3]}',
        "nonsense",
        '{"body": "\\ud800"}',
    ],
)
@pytest.mark.parametrize("path", ["", "/preview", "/1/reports", "/1/agreement", "/1"])
def test_comment_views_ignore_json(client: FlaskClient, path: str, json: str) -> None:
    post = a_post()
    a_comment(post)
    token(client, post)
    answered = client.post(f"/posts/{post.id}/comments{path}", data=json, content_type="application/json")
    assert answered.status_code in {200, 400, 403, 422}
    assert count() == 1


@pytest.mark.parametrize("name", ["body", "name", "website", "parent_id", "key", "csrf_token", "subject"])
def test_field_ignores_a_file_sent_as_text(client: FlaskClient, name: str) -> None:
    post = a_post()
    form: dict[str, Any] = (
        token(client, post) | {"body": "Seen one.", "name": "Ann"} | {name: (io.BytesIO(b"x"), "x.txt")}
    )
    answered = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX, content_type="multipart/form-data")
    assert answered.status_code in {200, 403, 422}


@pytest.mark.parametrize("path", ["/desk/posts", "/desk/comments"])
@pytest.mark.parametrize("piece", ["a", "a ", "%", "_", " ", "\u0327\u0301", "\ufdfa"])
def test_search_accepts_any_length(app: Flask, path: str, piece: str) -> None:
    """Cover patterns beyond the 50,000 bytes that SQLite accepts."""
    assert signed_in(app).get(path, query_string={"q": (piece * 60_000)[:60_000]}).status_code == 200
