"""Find the domains that comments link to, and their history here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from html import unescape
from typing import NamedTuple

import re2
from flask import current_app
from sqlalchemy import delete, func, insert, select, union_all

from blog.comments.models import SPAM, VISIBLE, Comment, comment_domains
from blog.db import db
from blog.html.urls import host_of

LINK = re2.compile(r'(?i)<a [^>]*?href="(https?://[^"]*)"')
RECENT_LIMIT = 50
"""How many of the last comments with a domain are counted."""
MAX_DOMAINS = 8
MAX_DOMAIN_LENGTH = 254


class DomainHistory(NamedTuple):
    """Count the visible and the spam comments that link to a domain."""

    visible: int
    spam: int


def links_in(body_html: str) -> list[str]:
    return [unescape(link) for link in LINK.findall(body_html)]


def domain_of(address: str) -> str:
    """Return the domain of a URL as bans name it, or ""."""
    return host_of(address).removeprefix("www.")


def domains_in(addresses: Iterable[str]) -> list[str]:
    """Return the distinct domains of some URLs, at most MAX_DOMAINS."""
    found = dict.fromkeys(domain_of(address) for address in addresses)
    return [domain for domain in found if domain and len(domain) <= MAX_DOMAIN_LENGTH][:MAX_DOMAINS]


def is_external(link: str) -> bool:
    """Return whether a link leads to another site."""
    return domain_of(link) != domain_of(current_app.config["SETTINGS"].blog_url)


def external_domains(links: Iterable[str]) -> list[str]:
    """Return the distinct domains of links to other sites."""
    return domains_in(filter(is_external, links))


def linked_domains(body_html: str, website: str) -> list[str]:
    """Return the domains of other sites that a comment links to."""
    return external_domains((website, *links_in(body_html)))


def delete_domains(comment_ids: Collection[int]) -> None:
    """Delete the stored domains of these comments."""
    if comment_ids:
        db.session.execute(delete(comment_domains).where(comment_domains.c.comment_id.in_(comment_ids)))


def add_domains(comments: Mapping[int, Collection[str]]) -> None:
    """Store the domains of these comments, by comment id."""
    rows = [
        {"comment_id": comment_id, "domain": domain} for comment_id, domains in comments.items() for domain in domains
    ]
    if rows:
        db.session.execute(insert(comment_domains), rows)


def domain_histories(domains: Collection[str], excluded_id: int | None = None) -> dict[str, DomainHistory]:
    """Return the history of each domain, without the comment `excluded_id`."""
    if not domains:
        return {}
    columns = comment_domains.c
    newest = [
        select(
            select(columns.domain, columns.comment_id)
            .where(columns.domain == domain, columns.comment_id != (excluded_id or 0))
            .order_by(columns.comment_id.desc())
            .limit(RECENT_LIMIT)
            .subquery()
        )
        for domain in domains
    ]
    last = union_all(*newest).subquery()
    counts = func.count().filter(Comment.status == VISIBLE), func.count().filter(Comment.status == SPAM)
    query = select(last.c.domain, *counts).join(Comment, Comment.id == last.c.comment_id).group_by(last.c.domain)
    found = {domain: DomainHistory(visible, spam) for domain, visible, spam in db.session.execute(query)}
    return {domain: found.get(domain, DomainHistory(0, 0)) for domain in domains}
