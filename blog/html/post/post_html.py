"""Convert an editor's text or imported HTML into a post's HTML."""

from __future__ import annotations

from dataclasses import dataclass, field

import re2

from blog.html.dom import parse_html, serialize
from blog.html.invisible_characters import normalize_characters
from blog.html.links import rewrite_anchors, rewrite_links
from blog.html.markdown import make_markdown_parser
from blog.html.post.embeds import link_embeds
from blog.html.post.images import rewrite_images
from blog.html.post.legacy_markup import modernize_markup
from blog.html.sanitize import sanitize_post

JUMP_COMMENT = re2.compile(r"(?i)<!--\s*more\b[^<>]*-->")
JUMP_ANCHOR = '<a name="more"></a>'


@dataclass(frozen=True)
class CleanedPost:
    """Hold the sanitized HTML of a post and its replaced addresses.

    `insecure_images` are the addresses of images that a page may not load, `embeds` those of embedded content, both in
    document order. Each is a link in `html` where a link is possible.
    """

    html: str
    insecure_images: list[str] = field(default_factory=list)
    embeds: list[str] = field(default_factory=list)


def editor_html(text: str) -> str:
    """Render an editor's Markdown, HTML or both as sanitized HTML.

    One newline is a line break, as in Blogger's editor, so that pasted paragraphs and verses keep their lines.
    """
    return post_html(make_markdown_parser().render(normalize_characters(text))).html


def post_html(html: str, *, host: str = "") -> CleanedPost:
    """Sanitize an imported fragment or document for a post.

    `host` is the blog's old host, "name.blogspot.com", with or without www: links to it become root-relative. Ids and
    names get the prefix `post-`, the jump break becomes `<span id="post-more"></span>`. Newlines stay.
    """
    body = parse_html(JUMP_COMMENT.sub(JUMP_ANCHOR, html))
    modernize_markup(body)
    embeds = link_embeds(body, host)
    insecure = rewrite_images(body)
    rewrite_anchors(body)
    rewrite_links(body, host)
    return CleanedPost(sanitize_post(serialize(body)).strip(" \n\t"), insecure, embeds)
