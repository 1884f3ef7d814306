"""Select the posts that have all of some labels."""

from __future__ import annotations

from itertools import accumulate

from sqlalchemy import Select, false, select

from blog.db import db
from blog.posts.labels import with_label
from blog.posts.models import Label, Post

MAX_LABELS = 8


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
    labels = list(db.session.scalars(select(Label).where(Label.name.in_(names)))) if names else []
    if len(labels) < len(names):
        return query.where(false())
    for label in labels:
        query = with_label(query, label)
    return query


def _existing_names(parts: list[str]) -> set[str]:
    starts = range(min(len(parts), MAX_LABELS * MAX_LABELS))
    candidates = {"/".join(parts[i:j]) for i in starts for j in range(i + 1, min(i + MAX_LABELS, len(parts)) + 1)}
    return set(db.session.scalars(select(Label.name).where(Label.name.in_(candidates))))
