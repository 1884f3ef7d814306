"""Nest inline tags correctly: closed in their block, none repeated or empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markdown_it.token import Token

from blog.html.invisible_characters import is_visible
from blog.html.sanitize import REL

MAX_SPANNING_TAGS = 2
"""Maximum tags continued in the next block: each is repeated in every following block."""


def nest_inline_tags(tokens: list[Token]) -> None:
    """Nest the opening and closing tokens within each block of `tokens`.

    A tag that the reader typed may span blocks: it is closed at the end of each and opened again in the next. A link
    ends with its block.
    """
    spanning: list[OpenTag] = []
    for token in tokens:
        if token.type == "inline":
            block = BlockNester(spanning)
            for child in token.children or []:
                block.add(child)
            token.children, spanning = block.finish()


@dataclass(eq=False)
class OpenTag:
    """Represent a tag whose closing was not read yet.

    `position` is the index of its token in the output, None while it is not written.
    """

    token: Token
    position: int | None = None
    closed_before: bool = False

    @property
    def may_span_blocks(self) -> bool:
        return self.token.type.endswith("_tag") and self.token.tag != "a"


class BlockNester:
    """Nest the inline tokens of one block, added one by one.

    `spanning` are the tags still open from the block before.
    """

    def __init__(self, spanning: Iterable[OpenTag]) -> None:
        self.output: list[Token] = []
        self.open_tags: list[OpenTag] = []
        for open_tag in spanning:
            self._open(open_tag)

    def add(self, token: Token) -> None:
        if token.type == "image":
            self._add_image(token)
        elif token.nesting == 1:
            self._add_opening(token)
        elif token.nesting == -1:
            self._add_closing(token)
        else:
            self.output.append(token)

    def finish(self) -> tuple[list[Token], list[OpenTag]]:
        """Close all tags; return the tokens and the tags that continue."""
        for open_tag in reversed(self.open_tags):
            self._close(open_tag)
        return self.output, [open_tag for open_tag in self.open_tags if open_tag.may_span_blocks][:MAX_SPANNING_TAGS]

    def _add_image(self, image: Token) -> None:
        """Add a link to the image; inside another link, text."""
        address, title = str(image.attrs["src"]), image.attrs.get("title", "")
        if self._find_open("a"):
            self.output.append(_text_token(f"{image.content} ({address})".strip()))
        else:
            self._add_opening(Token("link_open", "a", 1, attrs={"href": address, "title": title}))
            self.output.append(_text_token(image.content))
            self._add_closing(Token("link_close", "a", -1))

    def _add_opening(self, token: Token) -> None:
        outer_tag = self._find_open(token.tag)
        if outer_tag and token.tag == "a" and token.markup not in ("bare", "autolink"):
            # A link ends where another begins, as in HTML, so no address is lost.
            self._close_and_reopen_inner(outer_tag)
        self._open(OpenTag(token))

    def _add_closing(self, token: Token) -> None:
        open_tag = next((open_tag for open_tag in reversed(self.open_tags) if open_tag.token.tag == token.tag), None)
        if open_tag:
            self._close_and_reopen_inner(open_tag)
            self.open_tags.remove(open_tag)

    def _find_open(self, name: str) -> OpenTag | None:
        return next(
            (open_tag for open_tag in self.open_tags if open_tag.token.tag == name and open_tag.position is not None),
            None,
        )

    def _open(self, open_tag: OpenTag) -> None:
        """Write the opening token, unless the same tag is open already."""
        if not self._find_open(open_tag.token.tag):
            open_tag.position = len(self.output)
            self.output.append(_make_opening_token(open_tag.token))
        if open_tag not in self.open_tags:
            self.open_tags.append(open_tag)

    def _close_and_reopen_inner(self, open_tag: OpenTag) -> None:
        """Close the tag and those inside it, then reopen the latter.

        Links are not reopened: a long address would be repeated for each of a thousand tags.
        """
        if open_tag.position is None:
            return
        inner_tags = [
            inner for inner in self.open_tags if inner.position is not None and inner.position > open_tag.position
        ]
        for inner in (*reversed(inner_tags), open_tag):
            self._close(inner)
        for inner in inner_tags:
            if inner.token.tag != "a":
                self._open(inner)

    def _close(self, open_tag: OpenTag) -> None:
        if open_tag.position is None:
            return
        if (
            open_tag.token.tag == "a"
            and not open_tag.closed_before
            and not _has_visible_text(self.output[open_tag.position :])
        ):
            self.output.append(_text_token(str(open_tag.token.attrs["href"])))
        if len(self.output) == open_tag.position + 1:
            self.output.pop()
        else:
            self.output.append(Token(f"{open_tag.token.tag}_close", open_tag.token.tag, -1))
            self._append_title(open_tag)
        open_tag.position, open_tag.closed_before = None, True

    def _append_title(self, open_tag: OpenTag) -> None:
        title = open_tag.token.attrs.get("title")
        if title and not open_tag.closed_before:
            self.output.append(_text_token(f" ({title})"))


def _make_opening_token(token: Token) -> Token:
    link = {"href": token.attrs["href"], "rel": REL} if token.tag == "a" else {}
    return Token(f"{token.tag}_open", token.tag, 1, attrs=link)


def _has_visible_text(tokens: Iterable[Token]) -> bool:
    return any(is_visible(token.content) for token in tokens)


def _text_token(content: str) -> Token:
    return Token("text", "", 0, content=content)
