"""Sanitize comments from other systems: HTML without Markdown."""

from __future__ import annotations

from lxml import etree

from blog.html.dom import parse_html, serialize
from blog.html.links import rewrite_links
from blog.html.post.embeds import EMBED_TAGS, link_embeds
from blog.html.post.hidden_text import remove_hidden
from blog.html.post.images import PICTURE_TEXT, link_images
from blog.html.sanitize import REL, sanitize_imported_comment

BLOCK_TAGS = {"p", "blockquote", "ul", "ol", "pre", "div", "table", "dl"}


def imported_comment_html(html: str, *, host: str = "", picture_text: str = PICTURE_TEXT) -> str:
    """Sanitize a comment's HTML for the thread; images and embeds become links.

    `host` is the blog's old host, whose links become root-relative. Text outside of blocks, as in Blogger's comments,
    becomes one paragraph. "" stays "".
    """
    body = parse_html(html)
    remove_hidden(body)
    link_embeds(body, host, EMBED_TAGS)
    link_images(body, picture_text)
    rewrite_links(body, host)
    for link in body.iter("a"):
        link.set("rel", REL)
    text = sanitize_imported_comment(serialize(body)).strip()
    lacks_blocks = text and not any(element.tag in BLOCK_TAGS for element in body.iter(etree.Element))
    return f"<p>{text}</p>\n" if lacks_blocks else text
