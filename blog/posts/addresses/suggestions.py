"""Propose pages for an address that leads nowhere.

Each query reads a bounded number of entries of one index, so that it costs the same in any blog.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from typing import Any

import re2
from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select, union_all

from blog.case_folding import lower_variants
from blog.db import db
from blog.posts.models import POST, Label, Post, headline, post_labels, quote_path

MAX_SUGGESTIONS = 5
# entries of an index before and after the missing one
NEIGHBOURS = 8
MAX_OF_MONTH = 30
MAX_NAME = 100
MIN_LIKENESS = 0.6
# from this length on, a name that begins so is meant by a link that was cut
MIN_CUT = 5

MONTH_PATH = re2.compile(r"/([0-9]{4})/([0-9]{1,2})/.+")
# what bots ask for; addresses of posts end in .html or have no extension
FILE = re2.compile(r"(?s).*\.[A-Za-z0-9]{1,5}")
COUNTER = re2.compile(r"_[0-9]{1,6}$")

# as in the index, with a literal: else SQLite does not use it
SLUG = func.substr(Post.path, literal_column("10"))


@dataclass(frozen=True)
class Suggestion:
    headline: str
    address: str


def suggest_posts(path: str) -> list[Suggestion]:
    """Propose visible posts with this slug elsewhere or a similar one, best first."""
    if not (slug := slug_of(path)):
        return []
    ids = union_all(
        select(Post.id).where(Post.path == f"/p/{slug}.html"), *_around(SLUG, Post.id, slug), *_of_month(path)
    )
    columns = (Post.path, Post.title, Post.excerpt)
    rows = db.session.execute(Post.visible().with_only_columns(*columns).where(Post.id.in_(ids))).all()
    best = _rank(slug, [(slug_of(row.path), row) for row in rows])
    return [Suggestion(headline(row.title, row.excerpt, row.path), quote_path(row.path)) for row in best]


def suggest_labels(name: str) -> list[str]:
    """Propose labels of visible posts with this or a similar name, best first."""
    words = name_of(name).replace("-", " ").replace("_", " ").strip()
    if not words:
        return []
    spellings = {*lower_variants(words), words.title(), name_of(name)}
    near = or_(Label.name.in_(spellings), Label.id.in_(union_all(*_around(Label.name, Label.id, words))))
    used = Post.visible().join(post_labels).where(post_labels.c.label_id == Label.id).correlate(Label).exists()
    labels = db.session.scalars(select(Label.name).where(near, used))
    return _rank(words.casefold(), [(label.casefold(), label) for label in labels])


def name_of(path: str) -> str:
    """Return the last part of a path without .html, "" for another file."""
    name = path.rstrip("/").rpartition("/")[2][: MAX_NAME + 5]
    name = name.removesuffix(".html").removesuffix(".htm")[:MAX_NAME]
    return "" if FILE.fullmatch(name) else name


def slug_of(path: str) -> str:
    """Return the last part of a path in lower case, without .html and counter."""
    return str(COUNTER.sub("", name_of(path).lower()))


def _around(column: ColumnElement[str] | Any, row_id: Any, value: str) -> list[Select[Any]]:
    """Select the ids beside a value in the order of an index."""
    before = select(row_id).where(column < value).order_by(column.desc()).limit(NEIGHBOURS)
    after = select(row_id).where(column >= value).order_by(column).limit(NEIGHBOURS)
    return [select(part.subquery().c.id) for part in (before, after)]


def _of_month(path: str) -> list[Select[Any]]:
    """Select ids of the month in a path, in whichever time zone."""
    found = MONTH_PATH.fullmatch(path)
    year, month = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 < year < 9999 or not 1 <= month <= 12:
        return []
    start = datetime(year, month, 1, tzinfo=UTC) - timedelta(days=1)
    within = (Post.kind == POST, Post.published_at >= start, Post.published_at < start + timedelta(days=33))
    newest = select(Post.id).where(*within).order_by(Post.published_at.desc(), Post.id.desc()).limit(MAX_OF_MONTH)
    return [select(newest.subquery().c.id)]


def _rank(wanted: str, candidates: Iterable[tuple[str, Any]]) -> list[Any]:
    """Return what is similar enough to `wanted`, best first."""
    matcher, ranked = SequenceMatcher(autojunk=False), []
    matcher.set_seq2(wanted)
    for place, (name, candidate) in enumerate(candidates):
        matcher.set_seq1(name)
        ratios = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)  # the first two are cheap upper bounds
        is_cut = len(wanted) >= MIN_CUT and name.startswith(wanted)
        if is_cut or all(ratio() >= MIN_LIKENESS for ratio in ratios):
            ranked.append((name != wanted, not is_cut, -matcher.ratio(), place, candidate))
    return [candidate for *_, candidate in sorted(ranked, key=lambda one: one[:4])[:MAX_SUGGESTIONS]]
