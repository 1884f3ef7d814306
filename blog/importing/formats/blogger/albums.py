"""Find pictures in the albums of a Takeout by URL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

import re2

from blog.importing.formats.blogger.takeout_zip import Entry, TakeoutZip

ALBUMS_FOLDER = "Albums"
SIDECAR = re.compile(r"\.json(?:\(\d{1,9}\))?\Z")
SIDECAR_NAME_LENGTH = 46
"""Takeout cuts the picture's name in a sidecar's name to 46 characters, and to 47 in the picture's."""
MAX_SIDECAR_BYTES = 100_000
MAX_PICTURE_BYTES = 100_000_000
GOOGLE_HOSTS = re2.compile(r"(?i)(?:\w+\.)*(?:blogspot\.com|blogger\.com|googleusercontent\.com|ggpht\.com)")
NUMBERED = re2.compile(r"(?s)(.*)(\(\d+\))(\.[^.]+)")
SUFFIX = re2.compile(r"(?:\(\d+\))?\.[^.]+\z")
MAX_NAME_LENGTH = 500
AMBIGUOUS = None


class Albums:
    """Index the pictures of all albums by their names on the web.

    Only the sidecar files contain the full names. An album's folder may be called by an older title of the blog, so
    all folders are read.
    """

    def __init__(self, takeout: TakeoutZip) -> None:
        self._takeout = takeout
        self._pictures: dict[str, Entry | None] = {}
        files = {entry.name: entry for entry in takeout.in_folder(ALBUMS_FOLDER)}
        for name, entry in files.items():
            if not SIDECAR.search(name) and len(name) <= MAX_NAME_LENGTH:
                self._add(self._web_name(name, files), entry)

    def find_picture(self, url: str) -> bytes | None:
        """Return the picture at a URL, unless its name is ambiguous."""
        for name in possible_names(url):
            if entry := self._pictures.get(name):
                return self._takeout.read(entry, MAX_PICTURE_BYTES)
        return None

    def _add(self, name: str, entry: Entry) -> None:
        known = self._pictures.get(name, entry)
        same = known and (known.info.CRC, known.info.file_size) == (entry.info.CRC, entry.info.file_size)
        self._pictures[name] = known if same else AMBIGUOUS

    def _web_name(self, path: str, files: dict[str, Entry]) -> str:
        """Return the name in the picture's sidecar, else its file name."""
        file_name = path.rpartition("/")[2]
        for sidecar, exact in _possible_sidecars(path):
            name = self._read_sidecar(files[sidecar]) if sidecar in files else ""
            if name and (exact or _may_be_named(file_name, name)):
                return normalize("NFC", name)
        return normalize("NFC", file_name)

    def _read_sidecar(self, sidecar: Entry) -> str:
        try:
            name = json.loads(self._takeout.read(sidecar, MAX_SIDECAR_BYTES) or b"{}").get("filename")
        except (ValueError, AttributeError, RecursionError):
            return ""
        return name if isinstance(name, str) and len(name) <= MAX_NAME_LENGTH else ""


def possible_names(url: str) -> Iterator[str]:
    """Yield the names that a picture at a Google URL may have."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return
    name = parts.path.rpartition("/")[2]
    if not GOOGLE_HOSTS.fullmatch(host) or len(name) > MAX_NAME_LENGTH:
        return
    # Blogger encoded some names twice
    for decoded in dict.fromkeys((name, unquote(name), unquote(unquote(name)), unquote(name.replace("+", " ")))):
        if decoded:
            yield normalize("NFC", decoded)


def _possible_sidecars(path: str) -> Iterator[tuple[str, bool]]:
    """Yield paths of sidecars, and whether each belongs to this picture only.

    `NAME.jpg` has `NAME.jpg.json`, and `NAME(1).jpg` has `NAME.jpg(1).json`. Long names may share a shortened path.
    """
    folder, slash, name = path.rpartition("/")
    numbered = NUMBERED.fullmatch(name)
    bases = [(f"{numbered[1]}{numbered[3]}", numbered[2])] if numbered else []
    for base, number in (*bases, (name, "")):
        yield f"{folder}{slash}{base}{number}.json", True
        yield f"{folder}{slash}{base[:SIDECAR_NAME_LENGTH]}{number}.json", False


def _may_be_named(file_name: str, web_name: str) -> bool:
    """Check whether a file name can come from a web name.

    Takeout replaces signs and shortens long names.
    """
    stem = SUFFIX.sub("", file_name)
    return bool(web_name) and any(
        _letters(name).startswith(_letters(stem)) for name in (web_name, unquote(web_name), unquote(unquote(web_name)))
    )


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", normalize("NFC", name)).casefold()
