"""Check that the cost of text grows linearly with its length."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from bleach.html5lib_shim import getTreeWalker  # type: ignore[attr-defined]

from blog.comments.screening.duplicates import _duplicate_key
from blog.comments.screening.link_domains import links_in
from blog.editors.reserved_names import skeleton
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
    set_quotes,
)
from blog.html.bare_addresses import strip_punctuation
from blog.html.dom import parse_html, serialize
from blog.html.invisible_characters import clean_line, is_visible
from blog.html.sanitize import sanitize_post
from blog.html.urls import normalize_website
from blog.importing.formats.blogger.takeout import _with_breaks
from blog.importing.load.cleaning import OldHost, clean_comments
from blog.spam.addresses import find_addresses, join_disguised_domains
from blog.spam.datasets import parse_dataset_text
from blog.spam.features import parse_text
from blog.spam.muted_words import normalize_letters, parse_muted_words

NEGLIGIBLE_SECONDS = 0.01
"""CPU seconds at twice the length below which growth is not checked."""

CONVERTERS: dict[str, Callable[[str], object]] = {
    "comment_html": comment_html,
    "plain_text": plain_text,
    "set_quotes": lambda text: set_quotes(text, "en"),
    "comment_html with quotes": lambda text: comment_html(text, "en"),
    "editor_html with quotes": lambda text: editor_html(text, "en"),
    "quotation": lambda html: quotation(html, "Ann", "/a"),
    "excerpt": excerpt,
    "clean_line": clean_line,
    "is_visible": is_visible,
    "skeleton": skeleton,
    "normalize_website": normalize_website,
    "find_addresses": find_addresses,
    "join_disguised_domains": join_disguised_domains,
    "strip_punctuation": strip_punctuation,
    "links_in": links_in,
    "parse_text": parse_text,
    "parse_dataset_text": parse_dataset_text,
    "normalize_letters": normalize_letters,
    "parse_muted_words": lambda text: parse_muted_words("casino\n/x+y/").first_match(text),
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
    "a.", "a-", "http://x\uff01", "http://x)", "a.com", "a.In ", ". com", "1. a\n", "007. ", "1) ",
    " . com", "dot ", "\xa0", "\t", "\r", "name", "href=", "name href= ", "@", "a@", "\u2029", "\u200d", "\u3164",
]  # fmt: skip


def cpu_seconds(convert: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        convert(text)
        best = min(best, time.process_time() - start)
    return best


def grows_too_fast(convert: Callable[[str], object], make: Callable[[int], str], length: int) -> bool:
    """Check whether twice the length takes three times as long.

    Two lengths are tried, because a busy machine gives wrong figures.
    """
    return all(
        (long := cpu_seconds(convert, make(2 * size))) > NEGLIGIBLE_SECONDS
        and long > 3 * cpu_seconds(convert, make(size))
        for size in (length, 2 * length)
    )


@pytest.mark.parametrize("name", CONVERTERS)
def test_conversion_takes_linear_time(name: str) -> None:
    slow = [
        piece
        for piece in PIECES
        if grows_too_fast(CONVERTERS[name], lambda length, piece=piece: (piece * length)[:length], 2_500)  # type: ignore[misc]
    ]
    assert slow == []


def test_blanks_and_zero_width_spaces_take_linear_time() -> None:
    """Parse blanks with zero-width spaces around a full stop, once cubic."""

    def blanks_around_full_stop(length: int) -> str:
        blanks = " \u200b" * (length // 4)
        return f"a{blanks}.{blanks}x"

    assert cpu_seconds(parse_text, blanks_around_full_stop(1_755)) < 20 * cpu_seconds(parse_text, "a. " * 585)
    assert not grows_too_fast(parse_text, blanks_around_full_stop, 5_000)


def tag_with_many(attribute: Callable[[int], str], ending: str = ">x</a>") -> Callable[[int], str]:
    return lambda count: "<a " + " ".join(attribute(number) for number in range(count)) + ending


MANY_ATTRIBUTES = {
    "names": tag_with_many("a{}=1".format),
    "names without values": tag_with_many("a{}".format),
    "names with signs": tag_with_many("a<{}".format),
    "values with tags": tag_with_many("a{}='<b>'".format),
    "after a bracket in a value": lambda count: "<a x='>' " + tag_with_many("a{}=1".format)(count)[3:],
    "never closed": tag_with_many("a{}=1".format, ""),
    "in a comment's tag": lambda count: "<!-- <a x=' -->" + tag_with_many("a{}=1".format)(count) + "'",
    "styles": tag_with_many(lambda _number: "style='float:left'"),
}


@pytest.mark.parametrize("convert", [post_html, imported_comment_html, editor_html, plain_text, excerpt])
@pytest.mark.parametrize("case", MANY_ATTRIBUTES)
def test_many_attributes_take_linear_time(convert: Callable[[str], object], case: str) -> None:
    assert not grows_too_fast(convert, MANY_ATTRIBUTES[case], 2_000)


@pytest.mark.parametrize("convert", [post_html, imported_comment_html, editor_html])
def test_a_tag_with_many_attributes_keeps_its_text(convert: Callable[[str], Any]) -> None:
    html = convert("<p>Before.</p>" + MANY_ATTRIBUTES["names"](5_000) + "<p>After.</p>")
    text = plain_text(getattr(html, "html", html))
    assert text == "Before. x After."


def test_serialize_drops_forbidden_attributes_before_bleach() -> None:
    body = parse_html("<p onclick=x style='a' title=t data-a=b><a href=/x rel=nofollow ping=y>z</a></p>")
    assert serialize(body) == '<p title="t"><a href="/x" rel="nofollow">z</a></p>'


@pytest.mark.parametrize("piece", ["<b><p>", "<p>a</p>", "~~~\n", "a<br>", "<div>x</div>"])
def test_many_siblings_take_linear_time(piece: str) -> None:
    assert not grows_too_fast(editor_html, lambda length: (piece * length)[:length], 10_000)


def test_the_tree_walker_gives_the_same_results_as_bleach(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    tags = (
        "<b> </b> <p> </p> <div> </div> <i> </i> <a> </a> <ul> <li> </ul> <br> <table> <tr> <td> </table> <pre> </pre>"
    )
    pieces = [*tags.split(), "a ", "&amp;", "\n", "<img src=/a>"]
    texts = [serialize(parse_html("".join(rng.choices(pieces, k=rng.randint(1, 30))))) for _ in range(200)]
    ours = [sanitize_post(text) for text in texts]
    monkeypatch.setattr(sanitize, "LinearTreeWalker", getTreeWalker("etree"))
    assert ours == [sanitize_post(text) for text in texts]
