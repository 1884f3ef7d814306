"""Test that cards have the texts, fit them, and never show a box for a missing character."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest

from blog.media.card_picture import (
    HEADLINE_SIZES,
    HEIGHT,
    LABEL_SIZE,
    MARGIN,
    WIDTH,
    CardTexts,
    _bitmap,
    _font,
    draw_card,
    drawable_text,
    fit_text,
)
from tests.media.image_files import decode

LONG = "The city council voted late on Tuesday to close the old ferry landing and to sell the northern pier " * 6


def card(headline: str, source: str = "The Gazette", site: str = "The Heron Post", accent: str = "red") -> bytes:
    return draw_card(CardTexts(headline, source, site, accent))


def test_card_has_the_size_that_networks_ask_for() -> None:
    image = decode(card("Herons return"))
    assert (image.size, image.format) == ((WIDTH, HEIGHT), "JPEG")
    assert pytest.approx(1.91, abs=0.01) == WIDTH / HEIGHT


def test_each_text_and_the_accent_show() -> None:
    first = card("Herons return")
    others = [card("Herons stay"), card("Herons return", source="Le Monde"), card("Herons return", site="B")]
    assert len({first, card("Herons return", accent="blue"), *others}) == 5
    assert card("Herons return", accent="unknown") == first
    assert card("Herons return") == first


@pytest.mark.parametrize(
    "text",
    [
        "Herons return",
        LONG,
        "word" * 500,
        "a b " * 400,
        "Пароходы возвращаются",
        "Ελευθεροτυπία",
        "Tàu thuỷ trở về",
        "WWW " * 90,
    ],
)
def test_headline_stays_within_its_place(text: str) -> None:
    lines, size = fit_text(drawable_text(text))
    assert all(_font(size).getlength(line) <= WIDTH - 2 * MARGIN for line in lines)
    assert len(lines) * size * 1.18 <= 330
    image = decode(card(text)).convert("L")
    edge = image.crop((WIDTH - MARGIN + 10, 0, WIDTH, HEIGHT))
    assert edge.getextrema()[0] > 200


def test_short_headline_is_large_and_long_one_is_cut_after_a_word() -> None:
    assert fit_text("Herons return") == (["Herons return"], HEADLINE_SIZES[0])
    lines, size = fit_text(drawable_text(LONG))
    assert size == HEADLINE_SIZES[-1]
    assert lines[-1].endswith(" …")
    assert LONG.startswith(" ".join(lines).removesuffix(" …"))


@pytest.mark.parametrize(
    "text", ["漢字の見出し", "שלום", "مرحبا", "हिन्दी", "Herons 漢字", "😀", "", " \u202e\0", "…—!", "\U000e0041"]
)
def test_script_that_the_font_lacks_is_not_drawn(text: str) -> None:
    assert drawable_text(text) == ""
    assert card(text) == b""


def test_missing_signs_and_invisible_characters_are_left_out() -> None:
    assert drawable_text("Herons 😀 return ☃\ufe0f \u202ehome\u200b") == "Herons return home"
    assert card("Herons 😀 return") == card("Herons return")
    assert card("Herons", source="漢字") == card("Herons", source="")


def test_no_text_has_a_character_that_the_font_lacks() -> None:
    random, missing = Random(1), _bitmap("\U0010ffff")
    for _ in range(300):
        codes = (random.choice([random.randrange(32, 0x2FFF), random.randrange(0xA000, 0x11000)]) for _ in range(8))
        text = "Heron " + "".join(map(chr, codes))
        drawn = drawable_text(text.encode("utf-8", "replace").decode())
        assert [one for one in drawn if not one.isspace() and _bitmap(one) == missing] == []
        assert drawn == unicodedata.normalize("NFC", drawn)


def test_label_that_is_too_long_is_cut() -> None:
    image = decode(card("Herons", source=LONG, site="x" * 300)).convert("L")
    assert image.crop((WIDTH - MARGIN + 10, 0, WIDTH, HEIGHT)).getextrema()[0] > 200
    assert _font(LABEL_SIZE).getlength("Herons") < 200
