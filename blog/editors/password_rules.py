"""Refuse passwords that are guessed first: common ones, and the site's own words."""

from __future__ import annotations

import unicodedata
from functools import cache
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _

from blog.editors.passwords import MAX_LENGTH, MIN_LENGTH
from blog.settings import Settings
from blog.site.models import current_site

# a password that has one of the site's words needs so many other letters and digits
MIN_OTHER_CHARACTERS = 6
MIN_WORD_LENGTH = 3
# a password that is longer is judged by its beginning; one character may become eighteen in NFKC
MAX_READ_LENGTH = 200


def why_not(password: str, name: str = "", email: str = "") -> str:
    """Say in one sentence why this password is not taken; "" where it is.

    The length is counted in code points before anything else looks at the text.
    """
    if len(password) > MAX_LENGTH:
        return str(_("A password has at most %(count)d characters.", count=MAX_LENGTH))
    if len(password) < MIN_LENGTH:
        return str(_("A password has at least %(count)d characters; a sentence is a good one.", count=MIN_LENGTH))
    folded = _fold(password[:MAX_READ_LENGTH])
    if folded in _common_passwords() or len(set(folded)) < 3:
        return str(_("This password is one of the most common ones. Choose another; a sentence is a good one."))
    if _is_made_of(folded, _site_words(name, email)):
        return str(_("This password is little more than a name that belongs to this blog or to you. Choose another."))
    return ""


@cache
def _common_passwords() -> frozenset[str]:
    """Load the 30,000 most common passwords, of which those long enough matter. The list takes 14 MB."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_LENGTH)


def _site_words(name: str, email: str) -> set[str]:
    settings: Settings = current_app.config["SETTINGS"]
    host = urlsplit(settings.blog_url).hostname or ""
    local, _at, domain = email.partition("@")
    texts = [current_site().title, name, email, local, domain, host]
    texts += [part for text in (current_site().title, name) for part in text.split()]
    texts += [part for text in (local, domain, host) for part in text.replace("-", ".").split(".")]
    return {word for text in texts if len(word := _letters(_fold(text))) >= MIN_WORD_LENGTH}


def _is_made_of(folded: str, words: set[str]) -> bool:
    rest = letters = _letters(folded)
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != letters and len(rest) < MIN_OTHER_CHARACTERS


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())
