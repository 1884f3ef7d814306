"""Hold photos whose editor's session had just expired, until the next sign-in.

Without a live session nothing is stored under media/. A session that expired within the last hour may store one photo
here, which a later one replaces; a session that was signed out or removed may not. The folder has no URL and holds at
most MAX_PHOTOS; each is deleted after an hour.
"""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path

from flask import current_app

from blog.editors.models import EditorSession
from blog.media.library import check_picture
from blog.media.picture_errors import PictureRefused
from blog.settings import Settings
from blog.web.signed_tokens import read_token, sign_token

FOLDER = "late-photos"
PURPOSE = "late-photo"
MAX_PHOTOS = 10
MAX_AGE_SECONDS = 3600

log = logging.getLogger(__name__)


def store_late_photo(expired: EditorSession, content: bytes) -> str:
    """Store the photo of an expired session and return its token.

    Raises: PictureRefused if it is no picture or cannot be written.
    """
    check_picture(content)
    delete_expired_photos()
    path = _folder() / str(expired.id)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists() and len(list(path.parent.iterdir())) >= MAX_PHOTOS:
            raise PictureRefused("not_stored")
        draft = path.with_suffix(".new")
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        log.warning("Cannot store the photo of an expired session: %s", error.strerror)
        raise PictureRefused("not_stored") from error
    return sign_token(PURPOSE, f"{expired.editor_id}-{expired.id}")


def take_late_photo(editor_id: int, token: str) -> bytes | None:
    """Return and delete the photo of this editor's token.

    Returns None if it is gone or belongs to another editor.
    """
    owner, _dash, number = str(read_token(PURPOSE, token, MAX_AGE_SECONDS) or "").partition("-")
    if owner != str(editor_id):
        return None
    path = _folder() / str(int(number))
    try:
        content = path.read_bytes()
        path.unlink()
    except OSError:
        return None
    return content


def delete_expired_photos() -> None:
    """Delete photos dated over an hour in the past or future."""
    with contextlib.suppress(FileNotFoundError):
        for path in _folder().iterdir():
            with contextlib.suppress(FileNotFoundError):
                if abs(time.time() - path.stat().st_mtime) >= MAX_AGE_SECONDS:
                    path.unlink()


def _folder() -> Path:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.blog_instance / FOLDER
