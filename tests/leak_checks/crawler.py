"""Crawl a blog by GET, with and without htmx headers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import Context
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import HTMX

ADDRESS_ATTRIBUTES = {
    "href",
    "src",
    "action",
    "formaction",
    "cite",
    "hx-get",
    "hx-post",
    "hx-put",
    "hx-patch",
    "hx-delete",
}
SITE = "http://localhost"
MAX_ADDRESSES = 5000
# the value for search forms
SEARCH_TERM = "heron"


class Browser(FlaskClient):
    """Send each request in its own app context, as on a server.

    Pages are not proofread here: that would take longer than rendering them.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return Context().run(super().open, *args, **kwargs)


@dataclass(frozen=True)
class Answer:
    """Hold one answer; `text` is all but its cookies, in lower case.

    Slugs and addresses are in lower case too, so markers match them.
    """

    address: str
    status: int
    cookies: str
    text: str


class AddressParser(HTMLParser):
    """Collect the addresses in a page: links, forms, files, htmx and `data-`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.form: tuple[str, list[tuple[str, str]]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        paths = [value for name, value in attributes.items() if name.startswith("data-") and value.startswith("/")]
        self.addresses += [value for name, value in attributes.items() if name in ADDRESS_ATTRIBUTES] + paths
        if tag == "form" and attributes.get("method", "get") == "get":
            self.form = attributes.get("action", ""), []
        elif self.form and attributes.get("name"):
            self.form[1].append((attributes["name"], attributes.get("value") or SEARCH_TERM))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.form:
            self.addresses.append(f"{self.form[0]}?{urlencode(self.form[1])}")
            self.form = None


def crawl(client: FlaskClient, starts: Iterable[str]) -> list[Answer]:
    """Return every answer that this client can reach from some addresses."""
    waiting, seen, answers = [*starts], set[str](), list[Answer]()
    while waiting:
        address = sort_query(waiting.pop())
        if (pattern := address_pattern(address)) in seen:
            continue
        seen.add(pattern)
        assert len(seen) < MAX_ADDRESSES, f"Too many addresses: {sorted(seen)[:: MAX_ADDRESSES // 20]}"
        for headers in ({}, HTMX):
            answer = client.get(address, headers=headers, buffered=True)
            answers.append(record_answer(address, answer))
            waiting += addresses_in(address, answer)
    return answers


def record_answer(address: str, answer: TestResponse) -> Answer:
    headers = "".join(f"{name}: {value}\n" for name, value in answer.headers if name != "Set-Cookie")
    text = f"{headers}\n{answer.data.decode(errors='replace')}".lower()
    return Answer(address, answer.status_code, " ".join(answer.headers.getlist("Set-Cookie")), text)


def sort_query(address: str) -> str:
    """Sort the query, since forms and links order it differently."""
    path, _, query = address.partition("?")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return f"{path}?{urlencode(pairs)}" if pairs else path


def address_pattern(address: str) -> str:
    """Return what addresses have in common that are crawled once.

    These are all filters of one search, and all cursors to one numbered page.
    """
    if f"={SEARCH_TERM}" in address:
        return re.sub(r"=[^&]*", "=", address)
    return re.sub(r"(?<=[?&]after=)[^&]*", "", address) if "page=" in address else address


def addresses_in(address: str, answer: TestResponse) -> list[str]:
    """Return this site's addresses in an answer, as absolute paths."""
    found = AddressParser(answer.text).addresses if answer.mimetype == "text/html" else []
    found += [answer.location] if answer.location else []
    absolute = [urljoin(SITE + address, one.partition("#")[0]) for one in found]
    return [one.removeprefix(SITE) for one in absolute if one.startswith(f"{SITE}/")]
