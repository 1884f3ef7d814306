"""What comes out the same for every test is made once in a process: making it anew would take most of a test's time."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import Any, ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine
from werkzeug.routing import Rule

from blog import create_app
from blog.db import db
from blog.migrations import migrate
from blog.settings import Settings


class TemplateCache(BytecodeCache):
    """Templates as code, for all apps of this process."""

    def __init__(self) -> None:
        self.compiled: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code:
            self.compiled[bucket.key, bucket.checksum] = bucket.code


class CachedRule(Rule):
    """A rule of a route. What builds its addresses is compiled once for all apps: it asks the rule that it is of."""

    compiled: ClassVar[dict[tuple[object, ...], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, str(self.defaults), tuple(self._trace), append_unknown)
        if key not in self.compiled:
            self.compiled[key] = super()._compile_builder(append_unknown)
        return self.compiled[key]


TEMPLATES = TemplateCache()
# passwords by scrypt too, but for nothing: a real hash is meant to take long
FAST_HASH_METHOD = "scrypt:128:8:1"
DIALECTS: dict[str, tuple[Dialect, Any]] = {}


@cache
def migrated_sqlite_file() -> bytes:
    """An SQLite file as the migrations leave it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blog.sqlite"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


@contextmanager
def open_app(settings: Settings) -> Iterator[Flask]:
    """The app on a migrated blog, with its context pushed. An SQLite file is made; PostgreSQL was migrated before."""
    if not settings.database_url:
        (settings.blog_instance / "blog.sqlite").write_bytes(migrated_sqlite_file())
    app = create_app(settings)
    app.jinja_env.bytecode_cache = TEMPLATES
    with app.app_context():
        share_compiled_statements(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def share_compiled_statements(engine: Engine) -> None:
    """SQLAlchemy keeps a compiled statement by its dialect, so that all engines of a kind take the first one's."""
    if engine.name not in DIALECTS:
        engine.connect().close()  # a dialect learns from its first connection
        DIALECTS[engine.name] = (engine.dialect, engine._compiled_cache)
    engine.dialect, engine._compiled_cache = DIALECTS[engine.name]


def freeze_garbage_collector() -> None:
    """Spare the collector the modules and the tests themselves, which are never garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
