from __future__ import annotations

import pytest
from flask import Flask

from blog.web.fragment_cache import CACHE_PLACEHOLDER, EMPTY_FRAGMENT, FragmentCache
from blog.web.http_cache import cacheable
from tests.factories import HTMX, signed_in


def test_cached_fragment_fills_its_placeholder_and_changes_the_etag(app: Flask) -> None:
    cache = FragmentCache(100)
    one, other = cache.get(1, lambda: "<p>Müde</p>"), cache.get(2, lambda: "<p>Wach</p>")
    with app.test_request_context("/"):
        answers = [cacheable(f"<ol>{CACHE_PLACEHOLDER}</ol>", part) for part in (one, other, one, EMPTY_FRAGMENT)]
    assert answers[0].get_data(as_text=True) == "<ol><p>Müde</p></ol>"
    assert answers[0].headers["ETag"] == answers[2].headers["ETag"]
    assert len({answer.headers["ETag"] for answer in answers}) == 3


def test_fragment_cache_evicts_the_least_recently_used() -> None:
    cache = FragmentCache(10)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda: "12345")
    assert cache.get("a", lambda: "anew").html == b"12345"
    assert cache.get("b", lambda: "anew").html == b"anew"


def test_fragment_cache_holds_one_oversized_fragment() -> None:
    cache = FragmentCache(10)
    for made in ("x" * 50, "anew"):
        assert cache.get("large", lambda made=made: made).html == b"x" * 50
    cache.get("small", lambda: "12345")
    assert cache.get("large", lambda: "anew").html == b"anew"


@pytest.mark.parametrize("path", ["/desk/posts", "/desk/comments", "/desk/mail"])
def test_a_page_restored_from_the_history_is_whole(app: Flask, path: str) -> None:
    restored = signed_in(app).get(path, headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert restored.status_code == 200
    assert restored.text.startswith("<!doctype html>")
    assert "<main" in restored.text
