"""Gather settings from the environment, files of secrets and settings.env.

Each setting comes from the first of: the variable NAME, the file that NAME_FILE names (for secrets of containers), a
line NAME=value of `settings.env` in the instance folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from blog.errors import WrongSetting

ENVIRONMENT = "environment"
SETTINGS_FILE = "settings.env"
MAX_FILE_BYTES = 65_536


@dataclass(frozen=True)
class Given:
    """Hold the text of a setting and where it was found."""

    text: str
    source: str


def gather(names: Iterable[str], environ: Mapping[str, str], folder: Path) -> dict[str, Given]:
    """Return the settings that are given and not empty. Raises: WrongSetting."""
    known = set(names)
    given = _read_settings_file(folder / SETTINGS_FILE, known)
    for name in known:
        text, path = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
        if text and path:
            raise WrongSetting(f"{name} and {name}_FILE are both set: unset one of them.")
        if path:
            text = _read_file(Path(path), f"{name}_FILE").strip()
        if text:
            given[name] = Given(text, f"{name}_FILE" if path else ENVIRONMENT)
    return given


def _read_settings_file(path: Path, known: set[str]) -> dict[str, Given]:
    """Read lines NAME=value; empty lines and those that begin with # are left out."""
    if not path.exists():
        return {}
    given = {}
    for number, line in enumerate(_read_file(path, SETTINGS_FILE).splitlines(), 1):
        name, equals, text = line.strip().partition("=")
        name = name.strip()
        if not name or name.startswith("#"):
            continue
        if not equals or name not in known:
            raise WrongSetting(
                f"Line {number} of {path} is no setting: write NAME=value, with a name of docs/settings.md."
            )
        if text := _unquote(text.strip()):
            given[name] = Given(text, SETTINGS_FILE)
    return given


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _read_file(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise WrongSetting(
            f"The file {path} of {what} cannot be read ({error.strerror}): check its name and permissions."
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise WrongSetting(f"The file {path} of {what} has more than {MAX_FILE_BYTES} bytes: it is the wrong file.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise WrongSetting(f"The file {path} of {what} is not written in UTF-8: save it in UTF-8.") from error
