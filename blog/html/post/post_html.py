"""Convert an editor's text or imported HTML into a post's HTML."""

from __future__ import annotations

from dataclasses import dataclass, field

import re2

from blog.html.dom import parse_html, serialize
from blog.html.invisible_characters import normalize_characters
from blog.html.links import rewrite_anchors, rewrite_links
from blog.html.markdown import make_markdown_parser
from blog.html.post.embeds import EMBED_TAGS, PROGRAM_TAGS, link_data_addresses, link_embeds
from blog.html.post.hidden_text import remove_hidden
from blog.html.post.images import PICTURE_TEXT, rewrite_images
from blog.html.post.legacy_markup import modernize_markup
from blog.html.sanitize import sanitize_post
from blog.html.typography import set_quotes_in_html

JUMP_COMMENT = re2.compile(r"(?i)<!--\s*more\b[^<>]*-->")
JUMP_ANCHOR = '<a name="more"></a>'


@dataclass(frozen=True)
class CleanedPost:
    """Hold the sanitized HTML of a post and its replaced addresses.

    `insecure_images` are the addresses of images that a page may not load, `embeds` those of embedded content, both in
    document order. Each is a link in `html` where a link is possible. `removed` names the tags that left nothing;
    `hidden`: something was left out because the post hid it.
    """

    html: str
    insecure_images: list[str] = field(default_factory=list)
    embeds: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    hidden: bool = False


def editor_html(text: str, language: str | None = None) -> str:
    """Render an editor's Markdown, HTML or both as sanitized HTML.

    One newline is a line break, as in Blogger's editor, so that pasted paragraphs and verses keep their lines.
    """
    return post_html(make_markdown_parser().render(normalize_characters(text)), language=language).html


def post_html(
    html: str, *, host: str = "", language: str | None = None, picture_text: str = PICTURE_TEXT
) -> CleanedPost:
    """Sanitize an imported fragment or document for a post.

    `host` is the blog's old host, "name.blogspot.com", with or without www: links to it become root-relative. Ids and
    names get the prefix `post-`, the jump break becomes `<span id="post-more"></span>`. Newlines stay. With a
    language, quotes and dashes become its own. `picture_text` stands for a picture that cannot be loaded.
    """
    body = parse_html(JUMP_COMMENT.sub(JUMP_ANCHOR, html), keep=PROGRAM_TAGS)
    hidden = remove_hidden(body)
    embeds, removed = link_embeds(body, host, (*EMBED_TAGS, *PROGRAM_TAGS))
    embeds += link_data_addresses(body, host)
    modernize_markup(body)
    insecure = rewrite_images(body, picture_text)
    rewrite_anchors(body)
    rewrite_links(body, host)
    if language:
        set_quotes_in_html(body, language)
    return CleanedPost(sanitize_post(serialize(body)).strip(" \n\t"), insecure, embeds, removed, hidden)
