from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from blog.db import now
from blog.posts.lists import DESK_PAGE_SIZE
from blog.posts.publishing import trash_post, unpublish_post
from tests.factories import HTMX, a_comment, a_post


def listed(page: str) -> list[str]:
    return re.findall(r'id="post-\d+-title"[^>]*>([^<]*)<', page)


def test_lists_filter_by_state_and_default_omits_trash(ed: FlaskClient) -> None:
    a_post("A draft", draft=True)
    a_post("Shown")
    unpublish_post(a_post("Taken down").id)
    trash_post(a_post("Thrown away").id)
    assert set(listed(ed.get("/desk/posts").text)) == {"A draft", "Shown", "Taken down"}
    lists = {"draft": "A draft", "published": "Shown", "unpublished": "Taken down", "trashed": "Thrown away"}
    for state, headline in lists.items():
        page = ed.get(f"/desk/posts?state={state}").text
        assert listed(page) == [headline]
        assert re.search(rf'state={state}" aria-current="page"', page)
    assert ed.get("/desk/posts?state=nonsense").status_code == 404


def test_posts_and_pages_have_separate_lists(ed: FlaskClient) -> None:
    a_post("A post")
    a_post("A page", kind="page")
    assert listed(ed.get("/desk/posts").text) == ["A post"]
    assert listed(ed.get("/desk/pages").text) == ["A page"]
    assert 'href="/desk/posts/new?kind=page"' in ed.get("/desk/pages").text


@pytest.mark.parametrize(("words", "found"), [("heron", 1), ("RETURN herons", 1), ("heron gull", 0), ("100%", 0)])
def test_search_finds_words_in_headlines(ed: FlaskClient, words: str, found: int) -> None:
    a_post("Herons return")
    a_post("Nothing of that kind")
    assert len(listed(ed.get("/desk/posts", query_string={"q": words}).text)) == found


def test_htmx_response_is_the_same_list(ed: FlaskClient) -> None:
    a_post("Herons return")
    whole, part = ed.get("/desk/posts?q=heron").text, ed.get("/desk/posts?q=heron", headers=HTMX).text
    assert part.startswith('<div id="posts-list">')
    assert re.sub(r'name="csrf_token" value="[^"]*"', "", part) in re.sub(r'name="csrf_token" value="[^"]*"', "", whole)


def test_list_is_sorted_by_last_change_with_keyset_pages(ed: FlaskClient) -> None:
    for number in range(DESK_PAGE_SIZE + 2):
        a_post(f"Post {number:02}", updated_at=now() - timedelta(hours=number))
    page = ed.get("/desk/posts?state=published").text
    assert listed(page) == [f"Post {number:02}" for number in range(DESK_PAGE_SIZE)]
    older = re.search(r'rel="next" href="([^"]*)"', page)[1].replace("&amp;", "&")  # type: ignore[index]
    assert listed(ed.get(older).text) == [f"Post {DESK_PAGE_SIZE}", f"Post {DESK_PAGE_SIZE + 1}"]


def test_list_shows_response_counts_and_states(ed: FlaskClient) -> None:
    post = a_post("Answered")
    for _ in range(3):
        a_comment(post)
    page = ed.get("/desk/posts").text
    assert f'href="/desk/comments?post={post.id}">3</a>' in page
    assert '<span class="state state-published">Published</span>' in page


def test_untitled_draft_is_listed_but_not_publishable(ed: FlaskClient) -> None:
    post = a_post("", draft=True)
    page = ed.get("/desk/posts").text
    assert "Untitled" in page
    assert f'id="post-{post.id}-publication"' not in page


@pytest.mark.parametrize("path", ["/desk/", "/desk/posts", "/desk/pages", "/desk/labels"])
def test_lists_require_sign_in(client: FlaskClient, path: str) -> None:
    a_post("Secret", draft=True)
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.location.startswith("/desk/sign-in")


@pytest.mark.parametrize("words", ["überschw", "ÜBERSCHW", "Überschw", "цапли"])
def test_search_ignores_case_in_any_alphabet(ed: FlaskClient, words: str) -> None:
    for title in ("Überschwemmung am Wehr", "ÜBERSCHWEMMUNG", "Über uns", "Цапли вернулись", "ЦАПЛИ"):
        a_post(title)
    found = listed(ed.get("/desk/posts", query_string={"q": words}).text)
    assert len(found) == 2
