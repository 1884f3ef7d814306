"""Texts into HTML that may be shown: what readers type, what editors type, what was imported.

Everything here is a pure function, safe in any thread. Bleach has the last word on each text, and only this package
imports it.
"""

from blog.html.imported import imported_comment_html
from blog.html.pictures import first_picture
from blog.html.plain import excerpt, plain_text
from blog.html.posts import CleanedPost, editor_html, post_html
from blog.html.quoting import quotation
from blog.html.readers import comment_html

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
