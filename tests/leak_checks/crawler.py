"""Goes through a blog by GET alone: every address that an answer names, as a page and as htmx asks for it."""

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

NAMING = {"href", "src", "action", "formaction", "cite", "hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"}
SITE = "http://localhost"
MOST = 5000
# what a search form is filled in with
SEARCHED = "heron"


class Browser(FlaskClient):
    """Each request has an app context of its own, as on a server. Nothing is proofread here: it would take longer than
    making the pages.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return Context().run(super().open, *args, **kwargs)


@dataclass(frozen=True)
class Answer:
    """`said` is everything but its cookies, in small letters, since slugs and addresses are."""

    address: str
    status: int
    cookies: str
    said: str


class Named(HTMLParser):
    """What addresses a page names: of its links, forms and files, of htmx's verbs, and for scripts in `data-`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.form: tuple[str, list[tuple[str, str]]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        rooted = [value for name, value in given.items() if name.startswith("data-") and value.startswith("/")]
        self.addresses += [value for name, value in given.items() if name in NAMING] + rooted
        if tag == "form" and given.get("method", "get") == "get":
            self.form = given.get("action", ""), []
        elif self.form and given.get("name"):
            self.form[1].append((given["name"], given.get("value") or SEARCHED))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.form:
            self.addresses.append(f"{self.form[0]}?{urlencode(self.form[1])}")
            self.form = None


def crawl(client: FlaskClient, starts: Iterable[str]) -> list[Answer]:
    """Everything that whoever this browser belongs to is given, from these addresses on."""
    waiting, seen, answers = [*starts], set[str](), list[Answer]()
    while waiting:
        address = in_one_order(waiting.pop())
        if (once := shape(address)) in seen:
            continue
        seen.add(once)
        assert len(seen) < MOST, f"There is no end of addresses: {sorted(seen)[:: MOST // 20]}"
        for headers in ({}, HTMX):
            answer = client.get(address, headers=headers, buffered=True)
            answers.append(kept(address, answer))
            waiting += addresses_in(address, answer)
    return answers


def kept(address: str, answer: TestResponse) -> Answer:
    headers = "".join(f"{name}: {value}\n" for name, value in answer.headers if name != "Set-Cookie")
    said = f"{headers}\n{answer.data.decode(errors='replace')}".lower()
    return Answer(address, answer.status_code, " ".join(answer.headers.getlist("Set-Cookie")), said)


def in_one_order(address: str) -> str:
    """The same for all orders of what is asked, which forms and links write differently."""
    path, _, asked = address.partition("?")
    pairs = sorted(parse_qsl(asked, keep_blank_values=True))
    return f"{path}?{urlencode(pairs)}" if pairs else path


def shape(address: str) -> str:
    """What an address is crawled by: a search once for all that it may be narrowed to, a numbered page once for all
    the moments from which one may have come to it.
    """
    if f"={SEARCHED}" in address:
        return re.sub(r"=[^&]*", "=", address)
    return re.sub(r"(?<=[?&]after=)[^&]*", "", address) if "page=" in address else address


def addresses_in(address: str, answer: TestResponse) -> list[str]:
    """The addresses of this site that an answer names, from its root."""
    named = Named(answer.text).addresses if answer.mimetype == "text/html" else []
    named += [answer.location] if answer.location else []
    whole = [urljoin(SITE + address, one.partition("#")[0]) for one in named]
    return [one.removeprefix(SITE) for one in whole if one.startswith(f"{SITE}/")]
