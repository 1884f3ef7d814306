"""Find related posts by source, labels and words of the title.

A job finds them after a post was published or changed, since a post page is read more often than that, and stores pairs
in both directions, so that posts show later ones too. A post is compared with the NEWEST of each kind, found by index.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, insert, or_, select, update

from blog.db import db, now, writing
from blog.posts.archive.models import RelatedPost
from blog.posts.models import POST, Label, Post, post_labels
from blog.site.models import UNSYNCHRONIZED

# set when there is work for the job
unrelated_waiting = threading.Event()

BATCH_SIZE = 20
# candidates of the source, of each label and of the neighbourhood in time
NEWEST = 30
RAREST_LABELS = 4
# pairs of a post; some may be of hidden posts, which a page leaves out
MAX_PAIRS = 6

WORD = re.compile(r"\w{3,}")
# a word in more than this share of the candidates says nothing
COMMON_WORD = 0.2
WORD_POINTS, SOURCE_POINTS = 4, 2
# points of a shared label by its number of posts
LABEL_POINTS = ((20, 6), (200, 4), (2000, 2))


@dataclass(frozen=True)
class Traits:
    """Hold what is compared of a post: points by label, words of the title, source."""

    post_id: int
    published_at: datetime
    source: str
    words: frozenset[str]
    labels: dict[int, int]


@dataclass(frozen=True)
class Relatives:
    """Hold the scores of related posts by id, and all posts that were compared."""

    scores: dict[int, int]
    compared: Collection[int]


def relate_posts() -> int:
    """Find the related posts of a few posts that changed; return how many."""
    unrelated = Post.visible().with_only_columns(Post.id, Post.updated_at).where(Post.related_at.is_(None))
    rows = db.session.execute(unrelated.order_by(Post.id.desc()).limit(BATCH_SIZE)).all()
    found = [(row.id, row.updated_at, find_relatives(row.id)) for row in rows]
    if found:
        with writing():
            for post_id, revision, relatives in found:
                _store(post_id, revision, relatives)
    return len(found)


def find_relatives(post_id: int) -> Relatives:
    """Compare a post with its candidates; choose the best."""
    post = _load_traits({post_id}).get(post_id)
    if post is None:
        return Relatives({}, _partners(post_id))
    ids = _candidates(post) | _partners(post_id)
    candidates = list(_load_traits(ids).values())
    frequency = Counter(word for one in candidates for word in one.words)
    common = {word for word, count in frequency.items() if count > max(3, COMMON_WORD * len(candidates))}
    scores = {one.post_id: score(post, one, post.words - common) for one in candidates}
    best = sorted(candidates, key=lambda one: (scores[one.post_id], one.published_at, one.post_id), reverse=True)
    return Relatives({one.post_id: scores[one.post_id] for one in best[:MAX_PAIRS] if scores[one.post_id]}, ids)


def score(post: Traits, other: Traits, words: frozenset[str]) -> int:
    """Return how related two posts are. Only these words of the post's title count."""
    points = sum(points for label_id, points in post.labels.items() if label_id in other.labels)
    points += SOURCE_POINTS if post.source and post.source == other.source else 0
    return points + WORD_POINTS * len(words & other.words)


def _candidates(post: Traits) -> set[int]:
    """Return the ids of posts that may be related.

    They are the newest of the source and of the rarest labels, and those published just before.
    """
    newest = Post.published_at.desc(), Post.id.desc()
    posts = select(Post.id).where(Post.kind == POST, Post.published_at.is_not(None)).order_by(*newest).limit(NEWEST)
    queries = [posts.where(Post.published_at <= post.published_at)]
    if post.source:
        queries.append(posts.where(Post.source_name == post.source))
    label_id, post_id = post_labels.c.label_id, post_labels.c.post_id
    # a label with more points is rarer
    for rare in sorted(post.labels, key=lambda one: -post.labels[one])[:RAREST_LABELS]:
        queries.append(select(post_id).where(label_id == rare).order_by(post_id.desc()).limit(NEWEST))
    return {one for query in queries for one in db.session.scalars(query)} - {post.post_id}


def _partners(post_id: int) -> set[int]:
    return set(db.session.scalars(select(RelatedPost.related_id).where(RelatedPost.post_id == post_id)))


def _load_traits(ids: Collection[int]) -> dict[int, Traits]:
    """Load what is compared of the visible posts among these."""
    labels = select(post_labels.c.post_id, Label.id, Label.post_count).join(Label)
    points: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for post_id, label_id, post_count in db.session.execute(labels.where(post_labels.c.post_id.in_(ids))):
        points[post_id][label_id] = next((few for most, few in LABEL_POINTS if post_count <= most), 1)
    columns = Post.id, Post.kind, Post.title, Post.source_name, Post.published_at
    rows = db.session.execute(Post.visible().with_only_columns(*columns).where(Post.id.in_(ids)))
    return {
        row.id: Traits(
            row.id,
            row.published_at,
            row.source_name,
            frozenset(WORD.findall(row.title.casefold())),
            points[row.id],
        )
        for row in rows
        # asked here, since by an index of kinds SQLite would read all posts
        if row.kind == POST
    }


def _store(post_id: int, revision: datetime, relatives: Relatives) -> None:
    """Replace the pairs of a post with those that were compared, unless it has changed since."""
    is_this = Post.id == post_id
    stored = select(Post.updated_at, Post.related_at).where(is_this).with_for_update()
    if db.session.execute(stored).one_or_none() != (revision, None):
        return
    # keeps the time of the last edit
    values = {"related_at": now(), "updated_at": Post.updated_at}
    db.session.execute(update(Post).where(is_this).values(values), execution_options=UNSYNCHRONIZED)
    one, other, compared = RelatedPost.post_id, RelatedPost.related_id, relatives.compared
    old = or_(and_(one == post_id, other.in_(compared)), and_(other == post_id, one.in_(compared)))
    db.session.execute(delete(RelatedPost).where(old), execution_options=UNSYNCHRONIZED)
    existing = db.session.scalars(select(Post.id).where(Post.id.in_(relatives.scores))).all()
    pairs = [(post_id, related_id, relatives.scores[related_id]) for related_id in existing]
    pairs += [(related_id, this, points) for this, related_id, points in pairs]
    if pairs:
        db.session.execute(insert(RelatedPost), [dict(zip(COLUMNS, pair, strict=True)) for pair in pairs])
    _delete_weakest([post_id, *existing])


COLUMNS = ("post_id", "related_id", "score")


def _delete_weakest(post_ids: Collection[int]) -> None:
    """Delete all but the best pairs of posts, to which later ones were added."""
    best = select(RelatedPost.post_id, RelatedPost.related_id).where(RelatedPost.post_id.in_(post_ids))
    of_post: defaultdict[int, list[int]] = defaultdict(list)
    for post_id, related_id in db.session.execute(
        best.order_by(RelatedPost.score.desc(), RelatedPost.related_id.desc())
    ):
        of_post[post_id].append(related_id)
    for post_id, related in of_post.items():
        if weakest := related[MAX_PAIRS:]:
            pairs = RelatedPost.post_id == post_id, RelatedPost.related_id.in_(weakest)
            db.session.execute(delete(RelatedPost).where(*pairs), execution_options=UNSYNCHRONIZED)
