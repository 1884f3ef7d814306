"""Collect what the spam filter uses besides words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from blog.comments.models import Comment
from blog.comments.screening.link_domains import DomainHistory, domain_histories, domains_in
from blog.comments.screening.submission import Submission
from blog.comments.screening.writer_history import WriterHistory
from blog.db import db
from blog.posts.models import Post
from blog.spam.features import PRAISE_WORDS, SALES_WORDS, WORD, ParsedText, word_set

ON_TOPIC_SHARE = 0.15
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


@dataclass(frozen=True)
class Facts:
    """Represent what is known about a submitted comment besides its words.

    `domain` is the most telling of its domains; `domain_visible`, `domain_spam`, `writer_visible` and `writer_spam`
    count earlier comments; `days` is the post's age; `topic_words` says how many of how many long words occur in the
    post; `like` counts similar comments that were marked as spam.
    """

    linked: bool = False
    website: bool = False
    domain: str = ""
    domain_visible: int = 0
    domain_spam: int = 0
    domain_of_post: bool = False
    days: int = 0
    writer_visible: int = 0
    writer_spam: int = 0
    seconds: int | None = None
    topic_words: tuple[int, int] = (0, 0)
    like: int = 0
    praising: bool = False
    selling_name: bool = False

    @property
    def has_link(self) -> bool:
        return self.linked or self.website

    @property
    def is_on_topic(self) -> bool:
        matching, words = self.topic_words
        return matching > 1 and matching >= ON_TOPIC_SHARE * words


def gather_facts(submission: Submission, history: WriterHistory, post: Post, at: datetime, like: int = 0) -> Facts:
    """Collect the facts about a comment. Reads the histories of its domains."""
    links, words = submission.text.mentioned_links, submission.text.words
    topic = _topic_text(post, submission.parent_id)
    domain, known = _most_telling_domain(domains_in([submission.website, *links]), submission.comment_id)
    return Facts(
        linked=bool(links),
        website=bool(submission.website),
        domain=domain,
        domain_visible=known.visible,
        domain_spam=known.spam,
        domain_of_post=bool(domain) and domain in topic and not known.spam,
        days=max(0, (at - post.published_at).days) if post.published_at else 0,
        writer_visible=history.visible,
        writer_spam=history.spam,
        seconds=submission.seconds,
        topic_words=count_topic_words(words, topic),
        like=like,
        praising=not PRAISE_WORDS.isdisjoint(words.words),
        selling_name=not SALES_WORDS.isdisjoint(WORD.findall(submission.name.lower())),
    )


def count_topic_words(text: ParsedText, topic: str) -> tuple[int, int]:
    """Return how many of how many long words occur in `topic`.

    `topic` is the lower-case text of the post.
    """
    words = {word[:STEM_LENGTH] for word in text.words if len(word) >= MIN_WORD_LENGTH and word not in IGNORED_WORDS}
    sample = sorted(words)[:MAX_WORDS]
    return sum(word in topic for word in sample), len(sample)


def _most_telling_domain(domains: Collection[str], comment_id: int | None) -> tuple[str, DomainHistory]:
    """Return the domain that says most: spam first, then new, then known."""
    ranked = sorted(domain_histories(domains, comment_id).items(), key=lambda pair: (-pair[1].spam, pair[1].visible))
    return ranked[0] if ranked else ("", DomainHistory(0, 0))


def _topic_text(post: Post, parent_id: int | None) -> str:
    """Return the text that a comment may be about: post and parent."""
    parent = db.session.get(Comment, parent_id) if parent_id else None
    parts = (post.title, post.standfirst, post.source_url, post.source_name, post.source_title, post.quote_html)
    more = (post.note_html, post.body_html, *(label.name for label in post.labels), parent.body if parent else "")
    return "\n".join((*parts, *more)).lower()
