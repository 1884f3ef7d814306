"""Labels: made where a post first carries them; renamed, merged and deleted at the desk."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, literal, select

from blog.db import db, writing
from blog.posts.models import Label, post_labels

# as many as a browser still offers without a pause
MOST_OFFERED = 500


class NoLabel(Exception):
    """There is no such label."""


def labels_with_counts() -> list[tuple[Label, int]]:
    """Every label in the order of the alphabet, with the number of posts and pages in any state that carry it."""
    counted = select(Label, func.count(post_labels.c.post_id)).outerjoin(post_labels).group_by(Label.id)
    rows = [(label, count) for label, count in db.session.execute(counted)]
    return sorted(rows, key=lambda row: (row[0].name.casefold(), row[0].name))


def offered_labels() -> list[str]:
    """The names that the writing form offers: those in most use."""
    use = func.count(post_labels.c.post_id)
    return list(
        db.session.scalars(
            select(Label.name).outerjoin(post_labels).group_by(Label.id).order_by(use.desc()).limit(MOST_OFFERED)
        )
    )


def labelled(names: list[str]) -> list[Label]:
    """Inside an act: the labels of these names, made where they do not stand yet."""
    names = list(dict.fromkeys(name.strip()[:200] for name in names if name.strip()))
    standing = {label.name: label for label in db.session.scalars(select(Label).where(Label.name.in_(names)))}
    for name in names:
        if name not in standing:
            standing[name] = Label(name=name)
            db.session.add(standing[name])
    return [standing[name] for name in names]


def posts_under(label: Label) -> int:
    """How many posts and pages carry the label."""
    return db.session.execute(select(func.count()).where(post_labels.c.label_id == label.id)).scalar_one()


def rename_label(label_id: int, name: str) -> Label:
    """Give a label another name. A name that stands already takes its posts over, and its label is the one returned."""
    with writing():
        label = _label(label_id)
        standing = db.session.scalars(select(Label).where(Label.name == name)).one_or_none()
        if standing is None or standing is label:
            label.name = name
            return label
        _hand_over(label, standing)
        db.session.delete(label)
    return standing


def delete_label(label_id: int) -> None:
    """The posts stay, without it."""
    with writing():
        db.session.delete(_label(label_id))


def _label(label_id: int) -> Label:
    label = db.session.get(Label, label_id)
    if label is None:
        raise NoLabel
    return label


def _hand_over(old: Label, new: Label) -> None:
    there = select(post_labels.c.post_id).where(post_labels.c.label_id == new.id)
    moving = select(post_labels.c.post_id).where(post_labels.c.label_id == old.id, post_labels.c.post_id.not_in(there))
    named = moving.add_columns(literal(new.id))
    db.session.execute(insert(post_labels).from_select(["post_id", "label_id"], named))
    db.session.execute(delete(post_labels).where(post_labels.c.label_id == old.id))
