from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.live_events import DESK, SITE, news, versions
from blog.posts.models import Post
from blog.site.models import current_site
from tests.factories import HTMX, a_post, csrf
from tests.posts.forms import afresh


def press(client: FlaskClient, post: Post, noun: str, *, undo: bool = False, htmx: bool = False) -> TestResponse:
    path = f"/desk/posts/{post.id}/{noun}{'?_method=DELETE' if undo else ''}"
    form = {"csrf_token": csrf(client, "/desk/posts/new"), "onward": "/desk/posts?state=all"}
    return client.post(path, data=form, headers=HTMX if htmx else {})


def test_a_draft_is_published_from_the_list(ed: FlaskClient, client: FlaskClient) -> None:
    post = a_post("A draft", draft=True)
    answer = press(ed, post, "publication")
    assert (answer.status_code, answer.location) == (303, "/desk/posts?state=all")
    assert "A draft" in client.get(afresh(post).path or "").text


def test_by_htmx_the_new_state_comes_in_the_place_of_the_old(ed: FlaskClient) -> None:
    post = a_post("A draft", draft=True)
    answer = press(ed, post, "publication", htmx=True)
    assert answer.status_code == 200
    assert answer.text.startswith(f'<form class="verbs" id="post-{post.id}-status"')
    assert "Published" in answer.text
    assert "Unpublish" in answer.text


def test_what_was_taken_down_says_that_it_is_gone_and_not_what_it_was(ed: FlaskClient, client: FlaskClient) -> None:
    post = a_post("A secret headline")
    path = post.path or ""
    press(ed, post, "publication", undo=True)
    gone = client.get(path)
    assert gone.status_code == 410
    assert "This page was removed." in gone.text
    assert "secret" not in gone.text.replace(path, "")
    assert "A secret headline" not in client.get("/").text
    press(ed, post, "publication")
    assert client.get(path).status_code == 200
    assert afresh(post).path == path


def test_the_first_date_stays_when_it_is_published_again(ed: FlaskClient) -> None:
    post = a_post("Twice")
    press(ed, post, "publication", undo=True)
    press(ed, post, "publication")
    assert afresh(post).published_at == post.published_at


def test_what_is_in_the_trash_is_gone_and_comes_back_as_it_was(ed: FlaskClient, client: FlaskClient) -> None:
    shown, draft = a_post("Shown"), a_post("Never shown", draft=True)
    for post in (shown, draft):
        press(ed, post, "trash")
        assert afresh(post).state == "trashed"
    assert client.get(shown.path or "").status_code == 410
    for post in (shown, draft):
        press(ed, post, "trash", undo=True)
    assert (afresh(shown).state, afresh(draft).state) == ("published", "draft")
    assert client.get(shown.path or "").status_code == 200


def test_home_hears_of_it_and_whoever_follows_the_thread_hears_no_more(ed: FlaskClient) -> None:
    post = a_post("Followed")
    topic, before = f"post:{post.id}", current_site().version
    assert versions([topic, SITE]) == {topic: 0, SITE: before, DESK: 0}
    assert news(topic, 0) is not None
    press(ed, post, "publication", undo=True)
    afresh(post)
    assert versions([topic, SITE]) == {SITE: before + 1, DESK: 0}
    assert news(topic, 0) is None


@pytest.mark.parametrize("noun", ["publication", "trash"])
@pytest.mark.parametrize("undo", [False, True])
def test_nobody_else_changes_a_state(app: Flask, client: FlaskClient, noun: str, undo: bool) -> None:
    post = a_post("Shown")
    path = f"/desk/posts/{post.id}/{noun}{'?_method=DELETE' if undo else ''}"
    assert client.post(path, data={"csrf_token": csrf(client, "/desk/sign-in")}).status_code == 403
    assert afresh(post).state == "published"


def test_an_editor_without_a_token_changes_nothing(ed: FlaskClient) -> None:
    post = a_post("Shown")
    assert ed.post(f"/desk/posts/{post.id}/trash").status_code == 400
    assert afresh(post).state == "published"


def test_nothing_to_show_is_not_published(ed: FlaskClient) -> None:
    post = a_post("", draft=True)
    assert press(ed, post, "publication").status_code == 422
    assert afresh(post).state == "draft"
    assert press(ed, Post(id=99), "publication").status_code == 404


def test_it_leads_only_to_the_desk(ed: FlaskClient) -> None:
    post = a_post("Shown")
    form = {"csrf_token": csrf(ed, "/desk/posts/new"), "onward": "https://evil.example/"}
    assert ed.post(f"/desk/posts/{post.id}/trash", data=form).location == f"/desk/posts/{post.id}/edit"
