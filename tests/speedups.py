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
from sqlalchemy import Dialect, Engine, event
from werkzeug.routing import Rule

from blog import create_app
from blog.comments.screening.spam_signals import initial_weights
from blog.db import db
from blog.migrations import migrate
from blog.settings import Settings
from blog.spam.pretrained import load_pretrained
from blog.spam.weights import Weights


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
    """Compile the parts and the URL builder of a route once for all apps."""

    parsed: ClassVar[dict[tuple[object, ...], tuple[dict[str, Any], set[str]]]] = {}
    builders: ClassVar[dict[tuple[object, ...], Callable[..., tuple[str, str]]]] = {}

    def compile(self) -> None:
        key = (self.rule, self.subdomain, self.merge_slashes, str(self.defaults))
        if key not in self.parsed:
            super().compile()
            compiled = {name: vars(self)[name] for name in ("_parts", "_trace", "_converters")}
            self.parsed[key] = compiled, self.arguments
            return
        compiled, arguments = self.parsed[key]
        vars(self).update(compiled)
        self.arguments = set(arguments)
        self._build = self._compile_builder(False).__get__(self, None)
        self._build_unknown = self._compile_builder(True).__get__(self, None)

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, str(self.defaults), tuple(self._trace), append_unknown)
        if key not in self.builders:
            self.builders[key] = super()._compile_builder(append_unknown)
        return self.builders[key]


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
    with app.app_context():
        if not settings.database_url:
            event.listen(db.engine, "connect", skip_syncing)
        share_compiled_statements(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def skip_syncing(connection: Any, _record: object) -> None:
    """Let SQLite not wait for the disk, which only a power failure would show."""
    connection.execute("PRAGMA synchronous=OFF")


load_once = cache(load_pretrained)


@cache
def pretrained_weights() -> Weights:
    return initial_weights(load_once())


def copy_pretrained_weights(_text_weights: object) -> Weights:
    """Copy the weights of a new blog, which take 50 ms to compute."""
    return Weights(pretrained_weights().buckets)


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
