"""Find addresses in a text: written out, bare or disguised domains.

A stop between two sentences is no part of a domain, although "in", "it", "de" and others are top-level domains. So a
domain ends in small letters, or is all in capitals, and only what no sentence looks like is joined across a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from blog.html.bare_addresses import WIDE_PUNCTUATION, strip_punctuation

RARE_DOMAINS = ("com", "net", "org", "ly", "xyz", "cn", "jp", "ru", "ua")
"""Top-level domains that hardly any sentence begins with."""
OTHER_DOMAINS = ("info", "biz", "tv", "co", "uk", "fr", "nl", "pl", "br")
"""Those that few sentences begin with."""
WORD_DOMAINS = (
    *("io", "me", "us", "de", "at", "ch", "es", "it", "be", "in", "eu", "shop", "site", "online", "store", "club"),
    *("top", "app", "dev", "blog", "link", "click"),
)
"""Those that are words, or look like one."""
TOP_LEVEL_DOMAINS = frozenset((*RARE_DOMAINS, *OTHER_DOMAINS, *WORD_DOMAINS))

MAX_LABELS, MAX_DOMAIN_LENGTH = 127, 253
"""Bounds of a domain (RFC 1035); trimming a longer name would take quadratic time."""

_RARE, _NO_WORD = "|".join(RARE_DOMAINS), "|".join((*RARE_DOMAINS, *OTHER_DOMAINS))
# White space is collapsed before, so no part of these patterns repeats.
DISGUISED_DOTS = (
    # example[.]com, example (dot) com
    re.compile(
        r"(?<=\w) ?(?:\[ ?(?:\.|dot) ?\]|\( ?(?:\.|dot) ?\)|\{ ?(?:\.|dot) ?\}) ?"
        rf"(?=(?:{_NO_WORD}|{'|'.join(WORD_DOMAINS)})\b)",
        re.IGNORECASE,
    ),
    # example dot com, but not "the dot com bubble"
    re.compile(rf"(?<=\w{{4}}) dot (?=(?:{_NO_WORD})\b)", re.IGNORECASE),
    # example . com
    re.compile(rf"(?<=\w) \. (?=(?:{_NO_WORD})\b)"),
    # example. com and example .com/page, but not "obrigado. com amor" nor "the .com bubble"
    re.compile(rf"(?<=\w\w)\. (?=(?:{_RARE})(?:[/\n,;:!?.)]|$))|(?<=\w\w) \.(?=(?:{_RARE})/)"),
)

# A word of a script without blanks ends where the next script begins: "see example.com" without the blank.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LABEL = rf"(?:(?:[^\PL{_UNSPACED}]|[\pM\pN_-])+|[{_UNSPACED}]+)"
_REST = r'[^\s<>"]*'
ADDRESS = re2.compile(rf"((?i:https?://|www\.)[\pL\pN\[]{_REST})|({_LABEL}(?:\.{_LABEL})+)(/{_REST})?")
FULL_WIDTH_STOP = "\uff0e"
# A full-width stop before a letter is that of a disguised domain.
ENDING_PUNCTUATION = re.compile(
    f"[{WIDE_PUNCTUATION.replace(FULL_WIDTH_STOP, '')}]|{FULL_WIDTH_STOP}(?![a-zA-Z\uff21-\uff3a\uff41-\uff5a])"
)


def separate_wide_punctuation(text: str) -> str:
    """Put a blank before full-width punctuation, so that addresses end there.

    It becomes ASCII when letters are normalized.
    """
    return text if text.isascii() else ENDING_PUNCTUATION.sub(r" \g<0>", text)


def join_disguised_domains(text: str) -> str:
    """Replace disguised stops in domains, such as "example . com"."""
    for dot in DISGUISED_DOTS:
        text = dot.sub(".", text)
    return text


def find_addresses(text: str) -> list[str]:
    """Return the addresses in a text, in order."""
    return [text[start:end] for start, end in _find_spans(text)]


def replace_addresses(text: str, replacement: str) -> str:
    """Replace each address in a text."""
    parts, last = [], 0
    for start, end in _find_spans(text):
        parts += [text[last:start], replacement]
        last = end
    return "".join((*parts, text[last:]))


def _find_spans(text: str) -> Iterator[tuple[int, int]]:
    for found in ADDRESS.finditer(text):
        address = found[0] if found[1] else _trim_to_domain(found[2], found[3] or "")
        if address:
            yield found.start(), found.start() + len(strip_punctuation(address))


def _trim_to_domain(name: str, path: str) -> str:
    """Return a dotted name up to its top-level domain, with the path, or ""."""
    if name.count(".") >= MAX_LABELS or len(name) > MAX_DOMAIN_LENGTH:
        return ""
    labels = name.split(".")
    for count in range(len(labels), 1, -1):
        top_level, hyphen, _rest = labels[count - 1].partition("-")
        domain = ".".join((*labels[: count - 1], top_level))
        if _is_domain(domain, top_level):
            return domain if hyphen or count < len(labels) else domain + path
    return ""


def _is_domain(domain: str, top_level: str) -> bool:
    """Return whether a dotted name is a domain, not the end of a sentence.

    "yesterday.In" is none, nor is "STOP.IT", nor "3.in", nor ASP.NET.
    """
    if top_level in RARE_DOMAINS:
        return True
    if top_level.islower():
        return top_level in TOP_LEVEL_DOMAINS and not domain.removesuffix(f".{top_level}").isdecimal()
    return domain.isupper() and top_level != "NET" and top_level.lower() in (*RARE_DOMAINS, *OTHER_DOMAINS)
