"""Render a reader's text: simple Markdown, a few tags, otherwise text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from blog.html.bare_addresses import ADDRESS_START, BARE_ADDRESS, strip_punctuation
from blog.html.invisible_characters import is_visible, normalize_characters, remove_direction_marks
from blog.html.markdown import make_markdown_parser
from blog.html.plain_text import plain_text
from blog.html.reader.inline_nesting import nest_inline_tags
from blog.html.reader.tags import read_tags
from blog.html.sanitize import sanitize_comment
from blog.html.typography import set_quotes_in_tokens
from blog.html.urls import normalize_reader_link, normalize_web_address

DISABLED_RULES = ["code", "heading", "lheading", "html_block", "reference"]
LANGUAGE = re.compile(r"[\w+#.-]{0,20}")
TEXT_END = re.compile(r"[\n!#$%&*+\-:<=>@\[\\\]^_`{}~]|" + ADDRESS_START, re.IGNORECASE)


def comment_html(text: str, language: str | None = None) -> str:
    """Render a reader's text as HTML; "" only if nothing is visible.

    Supported: paragraphs, line breaks, emphasis, code, lists, quotes and links of CommonMark
    (https://spec.commonmark.org/0.31.2/), Blogger's `<b> <i> <a href>` and similar tags, bare http(s) addresses. A link
    may lead to a path of this blog. Headings, images and other HTML become text, as do angle brackets that are no such
    tag, `List<B>` for example. With a language, quotes and dashes become its own.
    """
    text = remove_direction_marks(normalize_characters(text))
    html = sanitize_comment(remove_direction_marks(_make_parser().render(text, {"language": language})))
    return html if is_visible(plain_text(html)) or not is_visible(text) else _render_as_text(text)


def _render_as_text(text: str) -> str:
    return sanitize_comment("<p>" + escape(text.strip()).replace("\n", "<br>\n") + "</p>\n")


def _make_parser() -> MarkdownIt:
    parser = make_markdown_parser().disable(DISABLED_RULES)
    parser.normalizeLink = _normalize_link  # type: ignore[method-assign]
    parser.validateLink = bool  # type: ignore[method-assign, assignment]
    parser.inline.ruler.at("text", _text_rule)
    parser.inline.ruler.before("text", "bare_address", _bare_address_rule)
    parser.core.ruler.push("reader", _finish_tokens)
    parser.add_render_rule("hr", _render_horizontal_rule)
    return parser


def _normalize_link(url: str) -> str:
    """Normalize a link's address; "" makes the parser render it as text."""
    return normalize_reader_link(normalizeLink(url)) or ""


def _render_horizontal_rule(_renderer: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    return f"<p>{escape(tokens[index].content)}</p>\n"


def _finish_tokens(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "fence":
            _keep_fence_info(token)
        elif token.type == "hr" and token.map:
            # The token does not hold the original characters of the rule, such as `* * *`.
            line = state.src.split("\n")[token.map[0]]
            token.content = line[len(line.rstrip(f"{token.markup[0]} \t")) :].strip()
    read_tags(state.tokens)
    nest_inline_tags(state.tokens)
    if language := state.env["language"]:
        set_quotes_in_tokens(state.tokens, language)


def _keep_fence_info(token: Token) -> None:
    """Drop a fence's language; show any other text after the fence."""
    if token.info and not (LANGUAGE.fullmatch(token.info.strip()) and token.content.strip()):
        token.content = f"{token.info.strip()}\n{token.content}"
    token.info = ""


def _text_rule(state: StateInline, silent: bool) -> bool:
    """Parse text like the original rule, but stop before an address."""
    end = TEXT_END.search(state.src, state.pos, state.posMax)
    stop = end.start() if end else state.posMax
    if stop == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : stop])
    state.pos = stop
    return True


def _bare_address_rule(state: StateInline, silent: bool) -> bool:
    """Parse a bare address; its underscores and asterisks are no emphasis."""
    found = BARE_ADDRESS.match(state.src, state.pos, state.posMax)
    text = strip_punctuation(found[0]) if found else ""
    address = normalize_web_address(text.replace("&amp;", "&"))
    address = address and normalize_web_address(state.md.normalizeLink(address))
    if not address:
        return False
    if not silent:
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": address}
        opening.markup = "bare"
        state.push("text", "", 0).content = text.replace("&amp;", "&")
        state.push("link_close", "a", -1).markup = "bare"
    state.pos += len(text)
    return True
