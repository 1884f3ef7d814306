"""Extract features from a text: words, n-grams, shape, links, sales words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from blog.spam.addresses import find_addresses, join_disguised_domains, replace_addresses, separate_wide_punctuation
from blog.spam.muted_words import normalize_letters

HEAD_LENGTH, TAIL_LENGTH = 800, 400
"""Characters read from the start and the end of a long text, where links usually are."""

RAW_FACTOR = 5
"""Factor for the lengths before invisible characters are removed."""

WORD = re.compile(r"\w+")
WHITESPACE = re.compile(r"\s+")
SPACES_IN_LINE = re.compile(r"[^\S\n]+")
LINK_WORD = "_link_"
NGRAM_LENGTHS = (4, 5)


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


SALES_WORDS = word_set(
    """free money cash earn earning earned income profit profits dollar dollars usd paypal win winner prize gift gifts
    card cards giveaway deal deals discount cheap price prices offer offers job jobs loan loans credit casino bet
    betting poker bitcoin crypto forex invest investment traffic leads seo rank hack hacks generator followers viagra
    cialis pills replica geld verdienen gratis kostenlos dinero ganar gratuit argent gagner dinheiro ganhar soldi
    guadagnare"""
)
PRAISE_WORDS = word_set(
    """great nice good awesome amazing excellent wonderful helpful informative fantastic love superb brilliant
    interesting useful thanks thank perfect impressive valuable toll danke hilfreich wunderbar merci super génial
    gracias excelente genial obrigado ottimo grazie bedankt geweldig"""
)

# feature groups
WORDS, NGRAMS, SHAPE, SALES, SIGNALS = range(5)


@dataclass(frozen=True)
class ParsedText:
    """Hold a text with its words in order and its links.

    `extra_links` belong to the text without being in it, such as the writer's website.
    """

    text: str
    words: tuple[str, ...]
    links: tuple[str, ...]
    extra_links: tuple[str, ...] = ()


def parse_text(text: str, extra_links: Iterable[str] = ()) -> ParsedText:
    """Parse a text after undoing disguises of letters and domains."""
    raw = separate_wide_punctuation(_cut_middle(text, RAW_FACTOR))
    text = join_disguised_domains(_cut_middle(SPACES_IN_LINE.sub(" ", normalize_letters(raw))))
    words = WORD.findall(replace_addresses(text, f" {LINK_WORD} ").lower())
    return ParsedText(text, tuple(words), tuple(find_addresses(text)), tuple(extra_links))


def _cut_middle(text: str, factor: int = 1) -> str:
    head, tail = factor * HEAD_LENGTH, factor * TAIL_LENGTH
    return f"{text[:head]} {text[-tail:]}" if len(text) > head + tail else text


def extract_features(parsed: ParsedText) -> Iterator[tuple[int, str, str]]:
    """Yield each feature once, as (group, feature, word or "").

    The word is "" if the feature belongs to the whole text.
    """
    words = parsed.words
    for group, pairs in (
        (WORDS, _words(words)),
        (NGRAMS, _ngrams(parsed.text)),
        (SHAPE, ((feature, "") for feature in _shape(parsed))),
        (SALES, ((feature, "") for feature in _sales(parsed))),
    ):
        for feature, word in dict(pairs).items():
            yield group, feature, word


def _words(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word in words:
        yield f"w:{word}", word
    for one, next_one in zip(chain(["^"], words), chain(words, ["$"]), strict=True):
        yield f"b:{one} {next_one}", next_one if next_one != "$" else one


def _ngrams(text: str) -> Iterator[tuple[str, str]]:
    line = f" {WHITESPACE.sub(' ', text.lower())} "
    for size in NGRAM_LENGTHS:
        for start in range(len(line) - size + 1):
            yield f"c:{line[start : start + size]}", ""


def _shape(parsed: ParsedText) -> Iterator[str]:
    text, links = parsed.text, parsed.links
    yield f"length {min(7, (len(parsed.words) + 1).bit_length() - 1)}"
    if links:
        yield "link"
        yield f"links {min(3, len(links))}"
    for link in chain(links, parsed.extra_links):
        yield from (f"u:{part}" for part in WORD.findall(link.lower())[:12])
    letters = sum(map(str.isalpha, text))
    yield f"capitals {4 * sum(map(str.isupper, text)) // letters if letters else 9}"
    yield from (mark for mark in ("!!", "?", "\n") if mark in text)
    if any(map(str.isdigit, "".join(parsed.words))):
        yield "digits"
    if any(character > "\u2000" for character in text):
        yield "signs"


def _sales(parsed: ParsedText) -> Iterator[str]:
    sales_words = sum(word in SALES_WORDS for word in parsed.words)
    if sales_words:
        yield "sells"
    if sales_words > 1:
        yield "sells more"
    if parsed.links:
        yield "links"
        if sales_words:
            yield "sells and links"
    elif not sales_words:
        yield "neither"
