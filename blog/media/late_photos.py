"""Photos that arrived just after their editor's session had expired, set aside until the editor signs in again.

Nobody without a live session stores anything under media/. A session that expired within the last hour may leave one
photo here, which a later one replaces; one that was signed out or removed may not. No address leads here, at most
MAX_PHOTOS lie here at once, and each goes after an hour.
"""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path

from flask import current_app

from blog.editors.models import EditorSession
from blog.media.library import NoPicture, check
from blog.settings import Settings
from blog.web.signed_tokens import read_token, sign_token

FOLDER = "late-photos"
PURPOSE = "late-photo"
MAX_PHOTOS = 10
KEPT_SECONDS = 3600

log = logging.getLogger(__name__)


def set_aside(expired: EditorSession, content: bytes) -> str:
    """Write the photo of an expired session and return the token that its editor takes it by.

    Raises NoPicture where it is none, or cannot be written.
    """
    check(content)
    forget_late_photos()
    place = _folder() / str(expired.id)
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        if not place.exists() and len(list(place.parent.iterdir())) >= MAX_PHOTOS:
            raise NoPicture
        draft = place.with_suffix(".new")
        draft.write_bytes(content)
        draft.replace(place)
    except OSError as error:
        log.warning("A photo could not be set aside: %s", error.strerror)
        raise NoPicture from error
    return sign_token(PURPOSE, f"{expired.editor_id}-{expired.id}")


def take_late_photo(editor_id: int, token: str) -> bytes | None:
    """Return the photo that this editor's token names and delete it; None where it is gone, or is another's."""
    owner, _dash, number = str(read_token(PURPOSE, token, KEPT_SECONDS) or "").partition("-")
    if owner != str(editor_id):
        return None
    place = _folder() / str(int(number))
    try:
        content = place.read_bytes()
        place.unlink()
    except OSError:
        return None
    return content


def forget_late_photos() -> None:
    """Delete what has lain here for an hour, or by its time was written in the future."""
    with contextlib.suppress(FileNotFoundError):
        for place in _folder().iterdir():
            with contextlib.suppress(FileNotFoundError):
                if abs(time.time() - place.stat().st_mtime) >= KEPT_SECONDS:
                    place.unlink()


def _folder() -> Path:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.blog_instance / FOLDER
