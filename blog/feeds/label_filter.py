"""Select the posts that have all of some labels."""

from __future__ import annotations

from itertools import accumulate

from sqlalchemy import Select, exists, false, select

from blog.db import db
from blog.posts.models import Label, Post, post_labels

MAX_LABELS = 8
# a label's posts are sorted up to this number; above it, they are picked from all posts by time
MAX_SORTED = 1_000


def split_labels(path: str) -> tuple[str, ...]:
    """Split the `A/B` of `/-/A/B` into names of labels.

    A name may hold slashes, so that the longest existing name is taken at each place. At most MAX_LABELS.
    """
    if not path:
        return ()
    parts, names = path.split("/"), list[str]()
    known = _existing_names(parts)
    while parts and len(names) < MAX_LABELS:
        joined = list(accumulate(parts, "{}/{}".format))
        length = max((number for number, name in enumerate(joined[:MAX_LABELS], 1) if name in known), default=1)
        names.append("/".join(parts[:length]))
        del parts[:length]
    return tuple(dict.fromkeys(name for name in names if name))


def with_labels(query: Select[Post], names: tuple[str, ...]) -> Select[Post]:
    """Restrict a query to the posts that have all these labels."""
    for label_id in _label_ids(names):
        if label_id is None:
            return query.where(false())
        have_label = post_labels.c.label_id == label_id
        if _is_rare(label_id):
            query = query.where(Post.id.in_(select(post_labels.c.post_id).where(have_label)))
        else:
            query = query.where(exists().where(post_labels.c.post_id == Post.id, have_label))
    return query


def _existing_names(parts: list[str]) -> set[str]:
    starts = range(min(len(parts), MAX_LABELS * MAX_LABELS))
    candidates = {"/".join(parts[i:j]) for i in starts for j in range(i + 1, min(i + MAX_LABELS, len(parts)) + 1)}
    return set(db.session.scalars(select(Label.name).where(Label.name.in_(candidates))))


def _label_ids(names: tuple[str, ...]) -> list[int | None]:
    """Return the id of each label, None for one that does not exist."""
    rows = db.session.execute(select(Label.id, Label.name).where(Label.name.in_(names))) if names else ()
    found = {name: label_id for label_id, name in rows}
    return [found.get(name) for name in names]


def _is_rare(label_id: int) -> bool:
    query = select(post_labels.c.post_id).where(post_labels.c.label_id == label_id)
    return db.session.scalar(query.offset(MAX_SORTED).limit(1)) is None
