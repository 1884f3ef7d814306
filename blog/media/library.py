"""Save pictures outside the request threads: files first, then the row."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blog.db import db, writing
from blog.media.card_picture import CardTexts, draw_card
from blog.media.models import Picture
from blog.media.picture_errors import PictureRefused
from blog.media.processing import SMALL, fit_size
from blog.media.sniffing import detect_format, refusal_code
from blog.media.storage import Rendition, parse_address, write_renditions
from blog.web.static_files import media_folder

log = logging.getLogger(__name__)

MAX_MEGABYTES = 20
DIGEST_BYTES = 20

# One picture at a time bounds the memory. A thread is enough, since Pillow decodes without the GIL.
_image_worker = ThreadPoolExecutor(1, thread_name_prefix="image-worker")


def save_picture(content: bytes, name: str = "") -> str:
    """Save a picture and return the address of its larger size.

    `name` is the name of the uploaded file. The same content is stored once. Discards unsaved changes of the database
    session. Raises: PictureRefused.
    """
    check_picture(content)
    digest = blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
    folder = media_folder(current_app.config["SETTINGS"])
    try:
        extension, size = _image_worker.submit(write_renditions, folder, digest, content).result()
    except OSError as error:
        log.warning("Cannot write a picture: %s", error)
        raise PictureRefused("not_stored") from error
    _save_row(digest, name, extension, size)
    return Rendition(digest, extension).address


def save_card(texts: CardTexts) -> str:
    """Draw and save a card; return its address.

    It is "" where the font lacks the script. Raises: PictureRefused.
    """
    content = _image_worker.submit(draw_card, texts).result()
    return save_picture(content, "card.jpg") if content else ""


def small_address(address: str) -> str:
    """Return the address of the smaller size; return other addresses unchanged."""
    rendition = parse_address(address)
    return replace(rendition, width=SMALL).address if rendition else address


def picture_size(address: str) -> tuple[int, int] | None:
    """Return width and height in pixels of a stored picture, or None."""
    rendition = parse_address(address)
    picture = _find_picture(rendition.digest) if rendition else None
    return fit_size((picture.width, picture.height), rendition.width) if rendition and picture else None


def check_picture(content: bytes) -> None:
    """Check size and format before processing. Raises: PictureRefused."""
    if len(content) > MAX_MEGABYTES * 2**20:
        raise PictureRefused("large_file", most=MAX_MEGABYTES)
    if detect_format(content) is None:
        raise PictureRefused(refusal_code(content))


def _save_row(digest: str, name: str, extension: str, size: tuple[int, int]) -> None:
    try:
        with writing(affects="nothing"):
            picture = _find_picture(digest) or Picture(digest=digest, name=_display_name(name))
            picture.extension, (picture.width, picture.height) = extension, size
            db.session.add(picture)
    except IntegrityError:
        log.info("Another process saved the same picture at the same moment")


def _find_picture(digest: str) -> Picture | None:
    return db.session.scalars(select(Picture).where(Picture.digest == digest)).one_or_none()


def _display_name(name: str) -> str:
    """Return the printable part of a file name, without folders."""
    return "".join(letter for letter in re.split(r"[/\\]", name)[-1] if letter.isprintable())[:200]
