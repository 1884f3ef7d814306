"""Compare the first pages of a long and a short thread."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

from flask import Flask
from sqlalchemy import event, select

from bench.page_reading import ReadLatency, read
from bench.servers import RunningServer, run_flask
from blog import create_app
from blog.db import db
from blog.posts.models import Post
from blog.settings import Settings

SHORT, LONG = 50, 5000
THREADS = {"short": SHORT, "long": LONG}
TURNS = 2


def create_threads(instance: Path) -> None:
    """Create a blog with a short thread and a newer long one."""
    run_flask(instance, "fill", "--posts", "2", "--comments", str(SHORT + LONG), "--largest", str(LONG))


def find_thread_paths(app: Flask) -> dict[str, str]:
    """Return the paths of both threads by name.

    Raises: SystemExit if their lengths are wrong.
    """
    with app.app_context():
        found = {post.comment_count: post.path or "" for post in db.session.scalars(select(Post))}
    if sorted(found) != sorted(THREADS.values()):
        raise SystemExit(f"The threads to compare have {sorted(found)} comments.")
    return {name: found[size] for name, size in THREADS.items()}


def count_queries(app: Flask, path: str) -> int:
    """Count the queries of the page's first rendering in this process."""
    statements: list[str] = []

    def record_statement(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", record_statement)
    answer = app.test_client().get(path)
    event.remove(engine, "before_cursor_execute", record_statement)
    if answer.status_code != 200:
        raise SystemExit(f"{path} was answered with {answer.status}.")
    return len([statement for statement in statements if not statement.startswith("BEGIN")])


def inspect_threads(instance: Path) -> tuple[dict[str, str], dict[str, float]]:
    """Return the paths of both threads and their query counts."""
    app = create_app(Settings(blog_instance=instance))
    paths = find_thread_paths(app)
    figures = {f"{name}.queries": float(count_queries(app, path)) for name, path in paths.items()}
    with app.app_context():
        db.engine.dispose()
    return paths, figures | {"long.more": figures["long.queries"] - figures["short.queries"]}


async def compare_threads(blog: RunningServer, paths: dict[str, str], seconds: float) -> dict[str, float]:
    """Read both pages in turn, after a warm-up; return the figures."""
    for path in paths.values():
        await read(blog.url(path), 1)
    latencies: dict[str, list[ReadLatency]] = {name: [] for name in paths}
    for _ in range(TURNS):
        for name, path in paths.items():
            latencies[name].append(await read(blog.url(path), seconds / TURNS))
    figures: dict[str, float] = {}
    for name, turns in latencies.items():
        figures |= {
            f"{name}.{figure}": mean(getattr(turn, figure) for turn in turns) for figure in ("rate", "p50", "p99")
        }
    return figures | {"long.ratio": figures["long.p50"] / figures["short.p50"]}
