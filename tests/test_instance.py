"""Keep the instance folder private to its owner."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from blog import create_app
from blog.instance import prepare_instance, secret_key
from blog.media.library import keep
from blog.settings import Settings, WrongSetting
from tests.live_server import Server
from tests.media.image_files import encoded, quartered


def open_to_others(folder: Path) -> list[str]:
    """List everything in `folder`, or itself, that others may access."""
    places = [folder, *folder.rglob("*")]
    return [str(place) for place in places if stat.S_IMODE(place.lstat().st_mode) & 0o077 and not place.is_symlink()]


def test_secret_key_is_created_once_with_mode_600(tmp_path: Path) -> None:
    settings = Settings(blog_instance=tmp_path / "new")
    prepare_instance(settings)
    key = secret_key(settings)
    assert len(key) >= 40
    assert secret_key(settings) == key
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_invalid_instance_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongSetting, match="BLOG_INSTANCE"):
        prepare_instance(Settings(blog_instance=tmp_path / "file"))


def test_files_of_the_server_are_private(blog: Flask, instance: Path, serve: Callable[..., Server]) -> None:
    serve()
    keep(encoded(quartered()))
    (instance / "imports").mkdir()
    assert (instance / "secret_key").exists()
    assert open_to_others(instance) == []


def test_files_of_an_older_version_are_made_private_at_start(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "old", tmp_path / "elsewhere.sqlite"
    for name in ("media", "imports"):
        (folder / name).mkdir(parents=True)
    for place in (folder / "secret_key", elsewhere, tmp_path / "elsewhere.sqlite-wal"):
        place.write_text("key")
        place.chmod(0o644)
    folder.chmod(0o755)
    prepare_instance(Settings(blog_instance=folder, database_url=f"sqlite:///{elsewhere}"))
    assert open_to_others(folder) == []
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "elsewhere.sqlite-wal").stat().st_mode) == 0o600


def test_files_of_commands_are_private(tmp_path: Path) -> None:
    settings = Settings(blog_instance=tmp_path / "new")
    answer = create_app(settings).test_cli_runner().invoke(args=["demo"])
    assert answer.exit_code == 0
    assert (tmp_path / "new" / "blog.sqlite").exists()
    assert open_to_others(tmp_path / "new") == []
