from __future__ import annotations

import random
import time

import pytest

from blog.spam.muted_words import LARGEST_TOGETHER, MOST_CHARACTERS, MOST_PATTERNS, muted

# what makes a backtracking engine go back for ever
HOSTILE = [
    "(a+)+$",
    "(a|aa)+$",
    "(a|a?)+$",
    "(.*)*$x",
    "(x+x+)+y",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    r"([a-z0-9]+\s?)+!$",
    "(a?){100}a{100}$z",
    ".*.*.*.*.*.*.*=.*x",
    "(.{0,40}){0,3}q~",
    r"(\w{1,20}\s){1,20}q$",
]
TEXTS = ["a" * 20_000, "x" * 20_000, "aaa aaa " * 2_500, "é漢a " * 5_000]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_hostile_pattern_is_through_a_long_text_at_once_or_is_refused(pattern: str) -> None:
    found = muted(f"/{pattern}/")
    start = time.monotonic()
    for text in TEXTS:
        found.found_in(text)
    assert time.monotonic() - start < 1


def test_the_largest_list_of_the_worst_patterns_is_through_in_a_second_or_two() -> None:
    lines = "\n".join(f"/(.{{0,30}}){{0,3}}{number}~/" for number in range(100))
    found = muted(lines)
    assert sum(pattern.programsize for pattern, _line in found.patterns) <= LARGEST_TOGETHER
    assert "too many patterns" in found.faults[-1]
    start = time.monotonic()
    found.found_in("".join(random.Random(1).choices("abcdefgh é漢", k=20_000)))
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a", "missing )"),
        (r"(\w+)\1", "invalid escape sequence"),
        ("(?=x)", "invalid perl operator"),
        ("(?<!x)y", "invalid perl operator"),
        ("x{1001}", "invalid repetition size"),
        ("((x{100}){100}){100}", "invalid repetition size"),
        (r"(\pL{0,100}){0,10}z", "too large"),
        ("(.{0,100}){0,8}x", "too large"),
        ("a*", "in every text"),
        ("|", "in every text"),
        ("", "in every text"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_one_sentence_that_names_its_line(pattern: str, reason: str) -> None:
    found = muted(f"fine\n\n/{pattern}/\nfine too")
    assert len(found.faults) == 1
    assert found.faults[0].startswith("Line 3, /")
    assert reason in found.faults[0]
    assert found.found_in("fine too") == "fine"


def test_more_patterns_than_may_stand_are_refused() -> None:
    found = muted("\n".join(f"/x{number}/" for number in range(MOST_PATTERNS + 2)))
    assert len(found.faults) == 2
    assert "too many patterns" in found.faults[0]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("casino", "The CASINO, again."),
        ("casino", "\N{FULLWIDTH LATIN SMALL LETTER C}asino"),
        ("casino", "ca\u200bsi\u00adno"),
        ("casino", "https://casino.example.org/x"),
        ("cheap pills", "Cheap\n  pills here"),
        ("don't care", "I don't care"),
        ("straße", "STRASSE"),
        ("c++", "all of C++ is"),
        ("$$$", "make $$$ fast"),
        ("赌场", "去赌场吧"),
        ("https://bad.example/", "see https://BAD.example/page"),
        ("/cas[i1]no/", "CAS1NO"),
        (r"/\bviagra\b/", "viagra!"),
        ("/^buy/", "Buy this"),
    ],
)
def test_what_is_muted_is_found_however_it_is_written(line: str, text: str) -> None:
    assert muted(f"something else\n  {line}  \n").found_in(text) == line


@pytest.mark.parametrize(
    ("line", "text"),
    [("ass", "a classic passage"), ("cheap pills", "cheap, but no pills"), (r"/\bass\b/", "class"), ("c++", "C + +")],
)
def test_what_only_contains_it_is_not(line: str, text: str) -> None:
    assert muted(line).found_in(text) == ""


def test_a_list_as_long_as_it_may_be_is_fast_to_read_and_to_look_for() -> None:
    lines = "\n".join(f"word{number} more" for number in range(3_300))[:MOST_CHARACTERS]
    start = time.monotonic()
    found = muted(lines)
    assert time.monotonic() - start < 1
    start = time.monotonic()
    assert found.found_in("some words, " * 1_500) == ""
    assert found.found_in("some words, " * 1_500 + "word3000 more") == "word3000 more"
    assert muted(lines) is found
    assert time.monotonic() - start < 0.5
