"""Turn text and HTML from readers, editors and imports into safe HTML.

All functions are pure and thread-safe. Each result is sanitized by bleach last.
"""

from blog.html.plain_text import excerpt, plain_text
from blog.html.post.images import PICTURE_TEXT, first_image
from blog.html.post.post_html import CleanedPost, editor_html, post_html
from blog.html.reader.comment_html import comment_html
from blog.html.reader.imported_comments import imported_comment_html
from blog.html.reader.quotation import quotation
from blog.html.typography import set_quotes, straighten_quotes

__all__ = [
    "PICTURE_TEXT",
    "CleanedPost",
    "comment_html",
    "editor_html",
    "excerpt",
    "first_image",
    "imported_comment_html",
    "plain_text",
    "post_html",
    "quotation",
    "set_quotes",
    "straighten_quotes",
]
