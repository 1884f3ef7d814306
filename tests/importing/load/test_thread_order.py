"""Test that parents come before replies, in any order and with cycles."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime

from blog.importing.archive import Comment
from blog.importing.load.thread_order import ThreadOrder

AT = datetime(2011, 7, 1, 12, 0, 0, 7000, tzinfo=UTC)


def comment(number: int, parent: int | None) -> Comment:
    return Comment(f"c{number}", "p", f"c{parent}" if parent else None, "Ann", "", "Ünïcode\n", AT, False, f"c{number}")


def ordered(pairs: Iterable[tuple[int, int | None]]) -> tuple[list[Comment], ThreadOrder]:
    comments, order = [comment(*pair) for pair in pairs], ThreadOrder()
    for each in comments:
        order.add(each.ref, each.parent_ref)
    order.resolve()
    return list(order.parents_first(comments)), order


def test_ordered_comments_keep_their_order() -> None:
    found, _ = ordered([(1, None), (2, 1), (3, None), (4, 3)])
    assert [each.ref for each in found] == ["c1", "c2", "c3", "c4"]


def test_a_deferred_reply_is_unchanged() -> None:
    found, _ = ordered([(2, 1), (1, None)])
    assert found == [comment(1, None), comment(2, 1)]


def test_a_reversed_chain_of_ten_thousand_is_ordered() -> None:
    found, _ = ordered([(n, n - 1 or None) for n in range(10_000, 0, -1)])
    assert [each.ref for each in found] == [f"c{n}" for n in range(1, 10_001)]


def test_every_comment_comes_once_and_after_its_parent() -> None:
    chance = random.Random(7)
    for _ in range(50):
        pairs = [(n, chance.choice([None, *range(1, 40)])) for n in range(1, 40)]
        chance.shuffle(pairs)
        found, _ = ordered(pairs)
        places = {each.ref: place for place, each in enumerate(found)}
        assert len(found) == len(places) == 39
        assert all(places[each.parent_ref] < places[each.ref] for each in found if each.parent_ref)


def test_a_cycle_is_cut_once() -> None:
    found, order = ordered([(1, 3), (2, 1), (3, 2), (4, 3)])
    assert order.circular_replies == 1
    assert sorted(each.ref for each in found) == ["c1", "c2", "c3", "c4"]
    assert sum(each.parent_ref is None for each in found) == 1


def test_a_reply_to_itself_becomes_a_root() -> None:
    found, order = ordered([(1, 1)])
    assert (found, order.circular_replies) == ([comment(1, None)], 1)


def test_a_reply_to_a_missing_parent_is_not_deferred() -> None:
    found, order = ordered([(2, 9), (1, None)])
    assert (found, order.circular_replies) == ([comment(2, 9), comment(1, None)], 0)
