"""Parents before replies: any order, any depth, circles too."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime

from blog.importing.archive import Comment
from blog.importing.load.thread_order import ThreadOrder

AT = datetime(2011, 7, 1, 12, 0, 0, 7000, tzinfo=UTC)


def comment(number: int, parent: int | None) -> Comment:
    return Comment(f"c{number}", "p", f"c{parent}" if parent else None, "Ann", "", "Ünïcode\n", AT, False, f"c{number}")


def ordered(family: Iterable[tuple[int, int | None]]) -> tuple[list[Comment], ThreadOrder]:
    comments, lineage = [comment(*pair) for pair in family], ThreadOrder()
    for each in comments:
        lineage.note(each.ref, each.parent_ref)
    lineage.settle()
    return list(lineage.parents_first(comments)), lineage


def test_comments_that_come_in_order_keep_it() -> None:
    found, _ = ordered([(1, None), (2, 1), (3, None), (4, 3)])
    assert [each.ref for each in found] == ["c1", "c2", "c3", "c4"]


def test_a_reply_that_waited_is_the_same_afterwards() -> None:
    found, _ = ordered([(2, 1), (1, None)])
    assert found == [comment(1, None), comment(2, 1)]


def test_a_chain_of_ten_thousand_comes_in_order_backwards_too() -> None:
    found, _ = ordered([(n, n - 1 or None) for n in range(10_000, 0, -1)])
    assert [each.ref for each in found] == [f"c{n}" for n in range(1, 10_001)]


def test_any_order_gives_every_comment_once_and_after_its_parent() -> None:
    chance = random.Random(7)
    for _ in range(50):
        family = [(n, chance.choice([None, *range(1, 40)])) for n in range(1, 40)]
        chance.shuffle(family)
        found, _ = ordered(family)
        places = {each.ref: place for place, each in enumerate(found)}
        assert len(found) == len(places) == 39
        assert all(places[each.parent_ref] < places[each.ref] for each in found if each.parent_ref)


def test_a_circle_is_cut_at_one_place() -> None:
    found, lineage = ordered([(1, 3), (2, 1), (3, 2), (4, 3)])
    assert lineage.circular == 1
    assert sorted(each.ref for each in found) == ["c1", "c2", "c3", "c4"]
    assert sum(each.parent_ref is None for each in found) == 1


def test_a_comment_that_answers_itself_stands_at_the_top() -> None:
    found, lineage = ordered([(1, 1)])
    assert (found, lineage.circular) == ([comment(1, None)], 1)


def test_a_reply_to_what_is_not_in_the_export_does_not_wait_for_it() -> None:
    found, lineage = ordered([(2, 9), (1, None)])
    assert (found, lineage.circular) == ([comment(2, 9), comment(1, None)], 0)
