"""Decide whether a new or changed comment is held for an editor.

Each rule is a function that takes a `Case` and returns the reason to hold the comment, or "". To add one, write the
function and list it in RULES, cheap ones first. The reasons are stored in `Comment.status_reason` and answer an
editor's "why was it held?" at the desk (`templates/comments/moderation/desk/_status_form.html`). Rules never delete.

`collect_evidence` does the slow work before the transaction; `find_hold_reasons` runs the rules within it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _

from blog.comments.models import ADDRESS, DOMAIN, EMAIL, READER, Ban, Comment
from blog.comments.screening import lessons, spam_signals, writer_history
from blog.comments.screening.link_domains import domain_of, domains_in, links_in
from blog.comments.screening.submission import Text, gather_facts, parse_comment
from blog.db import now
from blog.posts.models import Post
from blog.site.models import HOLD_ALL, HOLD_NEW, Site, current_site
from blog.spam.muted_words import parse_muted_words

MIN_FILL_SECONDS = 2
"""Nobody fills in the form in less."""

MAX_REASON_LENGTH = 500


@dataclass(frozen=True)
class Evidence:
    """Represent what a comment's text alone reveals.

    `links` counts external links, `muted` is the muted line that matched, `trapped` says that the hidden field was
    filled in, `like` counts similar comments that were marked as spam.
    """

    links: int = 0
    domains: frozenset[str] = frozenset()
    muted: str = ""
    trapped: bool = False
    text: Text | None = None
    like: int = 0


@dataclass(frozen=True)
class Case:
    """Represent one comment to be judged, within the transaction."""

    comment: Comment
    post: Post
    site: Site
    evidence: Evidence
    at: datetime
    paced: bool = True

    @property
    def comment_rule(self) -> str:
        return self.post.comment_rule or self.site.comment_rule


def collect_evidence(name: str, email: str, website: str, body_html: str, trapped: bool = False) -> Evidence:
    """Analyse a comment's text and links, before the transaction."""
    links, text, model = links_in(body_html), parse_comment(body_html, website), lessons.current_model()
    blog_domain = domain_of(current_app.config["SETTINGS"].blog_url)
    external_links = [link for link in links if domain_of(link) != blog_domain]
    texts = (text.plain, name, website, email, *links)
    return Evidence(
        links=len(external_links),
        domains=frozenset(domains_in((*external_links, website))),
        muted=parse_muted_words(current_site().muted).first_match("\n".join(texts)),
        trapped=trapped,
        text=text,
        like=model.like(text.vector),
    )


def find_hold_reasons(comment: Comment, post: Post, evidence: Evidence, paced: bool = True) -> str:
    """Return why a comment must be held, or "", within the transaction.

    Editors' comments are never held. Without `paced` the rules in TIMED_RULES are skipped.
    """
    if comment.editor_id is not None:
        return ""
    case = Case(comment, post, current_site(), evidence, now(), paced)
    reasons = [rule(case) for rule in RULES if paced or rule not in TIMED_RULES]
    joined = "; ".join(reason for reason in reasons if reason)
    return joined if len(joined) <= MAX_REASON_LENGTH else joined[: MAX_REASON_LENGTH - 1] + "…"


def filled_honeypot(case: Case) -> str:
    return _("the hidden field was filled in") if case.evidence.trapped else ""


def sent_too_quickly(case: Case) -> str:
    quick = case.comment.seconds is not None and case.comment.seconds < MIN_FILL_SECONDS
    return _("sent less than %(least)d seconds after the form was opened", least=MIN_FILL_SECONDS) if quick else ""


def too_many_links(case: Case) -> str:
    links, limit = case.evidence.links, case.site.most_links
    many = limit is not None and links > limit
    return _("links: %(links)d, at most %(most)d", links=links, most=limit) if many else ""


def muted_word(case: Case) -> str:
    return _("muted: %(line)s", line=case.evidence.muted[:100]) if case.evidence.muted else ""


def moderated_post(case: Case) -> str:
    return _("every response waits here") if case.comment_rule == HOLD_ALL else ""


def old_post(case: Case) -> str:
    days, published_at = case.site.hold_after_days, case.post.published_at
    old = bool(days and published_at and case.at > published_at + timedelta(days=days))
    return _("the post is more than %(days)d days old", days=days) if old else ""


def banned_writer_or_domain(case: Case) -> str:
    return "; ".join(_ban_reason(ban) for ban in writer_history.find_bans(case.comment, case.evidence.domains))


def _ban_reason(ban: Ban) -> str:
    sentences = {
        READER: _("this reader is banned"),
        ADDRESS: _("this network address is banned"),
        EMAIL: _("this e-mail address is banned"),
        DOMAIN: _("the domain %(domain)s is banned", domain=ban.value[:100]),
    }
    return f"{sentences[ban.kind]} ({ban.reason[:100]})" if ban.reason else sentences[ban.kind]


def duplicate_text(case: Case) -> str:
    """Hold a comment that repeats a recent one (a duplicate)."""
    earlier = writer_history.find_duplicate(case.comment, case.at)
    return _("the same text as response %(number)d", number=earlier) if earlier else ""


def new_writer(case: Case) -> str:
    needed = case.site.approvals if case.comment_rule == HOLD_NEW else 0
    visible = writer_history.count_visible(case.comment) if needed else 0
    new = _("a new reader: %(shown)d of %(needed)d responses approved so far", shown=visible, needed=needed)
    return new if visible < needed else ""


def recent_removal(case: Case) -> str:
    return (
        _("an editor took away a recent response of this reader")
        if writer_history.has_recent_removal(case.comment)
        else ""
    )


def many_held(case: Case) -> str:
    held = 0 if case.comment_rule == HOLD_ALL else writer_history.count_recently_held(case.comment, case.at)
    return _("%(count)d responses from here wait already", count=held) if held >= writer_history.MAX_HELD else ""


def likely_spam(case: Case) -> str:
    """Ask the spam filter; store its score and signals on the comment."""
    text = case.evidence.text
    if text is None:
        return ""
    facts = gather_facts(case.comment, case.post, text, case.evidence.like, case.at)
    signals = spam_signals.find_signals(facts if case.paced else replace(facts, seconds=None))
    result = lessons.classify_by_lessons(text, signals)
    case.comment.filter_score, case.comment.filter_signs = round(100 * result.score), ", ".join(signals)
    threshold = spam_signals.hold_threshold(case.site.filter_strictness)
    is_spam = threshold is not None and result.score > threshold
    return _("looks like spam: %(reasons)s", reasons="; ".join(result.reasons)) if is_spam else ""


RULES: tuple[Callable[[Case], str], ...] = (
    filled_honeypot,
    sent_too_quickly,
    too_many_links,
    muted_word,
    moderated_post,
    old_post,
    banned_writer_or_domain,
    new_writer,
    recent_removal,
    many_held,
    duplicate_text,
    likely_spam,
)
TIMED_RULES = (sent_too_quickly, many_held)
