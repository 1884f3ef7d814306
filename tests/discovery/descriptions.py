"""Read what a page says of itself to other programs."""

from __future__ import annotations

import json
from typing import Any

from lxml import html


def metas(page: str) -> dict[str, str]:
    """Return the first content of each <meta> by its name or property."""
    found: dict[str, str] = {}
    for meta in html.document_fromstring(page).xpath("//head/meta[@content]"):
        found.setdefault(meta.get("property") or meta.get("name"), meta.get("content"))
    return found


def links(page: str, rel: str) -> list[str]:
    return [link.get("href") for link in html.document_fromstring(page).xpath(f"//head/link[@rel='{rel}']")]


def graph(page: str) -> list[dict[str, Any]]:
    """Return the things of the page's JSON-LD."""
    (script,) = html.document_fromstring(page).xpath("//script[@type='application/ld+json']")
    data = json.loads(script.text)
    return list(data.get("@graph", [data]))


def article(page: str) -> dict[str, Any]:
    return graph(page)[0]


def all_comments(thing: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all comments under a thing, at any depth."""
    return [one for comment in thing.get("comment", []) for one in (comment, *all_comments(comment))]
