"""Reading a long Atom feed (RFC 4287) entry by entry, so that memory stays flat however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from blog.errors import Unusable

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(path: Path) -> Iterator[etree._Element]:
    """The feed's own entries, each emptied once the next is asked for; what stood before the first is still there then.

    Raises Unusable, with the line, where the file is no sound XML.
    """
    try:
        with path.open("rb") as file:
            # "internal" and not False: nothing is declared that could be resolved (see recognition.py), and with False
            # lxml loses the line of an entity that nobody declared
            context = etree.iterparse(
                file,
                tag=f"{ATOM}entry",
                huge_tree=True,
                resolve_entities="internal",
                no_network=True,
                load_dtd=False,
                collect_ids=False,
                remove_comments=True,
                remove_pis=True,
            )
            for _, entry in context:
                if (feed := entry.getparent()) is not None and feed.getparent() is None:
                    yield entry
                    _free(entry, feed)
    except etree.XMLSyntaxError as error:
        raise _broken(path, error) from error
    except OSError as error:
        raise Unusable(f"{path} cannot be read ({error.strerror}): see that this user may read it.") from error


def _free(entry: etree._Element, feed: etree._Element) -> None:
    entry.clear()
    while entry.getprevious() is not None:
        del feed[0]


def _broken(path: Path, error: etree.XMLSyntaxError) -> Unusable:
    line, column = error.position
    reason = (error.msg or "it ends too early").partition(", line")[0]
    return Unusable(
        f"{path} is broken at line {line}, column {column} ({reason}), so nothing was imported: "
        "it may be cut off or have been changed by hand; save the export once more and import that."
    )


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


def when(path: Path, entry: etree._Element, name: str) -> datetime:
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
        raise unusable_entry(path, entry if child is None else child, shown) from error


def unusable_entry(path: Path, place: etree._Element, what: str) -> Unusable:
    return Unusable(
        f"The entry at line {place.sourceline} of {path} has {what}, so nothing was imported: "
        "save the export once more, or put that line right, and import again."
    )
