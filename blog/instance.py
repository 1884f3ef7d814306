"""Prepare the instance folder and read its secret key.

The folder holds all state of one blog.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from sqlalchemy import make_url

from blog.errors import WrongSetting
from blog.settings import Settings

PRIVATE_FOLDERS = ("media", "imports")


def prepare_instance(settings: Settings) -> None:
    """Create the instance folder, readable by its owner only.

    The umask restricts new files, and files of earlier versions are restricted here. Raises: WrongSetting.
    """
    os.umask(0o077)
    folder = settings.blog_instance
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _folder_error(folder, error) from error
    for path in (folder, *(folder / name for name in PRIVATE_FOLDERS)):
        _restrict_access(path, 0o700)
    for path in (folder / "secret_key", *_database_files(settings)):
        _restrict_access(path, 0o600)


def secret_key(settings: Settings) -> str:
    """Read the key that signs cookies and tokens; create it once."""
    path = settings.blog_instance / "secret_key"
    try:
        if not path.exists():
            _write_key(path)
        key = path.read_text().strip()
    except OSError as error:
        raise _folder_error(settings.blog_instance, error) from error
    if not key:
        raise WrongSetting(f"The file {path} is empty: delete it and a new key is made (readers' open forms expire).")
    return key


def _restrict_access(path: Path, mode: int) -> None:
    # a folder of another owner is left as it is
    with contextlib.suppress(FileNotFoundError, PermissionError):
        path.chmod(mode)


def _database_files(settings: Settings) -> list[Path]:
    if not settings.database.startswith("sqlite"):
        return []
    name = make_url(settings.database).database or ""
    return [Path(name + suffix) for suffix in ("", "-wal", "-shm")] if name and name != ":memory:" else []


def _folder_error(folder: Path, error: OSError) -> WrongSetting:
    return WrongSetting(
        f"The folder {folder} cannot be used ({error.strerror}): "
        "set BLOG_INSTANCE to a folder that this user may write to."
    )


def _write_key(path: Path) -> None:
    # linked into place, so that two starting processes read the same complete key
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
