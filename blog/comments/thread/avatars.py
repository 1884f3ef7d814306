"""The small picture that stands for a reader: the same for the same key, drawn here, and telling nothing of it."""

from __future__ import annotations

from flask import Flask
from markupsafe import Markup

from blog.comments.models import Comment
from blog.comments.thread.branches import CommentRow
from blog.web.keyed_hashes import keyed_hash

SIZE = 5
TINTS = 6


def init(app: Flask) -> None:
    app.jinja_env.filters["picture"] = picture


def picture(comment: Comment | CommentRow) -> Markup:
    """An SVG of 5 by 5 squares, its right half the mirror of the left; its tint is a class."""
    seed = bytes.fromhex(keyed_hash("picture", whose(comment)))
    left = int.from_bytes(seed[:2]) or 1
    rows = [[bool(left >> (3 * y + min(x, SIZE - 1 - x)) & 1) for x in range(SIZE)] for y in range(SIZE)]
    path = "".join(f"M{x} {y}.5h{length}" for y, row in enumerate(rows) for x, length in runs(row))
    return Markup(  # noqa: S704
        f'<svg class="picture tint-{seed[2] % TINTS}" viewBox="0 0 5 5" aria-hidden="true"><path d="{path}"/></svg>'
    )


def whose(comment: Comment | CommentRow) -> str:
    """An editor, a reader by the key, or where there is none, as after an import, a name."""
    if comment.editor_id:
        return f"editor {comment.editor_id}"
    return comment.reader_key or f"name {comment.name.casefold()} {comment.email.casefold()}"


def runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where the filled squares of a row begin, and how many stand side by side."""
    found: list[tuple[int, int]] = []
    for x, filled in enumerate(row):
        if filled and found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif filled:
            found.append((x, 1))
    return found
