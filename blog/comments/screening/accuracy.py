"""Compare the spam filter's scores with editors' decisions on this site."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select

from blog.comments.models import VISIBLE, Comment, Lesson, newest_id
from blog.comments.screening.spam_signals import THRESHOLDS
from blog.db import db
from blog.spam.metrics import ConfusionMatrix, count_outcomes

RECENT_LIMIT = 10_000
MIN_DECISIONS = 20
"""Figures from fewer decisions would be chance."""


@dataclass(frozen=True)
class Figures:
    """Hold the metrics per strictness, and the decisions they rest on.

    `lessons` counts the decisions that the filter has learned from.
    """

    by_strictness: dict[str, ConfusionMatrix]
    spam: int
    approved: int
    undecided: int
    lessons: int

    @property
    def too_few(self) -> bool:
        return self.spam + self.approved < MIN_DECISIONS or not self.spam


def measure_accuracy() -> Figures:
    """Measure the filter on the last RECENT_LIMIT comments.

    Visible comments without a decision count as legitimate.
    """
    first_id = newest_id() - RECENT_LIMIT
    decided = [(score or 0, spam) for score, spam in db.session.execute(_decided_scores(first_id)).all()]
    undecided = _undecided_scores(first_id)
    by_strictness = {
        strictness: count_outcomes(
            [
                *((score > 100 * cut, spam) for score, spam in decided),
                *((score > 100 * cut, False) for score in undecided),
            ]
        )
        for strictness, cut in THRESHOLDS.items()
    }
    spam = sum(spam for _score, spam in decided)
    return Figures(by_strictness, spam, len(decided) - spam, len(undecided), count_lessons())


def count_lessons() -> int:
    """Count the lessons in force."""
    return db.session.execute(select(func.count()).select_from(_active_lesson_ids().subquery())).scalar_one()


def _active_lesson_ids() -> Select[int]:
    """Select the newest lesson of each comment, unless it was undone."""
    newest = select(func.max(Lesson.id)).group_by(Lesson.comment_id)
    return select(Lesson.id).where(Lesson.id.in_(newest), Lesson.undone_lesson_id.is_(None))


def _decided_scores(first_id: int) -> Select[int | None, bool]:
    scores = select(Comment.filter_score, Lesson.spam).join(Comment, Comment.id == Lesson.comment_id)
    return scores.where(Lesson.id.in_(_active_lesson_ids()), Comment.id > first_id, Comment.filter_score.is_not(None))


def _undecided_scores(first_id: int) -> list[int]:
    # filters outside the query, so that it scans by id only
    visible = func.coalesce(Comment.status, "") == VISIBLE
    scores = select(Comment.id, Comment.filter_score).where(
        Comment.id > first_id, visible, Comment.filter_score.is_not(None)
    )
    decided_ids = set(db.session.scalars(select(Lesson.comment_id).where(Lesson.id.in_(_active_lesson_ids()))))
    return [
        score for comment_id, score in db.session.execute(scores) if comment_id not in decided_ids and score is not None
    ]
