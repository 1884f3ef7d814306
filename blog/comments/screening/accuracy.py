"""What the filter was worth on this site: what it said of each response when it came, beside what an editor decided."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select

from blog.comments.models import VISIBLE, Comment, Lesson, newest_id
from blog.comments.screening.spam_signals import CUTS
from blog.db import db
from blog.spam.metrics import ConfusionMatrix, count_outcomes

LOOKED_BACK = 10_000
FEW = 20
"""With fewer decisions than this, figures would be chance."""


@dataclass(frozen=True)
class Figures:
    """For each strictness the measures it had, or would have had, and of how many decisions: on spam, and on others.
    `lessons` is how many decisions count now.
    """

    by_strictness: dict[str, ConfusionMatrix]
    spam: int
    wanted: int
    undecided: int
    lessons: int

    @property
    def few(self) -> bool:
        return self.spam + self.wanted < FEW or not self.spam


def figures() -> Figures:
    """Of the last LOOKED_BACK responses. Those that stand and that nobody decided on count as wanted."""
    least = newest_id() - LOOKED_BACK
    decided = [(score or 0, spam) for score, spam in db.session.execute(_decided(least)).all()]
    undecided = _undecided(least)
    by_strictness = {
        strictness: count_outcomes(
            [
                *((score > 100 * cut, spam) for score, spam in decided),
                *((score > 100 * cut, False) for score in undecided),
            ]
        )
        for strictness, cut in CUTS.items()
    }
    spam = sum(spam for _score, spam in decided)
    return Figures(by_strictness, spam, len(decided) - spam, len(undecided), lessons())


def lessons() -> int:
    """How many decisions the filter goes by."""
    return db.session.execute(select(func.count()).select_from(_standing().subquery())).scalar_one()


def _standing() -> Select[int]:
    """The newest lesson of each comment; whether that is a lesson, or took one back, is asked then."""
    newest = select(func.max(Lesson.id)).group_by(Lesson.comment_id)
    return select(Lesson.id).where(Lesson.id.in_(newest), Lesson.undone_lesson_id.is_(None))


def _decided(least: int) -> Select[int | None, bool]:
    said = select(Comment.filter_score, Lesson.spam).join(Comment, Comment.id == Lesson.comment_id)
    return said.where(Lesson.id.in_(_standing()), Comment.id > least, Comment.filter_score.is_not(None))


def _undecided(least: int) -> list[int]:
    # neither the state nor the lack of a lesson is joined to what this goes by, which is the number
    shown = func.coalesce(Comment.status, "") == VISIBLE
    scores = select(Comment.id, Comment.filter_score).where(
        Comment.id > least, shown, Comment.filter_score.is_not(None)
    )
    taught = set(db.session.scalars(select(Lesson.comment_id).where(Lesson.id.in_(_standing()))))
    return [score for number, score in db.session.execute(scores) if number not in taught and score is not None]
