"""Decide whether a new or changed comment is held for an editor.

Each rule is a function that takes a `Case` and returns the reason to hold the comment, or None. A reason is a message:
its code is the name of the rule. To add a rule, write the function, list it in RULES, and write the sentence of its
code in `status_reasons.py`. The reasons are stored in `Comment.status_reason` and answer an editor's "why was it held?"
at the desk. Rules never delete, and write nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from blog.comments.models import DOMAIN, Ban
from blog.comments.screening.duplicates import find_duplicate
from blog.comments.screening.lessons import classify_by_lessons, current_model, loaded_model
from blog.comments.screening.spam_facts import gather_facts
from blog.comments.screening.spam_signals import Classification, find_signals, hold_threshold
from blog.comments.screening.submission import Submission
from blog.comments.screening.writer_history import WriterHistory, look_up_history
from blog.db import now
from blog.posts.models import Post
from blog.site.models import HOLD_ALL, HOLD_NEW, Site, current_site
from blog.stored_messages import Message, message

MIN_FILL_SECONDS = 2
"""Nobody fills in the form in less."""
MAX_HELD = 3
"""How many responses of one reader or address may wait."""


@dataclass(frozen=True)
class Case:
    """Represent one comment to be judged: what was sent, and what the blog knows of it."""

    submission: Submission
    history: WriterHistory
    post: Post
    site: Site
    at: datetime
    duplicate_id: int | None
    classification: Classification

    @property
    def comment_rule(self) -> str:
        return self.post.comment_rule or self.site.comment_rule


@dataclass(frozen=True)
class Verdict:
    """Hold the reasons to hold a comment, and what the spam filter found.

    `filter_score` is in hundredths.
    """

    reasons: tuple[Message, ...] = ()
    filter_score: int | None = None
    filter_signs: str = ""


def prepare_screening(submission: Submission) -> None:
    """Parse the text and load the filter's lessons, before the transaction."""
    submission.parse()
    current_model()


def screen(submission: Submission, post: Post, timed: bool = True) -> Verdict:
    """Return the verdict on a comment, within the transaction.

    Editors' comments are never held. `timed` turns on the rules in TIMED_RULES.
    """
    if submission.editor_id is not None:
        return Verdict()
    at = now()
    history, duplicate_id = look_up_history(submission, at), find_duplicate(submission, at)
    facts = gather_facts(submission, history, post, at, like=loaded_model().like(submission.text.vector))
    signals = find_signals(facts if timed else replace(facts, seconds=None))
    classification = classify_by_lessons(submission.text, signals)
    case = Case(submission, history, post, current_site(), at, duplicate_id, classification)
    reasons = [rule(case) for rule in RULES if timed or rule not in TIMED_RULES]
    found = tuple(reason for reason in reasons if reason)
    return Verdict(found, round(100 * classification.score), ", ".join(signals))


def filled_honeypot(case: Case) -> Message | None:
    return message("filled_honeypot") if case.submission.trapped else None


def sent_too_quickly(case: Case) -> Message | None:
    seconds = case.submission.seconds
    quick = seconds is not None and seconds < MIN_FILL_SECONDS
    return message("sent_too_quickly", least=MIN_FILL_SECONDS) if quick else None


def too_many_links(case: Case) -> Message | None:
    links, limit = len(case.submission.links), case.site.most_links
    many = limit is not None and links > limit
    return message("too_many_links", links=links, most=limit) if many else None


def muted_word(case: Case) -> Message | None:
    line = case.submission.muted_line
    return message("muted_word", line=line[:100]) if line else None


def moderated_post(case: Case) -> Message | None:
    return message("moderated_post") if case.comment_rule == HOLD_ALL else None


def old_post(case: Case) -> Message | None:
    days, published_at = case.site.hold_after_days, case.post.published_at
    old = bool(days and published_at and case.at > published_at + timedelta(days=days))
    return message("old_post", days=days) if old else None


def banned(case: Case) -> Message | None:
    bans = case.history.bans
    return message("banned", bans=[_ban_reason(ban) for ban in bans]) if bans else None


def _ban_reason(ban: Ban) -> Message:
    domain = {"domain": ban.value[:100]} if ban.kind == DOMAIN else {}
    return message(f"banned_{ban.kind}", reason=ban.reason[:100], **domain)


def duplicate_text(case: Case) -> Message | None:
    """Hold a comment that repeats a recent one (a duplicate)."""
    return message("duplicate_text", number=case.duplicate_id) if case.duplicate_id else None


def new_writer(case: Case) -> Message | None:
    needed = case.site.approvals if case.comment_rule == HOLD_NEW else 0
    approved = case.history.visible
    return message("new_writer", approved=approved, needed=needed) if approved < needed else None


def recent_removal(case: Case) -> Message | None:
    return message("recent_removal") if case.history.has_recent_removal else None


def many_held(case: Case) -> Message | None:
    held = 0 if case.comment_rule == HOLD_ALL else case.history.recently_held
    return message("many_held", count=held) if held >= MAX_HELD else None


def likely_spam(case: Case) -> Message | None:
    threshold = hold_threshold(case.site.filter_strictness)
    is_spam = threshold is not None and case.classification.score > threshold
    return message("likely_spam", reasons=case.classification.reasons) if is_spam else None


RULES: tuple[Callable[[Case], Message | None], ...] = (
    filled_honeypot,
    sent_too_quickly,
    too_many_links,
    muted_word,
    moderated_post,
    old_post,
    banned,
    new_writer,
    recent_removal,
    many_held,
    duplicate_text,
    likely_spam,
)
TIMED_RULES = (sent_too_quickly, many_held)
