"""Run an import on a temporary copy of the blog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import Connection, Engine, Text, delete, insert, literal, select

from blog.comments.models import Comment
from blog.db import Base, db
from blog.db import init as init_db
from blog.migrations import migrate
from blog.posts.models import Label, Post, post_labels
from blog.settings import Settings
from blog.site.models import Site, current_site
from blog.web import i18n

COPIED_TABLES = (
    Site.__tablename__,
    Label.__tablename__,
    Post.__tablename__,
    post_labels.name,
    Comment.__tablename__,
)
BATCH_SIZE = 1000


@contextmanager
def temporary_copy() -> Iterator[None]:
    """Switch to a temporary copy of the database, without long texts."""
    with TemporaryDirectory(prefix="talkback-dry-run-") as folder:
        source = db.engine
        settings = Settings(blog_instance=Path(folder))
        migrate(settings.database)
        app = Flask("dry_run", root_path=folder)
        app.config["SETTINGS"] = settings
        init_db(app)
        i18n.init(app, language=lambda: current_site().language, zone=lambda: current_site().timezone)
        with app.app_context():
            try:
                _copy_tables(source)
                yield
            finally:
                db.session.remove()
                db.engine.dispose()


def _copy_tables(engine: Engine) -> None:
    with engine.connect() as source, db.engine.connect() as copy:
        # rows refer to tables that are not copied, such as editors
        _set_pragma(copy, "foreign_keys=OFF")
        with copy.begin():
            for table in map(Base.metadata.tables.__getitem__, COPIED_TABLES):
                copy.execute(delete(table))
                columns = [literal("").label(c.name) if isinstance(c.type, Text) else c for c in table.columns]
                rows = source.execution_options(yield_per=BATCH_SIZE).execute(select(*columns))
                for part in rows.mappings().partitions():
                    copy.execute(insert(table), [dict(row) for row in part])
        _set_pragma(copy, "foreign_keys=ON")


def _set_pragma(connection: Connection, pragma: str) -> None:
    connection.connection.driver_connection.execute(f"PRAGMA {pragma}")  # type: ignore[union-attr]
