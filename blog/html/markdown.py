"""Markdown as readers and editors share it: CommonMark, a line break where one was typed, nesting with an end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_inline import StateInline, image

BlockRule = Callable[[StateBlock, int, int, bool], bool]

DEEPEST = 12
"""How many blocks may stand in each other: twelve quotes, or six lists of items. What is deeper stays text."""

CONTAINERS: dict[str, tuple[BlockRule, list[str]]] = {
    "blockquote": (blockquote, ["paragraph", "reference", "blockquote", "list"]),
    "list": (list_block, ["paragraph", "reference", "blockquote"]),
}


def markdown(**options: Any) -> MarkdownIt:
    """A parser for one call: it compiles its rules as it goes, so threads must not share it."""
    parser = MarkdownIt("commonmark", {"breaks": True, "xhtmlOut": False, **options})
    for name, (rule, alternatives) in CONTAINERS.items():
        parser.block.ruler.at(name, _ending(rule), {"alt": alternatives})
    parser.inline.ruler.at("image", _flat_image)
    return parser


def _ending(rule: BlockRule) -> BlockRule:
    # Beyond its own limit the parser drops the rest of the text; a rule that no longer matches leaves it a paragraph.
    def rule_with_an_end(state: StateBlock, line: int, last: int, silent: bool) -> bool:
        return state.level < DEEPEST and rule(state, line, last, silent)

    return rule_with_an_end


def _flat_image(state: StateInline, silent: bool) -> bool:
    # The text of a picture is parsed by a parser of its own: pictures within pictures would use up the stack.
    if state.env.get("within_image"):
        return False
    state.env["within_image"] = True
    try:
        return image(state, silent)
    finally:
        state.env["within_image"] = False
