"""Read an Atom feed (RFC 4287) entry by entry, in constant memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO
from zipfile import BadZipFile

import re2
from lxml import etree

from blog.errors import Unusable

ATOM = "{http://www.w3.org/2005/Atom}"
UNDECLARED_PREFIX = re2.compile(r"Namespace prefix (\S+) (?:on|for) ")


@dataclass(frozen=True, slots=True)
class Feed:
    """Represent a feed that can be opened repeatedly; `name` is for messages.

    Parsers read it as UTF-8; `encoding` converts it first.
    """

    name: str
    open: Callable[[], IO[bytes]]


class UndeclaredPrefix(Unusable):
    """Reject a feed that uses the XML prefix `prefix` without declaring it."""

    prefix: str = ""


def iter_entries(feed: Feed) -> Iterator[etree._Element]:
    """Yield the entries of a feed and free each afterwards.

    At the first entry, the elements before it are still there.

    Raises: Unusable, with the line, if the file is not well-formed XML.
    """
    try:
        with feed.open() as file:
            # detect.py refuses declared entities; with False, lxml would lose the line of an undeclared one
            context = etree.iterparse(
                file,
                tag=f"{ATOM}entry",
                encoding="utf-8",
                huge_tree=True,
                resolve_entities="internal",
                no_network=True,
                load_dtd=False,
                collect_ids=False,
                remove_comments=True,
                remove_pis=True,
            )
            for _, entry in context:
                if (parent := entry.getparent()) is not None and parent.getparent() is None:
                    yield entry
                    _free(entry, parent)
    except etree.XMLSyntaxError as error:
        raise _syntax_error(feed, error) from error
    except OSError as error:
        raise Unusable(f"{feed.name} cannot be read ({error.strerror}): check its permissions.") from error
    except (BadZipFile, EOFError, zlib.error) as error:
        raise damaged_zip(feed) from error


def damaged_zip(feed: Feed) -> Unusable:
    return Unusable(f"{feed.name} is damaged inside its zip, so nothing was imported: download the export again.")


def _free(entry: etree._Element, feed: etree._Element) -> None:
    entry.clear()
    while entry.getprevious() is not None:
        del feed[0]


def _syntax_error(feed: Feed, error: etree.XMLSyntaxError) -> Unusable:
    line, column = error.position
    reason = (error.msg or "it ends too early").partition(", line")[0]
    prefix = UNDECLARED_PREFIX.match(reason)
    refusal = (UndeclaredPrefix if prefix else Unusable)(
        f"{feed.name} is broken at line {line}, column {column} ({reason}), so nothing was imported: "
        "the file may be cut off or edited by hand; save the export again and import that."
    )
    if prefix and isinstance(refusal, UndeclaredPrefix):
        refusal.prefix = prefix[1]
    return refusal


def child_text(element: etree._Element, *names: str) -> str:
    """Return the text at a path of Atom names, or ""."""
    for name in names:
        found = element.find(f"{ATOM}{name}")
        if found is None:
            return ""
        element = found
    return inner_text(element).strip()


def inner_text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


def entry_content(entry: etree._Element) -> str:
    """Return the entry's content, unchanged."""
    found = entry.find(f"{ATOM}content")
    return "" if found is None else inner_text(found)


def parse_time(feed: Feed, entry: etree._Element, name: str) -> datetime:
    """Return the RFC 3339 time in the entry's child `name`, in UTC.

    Raises: Unusable, with the line, if it is missing or malformed.
    """
    child = entry.find(f"{ATOM}{name}")
    value = child_text(entry, name)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no offset from UTC")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        problem = f"“{value[:40]}” as its {name} date" if value else f"no {name} date"
        raise bad_entry(feed, entry if child is None else child, problem) from error


def parse_updated(feed: Feed, entry: etree._Element, at: datetime) -> datetime:
    """Return the time of the last change, else `at`."""
    return parse_time(feed, entry, "updated") if child_text(entry, "updated") else at


def bad_entry(feed: Feed, place: etree._Element, problem: str) -> Unusable:
    return Unusable(
        f"The entry at line {place.sourceline} of {feed.name} has {problem}, so nothing was imported: "
        "save the export again, or correct that line, and import it."
    )
