"""A new post's form that arrives more than once makes one post."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask.testing import FlaskClient

from blog.posts.models import PUBLISHED, Post
from blog.posts.publishing import publish_post, unpublish_post
from tests.posts.forms import afresh, how_many, only_post, opened, send

TITLE = "Herons return"


def test_a_second_press_makes_no_second_draft(ed: FlaskClient) -> None:
    form = opened(ed)
    first, second, third = (send(ed, form, title=TITLE, body="*One.*") for _ in range(3))
    assert [first.status_code, second.status_code, third.status_code] == [303] * 3
    assert first.location == second.location == third.location
    assert how_many(Post) == 1


def test_two_forms_of_the_same_words_are_two_posts(ed: FlaskClient) -> None:
    for _ in range(2):
        send(ed, opened(ed), title=TITLE)
    assert how_many(Post) == 2


def test_whoever_goes_back_writes_on_and_saves_has_one_post_with_the_later_text(ed: FlaskClient) -> None:
    form = opened(ed)
    send(ed, form, title=TITLE)
    send(ed, form, title=f"{TITLE} to the weir", then="publish")
    post = only_post()
    assert (post.title, post.state) == (f"{TITLE} to the weir", PUBLISHED)


def test_a_form_gone_back_to_after_publishing_changes_that_post_too(ed: FlaskClient) -> None:
    form = opened(ed)
    send(ed, form, title=TITLE, then="publish")
    path = only_post().path
    assert send(ed, form, title="Later", then="publish").status_code == 303
    assert (only_post().title, only_post().path) == ("Later", path)


def test_what_somebody_changed_meanwhile_is_not_written_over_unseen(ed: FlaskClient) -> None:
    form = opened(ed)
    send(ed, form, title=TITLE)
    post = only_post()
    publish_post(post.id)
    unpublish_post(post.id)
    late = send(ed, form, title="Later")
    assert late.status_code == 409
    assert 'value="Later"' in late.text or "Later</textarea>" in late.text
    assert afresh(post).title == TITLE
    from tests.posts.forms import form_in

    assert send(ed, form_in(late.text)).status_code == 303
    assert only_post().title == "Later"


def test_a_form_that_was_refused_keeps_its_name(ed: FlaskClient) -> None:
    form = opened(ed)
    refused = send(ed, form, title=TITLE, source_url="no address")
    assert refused.status_code == 422
    assert f'value="{form["submission_key"]}"' in refused.text


def test_without_a_name_each_arrival_is_a_post(ed: FlaskClient) -> None:
    form = opened(ed) | {"submission_key": ""}
    for _ in range(2):
        send(ed, form, title=TITLE)
    assert how_many(Post) == 2


def test_two_presses_at_the_same_moment_make_one_post(ed: FlaskClient) -> None:
    form = opened(ed)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: send(ed, form, title=TITLE), range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert how_many(Post) == 1
