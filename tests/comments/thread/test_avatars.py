from __future__ import annotations

import math
import re
from itertools import combinations

import pytest
from flask import Flask

from blog.comments.models import Comment
from blog.comments.thread.avatars import TINT_COUNT, draw_avatar, initial
from blog.settings import ROOT

SHEET = (ROOT / "static/css/response.css").read_text()
INK = {"light": (0.22, 0.012, 60), "dark": (0.91, 0.012, 85)}


def tints(pattern: str) -> list[tuple[float, float, float]]:
    """Read the tints of the style sheet: lightness, chroma, hue."""
    found = re.search(pattern, SHEET)
    assert found
    hues = re.findall(r"--hue[:,] (\d+)", SHEET)
    return [(float(found[1]), float(found[2]), float(hue)) for hue in hues]


MODES = {"light": tints(r"var\(--tint, (\S+) (\S+)\)"), "dark": tints(r"--tint: (\S+) (\S+);")}


def luminance(lightness: float, chroma: float, hue: float) -> float:
    """Compute the relative luminance of an oklch color."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mode", MODES)
def test_initials_have_enough_contrast_on_every_tint(mode: str) -> None:
    assert len(MODES[mode]) == TINT_COUNT
    for tint in MODES[mode]:
        dark, light = sorted([luminance(*tint), luminance(*INK[mode])])
        assert (light + 0.05) / (dark + 0.05) >= 7


@pytest.mark.parametrize("mode", MODES)
def test_tints_are_told_apart(mode: str) -> None:
    points = [(c * math.cos(math.radians(h)), c * math.sin(math.radians(h))) for _, c, h in MODES[mode]]
    assert min(math.dist(one, other) for one, other in combinations(points, 2)) > 0.04


@pytest.mark.parametrize(
    ("name", "letter"),
    [("anna", "A"), ("“Bo”", "B"), ("ßeta", "ß"), ("  éva", "É"), ("山田", "山"), ("!!", "·"), ("", "·"), ("7up", "7")],
)
def test_initial_is_the_first_letter(name: str, letter: str) -> None:
    assert initial(name) == letter


def test_avatar_shows_the_tint_of_the_writer_and_nothing_else(app: Flask) -> None:
    drawn = {str(draw_avatar(Comment(name="<b", email="", reader_key=f"{number:064x}"))) for number in range(300)}
    assert len(drawn) == TINT_COUNT
    assert all('data-initial="B" aria-hidden="true"></span>' in one for one in drawn)
