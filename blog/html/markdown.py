"""Configure the Markdown parser for readers and editors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_inline import StateInline, image

BlockRule = Callable[[StateBlock, int, int, bool], bool]

MAX_NESTING = 12
"""Maximum nesting of blocks: twelve quotes or six lists. Deeper markup stays text."""

CONTAINERS: dict[str, tuple[BlockRule, list[str]]] = {
    "blockquote": (blockquote, ["paragraph", "reference", "blockquote", "list"]),
    "list": (list_block, ["paragraph", "reference", "blockquote"]),
}


def make_markdown_parser(**options: Any) -> MarkdownIt:
    """Create a CommonMark parser that keeps line breaks and limits nesting.

    It changes its own rules while parsing, so each call needs a new one.
    """
    parser = MarkdownIt("commonmark", {"breaks": True, "xhtmlOut": False, **options})
    for name, (rule, alternatives) in CONTAINERS.items():
        parser.block.ruler.at(name, _limit_nesting(rule), {"alt": alternatives})
    parser.inline.ruler.at("image", _parse_unnested_image)
    return parser


def _limit_nesting(rule: BlockRule) -> BlockRule:
    # Beyond its own limit the parser drops the rest of the text; this keeps it as a paragraph.
    def limited_rule(state: StateBlock, line: int, last: int, silent: bool) -> bool:
        return state.level < MAX_NESTING and rule(state, line, last, silent)

    return limited_rule


def _parse_unnested_image(state: StateInline, silent: bool) -> bool:
    # The alternative text is parsed recursively, so nested images could exhaust the stack.
    if state.env.get("within_image"):
        return False
    state.env["within_image"] = True
    try:
        return image(state, silent)
    finally:
        state.env["within_image"] = False
