from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.live_events import DESK, SITE, news, versions
from blog.posts.models import Post
from blog.site.models import current_site
from tests.factories import HTMX, a_post, csrf
from tests.posts.forms import reload


def press(client: FlaskClient, post: Post, noun: str, *, undo: bool = False, htmx: bool = False) -> TestResponse:
    path = f"/desk/posts/{post.id}/{noun}{'?_method=DELETE' if undo else ''}"
    form = {"csrf_token": csrf(client, "/desk/posts/new"), "onward": "/desk/posts?state=all"}
    return client.post(path, data=form, headers=HTMX if htmx else {})


def test_draft_is_published_from_the_list(ed: FlaskClient, client: FlaskClient) -> None:
    post = a_post("A draft", draft=True)
    answer = press(ed, post, "publication")
    assert (answer.status_code, answer.location) == (303, "/desk/posts?state=all")
    assert "A draft" in client.get(reload(post).path or "").text


def test_htmx_response_replaces_the_state(ed: FlaskClient) -> None:
    post = a_post("A draft", draft=True)
    answer = press(ed, post, "publication", htmx=True)
    assert answer.status_code == 200
    assert answer.text.startswith(f'<form class="verbs" id="post-{post.id}-status"')
    assert "Published" in answer.text
    assert "Unpublish" in answer.text


def test_unpublished_post_answers_410_without_its_text(ed: FlaskClient, client: FlaskClient) -> None:
    post = a_post("A secret headline")
    path = post.path or ""
    press(ed, post, "publication", undo=True)
    gone = client.get(path)
    assert gone.status_code == 410
    assert "This was published once and has been taken down." in gone.text
    assert "secret" not in gone.text.replace(path, "")
    assert "A secret headline" not in client.get("/").text
    press(ed, post, "publication")
    assert client.get(path).status_code == 200
    assert reload(post).path == path


def test_publishing_again_keeps_the_first_date(ed: FlaskClient) -> None:
    post = a_post("Twice")
    press(ed, post, "publication", undo=True)
    press(ed, post, "publication")
    assert reload(post).published_at == post.published_at


def test_trashed_post_is_gone_and_restored_unchanged(ed: FlaskClient, client: FlaskClient) -> None:
    public, draft = a_post("Shown"), a_post("Never shown", draft=True)
    for post in (public, draft):
        press(ed, post, "trash")
        assert reload(post).state == "trashed"
    assert client.get(public.path or "").status_code == 410
    for post in (public, draft):
        press(ed, post, "trash", undo=True)
    assert (reload(public).state, reload(draft).state) == ("published", "draft")
    assert client.get(public.path or "").status_code == 200


def test_unpublishing_updates_home_and_ends_thread_events(ed: FlaskClient) -> None:
    post = a_post("Followed")
    topic, before = f"post:{post.id}", current_site().version
    assert versions([topic, SITE]) == {topic: 0, SITE: before, DESK: 0}
    assert news(topic, 0) is not None
    press(ed, post, "publication", undo=True)
    reload(post)
    assert versions([topic, SITE]) == {SITE: before + 1, DESK: 0}
    assert news(topic, 0) is None


@pytest.mark.parametrize("noun", ["publication", "trash"])
@pytest.mark.parametrize("undo", [False, True])
def test_state_change_requires_sign_in(app: Flask, client: FlaskClient, noun: str, undo: bool) -> None:
    post = a_post("Shown")
    path = f"/desk/posts/{post.id}/{noun}{'?_method=DELETE' if undo else ''}"
    assert client.post(path, data={"csrf_token": csrf(client, "/desk/sign-in")}).status_code == 403
    assert reload(post).state == "published"


def test_state_change_requires_csrf_token(ed: FlaskClient) -> None:
    post = a_post("Shown")
    assert ed.post(f"/desk/posts/{post.id}/trash").status_code == 400
    assert reload(post).state == "published"


def test_empty_post_is_not_published(ed: FlaskClient) -> None:
    post = a_post("", draft=True)
    assert press(ed, post, "publication").status_code == 422
    assert reload(post).state == "draft"
    assert press(ed, Post(id=99), "publication").status_code == 404


def test_state_change_redirects_only_to_the_desk(ed: FlaskClient) -> None:
    post = a_post("Shown")
    form = {"csrf_token": csrf(ed, "/desk/posts/new"), "onward": "https://evil.example/"}
    assert ed.post(f"/desk/posts/{post.id}/trash", data=form).location == f"/desk/posts/{post.id}/edit"
