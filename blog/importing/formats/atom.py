"""Reading a long Atom feed (RFC 4287) entry by entry, so that memory stays flat however long it is."""

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
UNDECLARED = re2.compile(r"Namespace prefix (\S+) (?:on|for) ")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that can be opened as often as it takes, from its beginning; `name` is what sentences call it.

    Whatever parses it reads it as UTF-8, which `encoding` made of it before.
    """

    name: str
    open: Callable[[], IO[bytes]]


class UndeclaredPrefix(Unusable):
    """The feed is sound but for `prefix`, which stands before names and which nobody declared."""

    prefix: str = ""


def entries(feed: Feed) -> Iterator[etree._Element]:
    """The feed's own entries, each emptied once the next is asked for; what stood before the first is still there then.

    Raises Unusable, with the line, where the file is no sound XML.
    """
    try:
        with feed.open() as file:
            # "internal" and not False: nothing is declared that could be resolved (see recognition.py), and with False
            # lxml loses the line of an entity that nobody declared
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
        raise _broken(feed, error) from error
    except OSError as error:
        raise Unusable(f"{feed.name} cannot be read ({error.strerror}): see that this user may read it.") from error
    except (BadZipFile, EOFError, zlib.error) as error:
        raise Unusable(
            f"{feed.name} does not come out of its zip whole, so nothing was imported: download the export once more."
        ) from error


def _free(entry: etree._Element, feed: etree._Element) -> None:
    entry.clear()
    while entry.getprevious() is not None:
        del feed[0]


def _broken(feed: Feed, error: etree.XMLSyntaxError) -> Unusable:
    line, column = error.position
    reason = (error.msg or "it ends too early").partition(", line")[0]
    prefix = UNDECLARED.match(reason)
    broken = (UndeclaredPrefix if prefix else Unusable)(
        f"{feed.name} is broken at line {line}, column {column} ({reason}), so nothing was imported: "
        "it may be cut off or have been changed by hand; save the export once more and import that."
    )
    if prefix and isinstance(broken, UndeclaredPrefix):
        broken.prefix = prefix[1]
    return broken


def text(element: etree._Element, *names: str) -> str:
    """The text of the child, or the child's child, of these Atom names; "" where it is not there."""
    for name in names:
        found = element.find(f"{ATOM}{name}")
        if found is None:
            return ""
        element = found
    return whole_text(element).strip()


def whole_text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


def content(entry: etree._Element) -> str:
    """What the entry says, as it stands there."""
    found = entry.find(f"{ATOM}content")
    return "" if found is None else whole_text(found)


def when(feed: Feed, entry: etree._Element, name: str) -> datetime:
    """The time of RFC 3339 in the entry's child `name`, in UTC; Unusable, with the line, where it is none."""
    child = entry.find(f"{ATOM}{name}")
    written = text(entry, name)
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            raise ValueError("no offset from UTC")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        shown = f"“{written[:40]}” as its {name} date" if written else f"no {name} date"
        raise unusable_entry(feed, entry if child is None else child, shown) from error


def updated(feed: Feed, entry: etree._Element, at: datetime) -> datetime:
    """When the entry was changed last; `at` where it does not say."""
    return when(feed, entry, "updated") if text(entry, "updated") else at


def unusable_entry(feed: Feed, place: etree._Element, what: str) -> Unusable:
    return Unusable(
        f"The entry at line {place.sourceline} of {feed.name} has {what}, so nothing was imported: "
        "save the export once more, or put that line right, and import again."
    )
