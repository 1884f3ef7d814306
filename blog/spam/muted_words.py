"""Find muted words and patterns in what readers write.

Patterns are RE2's, which never backtrack, so none can hang and their total cost is bounded. Words are looked up by
hash, so a long list costs no more than a short one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2
from flask_babel import gettext as _

MAX_CHARACTERS = 50_000
MAX_PATTERNS = 200
MAX_PHRASE_WORDS = 12

# Sizes of compiled patterns. At the maximum, 20,000 characters are searched in well under a second.
MAX_PATTERN_SIZE, MAX_TOTAL_SIZE = 3_000, 10_000
MAX_PATTERN_MEMORY = 1 << 20

WORD = re.compile(r"\w+")
PHRASE = re.compile(r"[\w\s'\u2019-]+")
# combining marks of one letter (UAX #15, Stream-Safe Text)
MAX_MARKS = 30
EXCESS_MARKS = re2.compile(rf"(\pM{{{MAX_MARKS}}})\pM+")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe0e\ufe0f\ufeff]")


@dataclass
class MutedWords:
    """Hold the words, phrases and patterns of one setting.

    `errors` has one sentence for each line that cannot be used.
    """

    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=lambda: defaultdict(list))
    parts: list[tuple[str, str]] = field(default_factory=list)
    patterns: list[tuple[Any, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def first_match(self, text: str) -> str:
        """Return the line, as typed, that matches `text` first, or ""."""
        text = normalize_letters(text)
        return self._phrase_in(text) or self._part_in(text.casefold()) or self._pattern_in(text)

    def _phrase_in(self, text: str) -> str:
        words = WORD.findall(text.casefold())
        for place, word in enumerate(words):
            for phrase, line in self.phrases.get(word, ()):
                if tuple(words[place : place + len(phrase)]) == phrase:
                    return line
        return ""

    def _part_in(self, text: str) -> str:
        return next((line for part, line in self.parts if part in text), "")

    def _pattern_in(self, text: str) -> str:
        return next((line for pattern, line in self.patterns if pattern.search(text)), "")

    def add_line(self, number: int, line: str) -> None:
        """Add one line, or an error about it."""
        if len(line) > 1 and line.startswith("/") and line.endswith("/"):
            self._add_pattern(number, line)
            return
        folded = normalize_letters(line).casefold()
        words = tuple(WORD.findall(folded))
        if len(words) > MAX_PHRASE_WORDS:
            self.errors.append(
                _(
                    "Line %(number)d has too many words; %(most)d may stand together.",
                    number=number,
                    most=MAX_PHRASE_WORDS,
                )
            )
        elif words and PHRASE.fullmatch(folded) and not any(unicodedata.category(letter) == "Lo" for letter in folded):
            self.phrases[words[0]].append((words, line))
        elif folded.strip():
            # Symbols, and scripts without spaces between words, match anywhere.
            self.parts.append((folded.strip(), line))

    def _add_pattern(self, number: int, line: str) -> None:
        try:
            pattern = re2.compile(line[1:-1], pattern_options())
        except re2.error as error:
            reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error.args[0])
            self._add_error(number, line, reason)
            return
        total_size = sum(other.programsize for other, _line in self.patterns)
        if pattern.search(""):
            self._add_error(number, line, _("it would be found in every text"))
        elif pattern.programsize > MAX_PATTERN_SIZE:
            self._add_error(number, line, _("it is too large"))
        elif len(self.patterns) == MAX_PATTERNS or total_size + pattern.programsize > MAX_TOTAL_SIZE:
            self._add_error(number, line, _("there are too many patterns, or too large ones"))
        else:
            self.patterns.append((pattern, line))

    def _add_error(self, number: int, line: str, reason: str) -> None:
        self.errors.append(
            _(
                "Line %(number)d, %(line)s, cannot be used as a pattern: %(reason)s.",
                number=number,
                line=line[:80],
                reason=reason,
            )
        )


# a list of the greatest length would take 44 % of the time to post a comment, one of 200 words 5 %
@lru_cache(maxsize=4)
def parse_muted_words(text: str) -> MutedWords:
    """Parse the lines of a setting; unusable lines become `errors`."""
    found = MutedWords()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.add_line(number, line.strip())
    return found


def normalize_letters(text: str) -> str:
    """Replace wide and styled letters by plain ones; remove invisible characters.

    Normalizing sorts the marks of a letter in quadratic time, so only the first thirty stay.
    """
    if text.isascii():
        return text
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", EXCESS_MARKS.sub(r"\1", text)))


def pattern_options() -> Any:
    options = re2.Options()
    options.case_sensitive, options.never_capture = False, True
    options.log_errors, options.max_mem = False, MAX_PATTERN_MEMORY
    return options
