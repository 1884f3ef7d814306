"""The files of the pictures: what they are called, and how they come to stand whole or not at all."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from blog.media.processing import LARGE, SMALL
from blog.media.worker_process import prints_of
from blog.web.static_files import MEDIA_NAME

EXTENSIONS = ("jpg", "webp")
ADDRESS = "/media/"
DRAFTS = ".drafts"
FORGOTTEN_SECONDS = 3600


@dataclass(frozen=True)
class Rendition:
    """One size of a picture, known by the digest of what was brought."""

    digest: str
    extension: str
    width: int = LARGE

    @property
    def file(self) -> str:
        """Where it lies below the media folder."""
        return f"{self.digest[:2]}/{self.digest}-{self.width}.{self.extension}"

    @property
    def address(self) -> str:
        return f"{ADDRESS}{self.file}"


def print_at(address: str) -> Rendition | None:
    """The print at a root-relative address; None where it is no address of ours."""
    match = MEDIA_NAME.fullmatch(address.removeprefix(ADDRESS)) if address.startswith(ADDRESS) else None
    return Rendition(match["digest"], match["extension"], int(match["width"])) if match else None


def file(folder: Path, digest: str, content: bytes) -> tuple[str, tuple[int, int]]:
    """See that both sizes of this content stand in the folder. Returns their extension, and the larger one's size
    in pixels. Raises NoPicture, or OSError where they cannot be written. What a kill left behind is done again.
    """
    for extension in EXTENSIONS:
        if all((folder / Rendition(digest, extension, width).file).is_file() for width in (SMALL, LARGE)):
            with Image.open(folder / Rendition(digest, extension).file) as standing:
                return extension, standing.size
    prints = prints_of(content)
    for width, written in ((SMALL, prints.small), (LARGE, prints.large)):
        _write(folder, Rendition(digest, prints.extension, width).file, written)
    return prints.extension, prints.size


def _write(folder: Path, name: str, content: bytes) -> None:
    """Written beside and renamed into place, so that a file of this name is whole whenever it is there."""
    place, draft = folder / name, folder / DRAFTS / secrets.token_hex(8)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft.parent.mkdir(exist_ok=True)
    _sweep(draft.parent)
    try:
        with draft.open("wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        draft.replace(place)
        _settle(place.parent)
    finally:
        draft.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """A name outlives a power cut once its folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(drafts: Path) -> None:
    """Away with what was being written when a process was killed."""
    for draft in drafts.iterdir():
        try:
            if draft.stat().st_mtime < time.time() - FORGOTTEN_SECONDS:
                draft.unlink()
        except FileNotFoundError:  # another process was quicker
            continue
