"""What a text costs grows with its length and no faster, whatever stands in it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from bleach.html5lib_shim import getTreeWalker  # type: ignore[attr-defined]

from blog.comments.screening.link_domains import links_in
from blog.comments.screening.writer_history import _duplicate_key
from blog.email_addresses import normalize_address
from blog.html import (
    comment_html,
    editor_html,
    excerpt,
    imported_comment_html,
    plain_text,
    post_html,
    quotation,
    sanitize,
)
from blog.html.dom import parsed, serialised
from blog.html.sanitize import post_last_word
from blog.importing.formats.blogger.takeout import _with_breaks
from blog.importing.load.cleaning import OldHost, clean_comments
from blog.spam.datasets import read_marked
from blog.spam.features import read
from blog.spam.muted_words import muted, plainly

SHORT = 0.01
"""Seconds: what takes less at twice the length is not looked at more closely."""

READERS: dict[str, Callable[[str], object]] = {
    "comment_html": comment_html,
    "plain_text": plain_text,
    "quotation": lambda html: quotation(html, "Ann", "/a"),
    "excerpt": excerpt,
    "links_in": links_in,
    "read": read,
    "read_marked": read_marked,
    "plainly": plainly,
    "muted": lambda text: muted("casino\n/x+y/").found_in(text),
    "duplicate key": _duplicate_key,
    "normalize_address": normalize_address,
    "with_breaks": _with_breaks,
    "at_home": lambda text: clean_comments([text], OldHost("b.example", "name.blogspot.com")) if "name" in text else "",
}
PIECES = [
    "a ", "<", "<a ", "<a href=", "<a href=x>", "<b>", "</b>", "<i><b>", "[", "](", "![", "*", "**a", "*_", "`",
    "`a``", "> ", ">", "- a\n  ", "&", "&amp;", "&#1;", "\\", "~~~\n", "[a](b)", "[a](<", "<!--", '"', "'", "1. ",
    "a\n", "\n\n",
    "(http://[ ", "(http://x!", "http://a.b)", "www.a.b,", '<a b="', " \u200b", "\u200b", "\u0327\u0301", "\ufdfa",
    "a.", "a-", " . com", "dot ", "\xa0", "\t", "\r", "name", "href=", "name href= ", "@", "a@", "\u2029",
]  # fmt: skip


def cpu(act: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        act(text)
        best = min(best, time.process_time() - start)
    return best


def grows_too_fast(act: Callable[[str], object], make: Callable[[int], str], length: int) -> bool:
    """Whether twice the length takes more than three times as long, at two lengths, since a busy machine errs."""
    return all(
        (long := cpu(act, make(2 * size))) > SHORT and long > 3 * cpu(act, make(size)) for size in (length, 2 * length)
    )


@pytest.mark.parametrize("name", READERS)
def test_twice_the_text_takes_twice_the_time(name: str) -> None:
    slow = [
        piece
        for piece in PIECES
        if grows_too_fast(READERS[name], lambda length, piece=piece: (piece * length)[:length], 2_500)  # type: ignore[misc]
    ]
    assert slow == []


def test_the_text_that_stopped_everybody_is_read_at_once() -> None:
    """A letter, many blanks with zero-width spaces between, a full stop, more of them: it took cubic time."""

    def hostile(length: int) -> str:
        blanks = " \u200b" * (length // 4)
        return f"a{blanks}.{blanks}x"

    assert cpu(read, hostile(1_755)) < 20 * cpu(read, "a. " * 585)
    assert not grows_too_fast(read, hostile, 5_000)


def many(attribute: Callable[[int], str], ending: str = ">x</a>") -> Callable[[int], str]:
    return lambda count: "<a " + " ".join(attribute(number) for number in range(count)) + ending


CROWDED = {
    "names": many("a{}=1".format),
    "names without values": many("a{}".format),
    "names with signs": many("a<{}".format),
    "values with tags": many("a{}='<b>'".format),
    "after a bracket in a value": lambda count: "<a x='>' " + many("a{}=1".format)(count)[3:],
    "never closed": many("a{}=1".format, ""),
    "in a comment's tag": lambda count: "<!-- <a x=' -->" + many("a{}=1".format)(count) + "'",
    "styles": many(lambda _number: "style='float:left'"),
}


@pytest.mark.parametrize("act", [post_html, imported_comment_html, editor_html, plain_text, excerpt])
@pytest.mark.parametrize("crowded", CROWDED)
def test_attributes_without_end_take_linear_time(act: Callable[[str], object], crowded: str) -> None:
    assert not grows_too_fast(act, CROWDED[crowded], 2_000)


@pytest.mark.parametrize("act", [post_html, imported_comment_html, editor_html])
def test_the_text_stays_of_a_tag_that_has_attributes_without_end(act: Callable[[str], Any]) -> None:
    html = act("<p>Before.</p>" + CROWDED["names"](5_000) + "<p>After.</p>")
    text = plain_text(getattr(html, "html", html))
    assert text == "Before. x After."


def test_attributes_that_are_not_allowed_are_gone_before_bleach_looks() -> None:
    body = parsed("<p onclick=x style='a' title=t data-a=b><a href=/x rel=nofollow ping=y>z</a></p>")
    assert serialised(body) == '<p title="t"><a href="/x" rel="nofollow">z</a></p>'


@pytest.mark.parametrize("piece", ["<b><p>", "<p>a</p>", "~~~\n", "a<br>", "<div>x</div>"])
def test_many_siblings_take_linear_time(piece: str) -> None:
    assert not grows_too_fast(editor_html, lambda length: (piece * length)[:length], 10_000)


def test_the_way_through_a_tree_is_the_one_of_bleach(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    tags = (
        "<b> </b> <p> </p> <div> </div> <i> </i> <a> </a> <ul> <li> </ul> <br> <table> <tr> <td> </table> <pre> </pre>"
    )
    pieces = [*tags.split(), "a ", "&amp;", "\n", "<img src=/a>"]
    texts = [serialised(parsed("".join(chance.choices(pieces, k=chance.randint(1, 30))))) for _ in range(200)]
    ours = [post_last_word(text) for text in texts]
    monkeypatch.setattr(sanitize, "Walker", getTreeWalker("etree"))
    assert ours == [post_last_word(text) for text in texts]
