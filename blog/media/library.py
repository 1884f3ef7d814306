"""Keeping a picture: developed off the serving threads, its files first, then its row."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blog.db import db, writing
from blog.media.models import Picture
from blog.media.processing import SMALL, NoPicture, fit
from blog.media.sniffing import format_of, refusal_of
from blog.media.storage import Rendition, file, print_at
from blog.web.static_files import media_folder

__all__ = ["NoPicture", "check", "keep", "size_of", "small"]

log = logging.getLogger(__name__)

MOST_MEGABYTES = 20
DIGEST_BYTES = 20

# one picture at a time, so memory stays bounded; a thread will do, since Pillow decodes and reduces without the GIL
_image_worker = ThreadPoolExecutor(1, thread_name_prefix="darkroom")


def keep(content: bytes, name: str = "") -> str:
    """Keep a picture and return the address of its larger size; the same content is kept once.

    `name` is what its file was called. Raises NoPicture. An act: unsaved changes of the session are gone after it.
    """
    check(content)
    digest = blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
    folder = media_folder(current_app.config["SETTINGS"])
    try:
        extension, size = _image_worker.submit(file, folder, digest, content).result()
    except OSError as error:
        log.warning("A picture could not be written: %s", error)
        raise NoPicture(
            _("The picture cannot be kept, since the server's disk is full or closed: tell whoever runs the site.")
        ) from error
    _enter(digest, name, extension, size)
    return Rendition(digest, extension).address


def small(address: str) -> str:
    """The address of the smaller size; what is no address of ours comes back as it is."""
    found = print_at(address)
    return replace(found, width=SMALL).address if found else address


def size_of(address: str) -> tuple[int, int] | None:
    """Width and height in pixels of the picture at an address of ours, by one look at its row; else None."""
    found = print_at(address)
    picture = _picture(found.digest) if found else None
    return fit((picture.width, picture.height), found.width) if found and picture else None


def check(content: bytes) -> None:
    """Refuse what need not wait for the darkroom; raises NoPicture."""
    if len(content) > MOST_MEGABYTES * 2**20:
        raise NoPicture(
            _("This file is larger than %(most)s MB: save the picture smaller and upload that.", most=MOST_MEGABYTES)
        )
    if format_of(content) is None:
        raise NoPicture(refusal_of(content))


def _enter(digest: str, name: str, extension: str, size: tuple[int, int]) -> None:
    try:
        with writing():
            picture = _picture(digest) or Picture(digest=digest, name=_shown(name))
            picture.extension, (picture.width, picture.height) = extension, size
            db.session.add(picture)
    except IntegrityError:
        log.info("Another process kept the same picture at the same moment")


def _picture(digest: str) -> Picture | None:
    return db.session.scalars(select(Picture).where(Picture.digest == digest)).one_or_none()


def _shown(name: str) -> str:
    """The last part of a file's name, as far as it can be shown."""
    return "".join(letter for letter in re.split(r"[/\\]", name)[-1] if letter.isprintable())[:200]
