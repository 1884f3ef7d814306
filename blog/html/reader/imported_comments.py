"""Comments of other systems: HTML already, so that nothing in it is Markdown, and kept to what readers may use."""

from __future__ import annotations

from lxml import etree

from blog.html.dom import parsed, serialised
from blog.html.links import settle_links
from blog.html.post.embeds import link_embeds
from blog.html.post.images import link_pictures
from blog.html.sanitize import REL, imported_last_word

ALREADY_BLOCKS = {"p", "blockquote", "ul", "ol", "pre", "div", "table", "dl"}


def imported_comment_html(html: str, *, host: str = "") -> str:
    """A comment's HTML, cleaned for the thread; pictures and embeds become links, "" stays "".

    `host` is the blog's old one, whose links become root-relative. Text that stands outside of all blocks, as
    Blogger's does, becomes one paragraph.
    """
    body = parsed(html)
    link_embeds(body, host)
    link_pictures(body)
    settle_links(body, host)
    for link in body.iter("a"):
        link.set("rel", REL)
    text = imported_last_word(serialised(body)).strip()
    bare = text and not any(element.tag in ALREADY_BLOCKS for element in body.iter(etree.Element))
    return f"<p>{text}</p>\n" if bare else text
