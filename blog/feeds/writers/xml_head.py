"""Write what browsers show of a feed: a stylesheet and a sentence."""

from __future__ import annotations

from markupsafe import Markup

from blog.feeds.entries import Feed
from blog.feeds.writers.documents import element

XHTML = "http://www.w3.org/1999/xhtml"


def stylesheet(feed: Feed) -> str:
    # browsers no longer take XSLT
    return f'<?xml-stylesheet type="text/css" href="{feed.stylesheet}"?>\n' if feed.stylesheet else ""


def explanation(feed: Feed) -> Markup:
    """Write a sentence with a link, as a foreign element that readers ignore."""
    if not feed.explanation:
        return Markup()
    link = element("xhtml:a", feed.explanation_link, href=feed.explanation_url)
    return element("xhtml:div", feed.explanation, " ", link, xmlns__xhtml=XHTML)
