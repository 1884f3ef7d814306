"""Refuse passwords that are easy to guess: common ones, names."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _

from blog.editors.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from blog.settings import Settings
from blog.site.models import current_site

# letters and digits needed beside the site's names
MIN_OTHER_CHARACTERS = 6
MIN_WORD_LENGTH = 3
# only the beginning is checked: NFKC may turn one character into eighteen
MAX_READ_LENGTH = 200


def find_password_problem(password: str, name: str = "", email: str = "") -> str:
    """Return why a password is refused, as one sentence, or "".

    The length, in code points, is checked first to bound the rest.
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        return str(_("A password has at most %(count)d characters.", count=MAX_PASSWORD_LENGTH))
    if len(password) < MIN_PASSWORD_LENGTH:
        return str(
            _("A password has at least %(count)d characters; a sentence is a good one.", count=MIN_PASSWORD_LENGTH)
        )
    folded = _fold(password[:MAX_READ_LENGTH])
    if _is_common(folded) or len(set(folded)) < 3:
        return str(_("This password is one of the most common ones. Choose another; a sentence is a good one."))
    if _is_made_of(folded, _site_words(name, email)):
        return str(_("This password is little more than a name that belongs to this blog or to you. Choose another."))
    return ""


def _is_common(word: str) -> bool:
    # imported here: the lists take 14 MB
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return word in FREQUENCY_LISTS["passwords"]


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
