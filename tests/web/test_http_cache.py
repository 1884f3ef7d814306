from __future__ import annotations

from flask import Flask

from blog.web.fragment_cache import NOTHING, PLACE, Memory
from blog.web.http_cache import fresh


def test_a_kept_part_stands_in_its_place_and_counts_for_the_tag(app: Flask) -> None:
    memory = Memory(100)
    one, other = memory.get(1, lambda: "<p>Müde</p>"), memory.get(2, lambda: "<p>Wach</p>")
    with app.test_request_context("/"):
        answers = [fresh(f"<ol>{PLACE}</ol>", part) for part in (one, other, one, NOTHING)]
    assert answers[0].get_data(as_text=True) == "<ol><p>Müde</p></ol>"
    assert answers[0].headers["ETag"] == answers[2].headers["ETag"]
    assert len({answer.headers["ETag"] for answer in answers}) == 3


def test_what_was_not_asked_for_lately_is_dropped_first() -> None:
    memory = Memory(10)
    for key in ("a", "b", "a", "c"):
        memory.get(key, lambda: "12345")
    assert memory.get("a", lambda: "anew").html == b"12345"
    assert memory.get("b", lambda: "anew").html == b"anew"


def test_one_that_is_larger_than_all_may_be_is_made_once_while_nothing_else_is_asked_for() -> None:
    memory = Memory(10)
    for made in ("x" * 50, "anew"):
        assert memory.get("large", lambda made=made: made).html == b"x" * 50
    memory.get("small", lambda: "12345")
    assert memory.get("large", lambda: "anew").html == b"anew"
