"""Muted words and patterns: read once from what an editor typed, then looked for in everything that readers write.

Patterns are RE2's, which never go back over a text: none can hang, and what they cost together is bounded. Words are
found by looking them up, so that a long list takes no longer than a short one.
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

MOST_CHARACTERS = 50_000
MOST_PATTERNS = 200
MOST_WORDS = 12
"""How many words a phrase may have."""

# of a pattern that was compiled: with its most, 20,000 characters are read through in well under a second
LARGEST_PATTERN, LARGEST_TOGETHER = 3_000, 10_000
MEMORY = 1 << 20

WORD = re.compile(r"\w+")
TYPED = re.compile(r"[\w\s'\u2019-]+")
# a letter with thirty of them is no letter any more (UAX #15, Stream-Safe Text)
MOST_MARKS = 30
MANY_MARKS = re2.compile(rf"(\pM{{{MOST_MARKS}}})\pM+")
BETWEEN_LETTERS = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe0e\ufe0f\ufeff]")


@dataclass
class Muted:
    """What one text of the settings mutes, ready to be looked for, and what is wrong with it, a sentence a line."""

    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=lambda: defaultdict(list))
    parts: list[tuple[str, str]] = field(default_factory=list)
    patterns: list[tuple[Any, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def found_in(self, text: str) -> str:
        """The line, as it was typed, of the first muted thing in `text`; "" where there is none."""
        text = plainly(text)
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

    def take(self, number: int, line: str) -> None:
        """Add one line, or say what is wrong with it."""
        if len(line) > 1 and line.startswith("/") and line.endswith("/"):
            self._take_pattern(number, line)
            return
        folded = plainly(line).casefold()
        words = tuple(WORD.findall(folded))
        if len(words) > MOST_WORDS:
            self.faults.append(
                _("Line %(number)d has too many words; %(most)d may stand together.", number=number, most=MOST_WORDS)
            )
        elif words and TYPED.fullmatch(folded) and not any(unicodedata.category(letter) == "Lo" for letter in folded):
            self.phrases[words[0]].append((words, line))
        elif folded.strip():
            # a sign, or a script that sets no blanks between its words: wherever it stands
            self.parts.append((folded.strip(), line))

    def _take_pattern(self, number: int, line: str) -> None:
        try:
            pattern = re2.compile(line[1:-1], options())
        except re2.error as error:
            reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error.args[0])
            self._refuse(number, line, reason)
            return
        together = sum(standing.programsize for standing, _line in self.patterns)
        if pattern.search(""):
            self._refuse(number, line, _("it would be found in every text"))
        elif pattern.programsize > LARGEST_PATTERN:
            self._refuse(number, line, _("it is too large"))
        elif len(self.patterns) == MOST_PATTERNS or together + pattern.programsize > LARGEST_TOGETHER:
            self._refuse(number, line, _("there are too many patterns, or too large ones"))
        else:
            self.patterns.append((pattern, line))

    def _refuse(self, number: int, line: str, reason: str) -> None:
        self.faults.append(
            _(
                "Line %(number)d, %(line)s, cannot be used as a pattern: %(reason)s.",
                number=number,
                line=line[:80],
                reason=reason,
            )
        )


@lru_cache(maxsize=4)
def muted(text: str) -> Muted:
    """What these lines mute; a line that cannot be used is left out and named in `faults`."""
    found = Muted()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.take(number, line.strip())
    return found


def plainly(text: str) -> str:
    """Letters as they are meant: wide and mathematical ones as plain ones, and nothing unseen between them.

    Normalizing sorts the marks on a letter in quadratic time, so that only the first thirty of them stay.
    """
    if text.isascii():
        return text
    return BETWEEN_LETTERS.sub("", unicodedata.normalize("NFKC", MANY_MARKS.sub(r"\1", text)))


def options() -> Any:
    chosen = re2.Options()
    chosen.case_sensitive, chosen.never_capture = False, True
    chosen.log_errors, chosen.max_mem = False, MEMORY
    return chosen
