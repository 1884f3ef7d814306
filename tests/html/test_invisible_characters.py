"""Test that what nobody sees is removed, and what languages and emoji need stays."""

from __future__ import annotations

import sys
import unicodedata
from random import Random

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from blog.comments.forms import CommentForm
from blog.db import db
from blog.editors.forms import AddEditorForm, FirstRunForm
from blog.editors.models import Editor
from blog.html.invisible_characters import INVISIBLE, clean_line, is_visible
from blog.importing.formats.blogger.label_names import split_labels
from blog.posts.forms import PostForm
from blog.site.forms import SettingsForm
from blog.web.forms.fields import Form

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSEEN = (
    f"{BIDI}\xad\u034f\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u2060\u2064\u206f"
    "\u3164\ufeff\uffa0\ufff9\ufe0f\U000e0041\U000e0100"
)


@pytest.mark.parametrize("character", UNSEEN, ids=lambda character: f"{ord(character):x}")
def test_unseen_characters_are_removed_from_a_line(character: str) -> None:
    assert clean_line(f"{character}A{character}nn {character}Lee{character}") == "Ann Lee"
    assert clean_line(character * 3) == ""
    assert not is_visible(f" {character}\n{character * 2}")
    assert is_visible(f"{character}a")


@pytest.mark.parametrize("text", ["\u2800", "\u2800 \u2800", "\x07", "\u3000", "\xa0", " \t\n", "", "\u2028\u200d"])
def test_blanks_of_every_kind_show_nothing(text: str) -> None:
    assert clean_line(text) == ""
    assert not is_visible(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",  # Persian
        "\u0915\u094d\u200d\u0937",  # Hindi
        "\u0d9a\u0dca\u200d\u0dbb",  # Sinhala
        "\u1820\u180b\u1821",  # Mongolian
        "\u845b\U000e0100\u57ce",  # Japanese
        "\U0001f469\u200d\U0001f4bb Ann",
        "\u2764\ufe0f\u200d\U0001f525",
        "1\ufe0f\u20e3",
        "\xa9\ufe0f \u2122\ufe0f \u00ae\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
        "\U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd",
        "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
        "e\u0301 \u0e01\u0e33 \ud55c\uad6d",
        "\U0001fae9",  # an emoji newer than this Python
    ],
)
def test_languages_and_emoji_keep_their_characters(text: str) -> None:
    assert clean_line(text) == text
    assert is_visible(text)


def test_a_line_of_unseen_characters_only_is_empty() -> None:
    rng = Random(1)
    for _ in range(3_000):
        assert clean_line("".join(rng.choices(UNSEEN + " \u2800", k=6))) == ""


def test_a_line_is_one_line() -> None:
    assert clean_line(" a\r\nb\u2028c\td ") == "a b c d"
    assert clean_line("a\u2800b") == "a b"


def test_letters_and_signs_of_unicode_are_visible() -> None:
    hidden = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character)[0] in "LNPS" and not is_visible(character)
    ]
    assert "".join(hidden) == "\u115f\u1160\u2800\u3164\uffa0"
    assert all(INVISIBLE.match(character) for character in hidden)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (CommentForm, "name"),
        (AddEditorForm, "name"),
        (FirstRunForm, "name"),
        (PostForm, "title"),
        (PostForm, "source_name"),
        (PostForm, "source_title"),
        (PostForm, "label_names"),
        (PostForm, "photo_credit"),
        (SettingsForm, "title"),
        (SettingsForm, "tagline"),
        (SettingsForm, "note_label"),
    ],
)
def test_every_field_of_a_name_or_title_is_cleaned(app: Flask, form: type[Form], field: str) -> None:
    with app.test_request_context():
        sent = form(formdata=MultiDict({field: "\u202enn\u200bA\u202c"}), meta={"csrf": False})
        assert sent[field].data == "nnA"


def test_labels_of_an_import_are_cleaned() -> None:
    assert split_labels(["\u202eNews\u202c,\u3164,Ne\u200bws"]) == ("News",)


def test_the_command_cleans_an_editors_name(app: Flask) -> None:
    def add(name: str) -> int:
        args = ["editors", "add", "a@example.org", "--name", name, "--role", "owner", "--password-stdin"]
        return int(app.test_cli_runner().invoke(args=args, input="a sentence to remember\n").exit_code)

    assert add("\u3164") == 2
    assert add("\u202eAnn\u202c") == 0
    assert db.session.query(Editor).one().name == "Ann"
