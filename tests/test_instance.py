"""Test that the instance folder and its files are private."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from blog import create_app
from blog.errors import WrongSetting
from blog.instance import prepare_instance, secret_key
from blog.media.library import save_picture
from blog.settings import Settings
from tests.live_server import Server
from tests.media.image_files import encode, four_colors


def accessible_to_others(folder: Path) -> list[str]:
    """List the folder and its files that other users may access."""
    places = [folder, *folder.rglob("*")]
    return [str(place) for place in places if stat.S_IMODE(place.lstat().st_mode) & 0o077 and not place.is_symlink()]


def test_secret_key_is_created_once_and_private(tmp_path: Path) -> None:
    settings = Settings(blog_instance=tmp_path / "new")
    prepare_instance(settings)
    key = secret_key(settings)
    assert len(key) >= 40
    assert secret_key(settings) == key
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_unusable_instance_is_reported_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongSetting, match="BLOG_INSTANCE"):
        prepare_instance(Settings(blog_instance=tmp_path / "file"))


def test_server_writes_private_files(blog: Flask, instance: Path, serve: Callable[..., Server]) -> None:
    serve()
    save_picture(encode(four_colors()))
    (instance / "imports").mkdir()
    assert (instance / "secret_key").exists()
    assert accessible_to_others(instance) == []


def test_start_restricts_files_of_earlier_versions(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "old", tmp_path / "elsewhere.sqlite"
    for name in ("media", "imports"):
        (folder / name).mkdir(parents=True)
    for place in (folder / "secret_key", elsewhere, tmp_path / "elsewhere.sqlite-wal"):
        place.write_text("key")
        place.chmod(0o644)
    folder.chmod(0o755)
    prepare_instance(Settings(blog_instance=folder, database_url=f"sqlite:///{elsewhere}"))
    assert accessible_to_others(folder) == []
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "elsewhere.sqlite-wal").stat().st_mode) == 0o600


def test_commands_write_private_files(tmp_path: Path) -> None:
    settings = Settings(blog_instance=tmp_path / "new")
    answer = create_app(settings).test_cli_runner().invoke(args=["demo"])
    assert answer.exit_code == 0
    assert (tmp_path / "new" / "blog.sqlite").exists()
    assert accessible_to_others(tmp_path / "new") == []
