"""Whether a response may appear at once: small rules, cheap ones first, each with a reason in words, or none.

What is slow is looked at before the act (`examine`), what rests on the database within it (`verdict`). Nothing is
dropped: a response with a reason waits for an editor, who reads them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape

from flask import current_app
from flask_babel import gettext as _

from blog.comments import standing
from blog.comments.models import ADDRESS, DOMAIN, EMAIL, READER, Ban, Comment
from blog.db import now
from blog.html import plain_text
from blog.html.addresses import host_of
from blog.muting import muted
from blog.posts.models import Post
from blog.site.models import ALL, FIRST, Site, current_site

LEAST_SECONDS = 2
"""Nobody opens a form, writes and sends in less."""

REASON_LENGTH = 500
LINK = re.compile(r'<a [^>]*?href="(https?://[^"]*)"', re.IGNORECASE)


@dataclass(frozen=True)
class Evidence:
    """What can be said of a response by itself: how many links lead elsewhere, the domains it names, what is muted."""

    links: int = 0
    domains: frozenset[str] = frozenset()
    muted: str = ""
    trapped: bool = False


@dataclass(frozen=True)
class Case:
    """A response to be judged, within the act; `rule` is its post's, or the site's."""

    comment: Comment
    post: Post
    site: Site
    evidence: Evidence
    at: datetime

    @property
    def rule(self) -> str:
        return self.post.comment_rule or self.site.comment_rule


def examine(name: str, email: str, website: str, body_html: str, trapped: bool = False) -> Evidence:
    """Before the act: look through everything that was typed, by the site's settings as they are now."""
    links = [unescape(link) for link in LINK.findall(body_html)]
    here = domain_of(current_app.config["SETTINGS"].blog_url)
    leading_away = [link for link in links if domain_of(link) != here]
    texts = (plain_text(body_html), name, website, email, *links)
    return Evidence(
        links=len(leading_away),
        domains=frozenset(domain for address in (*leading_away, website) if (domain := domain_of(address))),
        muted=muted(current_site().muted).found_in("\n".join(texts)),
        trapped=trapped,
    )


def verdict(comment: Comment, post: Post, evidence: Evidence, paced: bool = True) -> str:
    """Inside the act: why this response, new or changed, must wait for an editor; "" where it may be seen at once.

    An editor's own never waits. Without `paced` the rules of time are left out.
    """
    if comment.editor_id is not None:
        return ""
    case = Case(comment, post, current_site(), evidence, now())
    reasons = [rule(case) for rule in RULES if paced or rule not in RULES_OF_TIME]
    together = "; ".join(reason for reason in reasons if reason)
    return together if len(together) <= REASON_LENGTH else together[: REASON_LENGTH - 1] + "…"


def domain_of(address: str) -> str:
    """The domain of a web address, as bans name it; "" where there is none."""
    return host_of(address).removeprefix("www.")


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
    return _("every response waits here") if case.rule == ALL else ""


def old_post(case: Case) -> str:
    days, published_at = case.site.hold_after_days, case.post.published_at
    old = bool(days and published_at and case.at > published_at + timedelta(days=days))
    return _("the post is more than %(days)d days old", days=days) if old else ""


def banned(case: Case) -> str:
    return "; ".join(_reason_of(ban) for ban in standing.bans_on(case.comment, case.evidence.domains))


def _reason_of(ban: Ban) -> str:
    sentences = {
        READER: _("this reader is banned"),
        ADDRESS: _("this network address is banned"),
        EMAIL: _("this e-mail address is banned"),
        DOMAIN: _("the domain %(domain)s is banned", domain=ban.value[:100]),
    }
    return f"{sentences[ban.kind]} ({ban.reason[:100]})" if ban.reason else sentences[ban.kind]


def repeated(case: Case) -> str:
    earlier = standing.same_text_before(case.comment, case.at)
    return _("the same text as response %(number)d", number=earlier) if earlier else ""


def first_timer(case: Case) -> str:
    needed = case.site.approvals if case.rule == FIRST else 0
    shown = standing.shown_of(case.comment) if needed else 0
    new = _("a new reader: %(shown)d of %(needed)d responses approved so far", shown=shown, needed=needed)
    return new if shown < needed else ""


def refused_lately(case: Case) -> str:
    return _("an editor took away a recent response of this reader") if standing.taken_away(case.comment) else ""


def many_waiting(case: Case) -> str:
    waiting = 0 if case.rule == ALL else standing.waiting_of(case.comment, case.at)
    return _("%(count)d responses from here wait already", count=waiting) if waiting >= standing.MANY_WAITING else ""


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
)
RULES_OF_TIME = (too_quick, many_waiting)
