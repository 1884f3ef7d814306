"""A text as features: its words and their pairs, parts of words, its shape, where its links lead, whether it sells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import re2

from blog.spam.muted_words import plainly

FIRST, LAST = 800, 400
"""Of a long text so many characters at its beginning and its end are read: that is where links stand."""

WIDER = 5
"""So many times as much is looked at before what cannot be seen is taken out."""

ENDINGS = (
    "(?:com|net|org|info|biz|ly|co|io|me|tv|us|uk|de|at|ch|fr|es|it|nl|be|pl|ru|br|ua|in|cn|jp|eu|shop|site|online"
    "|store|club|xyz|top|app|dev|blog|link|click)"
)
DOT = r"[\[({]?\s?(?:\.|\bdot\b)\s?[\])}]?"
# "example . com", "example[.]com", "example dot com": what is written so shall not be known for what it is; blanks were
# folded before, so that nothing in it is repeated
DISGUISED = re.compile(rf"(?<=\w)(?:\s?{DOT}\s|\s{DOT}\s?|\s?[\[({{]\s?\.\s?[\])}}]\s?)(?={ENDINGS}\b)", re.IGNORECASE)
ADDRESS = re2.compile(rf"(?i)(?:https?://|www\.)[^\s<>\"]+|(?:[\pL\pN_-]+\.)+{ENDINGS}\b(?:/[^\s<>\"]*)?")
WORD = re.compile(r"\w+")
BLANKS = re.compile(r"\s+")
BLANKS_OF_A_LINE = re.compile(r"[^\S\n]+")
LINK_WORD = "_link_"
PARTS = (4, 5)


def listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


SELLING = listed(
    """free money cash earn earning earned income profit profits dollar dollars usd paypal win winner prize gift gifts
    card cards giveaway deal deals discount cheap price prices offer offers job jobs loan loans credit casino bet
    betting poker bitcoin crypto forex invest investment traffic leads seo rank hack hacks generator followers viagra
    cialis pills replica geld verdienen gratis kostenlos dinero ganar gratuit argent gagner dinheiro ganhar soldi
    guadagnare"""
)
PRAISING = listed(
    """great nice good awesome amazing excellent wonderful helpful informative fantastic love superb brilliant
    interesting useful thanks thank perfect impressive valuable toll danke hilfreich wunderbar merci super génial
    gracias excelente genial obrigado ottimo grazie bedankt geweldig"""
)

WORDS, PIECES, SHAPE, SALE, SIGNS = range(5)
"""The groups of features."""


@dataclass(frozen=True)
class Reading:
    """What one text says: its words in their order, the addresses in it, and itself without them."""

    text: str
    words: tuple[str, ...]
    links: tuple[str, ...]
    named: tuple[str, ...] = ()


def read(text: str, named: Iterable[str] = ()) -> Reading:
    """`text` as it is meant; `named` are addresses that belong to it and do not stand in it, as the writer's."""
    seen = BLANKS_OF_A_LINE.sub(" ", plainly(_ends(text, WIDER)))
    text = DISGUISED.sub(".", _ends(seen))
    words = WORD.findall(ADDRESS.sub(f" {LINK_WORD} ", text.lower()))
    return Reading(text, tuple(words), tuple(ADDRESS.findall(text)), tuple(named))


def _ends(text: str, times: int = 1) -> str:
    first, last = times * FIRST, times * LAST
    return f"{text[:first]} {text[-last:]}" if len(text) > first + last else text


def features(reading: Reading) -> Iterator[tuple[int, str, str]]:
    """Each once: its group, itself, and the word that it is of ("" where it is of the whole text)."""
    words = reading.words
    for group, some in (
        (WORDS, _words(words)),
        (PIECES, _pieces(reading.text)),
        (SHAPE, ((shape, "") for shape in _shape(reading))),
        (SALE, ((sale, "") for sale in _sale(reading))),
    ):
        for feature, word in dict(some).items():
            yield group, feature, word


def _words(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word in words:
        yield f"w:{word}", word
    for one, next_one in zip(chain(["^"], words), chain(words, ["$"]), strict=True):
        yield f"b:{one} {next_one}", next_one if next_one != "$" else one


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    line = f" {BLANKS.sub(' ', text.lower())} "
    for size in PARTS:
        for place in range(len(line) - size + 1):
            yield f"c:{line[place : place + size]}", ""


def _shape(reading: Reading) -> Iterator[str]:
    text, links = reading.text, reading.links
    yield f"length {min(7, (len(reading.words) + 1).bit_length() - 1)}"
    if links:
        yield "link"
        yield f"links {min(3, len(links))}"
    for link in chain(links, reading.named):
        yield from (f"u:{part}" for part in WORD.findall(link.lower())[:12])
    letters = sum(map(str.isalpha, text))
    yield f"capitals {4 * sum(map(str.isupper, text)) // letters if letters else 9}"
    yield from (mark for mark in ("!!", "?", "\n") if mark in text)
    if any(map(str.isdigit, "".join(reading.words))):
        yield "digits"
    if any(character > "\u2000" for character in text):
        yield "signs"


def _sale(reading: Reading) -> Iterator[str]:
    sold = sum(word in SELLING for word in reading.words)
    if sold:
        yield "sells"
    if sold > 1:
        yield "sells more"
    if reading.links:
        yield "links"
        if sold:
            yield "sells and links"
    elif not sold:
        yield "neither"
