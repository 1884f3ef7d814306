"""Inline tags put in order: each inside the next, none twice, closed where its block ends, none empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markdown_it.token import Token

from blog.html.invisible_characters import visible
from blog.html.sanitize import REL

MOST_SPANNING = 2
"""How many tags may go on from one block to the next: each is written again in each of thousands of blocks."""


def nest(tokens: list[Token]) -> None:
    """Put the openings and closings in order within each block of `tokens`.

    A tag that the reader typed may span blocks; it is closed at the end of each and opened again in the next. A link
    ends with its block.
    """
    spanning: list[Opening] = []
    for token in tokens:
        if token.type == "inline":
            block = Block(spanning)
            for child in token.children or []:
                block.take(child)
            token.children, spanning = block.finish()


@dataclass(eq=False)
class Opening:
    """A tag that waits for its closing: the place of its token in the block, or None while it need not stand there."""

    token: Token
    place: int | None = None
    begun: bool = False

    @property
    def spans(self) -> bool:
        return self.token.type.endswith("_tag") and self.token.tag != "a"


class Block:
    """The inline tokens of one block, taken one after another, after what is still open from the block before."""

    def __init__(self, spanning: Iterable[Opening]) -> None:
        self.done: list[Token] = []
        self.openings: list[Opening] = []
        for opening in spanning:
            self._open(opening)

    def take(self, token: Token) -> None:
        if token.type == "image":
            self._take_image(token)
        elif token.nesting == 1:
            self._take_opening(token)
        elif token.nesting == -1:
            self._take_closing(token)
        else:
            self.done.append(token)

    def finish(self) -> tuple[list[Token], list[Opening]]:
        """The tokens of the block, and what goes on in the next."""
        for opening in reversed(self.openings):
            self._close(opening)
        return self.done, [opening for opening in self.openings if opening.spans][:MOST_SPANNING]

    def _take_image(self, image: Token) -> None:
        """A picture is a link to it; within another link, its address in brackets."""
        address, title = str(image.attrs["src"]), image.attrs.get("title", "")
        if self._standing("a"):
            self.done.append(_text(f"{image.content} ({address})".strip()))
        else:
            self._take_opening(Token("link_open", "a", 1, attrs={"href": address, "title": title}))
            self.done.append(_text(image.content))
            self._take_closing(Token("link_close", "a", -1))

    def _take_opening(self, token: Token) -> None:
        outer = self._standing(token.tag)
        if outer and token.tag == "a" and token.markup not in ("bare", "autolink"):
            # A link ends where another begins, as in HTML, so that no address is lost.
            self._shut(outer)
        self._open(Opening(token))

    def _take_closing(self, token: Token) -> None:
        opening = next((opening for opening in reversed(self.openings) if opening.token.tag == token.tag), None)
        if opening:
            self._shut(opening)
            self.openings.remove(opening)

    def _standing(self, tag: str) -> Opening | None:
        return next((each for each in self.openings if each.token.tag == tag and each.place is not None), None)

    def _open(self, opening: Opening) -> None:
        """Let the opening stand, unless one like it stands already: it would change nothing."""
        if not self._standing(opening.token.tag):
            opening.place = len(self.done)
            self.done.append(_opening_token(opening.token))
        if opening not in self.openings:
            self.openings.append(opening)

    def _shut(self, opening: Opening) -> None:
        """Close what stands within the opening, the opening itself, and open the former again, but for a link.

        A link may have a long address, which would be written again for each of a thousand tags.
        """
        if opening.place is None:
            return
        within = [each for each in self.openings if each.place is not None and each.place > opening.place]
        for each in (*reversed(within), opening):
            self._close(each)
        for each in within:
            if each.token.tag != "a":
                self._open(each)

    def _close(self, opening: Opening) -> None:
        if opening.place is None:
            return
        if opening.token.tag == "a" and not opening.begun and not _seen(self.done[opening.place :]):
            self.done.append(_text(str(opening.token.attrs["href"])))
        if len(self.done) == opening.place + 1:
            self.done.pop()
        else:
            self.done.append(Token(f"{opening.token.tag}_close", opening.token.tag, -1))
            self._show_title(opening)
        opening.place, opening.begun = None, True

    def _show_title(self, opening: Opening) -> None:
        title = opening.token.attrs.get("title")
        if title and not opening.begun:
            self.done.append(_text(f" ({title})"))


def _opening_token(token: Token) -> Token:
    link = {"href": token.attrs["href"], "rel": REL} if token.tag == "a" else {}
    return Token(f"{token.tag}_open", token.tag, 1, attrs=link)


def _seen(tokens: Iterable[Token]) -> bool:
    return any(visible(token.content) for token in tokens)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
