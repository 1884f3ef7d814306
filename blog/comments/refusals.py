"""Exceptions of the conversation: why something was not done."""

from __future__ import annotations


class Refused(Exception):
    """Why a comment was not taken, in one sentence for its writer, who keeps the text. `wait` is in seconds."""

    def __init__(self, sentence: str, status: int, wait: int = 0) -> None:
        super().__init__(sentence)
        self.sentence, self.status, self.wait = sentence, status, wait


class NoSuchPost(Exception):
    """The post is not there, or no reader may see it any longer."""


class NoSuchComment(Exception):
    """There is no comment of this number."""
