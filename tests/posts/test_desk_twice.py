"""Test that repeated submissions of a new post's form add one post."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask.testing import FlaskClient

from blog.posts.models import PUBLISHED, Post
from blog.posts.publishing import publish_post, unpublish_post
from tests.posts.forms import count_rows, only_post, open_form, reload, send

TITLE = "Herons return"


def test_repeated_submission_adds_one_draft(ed: FlaskClient) -> None:
    form = open_form(ed)
    first, second, third = (send(ed, form, title=TITLE, body="*One.*") for _ in range(3))
    assert [first.status_code, second.status_code, third.status_code] == [303] * 3
    assert first.location == second.location == third.location
    assert count_rows(Post) == 1


def test_two_forms_with_equal_text_add_two_posts(ed: FlaskClient) -> None:
    for _ in range(2):
        send(ed, open_form(ed), title=TITLE)
    assert count_rows(Post) == 2


def test_going_back_and_saving_updates_the_same_post(ed: FlaskClient) -> None:
    form = open_form(ed)
    send(ed, form, title=TITLE)
    send(ed, form, title=f"{TITLE} to the weir", then="publish")
    post = only_post()
    assert (post.title, post.state) == (f"{TITLE} to the weir", PUBLISHED)


def test_going_back_after_publishing_updates_the_same_post(ed: FlaskClient) -> None:
    form = open_form(ed)
    send(ed, form, title=TITLE, then="publish")
    path = only_post().path
    assert send(ed, form, title="Later", then="publish").status_code == 303
    assert (only_post().title, only_post().path) == ("Later", path)


def test_repeated_submission_reports_edit_conflict(ed: FlaskClient) -> None:
    form = open_form(ed)
    send(ed, form, title=TITLE)
    post = only_post()
    publish_post(post.id)
    unpublish_post(post.id)
    late = send(ed, form, title="Later")
    assert late.status_code == 409
    assert 'value="Later"' in late.text or "Later</textarea>" in late.text
    assert reload(post).title == TITLE
    from tests.posts.forms import form_in

    assert send(ed, form_in(late.text)).status_code == 303
    assert only_post().title == "Later"


def test_refused_form_keeps_its_submission_key(ed: FlaskClient) -> None:
    form = open_form(ed)
    refused = send(ed, form, title=TITLE, source_url="no address")
    assert refused.status_code == 422
    assert f'value="{form["submission_key"]}"' in refused.text


def test_each_submission_without_key_adds_a_post(ed: FlaskClient) -> None:
    form = open_form(ed) | {"submission_key": ""}
    for _ in range(2):
        send(ed, form, title=TITLE)
    assert count_rows(Post) == 2


def test_concurrent_submissions_add_one_post(ed: FlaskClient) -> None:
    form = open_form(ed)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: send(ed, form, title=TITLE), range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert count_rows(Post) == 1
