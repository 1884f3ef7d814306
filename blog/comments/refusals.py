"""Define why the program refuses to change a thread."""

from __future__ import annotations

from math import ceil

from flask_babel import lazy_gettext, ngettext

MINUTE_SECONDS = 60
GONE = lazy_gettext("This response is no longer here.")


class Refused(Exception):
    """Refuse a comment with one sentence for its author.

    `status` is the HTTP status, `wait` the seconds until a retry makes sense, 0 for never.
    """

    def __init__(self, sentence: str, status: int, wait: int = 0) -> None:
        super().__init__(sentence)
        self.sentence, self.status, self.wait = sentence, status, wait


class TooFast(Refused):
    """Refuse somebody who must wait for some seconds."""

    def __init__(self, wait: int) -> None:
        if wait <= MINUTE_SECONDS:
            sentence = ngettext(
                "You are too fast. Please wait %(num)d second and press the button again.",
                "You are too fast. Please wait %(num)d seconds and press the button again.",
                wait,
            )
        else:
            sentence = ngettext(
                "You are too fast. Please wait %(num)d minute and press the button again.",
                "You are too fast. Please wait %(num)d minutes and press the button again.",
                ceil(wait / MINUTE_SECONDS),
            )
        super().__init__(sentence, 429, wait)


class NoSuchPost(Exception):
    """Report a post that is missing or that readers may not see."""


class NoSuchComment(Exception):
    """Report a comment that is missing or hidden from this visitor."""
