"""Prepare the instance folder, which holds all state of one blog, and read its secret key."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from sqlalchemy import make_url

from blog.settings import Settings, WrongSetting

PRIVATE_FOLDERS = ("media", "imports")


def prepare_instance(settings: Settings) -> None:
    """Make the instance folder, closed to other users of the machine.

    Everything that this process writes later is closed too, by its umask; what an earlier version left open is closed
    here. Raises WrongSetting where the folder cannot be made.
    """
    os.umask(0o077)
    folder = settings.blog_instance
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error
    for place in (folder, *(folder / name for name in PRIVATE_FOLDERS)):
        _close_to_others(place, 0o700)
    for place in (folder / "secret_key", *_database_files(settings)):
        _close_to_others(place, 0o600)


def secret_key(settings: Settings) -> str:
    """Read the key that signs cookies and tokens; make it once, with mode 600."""
    path = settings.blog_instance / "secret_key"
    try:
        if not path.exists():
            _write_key(path)
        key = path.read_text().strip()
    except OSError as error:
        raise _unusable(settings.blog_instance, error) from error
    if not key:
        raise WrongSetting(f"The file {path} is empty: delete it and a new key is made (readers' open forms expire).")
    return key


def _close_to_others(place: Path, mode: int) -> None:
    # a folder of another owner, which this user may write to, stays as it is
    with contextlib.suppress(FileNotFoundError, PermissionError):
        place.chmod(mode)


def _database_files(settings: Settings) -> list[Path]:
    if not settings.database.startswith("sqlite"):
        return []
    name = make_url(settings.database).database or ""
    return [Path(name + suffix) for suffix in ("", "-wal", "-shm")] if name and name != ":memory:" else []


def _unusable(folder: Path, error: OSError) -> WrongSetting:
    return WrongSetting(
        f"The folder {folder} cannot be used ({error.strerror}): "
        "set BLOG_INSTANCE to a folder that this user may write to."
    )


def _write_key(path: Path) -> None:
    # written beside and linked into place, so that of two processes starting at once both read the same whole key
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
