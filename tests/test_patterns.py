"""No pattern of the program takes more than linear time, whatever text it meets.

`re` goes back over a text, RE2 does not. So a pattern is RE2's, unless its shape leaves nothing to go back to: each
repeat in it is bounded, or is the last thing in it and repeats a single character. All patterns are timed besides.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from re import _constants as of  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
import re2

from tests.test_architecture import sources

CALLS = {"compile", "match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn"}
REPEATS = (of.MAX_REPEAT, of.MIN_REPEAT, of.POSSESSIVE_REPEAT)
LOOKS = (of.ASSERT, of.ASSERT_NOT)
CHARACTERS = (of.LITERAL, of.NOT_LITERAL, of.IN, of.ANY)
MOST_TIMES = 2_000
"""A bounded repeat within a bounded repeat counts as their product."""


def written(source: str) -> Iterator[tuple[int, str | bytes | None, int]]:
    """Each pattern that is given to `re`: its line, itself (None where it is put together) and its flags.

    One that is put together at the top of a module is left out: `held` finds it there.
    """
    tree = ast.parse(source)
    top = {node for statement in tree.body if isinstance(statement, ast.Assign | ast.AnnAssign)
           for node in ast.walk(statement)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{call}" for call in CALLS}:
            pattern = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            if isinstance(pattern, str | bytes) or node not in top:
                flags = re.findall(r"re\.([A-Z]+)", ast.unparse(node))
                text = pattern if isinstance(pattern, str | bytes) else None
                yield node.lineno, text, sum(getattr(re, flag) for flag in flags)


def held(modules: dict[str, str]) -> dict[str, Any]:
    """Every pattern that a module holds, by where it stands."""
    found: dict[str, Any] = {}
    for module in modules:
        if module != "app" and not module.startswith("blog.migrations"):
            for name, value in vars(importlib.import_module(module)).items():
                found |= dict(_within(value, f"{module}.{name}", 4))
    return found


def _within(value: object, where: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, re.Pattern | re2._Regexp):
        yield where, value
    elif depth and isinstance(value, dict | tuple | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _within(inner, f"{where}[{key}]", depth - 1)


def may_go_back(pattern: str | bytes, flags: int = 0) -> bool:
    """Whether something may fail after a repeat without a bound, so that the repeat is tried at other lengths."""
    return _any_wrong(parser.parse(pattern, flags), last=True, times=1)


def _any_wrong(items: Any, last: bool, times: int) -> bool:
    return any(_wrong(item, last and place == len(items) - 1, times) for place, item in enumerate(items))


def _wrong(item: tuple[Any, Any], last: bool, times: int) -> bool:
    kind, given = item
    if kind in REPEATS and given[1] is of.MAXREPEAT:
        return not (last and times == 1 and kind is not of.MIN_REPEAT and _is_one_character(given[2]))
    if kind in REPEATS:
        return given[1] * times > MOST_TIMES or _any_wrong(given[2], last and given[1] == 1, given[1] * times)
    if kind is of.SUBPATTERN:
        return _any_wrong(given[-1], last, times)
    if kind is of.BRANCH:
        return any(_any_wrong(branch, last, times) for branch in given[1])
    return kind in LOOKS and _any_wrong(given[1], False, times)


def _is_one_character(items: Any) -> bool:
    """One character, perhaps with a look at what stands around it."""
    characters = [kind for kind, _given in items if kind not in LOOKS]
    looks = [item for item in items if item[0] in LOOKS]
    return len(characters) == 1 and characters[0] in CHARACTERS and not _any_wrong(looks, False, 1)


def unsafe(modules: dict[str, str]) -> list[str]:
    return [
        f"{module}:{line} {pattern!r}"
        for module, source in modules.items()
        for line, pattern, flags in written(source)
        if pattern is None or may_go_back(pattern, flags)
    ]


HELD = held(sources())
PATTERNS = HELD | {
    f"{module}:{line}": re.compile(pattern, flags)
    for module, source in sources().items()
    for line, pattern, flags in written(source)
    if pattern is not None
}


def test_what_could_go_back_over_a_text_is_re2s() -> None:
    assert unsafe(sources()) == []
    ours = {where: pattern for where, pattern in HELD.items() if isinstance(pattern, re.Pattern)}
    assert [where for where, pattern in ours.items() if may_go_back(pattern.pattern, pattern.flags)] == []


@pytest.mark.parametrize(
    "line",
    [
        r're.compile(r"\s*,")',
        r're.sub(r"[ab]+c", "", x)',
        r're.search(r"(?:a+)+", x)',
        r're.match(r"a.*?b", x)',
        r're.findall(r"(?:a\s*)+", x)',
        r're.match(r"a(?!.*b)c", x)',
        r're.search(r"(a{1,90}b){1,90}", x)',
        r"re.search(x, y)",
    ],
)
def test_a_planted_pattern_turns_the_check_red(line: str) -> None:
    assert unsafe({"blog.db": f"import re\n{line}"})


@pytest.mark.parametrize(
    "pattern",
    [
        r"\s+",
        r"https?://\S*",
        r"(?:a|bc+)",
        r"a{1,300}b",
        r"(?:(?!&amp;)[^<])+",
        r"(?<=\w)\s?\.",
        r"[/\\]{2,}",
        r"x|y.*",
    ],
)
def test_what_cannot_go_back_may_be_re(pattern: str) -> None:
    assert not may_go_back(pattern)


PIECES = [
    " ", "\n", "\t", "\xa0", "a", "A", "7", ".", "a.", "a-", "a ", " .", "<", "<a ", "/", "//", "\\", "&", "&#1", "=",
    '"', "'", "[", "(", "(1", ",", ";", ":", "-", "_", "\u2028", "\u2029", "\xff", "\u0301", "\u200b", 'x="', " \u200b",
    "a\u0301",
]  # fmt: skip
LENGTH = 3_000
SHORT = 0.001
"""Seconds: what takes less at twice the length is not looked at more closely."""


def words_of(pattern: str | bytes) -> list[str]:
    """What a pattern spells out, which brings it far."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    plain = re.sub(r"\\[pP]\w|\(\?[a-zA-Z:=!<]+|\\[a-zA-Z]|[\\()|*+?]|\{[0-9,]*\}|\[\^?|\]", "\0", text)
    return sorted({word for word in plain.split("\0") if 1 < len(word) < 30})[:12]


def texts(pattern: Any) -> Iterator[Callable[[int], str]]:
    """Ways to make a text of any length: a piece again and again, alone or after a word, with another end."""
    words = words_of(pattern.pattern)
    for piece in [*PIECES, *words]:
        yield lambda length, piece=piece: (piece * length)[:length]  # type: ignore[misc]
    for word in words:
        for piece in (" ", "a", "7", ".", "-", "a.", "\xff"):
            yield lambda length, word=word, piece=piece: f"{word}{(piece * length)[:length]}\0"  # type: ignore[misc]


def cpu(pattern: Any, text: str) -> float:
    subject: Any = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        pattern.search(subject)
        pattern.match(subject)
        pattern.fullmatch(subject)
        for _found in pattern.finditer(subject):
            pass
        best = min(best, time.process_time() - start)
    return best


def grows_too_fast(pattern: Any, make: Callable[[int], str]) -> bool:
    """Whether twice the length takes more than three times as long; asked three times, since a busy machine errs."""
    return all(
        (long := cpu(pattern, make(2 * size))) > SHORT and long > 3 * cpu(pattern, make(size))
        for size in (LENGTH, 2 * LENGTH, LENGTH)
    )


@pytest.mark.parametrize("where", PATTERNS)
def test_a_text_of_twice_the_length_takes_twice_the_time(where: str) -> None:
    assert [make(20) for make in texts(PATTERNS[where]) if grows_too_fast(PATTERNS[where], make)] == []


def test_the_clock_sees_what_is_quadratic() -> None:
    quadratic = re.compile(r"\s+,")
    assert any(grows_too_fast(quadratic, lambda length: " " * length) for _ in range(5))


def test_many_patterns_are_found() -> None:
    assert len(PATTERNS) > 80
