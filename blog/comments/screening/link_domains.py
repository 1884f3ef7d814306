"""The domains that comments lead to, and what else this blog has seen of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from html import unescape
from typing import NamedTuple

import re2
from sqlalchemy import delete, func, insert, select, union_all

from blog.comments.models import SPAM, VISIBLE, Comment, comment_domains
from blog.db import db
from blog.html.urls import host_of

LINK = re2.compile(r'(?i)<a [^>]*?href="(https?://[^"]*)"')
LOOKED_BACK = 50
"""So many of the last comments with a domain say what is thought of it."""
MOST = 8
LONGEST = 254


class Seen(NamedTuple):
    """In how many other responses that are shown, and in how many marked as spam."""

    shown: int
    spam: int


def links_in(body_html: str) -> list[str]:
    return [unescape(link) for link in LINK.findall(body_html)]


def domain_of(address: str) -> str:
    """The domain of a web address, as bans name it; "" where there is none."""
    return host_of(address).removeprefix("www.")


def domains_in(addresses: Iterable[str]) -> list[str]:
    """Each once, in their order, at most MOST of them."""
    found = dict.fromkeys(domain_of(address) for address in addresses)
    return [domain for domain in found if domain and len(domain) <= LONGEST][:MOST]


def note(comments: Mapping[int, Collection[str]]) -> None:
    """Inside an act: the comments of these numbers lead to these domains and no others."""
    db.session.execute(delete(comment_domains).where(comment_domains.c.comment_id.in_(list(comments))))
    add({number: domains for number, domains in comments.items() if domains})


def add(comments: Mapping[int, Collection[str]]) -> None:
    """The same for comments that are new."""
    rows = [{"comment_id": number, "domain": domain} for number, domains in comments.items() for domain in domains]
    if rows:
        db.session.execute(insert(comment_domains), rows)


def seen(domains: Collection[str], but: int | None = None) -> dict[str, Seen]:
    """What this blog knows of each of these domains, without the comment of the number `but`; asked at once."""
    if not domains:
        return {}
    of = comment_domains.c
    newest = [
        select(
            select(of.domain, of.comment_id)
            .where(of.domain == domain, of.comment_id != (but or 0))
            .order_by(of.comment_id.desc())
            .limit(LOOKED_BACK)
            .subquery()
        )
        for domain in domains
    ]
    last = union_all(*newest).subquery()
    counts = func.count().filter(Comment.status == VISIBLE), func.count().filter(Comment.status == SPAM)
    counted = select(last.c.domain, *counts).join(Comment, Comment.id == last.c.comment_id).group_by(last.c.domain)
    found = {domain: Seen(shown, spam) for domain, shown, spam in db.session.execute(counted)}
    return {domain: found.get(domain, Seen(0, 0)) for domain in domains}
