"""A rehearsal: the whole import on a copy of the blog that is thrown away, so that it reports what it would do."""

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

COPIED = (Site.__tablename__, Label.__tablename__, Post.__tablename__, post_labels.name, Comment.__tablename__)
AT_ONCE = 1000


@contextmanager
def rehearsal() -> Iterator[None]:
    """Inside, the database is a copy in a temporary folder, without the long texts; readers notice nothing."""
    with TemporaryDirectory(prefix="talkback-rehearsal-") as folder:
        standing = db.engine
        settings = Settings(blog_instance=Path(folder))
        migrate(settings.database)
        app = Flask("rehearsal", root_path=folder)
        app.config["SETTINGS"] = settings
        init_db(app)
        i18n.init(app, language=lambda: current_site().language, zone=lambda: current_site().timezone)
        with app.app_context():
            try:
                _copy(standing)
                yield
            finally:
                db.session.remove()
                db.engine.dispose()


def _copy(engine: Engine) -> None:
    with engine.connect() as standing, db.engine.connect() as copy:
        # of what the rows refer to, such as editors, nothing is copied
        _pragma(copy, "foreign_keys=OFF")
        with copy.begin():
            for table in map(Base.metadata.tables.__getitem__, COPIED):
                copy.execute(delete(table))
                columns = [literal("").label(c.name) if isinstance(c.type, Text) else c for c in table.columns]
                rows = standing.execution_options(yield_per=AT_ONCE).execute(select(*columns))
                for part in rows.mappings().partitions():
                    copy.execute(insert(table), [dict(row) for row in part])
        _pragma(copy, "foreign_keys=ON")


def _pragma(connection: Connection, pragma: str) -> None:
    connection.connection.driver_connection.execute(f"PRAGMA {pragma}")  # type: ignore[union-attr]
