"""Say in standard forms what the site's owner wants AI to do with the blog.

Content-Usage: drafts ietf-aipref-attach-05 and ietf-aipref-vocab-08. License: RSL 1.0, rslstandard.org/rsl. Nothing
here stops a program; the well-behaved ones obey.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response, request
from markupsafe import Markup

from blog.discovery.public_address import public_address
from blog.site.models import NO_TRAINING, SEARCH_ONLY, Site, current_site

LICENSE_PATH = "/license.xml"
# crawlers for training, and names by which their operators let sites refuse it
TRAINING_AGENTS = (
    "AI2Bot", "Applebot-Extended", "Bytespider", "CCBot", "ClaudeBot", "GPTBot", "Google-Extended",
    "meta-externalagent",
)  # fmt: skip
# what readers and other papers wrote is not the owner's to license
EXCLUDED = (
    "This licence covers what the editors of this blog wrote. It does not cover quoted excerpts, photos with another "
    "credit, and readers’ responses: these belong to others, and nothing here grants a right to them."
)


@dataclass(frozen=True)
class Terms:
    """Hold one choice as a Content-Usage dictionary and as usages of RSL."""

    content_usage: str
    permitted: str
    prohibited: str


TERMS = {
    SEARCH_ONLY: Terms("train-ai=n, ai-use=n, search=y", "search", "ai-all"),
    NO_TRAINING: Terms("train-ai=n", "search ai-index ai-input", "ai-train"),
}


def init(app: Flask) -> None:
    """Send the Content-Usage header with public pages and feeds."""

    @app.after_request
    def add_content_usage(response: Response) -> Response:
        # `cacheable()` has set it, for a page that was rendered with the site's row; old static files have no blueprint
        is_public = response.headers.get("Cache-Control") == "no-cache" and request.blueprint
        if is_public and (terms := TERMS.get(current_site().ai_choice)):
            response.headers["Content-Usage"] = terms.content_usage
        return response


def states_wish(site: Site) -> bool:
    return site.ai_choice in TERMS


def robots_lines(site: Site) -> list[str]:
    """Return the lines of robots.txt; RFC 9309 joins groups of the same agent."""
    terms = TERMS.get(site.ai_choice)
    if terms is None:
        return []
    agents = [f"User-agent: {agent}" for agent in TRAINING_AGENTS]
    wish = f"Content-Usage: {terms.content_usage}"
    return ["User-agent: *", wish, "", *agents, wish, "Disallow: /", "", f"License: {public_address(LICENSE_PATH)}"]


def license_document(site: Site) -> str:
    """Write the licence as RSL 1.0; "" without a wish."""
    terms = TERMS.get(site.ai_choice)
    if terms is None:
        return ""
    return Markup(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rsl xmlns="https://rslstandard.org/rsl">\n'
        '  <content url="/">\n'
        "    <license>\n"
        '      <permits type="usage">{}</permits>\n'
        '      <prohibits type="usage">{}</prohibits>\n'
        '      <payment type="free"/>\n'
        '      <legal type="disclaimer">{}</legal>\n'
        "    </license>\n"
        "  </content>\n"
        "</rsl>\n"
    ).format(terms.permitted, terms.prohibited, EXCLUDED)
