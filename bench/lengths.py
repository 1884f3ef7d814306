"""A long thread against a short one: the first page of each, in time and in queries."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

from flask import Flask
from sqlalchemy import event, select

from bench.reading import Reading, read
from bench.serving import Served, command
from blog import create_app
from blog.db import db
from blog.posts.models import Post
from blog.settings import Settings

SHORT, LONG = 50, 5000
THREADS = {"short": SHORT, "long": LONG}
TURNS = 2


def plant_threads(instance: Path) -> None:
    """A blog of two posts, one with SHORT and the newer one with LONG comments."""
    command(instance, "fill", "--posts", "2", "--comments", str(SHORT + LONG), "--largest", str(LONG))


def paths_of(app: Flask) -> dict[str, str]:
    """Where the two threads are, by their names; SystemExit where they are not as long as they should be."""
    with app.app_context():
        found = {post.comment_count: post.path or "" for post in db.session.scalars(select(Post))}
    if sorted(found) != sorted(THREADS.values()):
        raise SystemExit(f"The threads to compare have {sorted(found)} comments.")
    return {name: found[size] for name, size in THREADS.items()}


def queries(app: Flask, path: str) -> int:
    """How many queries it takes to make the page for the first time in this process."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    answer = app.test_client().get(path)
    event.remove(engine, "before_cursor_execute", note)
    if answer.status_code != 200:
        raise SystemExit(f"{path} was answered with {answer.status}.")
    return len([statement for statement in asked if not statement.startswith("BEGIN")])


def threads_in(instance: Path) -> tuple[dict[str, str], dict[str, float]]:
    """The paths of the two threads, by their names, and how many queries each takes, asked in this process."""
    app = create_app(Settings(blog_instance=instance))
    paths = paths_of(app)
    figures = {f"{name}.queries": float(queries(app, path)) for name, path in paths.items()}
    with app.app_context():
        db.engine.dispose()
    return paths, figures | {"long.more": figures["long.queries"] - figures["short.queries"]}


async def compare(blog: Served, paths: dict[str, str], seconds: float) -> dict[str, float]:
    """The two pages in turn, each warmed up, several times for so many seconds in all."""
    for path in paths.values():
        await read(blog.url(path), 1)
    taken: dict[str, list[Reading]] = {name: [] for name in paths}
    for _ in range(TURNS):
        for name, path in paths.items():
            taken[name].append(await read(blog.url(path), seconds / TURNS))
    figures: dict[str, float] = {}
    for name, turns in taken.items():
        figures |= {f"{name}.{what}": mean(getattr(turn, what) for turn in turns) for what in ("rate", "p50", "p99")}
    return figures | {"long.ratio": figures["long.p50"] / figures["short.p50"]}
