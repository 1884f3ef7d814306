"""Check that every pattern matches in linear time.

`re` backtracks, RE2 does not. So a pattern must use RE2 unless it cannot backtrack: each repeat is bounded, or comes
last and repeats a single character. All patterns are timed too.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
import re2

from tests.test_architecture import sources

CALLS = {"compile", "match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn"}
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
LOOKS = (sre.ASSERT, sre.ASSERT_NOT)
CHARACTERS = (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY)
MAX_REPEAT_PRODUCT = 2_000
"""Bounds of nested repeats are multiplied."""


def literal_patterns(source: str) -> Iterator[tuple[int, str | bytes | None, int]]:
    """Find each pattern passed to `re`: line, text and flags.

    The text is None if it is computed. Computed patterns at module level are left to `compiled_patterns`.
    """
    tree = ast.parse(source)
    assigned = {node for statement in tree.body if isinstance(statement, ast.Assign | ast.AnnAssign)
           for node in ast.walk(statement)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{call}" for call in CALLS}:
            pattern = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            if isinstance(pattern, str | bytes) or node not in assigned:
                flags = re.findall(r"re\.([A-Z]+)", ast.unparse(node))
                text = pattern if isinstance(pattern, str | bytes) else None
                yield node.lineno, text, sum(getattr(re, flag) for flag in flags)


def compiled_patterns(modules: dict[str, str]) -> dict[str, Any]:
    """Find each compiled pattern in the variables of modules."""
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


def may_backtrack(pattern: str | bytes, flags: int = 0) -> bool:
    """Tell whether a match may fail after an unbounded repeat."""
    return _any_backtracks(parser.parse(pattern, flags), last=True, times=1)


def _any_backtracks(items: Any, last: bool, times: int) -> bool:
    return any(_backtracks(item, last and place == len(items) - 1, times) for place, item in enumerate(items))


def _backtracks(item: tuple[Any, Any], last: bool, times: int) -> bool:
    kind, arguments = item
    if kind in REPEATS and arguments[1] is sre.MAXREPEAT:
        return not (last and times == 1 and kind is not sre.MIN_REPEAT and _is_one_character(arguments[2]))
    if kind in REPEATS:
        return arguments[1] * times > MAX_REPEAT_PRODUCT or _any_backtracks(
            arguments[2], last and arguments[1] == 1, arguments[1] * times
        )
    if kind is sre.SUBPATTERN:
        return _any_backtracks(arguments[-1], last, times)
    if kind is sre.BRANCH:
        return any(_any_backtracks(branch, last, times) for branch in arguments[1])
    return kind in LOOKS and _any_backtracks(arguments[1], False, times)


def _is_one_character(items: Any) -> bool:
    """Tell whether a repeat is of one character, with or without lookaround."""
    characters = [kind for kind, _given in items if kind not in LOOKS]
    looks = [item for item in items if item[0] in LOOKS]
    return len(characters) == 1 and characters[0] in CHARACTERS and not _any_backtracks(looks, False, 1)


def unsafe_patterns(modules: dict[str, str]) -> list[str]:
    return [
        f"{module}:{line} {pattern!r}"
        for module, source in modules.items()
        for line, pattern, flags in literal_patterns(source)
        if pattern is None or may_backtrack(pattern, flags)
    ]


COMPILED = compiled_patterns(sources())
PATTERNS = COMPILED | {
    f"{module}:{line}": re.compile(pattern, flags)
    for module, source in sources().items()
    for line, pattern, flags in literal_patterns(source)
    if pattern is not None
}


def test_patterns_that_may_backtrack_use_re2() -> None:
    assert unsafe_patterns(sources()) == []
    re_patterns = {where: pattern for where, pattern in COMPILED.items() if isinstance(pattern, re.Pattern)}
    assert [where for where, pattern in re_patterns.items() if may_backtrack(pattern.pattern, pattern.flags)] == []


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
def test_planted_pattern_is_found(line: str) -> None:
    assert unsafe_patterns({"blog.db": f"import re\n{line}"})


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
def test_pattern_that_cannot_backtrack_may_use_re(pattern: str) -> None:
    assert not may_backtrack(pattern)


PIECES = [
    " ", "\n", "\t", "\xa0", "a", "A", "7", ".", "a.", "a-", "a ", " .", "<", "<a ", "/", "//", "\\", "&", "&#1", "=",
    '"', "'", "[", "(", "(1", ",", ";", ":", "-", "_", "\u2028", "\u2029", "\xff", "\u0301", "\u200b", 'x="', " \u200b",
    "a\u0301",
]  # fmt: skip
LENGTH = 3_000
MIN_SECONDS = 0.001
"""Times below this, in seconds, are too short to compare."""


def literal_words(pattern: str | bytes) -> list[str]:
    """Return the literal words in a pattern, which make it match far."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    plain = re.sub(r"\\[pP]\w|\(\?[a-zA-Z:=!<]+|\\[a-zA-Z]|[\\()|*+?]|\{[0-9,]*\}|\[\^?|\]", "\0", text)
    return sorted({word for word in plain.split("\0") if 1 < len(word) < 30})[:12]


def text_makers(pattern: Any) -> Iterator[Callable[[int], str]]:
    """Return functions that make texts of repeated pieces by length."""
    words = literal_words(pattern.pattern)
    for piece in [*PIECES, *words]:
        yield lambda length, piece=piece: (piece * length)[:length]  # type: ignore[misc]
    for word in words:
        for piece in (" ", "a", "7", ".", "-", "a.", "\xff"):
            yield lambda length, word=word, piece=piece: f"{word}{(piece * length)[:length]}\0"  # type: ignore[misc]


def cpu_seconds(pattern: Any, text: str) -> float:
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
    """Tell whether twice the length takes over three times as long.

    Measured three times, since other processes disturb the clock.
    """
    return all(
        (long := cpu_seconds(pattern, make(2 * size))) > MIN_SECONDS and long > 3 * cpu_seconds(pattern, make(size))
        for size in (LENGTH, 2 * LENGTH, LENGTH)
    )


@pytest.mark.parametrize("where", PATTERNS)
def test_matching_time_is_linear(where: str) -> None:
    assert [make(20) for make in text_makers(PATTERNS[where]) if grows_too_fast(PATTERNS[where], make)] == []


def test_quadratic_pattern_is_detected() -> None:
    quadratic = re.compile(r"\s+,")
    assert any(grows_too_fast(quadratic, lambda length: " " * length) for _ in range(5))


def test_many_patterns_are_found() -> None:
    assert len(PATTERNS) > 80
