"""Store messages as codes with parameters; translate them when they are shown.

A column holds a JSON list such as `[{"code": "too_many_links", "links": 4, "most": 3}]`. The feature that writes a
message has a table from codes to sentences: lazy texts with `%(links)d`, or functions of the parameters. Text that is
no such list is returned as it is: earlier releases stored sentences.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_babel import LazyString
from sqlalchemy import String, Text

Message = dict[str, Any]
Sentences = Mapping[str, Callable[..., str] | LazyString]

SEPARATOR = "; "
# the type of such a column: SQLite stores texts of any length anyway
MESSAGES = String(500).with_variant(Text(), "postgresql")


def message(code: str, **parameters: Any) -> Message:
    """Build a message. A parameter is a text, a number, or a list of messages."""
    return {"code": code} | parameters


def dump_messages(messages: Iterable[Message]) -> str:
    """Return messages as JSON for a column, "" for none."""
    found = list(messages)
    return json.dumps(found, ensure_ascii=False) if found else ""


def load_messages(stored: str) -> list[Message] | None:
    """Parse a column; return None for a sentence of an earlier release."""
    try:
        found = json.loads(stored) if stored else []
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(one, dict) and "code" in one for one in found) else None


def translate_messages(stored: str, sentences: Sentences) -> str:
    """Return a column's messages as text in the current language."""
    messages = load_messages(stored)
    return stored if messages is None else SEPARATOR.join(translate_message(one, sentences) for one in messages)


def translate_message(one: Message, sentences: Sentences) -> str:
    """Return one message as text in the current language."""
    parameters = {name: _translate_value(value, sentences) for name, value in one.items() if name != "code"}
    try:
        sentence = sentences[one["code"]]
        return str(sentence(**parameters) if callable(sentence) else str(sentence) % parameters)
    except (KeyError, TypeError):
        return str(one["code"])  # a later release wrote it


class CodedError(Exception):
    """Refuse something in one sentence, whose `message` can be stored."""

    sentences: Sentences

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code)
        self.message = message(code, **parameters)

    def __str__(self) -> str:
        return translate_message(self.message, self.sentences)


def _translate_value(value: Any, sentences: Sentences) -> Any:
    if not isinstance(value, list):
        return value
    return SEPARATOR.join(translate_message(part, sentences) if isinstance(part, dict) else str(part) for part in value)
