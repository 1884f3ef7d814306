"""Whether a response may appear at once: small rules, cheap ones first, each with a reason in words, or none.

What is slow is looked at before the act (`examine`), what rests on the database within it (`verdict`). Nothing is
dropped: a response with a reason waits for an editor, who reads them all.
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
from blog.comments.screening.submission import Text, facts_of, text_of
from blog.db import now
from blog.posts.models import Post
from blog.site.models import HOLD_ALL, HOLD_NEW, Site, current_site
from blog.spam.muted_words import muted

LEAST_SECONDS = 2
"""Nobody opens a form, writes and sends in less."""

REASON_LENGTH = 500


@dataclass(frozen=True)
class Evidence:
    """What can be said of a response by itself: how many links lead elsewhere, the domains it names, what is muted, its
    text as the filter reads it, how many marked as spam it is like.
    """

    links: int = 0
    domains: frozenset[str] = frozenset()
    muted: str = ""
    trapped: bool = False
    text: Text | None = None
    like: int = 0


@dataclass(frozen=True)
class Case:
    """A response to be judged, within the act; `rule` is its post's, or the site's."""

    comment: Comment
    post: Post
    site: Site
    evidence: Evidence
    at: datetime
    paced: bool = True

    @property
    def rule(self) -> str:
        return self.post.comment_rule or self.site.comment_rule


def examine(name: str, email: str, website: str, body_html: str, trapped: bool = False) -> Evidence:
    """Before the act: look through everything that was typed, by the site's settings as they are now."""
    links, text, model = links_in(body_html), text_of(body_html, website), lessons.model()
    here = domain_of(current_app.config["SETTINGS"].blog_url)
    leading_away = [link for link in links if domain_of(link) != here]
    texts = (text.plain, name, website, email, *links)
    return Evidence(
        links=len(leading_away),
        domains=frozenset(domains_in((*leading_away, website))),
        muted=muted(current_site().muted).found_in("\n".join(texts)),
        trapped=trapped,
        text=text,
        like=model.like(text.vector),
    )


def verdict(comment: Comment, post: Post, evidence: Evidence, paced: bool = True) -> str:
    """Inside the act: why this response, new or changed, must wait for an editor; "" where it may be seen at once.

    An editor's own never waits. Without `paced` the rules of time are left out.
    """
    if comment.editor_id is not None:
        return ""
    case = Case(comment, post, current_site(), evidence, now(), paced)
    reasons = [rule(case) for rule in RULES if paced or rule not in RULES_OF_TIME]
    together = "; ".join(reason for reason in reasons if reason)
    return together if len(together) <= REASON_LENGTH else together[: REASON_LENGTH - 1] + "…"


def trapped(case: Case) -> str:
    return _("the hidden field was filled in") if case.evidence.trapped else ""


def too_quick(case: Case) -> str:
    quick = case.comment.seconds is not None and case.comment.seconds < LEAST_SECONDS
    return _("sent less than %(least)d seconds after the form was opened", least=LEAST_SECONDS) if quick else ""


def many_links(case: Case) -> str:
    links, most = case.evidence.links, case.site.most_links
    many = most is not None and links > most
    return _("links: %(links)d, at most %(most)d", links=links, most=most) if many else ""


def muted_word(case: Case) -> str:
    return _("muted: %(line)s", line=case.evidence.muted[:100]) if case.evidence.muted else ""


def everything_waits(case: Case) -> str:
    return _("every response waits here") if case.rule == HOLD_ALL else ""


def old_post(case: Case) -> str:
    days, published_at = case.site.hold_after_days, case.post.published_at
    old = bool(days and published_at and case.at > published_at + timedelta(days=days))
    return _("the post is more than %(days)d days old", days=days) if old else ""


def banned(case: Case) -> str:
    return "; ".join(_reason_of(ban) for ban in writer_history.bans_on(case.comment, case.evidence.domains))


def _reason_of(ban: Ban) -> str:
    sentences = {
        READER: _("this reader is banned"),
        ADDRESS: _("this network address is banned"),
        EMAIL: _("this e-mail address is banned"),
        DOMAIN: _("the domain %(domain)s is banned", domain=ban.value[:100]),
    }
    return f"{sentences[ban.kind]} ({ban.reason[:100]})" if ban.reason else sentences[ban.kind]


def repeated(case: Case) -> str:
    earlier = writer_history.same_text_before(case.comment, case.at)
    return _("the same text as response %(number)d", number=earlier) if earlier else ""


def first_timer(case: Case) -> str:
    needed = case.site.approvals if case.rule == HOLD_NEW else 0
    shown = writer_history.shown_of(case.comment) if needed else 0
    new = _("a new reader: %(shown)d of %(needed)d responses approved so far", shown=shown, needed=needed)
    return new if shown < needed else ""


def refused_lately(case: Case) -> str:
    return _("an editor took away a recent response of this reader") if writer_history.taken_away(case.comment) else ""


def many_waiting(case: Case) -> str:
    waiting = 0 if case.rule == HOLD_ALL else writer_history.waiting_of(case.comment, case.at)
    return (
        _("%(count)d responses from here wait already", count=waiting) if waiting >= writer_history.MANY_WAITING else ""
    )


def likely_spam(case: Case) -> str:
    """What the filter says, which the comment keeps, whether or not it waits for that."""
    text = case.evidence.text
    if text is None:
        return ""
    facts = facts_of(case.comment, case.post, text, case.evidence.like, case.at)
    signs = spam_signals.signs(facts if case.paced else replace(facts, seconds=None))
    said = lessons.judge(text, signs)
    case.comment.filter_score, case.comment.filter_signs = round(100 * said.score), ", ".join(signs)
    cut = spam_signals.cut(case.site.filter_strictness)
    waits = cut is not None and said.score > cut
    return _("looks like spam: %(reasons)s", reasons="; ".join(said.reasons)) if waits else ""


RULES: tuple[Callable[[Case], str], ...] = (
    trapped,
    too_quick,
    many_links,
    muted_word,
    everything_waits,
    old_post,
    banned,
    first_timer,
    refused_lately,
    many_waiting,
    repeated,
    likely_spam,
)
RULES_OF_TIME = (too_quick, many_waiting)
