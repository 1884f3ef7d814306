"""Define why the program refuses to change a thread."""

from __future__ import annotations


class Refused(Exception):
    """Refuse a comment with one sentence for its author.

    `status` is the HTTP status, `wait` the seconds until a retry makes sense, 0 for never.
    """

    def __init__(self, sentence: str, status: int, wait: int = 0) -> None:
        super().__init__(sentence)
        self.sentence, self.status, self.wait = sentence, status, wait


class NoSuchPost(Exception):
    """Report a post that is missing or that readers may not see."""


class NoSuchComment(Exception):
    """Report a comment that is missing or hidden from this visitor."""
