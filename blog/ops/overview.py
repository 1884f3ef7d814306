"""Gather what the start page of the desk shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import lazyload, load_only, selectinload

from blog.comments.models import VISIBLE, Comment
from blog.comments.moderation.queue import POST_COLUMNS
from blog.db import db, now
from blog.feeds.websub import hub_failure
from blog.mail.models import Mail
from blog.ops.models import JobRun
from blog.posts.lists import LIST_COLUMNS
from blog.posts.models import DRAFT, PAGE, POST, Post
from blog.site.models import current_site

DAYS = 30
MAX_ROWS = 5


@dataclass(frozen=True)
class DayCount:
    """Count the visible comments of one day; `start` is its first moment in the site's zone."""

    start: datetime
    count: int


@dataclass(frozen=True)
class Failures:
    """Count the mails that were given up, and the jobs that fail or are late.

    `hub` says why the hub could not be told of changes, "" if it was.
    """

    mails: int = 0
    jobs: int = 0
    hub: str = ""


def count_by_day() -> list[DayCount]:
    """Count the visible comments of the last 30 days in the site's zone, oldest first.

    A day is a range of times of its own, since it may have 23 or 25 hours. Each range is read in the index of the
    queue, so that older comments cost nothing.
    """
    starts = _day_starts(now())
    ranges = enumerate(pairwise(starts))
    counts = union_all(
        *(
            select(literal(number).label("number"), func.count().label("count")).where(
                Comment.status == VISIBLE, Comment.created_at >= start, Comment.created_at < end
            )
            for number, (start, end) in ranges
        )
    )
    return [DayCount(starts[number], count) for number, count in sorted(db.session.execute(counts).all())]


def _day_starts(at: datetime) -> list[datetime]:
    """Return the first moments of the last 30 days and of tomorrow."""
    zone = current_site().zone
    today = at.astimezone(zone).date()
    days = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS + 1)]
    return [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]


def newest_comments(status: str) -> list[Comment]:
    """Return the newest comments with this status."""
    post = selectinload(Comment.post).load_only(*POST_COLUMNS).lazyload(Post.labels)
    query = select(Comment).where(Comment.status == status).options(post)
    return list(db.session.scalars(query.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(MAX_ROWS)))


def newest_drafts() -> list[Post]:
    """Return the drafts of posts and pages, last changed first."""
    query = Post.in_state(DRAFT).where(Post.kind.in_((POST, PAGE)))
    query = query.options(load_only(*LIST_COLUMNS), lazyload(Post.labels))
    return list(db.session.scalars(query.order_by(Post.updated_at.desc(), Post.id.desc()).limit(MAX_ROWS)))


def count_failures() -> Failures:
    """Count the mails that were given up and the jobs in trouble."""
    mails = db.session.scalar(select(func.count(Mail.id)).where(Mail.given_up_at.is_not(None)))
    jobs = sum(run.has_failed or run.is_overdue for run in db.session.scalars(select(JobRun)))
    return Failures(mails or 0, jobs, hub_failure())
