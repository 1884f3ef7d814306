"""Answer with a feed in the format that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Response, request, url_for
from flask_babel import gettext as _

from blog.feeds.entries import ATOM_TYPE, Feed
from blog.feeds.parameters import ATOM, JSON, JSON_FEED, RSS, SCRIPT, Parameters
from blog.feeds.websub import link_header
from blog.feeds.writers.atom_xml import write_atom
from blog.feeds.writers.gdata import JSON_TYPE, SCRIPT_TYPE, write_gdata, write_gdata_script
from blog.feeds.writers.json_feed import JSON_FEED_TYPE, write_json_feed
from blog.feeds.writers.rss_xml import RSS_TYPE, write_rss
from blog.site.models import current_site
from blog.web.http_cache import cacheable
from blog.web.static_files import asset

MEDIA_TYPES = {ATOM: ATOM_TYPE, RSS: RSS_TYPE, JSON_FEED: JSON_FEED_TYPE, JSON: JSON_TYPE, SCRIPT: SCRIPT_TYPE}
XML_TYPE = "application/xml"
WRITERS: dict[str, Callable[[Feed], str]] = {
    ATOM: write_atom,
    RSS: write_rss,
    JSON_FEED: write_json_feed,
    JSON: write_gdata,
}


def render_feed(feed: Feed, parameters: Parameters) -> Response:
    """Render a feed, or 304 where the program has it already.

    Last-Modified is later than the change of any entry, and than its end. A renamed label changes the ETag alone.
    """
    explained = replace(
        feed,
        stylesheet=asset("css/feed.css"),
        explanation=_("This is a feed: copy its address into a feed reader."),
        explanation_link=_("How that works"),
        explanation_url=url_for("feeds.show"),
    )
    if parameters.format == SCRIPT:
        text = write_gdata_script(explained, parameters.callback)
    else:
        text = WRITERS[parameters.format](explained)
    changed_at = max([current_site().updated_at, *(entry.updated for entry in feed.entries)])
    answer = cacheable(text, media_type=_media_type(parameters.format), changed_at=changed_at)
    answer.vary.add("Accept")
    if links := link_header(feed.url):
        answer.headers["Link"] = links
    return answer


def _media_type(format_name: str) -> str:
    """Return the type of the answer.

    Browsers show Atom and RSS by their styles only as plain XML.
    """
    is_browser = "text/html" in request.headers.get("Accept", "")
    return XML_TYPE if is_browser and format_name in {ATOM, RSS} else MEDIA_TYPES[format_name]
