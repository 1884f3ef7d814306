"""Read an Atom feed (RFC 4287) entry by entry, in constant memory."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import IO
from zipfile import BadZipFile

import re2
from lxml import etree

from blog.html import plain_text
from blog.importing.export_errors import UnusableExport
from blog.importing.formats.moments import read_moment
from blog.stored_messages import Message, message

ATOM = "{http://www.w3.org/2005/Atom}"
PATH_MONTH = re2.compile(r"/(\d{4})/(\d{2})/")
TEXT, HTML, XHTML = "text", "html", "xhtml"
LINE_END = re.compile(r"\r\n|\r|\n")
UNDECLARED_PREFIX = re2.compile(r"Namespace prefix (\S+) (?:on|for) ")


@dataclass(frozen=True, slots=True)
class Feed:
    """Represent a feed that can be opened repeatedly; `name` is a parameter of messages.

    Parsers read it as UTF-8; `encoding` converts it first. `dropped` belongs to `xml_characters`.
    """

    name: str | list[Message]
    open: Callable[[], IO[bytes]]
    dropped: set[int] = field(default_factory=set)


class BadEntry(Exception):
    """Report an entry that lacks what it needs; `problem` says why."""

    def __init__(self, code: str, **parameters: str) -> None:
        super().__init__(code)
        self.problem = message(code, **parameters)


class UndeclaredPrefix(UnusableExport):
    """Reject a feed that uses the XML prefix `prefix` without declaring it."""

    prefix: str = ""


def iter_entries(feed: Feed) -> Iterator[etree._Element]:
    """Yield the entries of a feed and free each afterwards.

    At the first entry, the elements before it are still there.

    Raises: UnusableExport, with the line, if the file is not well-formed XML.
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
        raise UnusableExport("unreadable_file", file=feed.name, error=error.strerror) from error
    except (BadZipFile, EOFError, zlib.error) as error:
        raise damaged_zip(feed) from error


def damaged_zip(feed: Feed) -> UnusableExport:
    return UnusableExport("damaged_zip", file=feed.name)


def _free(entry: etree._Element, feed: etree._Element) -> None:
    entry.clear()
    while entry.getprevious() is not None:
        del feed[0]


def _syntax_error(feed: Feed, error: etree.XMLSyntaxError) -> UnusableExport:
    line, column = error.position
    reason = (error.msg or "").partition(", line")[0]
    prefix = UNDECLARED_PREFIX.match(reason)
    refusal = (UndeclaredPrefix if prefix else UnusableExport)(
        "broken_xml", file=feed.name, line=line, column=column, error=reason or [message("ends_early")]
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


def entry_title(entry: etree._Element) -> str:
    """Return the title of an entry or feed as plain text (RFC 4287, 3.1)."""
    title = entry.find(f"{ATOM}title")
    if title is None:
        return ""
    return plain_text(inner_text(title)) if _content_type(title) == HTML else inner_text(title).strip()


def entry_content(entry: etree._Element) -> str:
    """Return the entry's content as HTML (RFC 4287, 4.1.3).

    Content elsewhere becomes a frame, thus a link.
    """
    content = entry.find(f"{ATOM}content")
    if content is None:
        return ""
    if source := content.get("src"):
        return f'<iframe src="{escape(source)}"></iframe>'
    kind = _content_type(content)
    if kind == XHTML:
        return _serialize_xhtml(content)
    text = inner_text(content)
    return text if kind == HTML else LINE_END.sub("<br />", escape(text.strip(), quote=False))


def _content_type(element: etree._Element) -> str:
    """Return HTML, XHTML or TEXT, the default."""
    kind = element.get("type", TEXT).partition(";")[0].strip().lower()
    if kind in {HTML, "text/html"}:
        return HTML
    return XHTML if kind == XHTML or kind.endswith(("/xml", "+xml")) else TEXT


def _serialize_xhtml(content: etree._Element) -> str:
    """Return the content of the one `<div>` in it as HTML.

    The nodes are moved out of the feed, whose namespaces they would repeat; a copy could be large.
    """
    only = content[0] if len(content) == 1 and etree.QName(content[0]).localname == "div" else content
    moved = etree.Element("div")
    moved.text = only.text
    moved.extend(list(only))
    for element in moved.iterdescendants(etree.Element):
        element.tag = etree.QName(element).localname
        for name in list(element.attrib):
            if (plain := etree.QName(name).localname) != name:
                value = element.attrib.pop(name)
                element.set(plain, element.get(plain, value))
    etree.cleanup_namespaces(moved)
    return etree.tostring(moved, encoding="unicode", method="html").removeprefix("<div>").removesuffix("</div>")


def parse_times(entry: etree._Element, *others: str, path: str | None = None) -> tuple[datetime, datetime, str | None]:
    """Return when an entry was published and changed, in UTC, and its first unusual date.

    Without a readable `published`, the first readable of `others`, `updated` and the month in `path` takes its place.

    Raises: BadEntry if there is none.
    """
    published, updated = child_text(entry, "published"), child_text(entry, "updated")
    at, usual = read_moment(published)
    changed, change_usual = read_moment(updated)
    candidates = (at, *(read_moment(other)[0] for other in others), changed, _read_month(path or ""))
    best = next((moment for moment in candidates if moment), None)
    if best is None:
        raise (
            BadEntry("wrong_date", value=published[:40], name="published")
            if published
            else BadEntry("no_date", name="published")
        )
    odd = published if not usual else updated if updated and not change_usual else None
    return best, changed or best, None if odd is None else odd[:40]


def _read_month(path: str) -> datetime | None:
    found = PATH_MONTH.match(path)
    return read_moment(f"{found[1]}-{found[2]}-01")[0] if found else None
