"""Train the spam filter on editors' decisions.

Each decision is stored as a lesson in its transaction. A process holds the shipped weights plus the last lessons, and
reads new lessons before it classifies, so all processes agree. The audit log says which lesson a comment is, also after
an undo.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from threading import Lock
from typing import Any

from flask import current_app
from sqlalchemy import delete, func, select, update

from blog.comments.models import Comment, Lesson
from blog.comments.screening.spam_facts import gather_facts
from blog.comments.screening.spam_signals import Classification, Signals, classify, find_signals, initial_weights
from blog.comments.screening.submission import ParsedComment, Submission, parse_comment
from blog.comments.screening.writer_history import look_up_history
from blog.db import db, writing
from blog.editors import audit_log
from blog.editors.models import AuditEntry
from blog.spam.near_duplicates import DuplicateIndex
from blog.spam.pretrained import load_pretrained
from blog.spam.weights import BucketValues, add_signals, compute_changes, compute_step, compute_values

MAX_LESSONS, DELETE_BATCH = 3000, 300
"""How many lessons count, and how many of the oldest are deleted at once."""
MAX_STEP = 0.5
"""The largest step of a lesson: enough to classify the same text correctly."""
BATCH_SIZE = 500

LABELS = {audit_log.APPROVE: False, audit_log.SPAM: True}
# a comment's last verb of these sets its label, or ends it
LABEL_VERBS = (*LABELS, audit_log.HOLD, audit_log.REMOVE, audit_log.EDIT)


class SpamModel:
    """Hold the weights after lesson `last`, and sketches of spam."""

    def __init__(self) -> None:
        self.lock = Lock()
        self._reset(0)

    def _reset(self, floor: int) -> None:
        self.weights, self.sketches = initial_weights(load_pretrained()), DuplicateIndex()
        self.floor = self.last = floor

    def catch_up(self) -> None:
        """Apply new lessons; start again if old ones were dropped.

        It starts again too if an older database was restored.
        """
        newest = newest_lesson_id()
        with self.lock:
            if newest < self.last or dropped_up_to(newest) != self.floor:
                self._reset(dropped_up_to(newest))
            while self.last < newest:
                some = select(Lesson).where(Lesson.id > self.last, Lesson.id <= newest).order_by(Lesson.id)
                rows = db.session.execute(some.limit(BATCH_SIZE).with_only_columns(*COLUMNS)).all()
                for row in rows:
                    self._apply(*row)
                self.last = rows[-1].id if rows else newest

    def like(self, vector: bytes) -> int:
        """Count the comments marked as spam that a text resembles."""
        with self.lock:
            return self.sketches.count_duplicates(vector)

    def _apply(self, lesson_id: int, spam: bool, step: int, undone_lesson_id: int | None, vector: bytes) -> None:
        if undone_lesson_id is None:
            self.weights.add(compute_values(vector), step)
            if spam:
                self.sketches.add(lesson_id, vector)
        elif undone_lesson_id > self.floor:
            self.weights.add(compute_values(vector), -step)
            self.sketches.remove(undone_lesson_id)


COLUMNS = (Lesson.id, Lesson.spam, Lesson.step, Lesson.undone_lesson_id, Lesson.vector)


def current_model() -> SpamModel:
    """Return this process's model, with all committed lessons.

    Do not call it in a transaction that has written lessons.
    """
    found: SpamModel | None = current_app.extensions.get("filter")
    if found is None:
        found = current_app.extensions.setdefault("filter", SpamModel())
    found.catch_up()
    return found


def loaded_model() -> SpamModel:
    """Return the model as last loaded, for use in a transaction."""
    model: SpamModel = current_app.extensions["filter"]
    return model


def newest_lesson_id() -> int:
    return db.session.execute(select(func.coalesce(func.max(Lesson.id), 0))).scalar_one()


def dropped_up_to(newest: int) -> int:
    """Return the id up to which lessons are dropped, given the newest."""
    return max(0, newest // DELETE_BATCH * DELETE_BATCH + DELETE_BATCH - MAX_LESSONS)


def classify_by_lessons(text: ParsedComment, found: Signals) -> Classification:
    """Classify a text and its signals with the model as last loaded."""
    model = loaded_model()
    with model.lock:
        return classify(model.weights, text.words, compute_values(add_signals(text.vector, found)), found)


def preload_texts(comment_ids: Iterable[int]) -> None:
    """Parse the texts of these comments, before the transaction."""
    texts = select(Comment.body_html, Comment.website).where(
        Comment.id.in_(list(comment_ids)), Comment.editor_id.is_(None)
    )
    for body_html, website in db.session.execute(texts):
        parse_comment(body_html, website)


def learn(comments: Iterable[Comment]) -> None:
    """Store the lessons that the last decisions on comments give.

    Call it in the transaction of a decision or an undo, after the log was written.
    """
    by_readers = [comment for comment in comments if comment.editor_id is None]
    if not by_readers:
        return
    ids = [comment.id for comment in by_readers]
    lessons, labels = active_lessons(ids), current_labels(ids)
    for comment in by_readers:
        lesson, label = lessons.get(comment.id), labels.get(comment.id)
        if label == (lesson.spam if lesson else None):
            continue
        pending = _pending_changes()
        if lesson:
            _take_back(lesson, pending)
        if label is not None:
            _add_lesson(comment, label, pending)


def current_labels(comment_ids: Collection[int]) -> dict[int | None, bool | None]:
    """Return whether the last decision in force on each comment says spam."""
    conditions = AuditEntry.verb.in_(LABEL_VERBS), AuditEntry.undone_at.is_(None)
    last = select(func.max(AuditEntry.id)).where(AuditEntry.comment_id.in_(comment_ids), *conditions)
    query = select(AuditEntry.comment_id, AuditEntry.verb)
    verbs = db.session.execute(query.where(AuditEntry.id.in_(last.group_by(AuditEntry.comment_id))))
    return {comment_id: LABELS.get(verb) for comment_id, verb in verbs}


def active_lessons(comment_ids: Collection[int]) -> dict[int, Lesson]:
    """Return the lesson of each comment, unless it was undone."""
    last = select(func.max(Lesson.id)).where(Lesson.comment_id.in_(comment_ids)).group_by(Lesson.comment_id)
    active = select(Lesson).where(Lesson.id.in_(last), Lesson.undone_lesson_id.is_(None))
    return {lesson.comment_id: lesson for lesson in db.session.scalars(active)}


def _take_back(lesson: Lesson, pending: Pending) -> None:
    values = {"comment_id": lesson.comment_id, "spam": lesson.spam, "step": lesson.step, "vector": lesson.vector}
    _insert(Lesson(undone_lesson_id=lesson.id, **values))
    _add_pending(pending, compute_values(lesson.vector), -lesson.step)


def _add_lesson(comment: Comment, spam: bool, pending: Pending) -> None:
    if not comment.filter_signs:
        stored = {"filter_signs": ", ".join(_signals_of(comment)), "updated_at": Comment.updated_at}
        db.session.execute(update(Comment).where(Comment.id == comment.id).values(stored))
    vector = add_signals(parse_comment(comment.body_html, comment.website).vector, comment.filter_signs.split(", "))
    values = compute_values(vector)
    step = compute_step(loaded_model().weights.score(values, pending), values, spam, MAX_STEP)
    _insert(Lesson(comment_id=comment.id, spam=spam, step=step, vector=vector))
    _add_pending(pending, values, step)


def _signals_of(comment: Comment) -> Signals:
    """Return the signals of a comment that is older than the filter, or imported."""
    submission, at = Submission.of(comment), comment.created_at
    return find_signals(gather_facts(submission, look_up_history(submission, at), comment.post, at))


Pending = dict[int, int]


def _pending_changes() -> Pending:
    """Return the changes of this transaction, which no model has yet."""
    transaction, info = db.session().get_transaction(), db.session().info
    stored: tuple[Any, Pending] | None = info.get("lessons")
    if stored is None or stored[0] is not transaction:
        current_model()
        stored = info["lessons"] = (transaction, {})
    return stored[1]


def _add_pending(pending: Pending, some: BucketValues, step: int) -> None:
    for bucket, change in compute_changes(some, step):
        pending[bucket] = pending.get(bucket, 0) + change


def _insert(lesson: Lesson) -> None:
    db.session.add(lesson)
    db.session.flush()
    if dropped_up_to(lesson.id) > dropped_up_to(lesson.id - 1):
        db.session.execute(delete(Lesson).where(Lesson.id <= dropped_up_to(lesson.id)))


def learn_from_log() -> int:
    """Store lessons for decisions in the log that have none.

    Takes as many as count at most, oldest first; returns how many were new.
    """
    conditions = AuditEntry.verb.in_(LABELS), AuditEntry.undone_at.is_(None), AuditEntry.comment_id.is_not(None)
    last = func.max(AuditEntry.id)
    newest = select(AuditEntry.comment_id, last.label("last")).where(*conditions).group_by(AuditEntry.comment_id)
    newest = newest.order_by(last.desc()).limit(MAX_LESSONS - DELETE_BATCH)
    comment_ids = [comment_id for comment_id, _last in db.session.execute(newest) if comment_id][::-1]
    db.session.rollback()
    return sum(_learn_batch(comment_ids[first : first + 50]) for first in range(0, len(comment_ids), 50))


def _learn_batch(comment_ids: list[int]) -> int:
    preload_texts(comment_ids)
    with writing(affects="nothing"):
        before = newest_lesson_id()
        comments = [db.session.get(Comment, comment_id) for comment_id in comment_ids]
        learn(comment for comment in comments if comment)
        taught = select(func.count()).where(Lesson.id > before, Lesson.undone_lesson_id.is_(None))
        return db.session.execute(taught).scalar_one()
