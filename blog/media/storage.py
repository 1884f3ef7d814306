"""Name and write the files of pictures, complete or not at all."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from blog.media.processing import LARGE, SMALL
from blog.media.worker_process import encode_picture
from blog.web.static_files import MEDIA_NAME

EXTENSIONS = ("jpg", "webp")
ADDRESS_PREFIX = "/media/"
DRAFT_FOLDER = ".drafts"
MAX_DRAFT_SECONDS = 3600


@dataclass(frozen=True)
class Rendition:
    """Represent one size of a picture, identified by the upload's digest."""

    digest: str
    extension: str
    width: int = LARGE

    @property
    def path(self) -> str:
        """Return the path below the media folder."""
        return f"{self.digest[:2]}/{self.digest}-{self.width}.{self.extension}"

    @property
    def address(self) -> str:
        return f"{ADDRESS_PREFIX}{self.path}"


def parse_address(address: str) -> Rendition | None:
    """Return the rendition at a root-relative address, or None."""
    match = MEDIA_NAME.fullmatch(address.removeprefix(ADDRESS_PREFIX)) if address.startswith(ADDRESS_PREFIX) else None
    return Rendition(match["digest"], match["extension"], int(match["width"])) if match else None


def write_renditions(folder: Path, digest: str, content: bytes) -> tuple[str, tuple[int, int]]:
    """Write both sizes unless they exist; return extension and larger size.

    The size is in pixels. Repairs what a killed process left incomplete. Raises: PictureRefused, or OSError if a file
    cannot be written.
    """
    for extension in EXTENSIONS:
        if all((folder / Rendition(digest, extension, width).path).is_file() for width in (SMALL, LARGE)):
            with Image.open(folder / Rendition(digest, extension).path) as image:
                return extension, image.size
    encoded = encode_picture(content)
    for width, file in ((SMALL, encoded.small), (LARGE, encoded.large)):
        _write_file(folder, Rendition(digest, encoded.extension, width).path, file)
    return encoded.extension, encoded.size


def _write_file(folder: Path, name: str, content: bytes) -> None:
    """Write a temporary file and rename it when it is complete."""
    path, draft = folder / name, folder / DRAFT_FOLDER / secrets.token_hex(8)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft.parent.mkdir(exist_ok=True)
    _delete_old_drafts(draft.parent)
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Flush the folder, so that the new name survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _delete_old_drafts(drafts: Path) -> None:
    """Delete drafts of processes that were killed."""
    for draft in drafts.iterdir():
        try:
            if draft.stat().st_mtime < time.time() - MAX_DRAFT_SECONDS:
                draft.unlink()
        except FileNotFoundError:  # another process deleted it
            continue
