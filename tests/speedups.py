"""Cache set-up that is the same for every test and slow."""

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
    """Keep compiled templates for all apps of this process."""

    def __init__(self) -> None:
        self.compiled: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code:
            self.compiled[bucket.key, bucket.checksum] = bucket.code


class CachedRule(Rule):
    """Compile the URL builder of a route once for all apps."""

    compiled: ClassVar[dict[tuple[object, ...], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, str(self.defaults), tuple(self._trace), append_unknown)
        if key not in self.compiled:
            self.compiled[key] = super()._compile_builder(append_unknown)
        return self.compiled[key]


TEMPLATES = TemplateCache()
# the cheapest scrypt: a real password hash is slow on purpose
FAST_HASH_METHOD = "scrypt:128:8:1"
DIALECTS: dict[str, tuple[Dialect, Any]] = {}


@cache
def migrated_sqlite_file() -> bytes:
    """Return the bytes of a migrated SQLite file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blog.sqlite"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


@contextmanager
def open_app(settings: Settings) -> Iterator[Flask]:
    """Open an app on a migrated blog, with its context pushed.

    Writes the SQLite file; a PostgreSQL database must be migrated already.
    """
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
    """Share compiled statements between engines, which SQLAlchemy caches by dialect."""
    if engine.name not in DIALECTS:
        engine.connect().close()  # a dialect learns from its first connection
        DIALECTS[engine.name] = (engine.dialect, engine._compiled_cache)
    engine.dialect, engine._compiled_cache = DIALECTS[engine.name]


def freeze_garbage_collector() -> None:
    """Keep the garbage collector from scanning modules and tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
