"""Configure the Markdown parser for readers and editors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image

BlockRule = Callable[[StateBlock, int, int, bool], bool]

MAX_NESTING = 12
"""Maximum nesting of blocks: twelve quotes or six lists. Deeper markup stays text."""

NUMBER = re.compile(r"([0-9]{1,9})([.)])")
MAX_DIGITS = 4
"""Maximum digits of a list's number: the margin has no place for more."""


def _list_rule(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    return not _is_number_changed(state, line) and list_block(state, line, last, silent)


CONTAINERS: dict[str, tuple[BlockRule, list[str]]] = {
    "blockquote": (blockquote, ["paragraph", "reference", "blockquote", "list"]),
    "list": (_list_rule, ["paragraph", "reference", "blockquote"]),
}


def make_markdown_parser(**options: Any) -> MarkdownIt:
    """Create a CommonMark parser that keeps line breaks and limits nesting.

    Numbers stay as they were typed: those that a list would change, such as "007." and "1)", are text.
    It changes its own rules while parsing, so each call needs a new one.
    """
    parser = MarkdownIt("commonmark", {"breaks": True, "xhtmlOut": False, **options})
    for name, (rule, alternatives) in CONTAINERS.items():
        parser.block.ruler.at(name, _limit_nesting(rule), {"alt": alternatives})
    parser.block.ruler.before("list", "typed_number", _end_list_rule, {"alt": ["list"]})
    parser.core.ruler.after("block", "item_numbers", _set_item_numbers)
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


def _is_number_changed(state: StateBlock, line: int) -> bool:
    """Return whether a line begins with a number that a list shows otherwise."""
    found = NUMBER.match(state.src, state.bMarks[line] + state.tShift[line])
    return found is not None and (found[2] == ")" or len(found[1]) > MAX_DIGITS or str(int(found[1])) != found[1])


def _end_list_rule(state: StateBlock, line: int, _last: int, silent: bool) -> bool:
    """End a list before such a number; make no block of it."""
    return silent and _is_number_changed(state, line)


def _set_item_numbers(state: StateCore) -> None:
    """Set the number of each list item that does not follow the one before."""
    lists: list[int | None] = []
    for token in state.tokens:
        if token.type in {"ordered_list_open", "bullet_list_open"}:
            lists.append(None)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            lists.pop()
        elif token.type == "list_item_open" and token.info:
            number, previous = int(token.info), lists[-1]
            if previous is not None and number != previous + 1:
                token.attrSet("value", str(number))
            lists[-1] = number
