"""Analyse a submitted comment: its text, and its context in the database."""

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

MIN_WORD_LENGTH, STEM_LENGTH, MAX_WORDS = 5, 6, 60
# long words that say nothing about a post's topic
COMMON_WORDS = word_set(
    """about after again always another around because before being better cannot could doing every everyone
    everything first found going having little makes maybe might never often other people please quite really right
    should since small something still their theirs there these thing things think those though through today under
    until using wanted where which while whole whose without would write writing written wrote years yours article
    articles content information keeping reading share sharing topic website websites visit visited post posts posted
    comment comments blogs"""
)
IGNORED_WORDS = COMMON_WORDS | PRAISE_WORDS


class Text(NamedTuple):
    """Represent a comment's text: plain, parsed, and as a feature vector.

    The vector holds no signals.
    """

    plain: str
    reading: ParsedText
    vector: bytes


@lru_cache(maxsize=64)
def parse_comment(body_html: str, website: str) -> Text:
    """Parse a comment's text, which is slow: call it before the transaction.

    The cache returns it to the transaction that follows.
    """
    plain = plain_text(body_html)
    reading = parse_text(plain, [*links_in(body_html), *([website] if website else [])])
    return Text(plain, reading, make_vector(reading))


def gather_facts(comment: Comment, post: Post, text: Text, like: int, at: datetime) -> Facts:
    """Collect what the spam filter uses besides words, within the transaction."""
    links = [*links_in(comment.body_html), *map(_with_scheme, text.reading.links)]
    links = [link for link in links if domain_of(link) != domain_of(current_app.config["SETTINGS"].blog_url)]
    visible, spam = writer_history.count_visible_and_spam(comment)
    topic = _topic_text(post, comment)
    domain, history = _most_telling_domain(domains_in([comment.website, *links]), comment.id)
    return Facts(
        linked=bool(links),
        website=bool(comment.website),
        domain=domain,
        domain_visible=history.visible,
        domain_spam=history.spam,
        domain_of_post=bool(domain) and domain in topic and not history.spam,
        days=max(0, (at - post.published_at).days) if post.published_at else 0,
        writer_visible=visible,
        writer_spam=spam,
        seconds=comment.seconds,
        topic_words=count_topic_words(text.reading, topic),
        like=like,
        praising=not PRAISE_WORDS.isdisjoint(text.reading.words),
        selling_name=not SALES_WORDS.isdisjoint(WORD.findall(comment.name.lower())),
    )


def count_topic_words(reading: ParsedText, topic: str) -> tuple[int, int]:
    """Return how many of how many long words occur in `topic`.

    `topic` is the lower-case text of the post.
    """
    words = {word[:STEM_LENGTH] for word in reading.words if len(word) >= MIN_WORD_LENGTH and word not in IGNORED_WORDS}
    sample = sorted(words)[:MAX_WORDS]
    return sum(word in topic for word in sample), len(sample)


def _with_scheme(link: str) -> str:
    return link if "://" in link else f"http://{link}"


def _most_telling_domain(domains: Collection[str], comment_id: int | None) -> tuple[str, link_domains.DomainHistory]:
    """Return the domain that says most: spam first, then new, then known."""
    ranked = sorted(
        link_domains.domain_histories(domains, comment_id).items(), key=lambda pair: (-pair[1].spam, pair[1].visible)
    )
    return ranked[0] if ranked else ("", link_domains.DomainHistory(0, 0))


def _topic_text(post: Post, comment: Comment) -> str:
    """Return the text that a comment may be about: post and parent."""
    parent = db.session.get(Comment, comment.parent_id) if comment.parent_id else None
    parts = (post.title, post.standfirst, post.source_url, post.source_name, post.source_title, post.quote_html)
    more = (post.note_html, post.body_html, *(label.name for label in post.labels), parent.body if parent else "")
    return "\n".join((*parts, *more)).lower()
