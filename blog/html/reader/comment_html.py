"""What a reader typed, as it stands in the thread: simple Markdown and a few tags; all else is shown as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from blog.html.invisible_characters import tidy, visible, without_overrides
from blog.html.markdown import markdown
from blog.html.plain_text import plain_text
from blog.html.reader.inline_nesting import nest
from blog.html.reader.tags import read_tags
from blog.html.sanitize import reader_last_word
from blog.html.urls import reader_address, web_address

UNWANTED = ["code", "heading", "lheading", "html_block", "reference"]
ADDRESS_START = r"(?<![a-z0-9@._/-])(?:https?://|www\.)(?=[^\W_]|\[)"
ADDRESS_END = "?!.,:;*_~'\u2019\u201d\u2026)"
BARE_ADDRESS = re.compile(
    ADDRESS_START
    + r"(?:(?!&(?:quot|lt|gt|nbsp|apos|#\d{1,7}|#x[\da-f]{1,6});)"
    + r"[^\s<>\[\]\\\"`{}|^\u201c\u201d\xab\xbb\u3001\u3002\uff0c\uff08\uff09\u300c\u300d])+",
    re.IGNORECASE,
)
LANGUAGE = re.compile(r"[\w+#.-]{0,20}")
TEXT_END = re.compile(r"[\n!#$%&*+\-:<=>@\[\\\]^_`{}~]|" + ADDRESS_START, re.IGNORECASE)


def comment_html(text: str) -> str:
    """The HTML of a reader's `text`, for the thread; "" only where nothing in `text` can be seen.

    Paragraphs, line breaks, emphasis, code, lists, quotes and links of CommonMark (https://spec.commonmark.org/0.31.2/),
    Blogger's `<b> <i> <a href>` and their like, bare http(s) addresses. A link may lead to a path of
    this blog. Headings, pictures and other HTML become text.
    A pair of angle brackets that makes no sense as one of those tags, such as `List<B>`, is text as well.
    """
    text = without_overrides(tidy(text))
    html = reader_last_word(without_overrides(_parser().render(text)))
    return html if visible(plain_text(html)) or not visible(text) else _as_typed(text)


def _as_typed(text: str) -> str:
    return reader_last_word("<p>" + escape(text.strip()).replace("\n", "<br>\n") + "</p>\n")


def _parser() -> MarkdownIt:
    parser = markdown().disable(UNWANTED)
    parser.normalizeLink = _settled  # type: ignore[method-assign]
    parser.validateLink = bool  # type: ignore[method-assign, assignment]
    parser.inline.ruler.at("text", _text)
    parser.inline.ruler.before("text", "bare_address", _bare_address)
    parser.core.ruler.push("reader", _settle)
    parser.add_render_rule("hr", _ruled)
    return parser


def _settled(url: str) -> str:
    """Where a link leads, as it may stand in the page; "" makes the parser take it for text."""
    return reader_address(normalizeLink(url)) or ""


def _ruled(_renderer: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    return f"<p>{escape(tokens[index].content)}</p>\n"


def _settle(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "fence":
            _show_fence(token)
        elif token.type == "hr" and token.map:
            # The token does not keep how the rule was typed, `* * *` for one.
            line = state.src.split("\n")[token.map[0]]
            token.content = line[len(line.rstrip(f"{token.markup[0]} \t")) :].strip()
    read_tags(state.tokens)
    nest(state.tokens)


def _show_fence(token: Token) -> None:
    """One word after the fence names the language of the code; anything else there was meant to be read."""
    if token.info and not (LANGUAGE.fullmatch(token.info.strip()) and token.content.strip()):
        token.content = f"{token.info.strip()}\n{token.content}"
    token.info = ""


def _text(state: StateInline, silent: bool) -> bool:
    """The parser's own rule for text, which here stops before an address too."""
    end = TEXT_END.search(state.src, state.pos, state.posMax)
    stop = end.start() if end else state.posMax
    if stop == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : stop])
    state.pos = stop
    return True


def _bare_address(state: StateInline, silent: bool) -> bool:
    """An address that stands in the text as it is; its underscores and asterisks are no emphasis."""
    found = BARE_ADDRESS.match(state.src, state.pos, state.posMax)
    shown = _without_punctuation(found[0]) if found else ""
    address = web_address(shown.replace("&amp;", "&"))
    address = address and web_address(state.md.normalizeLink(address))
    if not address:
        return False
    if not silent:
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": address}
        opening.markup = "bare"
        state.push("text", "", 0).content = shown.replace("&amp;", "&")
        state.push("link_close", "a", -1).markup = "bare"
    state.pos += len(shown)
    return True


def _without_punctuation(address: str) -> str:
    """`address` without what ends the sentence around it; a closing bracket stays where one was opened."""
    while address and address[-1] in ADDRESS_END:
        if address[-1] == ")" and address.count("(") >= address.count(")"):
            break
        address = address[:-1]
    return address
