from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from blog.db import db
from blog.posts import related
from blog.posts.archive.models import RelatedPost
from blog.posts.editing import SAVE, PostInput, stamp, write_post
from blog.posts.models import PAGE, Post
from blog.posts.publishing import publish_post, trash_post, unpublish_post
from blog.posts.related import relate_posts
from tests.factories import a_post

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fillers(app: object) -> None:
    """Publish posts that have nothing in common, between which neighbours lie."""
    for number in range(6):
        a_post("", body=f"Text {number}.", published_at=START - timedelta(days=number))


def relate() -> None:
    while relate_posts():
        pass


def related_titles(client: FlaskClient, post: Post) -> list[str]:
    relate()
    page = client.get(post.address).text
    part = re.search(r'<nav class="related".*?</nav>', page, re.DOTALL)
    return re.findall(r"<a [^>]*>(.*?)</a>", part[0]) if part else []


def test_posts_of_one_source_label_or_title_word_are_related(client: FlaskClient) -> None:
    by_source = a_post("One", source_name="The Courier", published_at=START - timedelta(days=100))
    a_post("", body="Filler.", published_at=START - timedelta(days=101))
    by_word = a_post("Herons in winter", published_at=START - timedelta(days=102))
    a_post("", body="Filler.", published_at=START - timedelta(days=103))
    by_label = a_post("Three", labels=("Birds",), published_at=START - timedelta(days=104))
    a_post("", body="Filler.", published_at=START - timedelta(days=105))
    post = a_post("Herons", source_name="The Courier", labels=("Birds",), published_at=START)
    assert related_titles(client, post) == ["Three", "Herons in winter", "One"]
    for other in (by_source, by_word, by_label):
        assert related_titles(client, other) == ["Herons"]


def test_unrelated_posts_show_nothing(client: FlaskClient) -> None:
    post = a_post("Alone", published_at=START - timedelta(days=2, hours=1))
    assert related_titles(client, post) == []


def test_only_visible_posts_are_related(client: FlaskClient) -> None:
    post = a_post("Herons", labels=("Birds",), published_at=START + timedelta(days=1))
    other = a_post("Ducks", labels=("Birds",), published_at=START - timedelta(days=50))
    a_post("Draft of ducks", labels=("Birds",), draft=True)
    a_post("A page of herons", labels=("Birds",), kind=PAGE)
    assert related_titles(client, post) == ["Ducks"]
    for hide in (unpublish_post, trash_post):
        hide(other.id)
        assert related_titles(client, post) == []
        db.session.rollback()
    assert client.get("/archive").status_code == 200


def test_drafts_do_not_crowd_out_candidates(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(related, "NEWEST", 2)
    post = a_post("Herons", source_name="The Courier", published_at=START + timedelta(days=1))
    a_post("Ducks", source_name="The Courier", published_at=START - timedelta(days=50))
    for number in range(3):
        a_post(f"Draft {number}", source_name="The Courier", draft=True)
    assert related_titles(client, post) == ["Ducks"]


def test_changed_post_is_compared_again(client: FlaskClient) -> None:
    post = a_post("Herons", labels=("Birds",), published_at=START + timedelta(days=1))
    other = a_post("Ducks", labels=("Birds",), published_at=START - timedelta(days=50))
    assert related_titles(client, other) == ["Herons"]
    write_post(post.id, PostInput({"title": "Herons"}, labels=["Cars"]), SAVE, stamp(post))
    assert related_titles(client, other) == []
    unpublish_post(post.id)
    write_post(post.id, PostInput({"title": "Herons"}, labels=["Birds"]), SAVE, stamp(db.session.get(Post, post.id)))
    publish_post(post.id)
    assert related_titles(client, other) == ["Herons"]


def test_post_that_changes_during_the_comparison_waits_for_the_next(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    relate()
    post = a_post("Herons", labels=("Birds",), published_at=START + timedelta(days=1))
    a_post("Ducks", labels=("Birds",), published_at=START - timedelta(days=50))
    find = related.find_relatives

    def find_and_change(post_id: int) -> related.Relatives:
        found = find(post_id)
        if post_id == post.id:
            write_post(post.id, PostInput({"title": "Herons"}, labels=["Cars"]), SAVE, stamp(post))
        return found

    monkeypatch.setattr(related, "find_relatives", find_and_change)
    relate_posts()
    monkeypatch.undo()
    assert related_titles(client, post) == []


def test_pairs_of_a_post_are_bounded_and_the_best_stay(client: FlaskClient) -> None:
    first = a_post("Herons", labels=("Birds", "Art"), published_at=START + timedelta(days=1))
    for number in range(12):
        a_post(f"Ducks {number}", labels=("Birds",), published_at=START - timedelta(days=50 + number))
        relate()
    best = a_post("Swans", labels=("Birds", "Art"), published_at=START - timedelta(days=80))
    assert related_titles(client, first)[0] == best.title
    assert len(related_titles(client, first)) == 4
    counts = select(func.count(RelatedPost.related_id)).group_by(RelatedPost.post_id)
    assert max(db.session.scalars(counts)) <= related.MAX_PAIRS
    assert db.session.scalar(select(func.count()).where(RelatedPost.post_id == RelatedPost.related_id)) == 0


@pytest.mark.parametrize(
    "title", ["</script><b>\"'", "\u202etxt.exe ]]>", "語" * 400, "word " * 100, "%d {x} \\d+", "a" * 500]
)
def test_hostile_titles_are_compared_and_escaped(client: FlaskClient, title: str) -> None:
    post = a_post("Birds", labels=("Birds",), published_at=START + timedelta(days=1))
    a_post(title, labels=("Birds",), source_name=title[:300], published_at=START - timedelta(days=50))
    assert len(related_titles(client, post)) == 1
    assert "<b>" not in related_titles(client, post)[0]
