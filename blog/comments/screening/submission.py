"""What is known of a response when it comes: read before the act from its text, within it from the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from flask import current_app

from blog.comments.models import Comment
from blog.comments.screening import link_domains, writer_history
from blog.comments.screening.link_domains import domain_of, domains_in, links_in
from blog.comments.screening.spam_signals import Facts
from blog.db import db
from blog.html import plain_text
from blog.posts.models import Post
from blog.spam.features import PRAISE_WORDS, SALES_WORDS, WORD, ParsedText, parse_text, word_set
from blog.spam.weights import make_vector

LONG_WORD, STEM, MOST_WORDS = 5, 6, 60
# long words that are about no post in particular
COMMON = word_set(
    """about after again always another around because before being better cannot could doing every everyone
    everything first found going having little makes maybe might never often other people please quite really right
    should since small something still their theirs there these thing things think those though through today under
    until using wanted where which while whole whose without would write writing written wrote years yours article
    articles content information keeping reading share sharing topic website websites visit visited post posts posted
    comment comments blogs"""
)
SAYING_NOTHING = COMMON | PRAISE_WORDS


class Text(NamedTuple):
    """A response's own text, without its markup and as it was read: its vector is without signs."""

    plain: str
    reading: ParsedText
    vector: bytes


@lru_cache(maxsize=64)
def text_of(body_html: str, website: str) -> Text:
    """Slow: before the act. What was read lately is remembered, for the act that decides on it."""
    plain = plain_text(body_html)
    reading = parse_text(plain, [*links_in(body_html), *([website] if website else [])])
    return Text(plain, reading, make_vector(reading))


def facts_of(comment: Comment, post: Post, text: Text, like: int, at: datetime) -> Facts:
    """Inside an act: everything but its words."""
    links = [*links_in(comment.body_html), *map(_written_out, text.reading.links)]
    links = [link for link in links if domain_of(link) != domain_of(current_app.config["SETTINGS"].blog_url)]
    shown, spam = writer_history.history_of(comment)
    own = _text_of(post, comment)
    domain, seen = _telling(domains_in([comment.website, *links]), comment.id)
    return Facts(
        linked=bool(links),
        website=bool(comment.website),
        domain=domain,
        domain_shown=seen.shown,
        domain_spam=seen.spam,
        domain_of_post=bool(domain) and domain in own and not seen.spam,
        days=max(0, (at - post.published_at).days) if post.published_at else 0,
        shown=shown,
        spam=spam,
        seconds=comment.seconds,
        about=about(text.reading, own),
        like=like,
        praising=not PRAISE_WORDS.isdisjoint(text.reading.words),
        selling_name=not SALES_WORDS.isdisjoint(WORD.findall(comment.name.lower())),
    )


def about(reading: ParsedText, own: str) -> tuple[int, int]:
    """How many of how many telling words in a response occur in the text `own`, in small letters, of its post."""
    words = {word[:STEM] for word in reading.words if len(word) >= LONG_WORD and word not in SAYING_NOTHING}
    some = sorted(words)[:MOST_WORDS]
    return sum(word in own for word in some), len(some)


def _written_out(link: str) -> str:
    return link if "://" in link else f"http://{link}"


def _telling(led_to: Collection[str], number: int | None) -> tuple[str, link_domains.Seen]:
    """The domain that says most: one that stood in spam, else one that is new, else one that is known."""
    order = sorted(link_domains.seen(led_to, number).items(), key=lambda pair: (-pair[1].spam, pair[1].shown))
    return order[0] if order else ("", link_domains.Seen(0, 0))


def _text_of(post: Post, comment: Comment) -> str:
    """What the response may be about: its post, and the response that it answers."""
    answered = db.session.get(Comment, comment.parent_id) if comment.parent_id else None
    parts = (post.title, post.standfirst, post.source_url, post.source_name, post.source_title, post.quote_html)
    more = (post.note_html, post.body_html, *(label.name for label in post.labels), answered.body if answered else "")
    return "\n".join((*parts, *more)).lower()
