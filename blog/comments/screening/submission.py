"""Represent what a reader sent, parsed once: HTML, plain text, links, domains, feature vector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from blog.comments.models import Comment
from blog.comments.screening.link_domains import external_domains, is_external, links_in
from blog.html import comment_html, plain_text, straighten_quotes
from blog.site.models import current_site
from blog.spam.features import ParsedText, parse_text
from blog.spam.muted_words import parse_muted_words
from blog.spam.weights import make_vector


@dataclass(frozen=True)
class Submission:
    """Represent a comment as it was sent, with what its text contains.

    The form has validated the fields. `key` is the submission key. `trapped` says that the honeypot was filled in,
    `seconds` for how long the form was open, if known. An editor's comment is neither throttled nor held. `comment_id`
    is set for a stored comment, `body_html` if its text does not change.

    The properties are slow to compute: call `parse` before the transaction.
    """

    post_id: int
    parent_id: int | None
    name: str
    email: str
    website: str
    body: str
    key: str | None
    reader_key: str | None
    address_key: str | None
    trapped: bool = False
    seconds: int | None = None
    editor_id: int | None = None
    body_html: str | None = None
    comment_id: int | None = None

    @classmethod
    def of(cls, comment: Comment, **changes: str) -> Submission:
        """Return a stored comment as a submission, perhaps with other texts."""
        return cls(
            post_id=comment.post_id,
            parent_id=comment.parent_id,
            name=changes.get("name", comment.name),
            email=changes.get("email", comment.email),
            website=changes.get("website", comment.website),
            body=changes.get("body", comment.body),
            key=comment.submission_key,
            reader_key=comment.reader_key,
            address_key=comment.address_key,
            seconds=comment.seconds,
            editor_id=comment.editor_id,
            body_html=None if "body" in changes else comment.body_html,
            comment_id=comment.id,
        )

    @property
    def identity(self) -> dict[str, str]:
        """Return the columns that say who writes."""
        return {"name": self.name, "email": self.email, "website": self.website}

    def has_identity_of(self, comment: Comment) -> bool:
        return all(getattr(comment, column) == value for column, value in self.identity.items())

    @cached_property
    def html(self) -> str:
        return comment_html(self.body, current_site().language) if self.body_html is None else self.body_html

    @cached_property
    def text(self) -> ParsedComment:
        return parse_comment(self.html, self.website)

    @cached_property
    def links(self) -> list[str]:
        """Return the links to other sites."""
        return [link for link in self.text.links if is_external(link)]

    @cached_property
    def domains(self) -> list[str]:
        """Return the domains of the links and of the website."""
        return external_domains((self.website, *self.links))

    @cached_property
    def muted_line(self) -> str:
        """Return the line of the site's muted words that matches, or ""."""
        fields = (self.text.plain, self.name, self.website, self.email, *self.text.links)
        return parse_muted_words(current_site().muted).first_match("\n".join(fields))

    def parse(self) -> None:
        """Compute the properties."""
        for _computed in (self.domains, self.muted_line):
            pass


class ParsedComment(NamedTuple):
    """Represent a comment's text: plain, its links, its words, and as a feature vector.

    The vector holds no signals.
    """

    plain: str
    links: tuple[str, ...]
    words: ParsedText
    vector: bytes

    @property
    def mentioned_links(self) -> list[str]:
        """Return the links to other sites, also those that are written as plain text."""
        written = (link if "://" in link else f"http://{link}" for link in self.words.links)
        return [link for link in (*self.links, *written) if is_external(link)]


@lru_cache(maxsize=64)
def parse_comment(body_html: str, website: str) -> ParsedComment:
    """Parse a comment's text, which is slow: call it before the transaction.

    The cache returns it to the transaction that follows. Quotes are straight, as in muted words and in the texts that
    the filter was trained on.
    """
    plain, links = straighten_quotes(plain_text(body_html)), tuple(links_in(body_html))
    words = parse_text(plain, [*links, *([website] if website else [])])
    return ParsedComment(plain, links, words, make_vector(words))
