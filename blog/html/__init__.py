"""Texts into HTML that may be shown: what readers type, what editors type, what was imported.

Everything here is a pure function, safe in any thread. Bleach has the last word on each text, and only this package
imports it.
"""

from blog.html.plain_text import excerpt, plain_text
from blog.html.post.images import first_picture
from blog.html.post.post_html import CleanedPost, editor_html, post_html
from blog.html.reader.comment_html import comment_html
from blog.html.reader.imported_comments import imported_comment_html
from blog.html.reader.quotation import quotation

__all__ = [
    "CleanedPost",
    "comment_html",
    "editor_html",
    "excerpt",
    "first_picture",
    "imported_comment_html",
    "plain_text",
    "post_html",
    "quotation",
]
