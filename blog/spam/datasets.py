"""Read labeled texts from CSV files with the columns CONTENT and CLASS.

CLASS is 1 for spam and 0 for other texts, as in UCI's YouTube Spam Collection.
"""

from __future__ import annotations

import csv
from html import unescape
from pathlib import Path

import re2

from blog.errors import Unusable
from blog.spam.features import ParsedText, parse_text

BREAK = re2.compile(r"(?i)<br\s*/?>")
TAG = re2.compile(r"<[^>]*>")
CLASSES = {"0": False, "1": True}
MAX_FILE_BYTES = 50_000_000


def load_labeled_texts(path: Path) -> list[tuple[str, bool]]:
    """Return the (text, is_spam) pairs of one file.

    Raises: Unusable if it is no such file.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise Unusable(f"{path} is larger than 50 MB: give it in parts.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read_rows(path, csv.DictReader(file, strict=True))
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path} is not a text in UTF-8: save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise Unusable(f"{path} is not a whole CSV file: {error}.") from error


def _read_rows(path: Path, table: csv.DictReader[str]) -> list[tuple[str, bool]]:
    if not {"CONTENT", "CLASS"} <= set(table.fieldnames or ()):
        raise Unusable(f"{path} has no columns CONTENT and CLASS in its first line.")
    texts = []
    for row in table:
        text, label = row["CONTENT"], CLASSES.get((row["CLASS"] or "").strip())
        if text is None or label is None:
            raise Unusable(f"{path}, line {table.line_num}: there must be a text, and 0 or 1 as its CLASS.")
        texts.append((text, label))
    if not texts:
        raise Unusable(f"{path} holds no texts.")
    return texts


def parse_dataset_text(text: str) -> ParsedText:
    """Parse a text of a dataset, which may contain HTML."""
    return parse_text(unescape(TAG.sub("", BREAK.sub("\n", text))))
