"""Draw avatars from a keyed hash, so they reveal nothing."""

from __future__ import annotations

from flask import Flask
from markupsafe import Markup

from blog.comments.models import Comment
from blog.comments.thread.branches import CommentRow
from blog.web.keyed_hashes import keyed_hash

GRID_SIZE = 5
TINT_COUNT = 6


def init(app: Flask) -> None:
    app.jinja_env.filters["avatar"] = draw_avatar


def draw_avatar(comment: Comment | CommentRow) -> Markup:
    """Draw 5 by 5 squares with mirrored halves, as an SVG."""
    seed = bytes.fromhex(keyed_hash("picture", _writer_of(comment)))
    left = int.from_bytes(seed[:2]) or 1
    rows = [[bool(left >> (3 * y + min(x, GRID_SIZE - 1 - x)) & 1) for x in range(GRID_SIZE)] for y in range(GRID_SIZE)]
    path = "".join(f"M{x} {y}.5h{length}" for y, row in enumerate(rows) for x, length in _filled_runs(row))
    tint = seed[2] % TINT_COUNT
    return Markup(  # noqa: S704
        f'<svg class="picture tint-{tint}" viewBox="0 0 5 5" aria-hidden="true"><path d="{path}"/></svg>'
    )


def _writer_of(comment: Comment | CommentRow) -> str:
    """Identify the writer by editor, reader key or, if imported, name."""
    if comment.editor_id:
        return f"editor {comment.editor_id}"
    return comment.reader_key or f"name {comment.name.casefold()} {comment.email.casefold()}"


def _filled_runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return the start and length of each run of filled squares."""
    runs: list[tuple[int, int]] = []
    for x, filled in enumerate(row):
        if filled and runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif filled:
            runs.append((x, 1))
    return runs
