"""What this site's decisions taught the filter: each is a lesson, written in the act that decides.

Every process holds the weights for itself: the shipped ones and the lessons of a window, added up. Before it asks them
it takes in the lessons that are new, so that all processes say the same. The decisions themselves are in the log: from
them it is told which lesson a comment shall be, also after one was undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

from flask import current_app
from sqlalchemy import delete, func, select

from blog.comments.models import Comment, Lesson
from blog.comments.screening.spam_signals import Opinion, opinion, signs, with_start
from blog.comments.screening.submission import Text, facts_of, text_of
from blog.db import db, writing
from blog.editors import audit_log
from blog.editors.models import AuditEntry
from blog.spam.near_duplicates import DuplicateIndex
from blog.spam.pretrained import load_pretrained
from blog.spam.weights import BucketValues, add_signals, compute_changes, compute_step, compute_values

WINDOW, TURNED = 3000, 300
"""So many lessons count at most; the oldest go so many at a time."""
MOST = 0.5
"""How far a lesson goes at most: far enough that the same text is told right from then on."""
AT_ONCE = 500

LABELS = {audit_log.APPROVE: False, audit_log.SPAM: True}
# what ends a label: after it nobody has said whether it is spam
SAYING = (*LABELS, audit_log.HOLD, audit_log.REMOVE, audit_log.EDIT)


class Model:
    """The weights as of lesson `last`, and sketches of what was marked as spam."""

    def __init__(self) -> None:
        self.lock = Lock()
        self._forget(0)

    def _forget(self, floor: int) -> None:
        self.weights, self.sketches = with_start(load_pretrained()), DuplicateIndex()
        self.floor = self.last = floor

    def catch_up(self) -> None:
        """Take in what is new; from the beginning where the window moved, or where an older database came back."""
        newest = newest_lesson()
        with self.lock:
            if newest < self.last or floor_of(newest) != self.floor:
                self._forget(floor_of(newest))
            while self.last < newest:
                some = select(Lesson).where(Lesson.id > self.last, Lesson.id <= newest).order_by(Lesson.id)
                rows = db.session.execute(some.limit(AT_ONCE).with_only_columns(*COLUMNS)).all()
                for row in rows:
                    self._take(*row)
                self.last = rows[-1].id if rows else newest

    def like(self, vector: bytes) -> int:
        """How many that were marked as spam a text is like."""
        with self.lock:
            return self.sketches.count_duplicates(vector)

    def _take(self, number: int, spam: bool, step: int, undone_lesson_id: int | None, vector: bytes) -> None:
        if undone_lesson_id is None:
            self.weights.add(compute_values(vector), step)
            if spam:
                self.sketches.add(number, vector)
        elif undone_lesson_id > self.floor:
            self.weights.add(compute_values(vector), -step)
            self.sketches.remove(undone_lesson_id)


COLUMNS = (Lesson.id, Lesson.spam, Lesson.step, Lesson.undone_lesson_id, Lesson.vector)


def model() -> Model:
    """This process's, as of the lessons that are committed now. Not within an act that has taught already."""
    found: Model | None = current_app.extensions.get("filter")
    if found is None:
        found = current_app.extensions.setdefault("filter", Model())
    found.catch_up()
    return found


def newest_lesson() -> int:
    return db.session.execute(select(func.coalesce(func.max(Lesson.id), 0))).scalar_one()


