"""Draw the picture that stands for a page without one: headline, source and site on paper.

The font is Source Serif 4 (fonts/OFL.txt), which has Latin, Greek and Cyrillic. What it lacks is never drawn as a box:
signs are left out, and a text with a letter that is missing is not drawn at all.
"""

from __future__ import annotations

import threading
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).parent / "fonts" / "SourceSerif4-Semibold.woff"
# in pixels; 1200 x 630 is what Facebook, LinkedIn and Mastodon ask for
WIDTH, HEIGHT = 1200, 630
MARGIN, BAR = 90, 24
HEADLINE_TOP, HEADLINE_HEIGHT = 165, 330
HEADLINE_SIZES = (84, 76, 68, 60, 54, 48)
LABEL_SIZE, LINE_SPACING = 34, 1.18
MAX_CHARACTERS = 300

PAPER, INK = "#fdfcfa", "#1c1a18"
# those of static/css/base.css for light pages
ACCENTS = {"red": "#94151d", "blue": "#06498e", "green": "#1b552c", "plum": "#7b2564", "ochre": "#6a4100"}
# no character of Unicode, so the font draws what stands for a missing one
MISSING = "\U0010ffff"

# set after a change, so that the job draws at once
cards_waiting = threading.Event()


@dataclass(frozen=True)
class CardTexts:
    """Hold what a card says; `accent` is one of the site's accents."""

    headline: str
    source: str
    site: str
    accent: str


def draw_card(texts: CardTexts) -> bytes:
    """Draw a card as JPEG; b"" if the font lacks the script of the headline."""
    headline = drawable_text(texts.headline)
    if not headline:
        return b""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw, accent = ImageDraw.Draw(image), ACCENTS.get(texts.accent, ACCENTS["red"])
    draw.rectangle((0, 0, BAR - 1, HEIGHT), fill=accent)
    lines, size = fit_text(headline)
    for number, line in enumerate(lines):
        draw.text((MARGIN, HEADLINE_TOP + number * size * LINE_SPACING), line, fill=INK, font=_font(size))
    for text, top in ((texts.source, MARGIN), (texts.site, HEIGHT - MARGIN - LABEL_SIZE)):
        label = _cut(drawable_text(text), LABEL_SIZE)
        draw.text((MARGIN, top), label, fill=accent, font=_font(LABEL_SIZE))
    image.save(buffer := BytesIO(), "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def drawable_text(text: str) -> str:
    """Return the text without signs that the font lacks; "" if it lacks a letter."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))[:MAX_CHARACTERS]
    found = []
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "C" or unicodedata.name(character, "").startswith("VARIATION SELECTOR"):
            continue
        if category[0] == "Z" or _is_in_font(character):
            found.append(character)
        elif category[0] in "LMN":
            return ""
    line = " ".join("".join(found).split())
    return line if any(character.isalnum() for character in line) else ""


def fit_text(text: str) -> tuple[list[str], int]:
    """Return lines and the largest size, in pixels, at which they fit.

    At the smallest size they are cut after a word.
    """
    for size in HEADLINE_SIZES:
        lines = _wrap(text, size)
        if len(lines) <= _line_count(size):
            return lines, size
    size = HEADLINE_SIZES[-1]
    fitting = _wrap(text, size)[: _line_count(size)]
    fitting[-1] = _cut(f"{fitting[-1]} …", size)
    return fitting, size


def _line_count(size: int) -> int:
    return int(HEADLINE_HEIGHT // (size * LINE_SPACING))


def _wrap(text: str, size: int) -> list[str]:
    """Break a text into lines at blanks, and words longer than a line anywhere."""
    lines, line = list[str](), ""
    for word in text.split():
        if _fits(joined := f"{line} {word}".strip(), size):
            line = joined
            continue
        lines += [line] if line else []
        line = word
        while not _fits(line, size):
            end = max(1, _count_fitting(line, size))
            lines.append(line[:end])
            line = line[end:]
    return [*lines, line]


def _cut(text: str, size: int) -> str:
    """Cut a line to the width, after a word if possible; add "…"."""
    if _fits(text, size):
        return text
    words = text.removesuffix(" …").split()
    while len(words) > 1:
        words.pop()
        if _fits(shorter := f"{' '.join(words)} …", size):
            return shorter
    word = words[0] if words else ""
    return f"{word[: _count_fitting(word, size, '…')]}…"


def _count_fitting(text: str, size: int, ending: str = "") -> int:
    """Return how many characters fit on a line before the ending."""
    return bisect_left(range(1, len(text) + 1), True, key=lambda end: not _fits(text[:end] + ending, size))


def _fits(text: str, size: int) -> bool:
    return _font(size).getlength(text) <= WIDTH - 2 * MARGIN


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size)


def _is_in_font(character: str) -> bool:
    return _bitmap(character) != _bitmap(MISSING)


def _bitmap(character: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(LABEL_SIZE).getmask(character)
    return mask.size, bytes(mask)
