"""What editors write and what is imported, as it stands in a post."""

from __future__ import annotations

from dataclasses import dataclass, field

import re2

from blog.html.dom import parsed, serialised
from blog.html.invisible_characters import tidy
from blog.html.links import settle_links, settle_marks
from blog.html.markdown import markdown
from blog.html.post.embeds import link_embeds
from blog.html.post.images import settle_pictures
from blog.html.post.legacy_markup import settle_shapes
from blog.html.sanitize import post_last_word

JUMP_COMMENT = re2.compile(r"(?i)<!--\s*more\b[^<>]*-->")
JUMP_MARK = '<a name="more"></a>'


@dataclass(frozen=True)
class CleanedPost:
    """The HTML of an imported post, and what in it could not stay as it was, in its order.

    `insecure_pictures` are the addresses of pictures that a page may not load, `embeds` those of players, frames and
    other foreign content; each is a link in `html`, where a link can lead to it.
    """

    html: str
    insecure_pictures: list[str] = field(default_factory=list)
    embeds: list[str] = field(default_factory=list)


def editor_html(text: str) -> str:
    """The HTML of what an editor typed: Markdown, HTML or both; "" for none.

    One newline is a line break, as it was in Blogger's editor and as readers' texts have it, so that pasted paragraphs
    and verses keep their lines. The HTML is cleaned as that of imported posts.
    """
    return post_html(markdown().render(tidy(text))).html


def post_html(html: str, *, host: str = "") -> CleanedPost:
    """An imported piece of HTML, or a whole document, cleaned for a post; newlines stay as they are.

    `host` is the blog's own, "name.blogspot.com", with or without www: links to it become root-relative. Ids and names
    get the prefix `post-`, the jump break is `<span id="post-more"></span>`.
    """
    body = parsed(JUMP_COMMENT.sub(JUMP_MARK, html))
    settle_shapes(body)
    embeds = link_embeds(body, host)
    insecure = settle_pictures(body)
    settle_marks(body)
    settle_links(body, host)
    return CleanedPost(post_last_word(serialised(body)).strip(" \n\t"), insecure, embeds)