def floor_of(newest: int) -> int:
    """The lesson up to which all are forgotten, where `newest` is the last: the same in every process."""
    return max(0, newest // TURNED * TURNED + TURNED - WINDOW)


def judge(text: Text, found: dict[str, str]) -> Opinion:
    """What is to be said of a text with these signs, by what `model` knew last."""
    known: Model = current_app.extensions["filter"]
    with known.lock:
        return opinion(known.weights, text.reading, compute_values(add_signals(text.vector, found)), found)


def preload_texts(numbers: Iterable[int]) -> None:
    """Before an act that decides on the comments of these numbers: read their texts, which is slow."""
    wanted = select(Comment.body_html, Comment.website).where(
        Comment.id.in_(list(numbers)), Comment.editor_id.is_(None)
    )
    for body_html, website in db.session.execute(wanted):
        text_of(body_html, website)


def learn(comment: Comment) -> None:
    """Inside the act that decided, or undid a decision, after the log was written: the lesson that it is now."""
    if comment.editor_id is not None:
        return
    lesson, label = standing_lesson(comment.id), label_of(comment.id)
    if label == (lesson.spam if lesson else None):
        return
    pending = _pending()
    if lesson:
        _write(
            Lesson(
                comment_id=comment.id,
                spam=lesson.spam,
                step=lesson.step,
                undone_lesson_id=lesson.id,
                vector=lesson.vector,
            )
        )
        _add(pending, compute_values(lesson.vector), -lesson.step)
    if label is not None:
        _teach(comment, label, pending)


def label_of(comment_id: int) -> bool | None:
    """Whether the last decision that stands said that it is spam, or that it is not; None where none says either."""
    said = AuditEntry.comment_id == comment_id, AuditEntry.verb.in_(SAYING), AuditEntry.undone_at.is_(None)
    last = db.session.scalars(select(AuditEntry.verb).where(*said).order_by(AuditEntry.id.desc()).limit(1)).first()
    return LABELS.get(last or "")


def standing_lesson(comment_id: int) -> Lesson | None:
    """The lesson that a comment is, unless it was taken back."""
    newest = select(Lesson).where(Lesson.comment_id == comment_id).order_by(Lesson.id.desc()).limit(1)
    lesson = db.session.scalars(newest).first()
    return None if lesson is None or lesson.undone_lesson_id is not None else lesson


def _teach(comment: Comment, spam: bool, pending: Pending) -> None:
    text = text_of(comment.body_html, comment.website)
    if not comment.filter_signs:
        # it came before there was a filter, or by an import: what can still be known of it then
        facts = facts_of(comment, comment.post, text, 0, comment.created_at)
        comment.filter_signs = ", ".join(signs(facts))
    vector = add_signals(text.vector, comment.filter_signs.split(", "))
    some = compute_values(vector)
    step = compute_step(current_app.extensions["filter"].weights.score(some, pending), some, spam, MOST)
    _write(Lesson(comment_id=comment.id, spam=spam, step=step, vector=vector))
    _add(pending, some, step)


Pending = dict[int, int]


def _pending() -> Pending:
    """What this act has taught so far, which no model knows before it is committed."""
    transaction, info = db.session().get_transaction(), db.session().info
    known: tuple[Any, Pending] | None = info.get("lessons")
    if known is None or known[0] is not transaction:
        model()
        known = info["lessons"] = (transaction, {})
    return known[1]


def _add(pending: Pending, some: BucketValues, step: int) -> None:
    for bucket, change in compute_changes(some, step):
        pending[bucket] = pending.get(bucket, 0) + change


def _write(lesson: Lesson) -> None:
    db.session.add(lesson)
    db.session.flush()
    if floor_of(lesson.id) > floor_of(lesson.id - 1):
        db.session.execute(delete(Lesson).where(Lesson.id <= floor_of(lesson.id)))


def learn_from_log() -> int:
    """Make the decisions of the log lessons that are none yet, as many as count at most, the oldest first."""
    said = AuditEntry.verb.in_(LABELS), AuditEntry.undone_at.is_(None), AuditEntry.comment_id.is_not(None)
    last = func.max(AuditEntry.id)
    newest = select(AuditEntry.comment_id, last.label("last")).where(*said).group_by(AuditEntry.comment_id)
    newest = newest.order_by(last.desc()).limit(WINDOW - TURNED)
    numbers = [number for number, _last in db.session.execute(newest) if number][::-1]
    db.session.rollback()
    return sum(_learn_some(numbers[place : place + 50]) for place in range(0, len(numbers), 50))


def _learn_some(numbers: list[int]) -> int:
    preload_texts(numbers)
    with writing():
        before = newest_lesson()
        for number in numbers:
            if comment := db.session.get(Comment, number):
                learn(comment)
        taught = select(func.count()).where(Lesson.id > before, Lesson.undone_lesson_id.is_(None))
        return db.session.execute(taught).scalar_one()
