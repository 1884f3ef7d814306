"""Show the initial of a writer on a tint from a keyed hash, which reveals nothing."""

from __future__ import annotations

from flask import Flask
from markupsafe import Markup

from blog.comments.models import Comment
from blog.comments.thread.branches import CommentRow
from blog.web.keyed_hashes import keyed_hash

# each is a rule of static/css/response.css
TINT_COUNT = 8
NO_LETTER = "·"


def init(app: Flask) -> None:
    app.jinja_env.filters["avatar"] = draw_avatar


def draw_avatar(comment: Comment | CommentRow) -> Markup:
    """Build the tinted square of an avatar.

    The stylesheet writes the letter, so that it is neither read aloud nor copied.
    """
    tint = bytes.fromhex(keyed_hash("picture", _writer_of(comment)))[0] % TINT_COUNT
    html = '<span class="picture tint-{}" data-initial="{}" aria-hidden="true"></span>'
    return Markup(html).format(tint, initial(comment.name))  # noqa: S704


def initial(name: str) -> str:
    """Return the first letter or digit of a name in upper case, else a dot."""
    letter = next((letter for letter in name if letter.isalnum()), NO_LETTER)
    # ß would become two letters
    return letter.upper() if len(letter.upper()) == 1 else letter


def _writer_of(comment: Comment | CommentRow) -> str:
    """Identify the writer by editor, reader key or, if imported, name."""
    if comment.editor_id:
        return f"editor {comment.editor_id}"
    return comment.reader_key or f"name {comment.name.casefold()} {comment.email.casefold()}"
