"""Files of marked texts: CSV with the columns CONTENT and CLASS (1 unwanted, 0 wanted), as UCI has them."""

from __future__ import annotations

import csv
from html import unescape
from pathlib import Path

import re2

from blog.errors import Unusable
from blog.spam.features import Reading, read

BREAK = re2.compile(r"(?i)<br\s*/?>")
TAG = re2.compile(r"<[^>]*>")
CLASSES = {"0": False, "1": True}
LARGEST = 50_000_000


def marked_texts(path: Path) -> list[tuple[str, bool]]:
    """The texts of one file, and whether each is unwanted; Unusable where it is not such a file."""
    try:
        if path.stat().st_size > LARGEST:
            raise Unusable(f"{path} is larger than 50 MB: give it in parts.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _texts(path, csv.DictReader(file, strict=True))
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path} is not a text in UTF-8: save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise Unusable(f"{path} is not a whole CSV file: {error}.") from error


def _texts(path: Path, table: csv.DictReader[str]) -> list[tuple[str, bool]]:
    if not {"CONTENT", "CLASS"} <= set(table.fieldnames or ()):
        raise Unusable(f"{path} has no columns CONTENT and CLASS in its first line.")
    found = []
    for row in table:
        text, marked = row["CONTENT"], CLASSES.get((row["CLASS"] or "").strip())
        if text is None or marked is None:
            raise Unusable(f"{path}, line {table.line_num}: there must be a text, and 0 or 1 as its CLASS.")
        found.append((text, marked))
    if not found:
        raise Unusable(f"{path} holds no texts.")
    return found


def read_marked(text: str) -> Reading:
    """A text of such a file, in which there may be HTML."""
    return read(unescape(TAG.sub("", BREAK.sub("\n", text))))
