"""The pictures that a Takeout brings along, found by the addresses at which posts show them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

import re2

from blog.importing.formats.blogger.takeout_zip import Entry, Takeout

FOLDER = "Albums"
SIDECAR = re.compile(r"\.json(?:\(\d{1,9}\))?\Z")
CUT = 46
"""Letters of the name that are left of it in the name of its sidecar; in its own there is one more."""
LARGEST_SIDECAR = 100_000
LARGEST_PICTURE = 100_000_000
HOSTS = re2.compile(r"(?i)(?:\w+\.)*(?:blogspot\.com|blogger\.com|googleusercontent\.com|ggpht\.com)")
NUMBERED = re2.compile(r"(?s)(.*)(\(\d+\))(\.[^.]+)")
ENDING = re2.compile(r"(?:\(\d+\))?\.[^.]+\z")
LONGEST_NAME = 500
AMBIGUOUS = None


class Album:
    """The pictures of all albums by the names that they had on the web, which only their sidecars know in full.

    Album folders may have the name that the blog had before, so every one is looked at.
    """

    def __init__(self, takeout: Takeout) -> None:
        self._takeout = takeout
        self._pictures: dict[str, Entry | None] = {}
        files = {entry.name: entry for entry in takeout.within(FOLDER)}
        for name, entry in files.items():
            if not SIDECAR.search(name) and len(name) <= LONGEST_NAME:
                self._note(self._name_on_the_web(name, files), entry)

    def picture(self, address: str) -> bytes | None:
        """The picture that stood at `address`; None where there is none, or several that had its name."""
        for name in names_in(address):
            if entry := self._pictures.get(name):
                return self._takeout.content(entry, LARGEST_PICTURE)
        return None

    def _note(self, name: str, entry: Entry) -> None:
        standing = self._pictures.get(name, entry)
        same = standing and (standing.info.CRC, standing.info.file_size) == (entry.info.CRC, entry.info.file_size)
        self._pictures[name] = standing if same else AMBIGUOUS

    def _name_on_the_web(self, path: str, files: dict[str, Entry]) -> str:
        """What the picture's sidecar says; what the file is called where none does."""
        disk = path.rpartition("/")[2]
        for sidecar, sure in _sidecars_of(path):
            name = self._told(files[sidecar]) if sidecar in files else ""
            if name and (sure or _fits(disk, name)):
                return normalize("NFC", name)
        return normalize("NFC", disk)

    def _told(self, sidecar: Entry) -> str:
        try:
            name = json.loads(self._takeout.content(sidecar, LARGEST_SIDECAR) or b"{}").get("filename")
        except (ValueError, AttributeError, RecursionError):
            return ""
        return name if isinstance(name, str) and len(name) <= LONGEST_NAME else ""


def names_in(address: str) -> Iterator[str]:
    """The names that the picture at `address` may have had; none where it is not one of Google's."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return
    name = parts.path.rpartition("/")[2]
    if not HOSTS.fullmatch(host) or len(name) > LONGEST_NAME:
        return
    # Blogger itself encoded some names twice
    for decoded in dict.fromkeys((name, unquote(name), unquote(unquote(name)), unquote(name.replace("+", " ")))):
        if decoded:
            yield normalize("NFC", decoded)


def _sidecars_of(path: str) -> Iterator[tuple[str, bool]]:
    """`NAME.jpg.json`, and `NAME.jpg(1).json` for `NAME(1).jpg`; then those that other long names would share."""
    folder, slash, name = path.rpartition("/")
    numbered = NUMBERED.fullmatch(name)
    bases = [(f"{numbered[1]}{numbered[3]}", numbered[2])] if numbered else []
    for base, number in (*bases, (name, "")):
        yield f"{folder}{slash}{base}{number}.json", True
        yield f"{folder}{slash}{base[:CUT]}{number}.json", False


def _fits(disk: str, web: str) -> bool:
    """Whether a picture called `web` may lie on the disk as `disk`: signs are replaced there, and long names cut."""
    stem = ENDING.sub("", disk)
    return bool(web) and any(
        _letters(name).startswith(_letters(stem)) for name in (web, unquote(web), unquote(unquote(web)))
    )


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", normalize("NFC", name)).casefold()
