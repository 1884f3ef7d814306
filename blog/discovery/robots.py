"""Write robots.txt and security.txt."""

from __future__ import annotations

from datetime import datetime, timedelta

from babel import Locale

from blog.discovery.ai_choice import robots_lines
from blog.discovery.public_address import public_address
from blog.site.contacts import contact_url
from blog.site.models import Site
from blog.web.i18n import language_tag

SITEMAPS = ("/sitemap.xml", "/news-sitemap.xml")
# RFC 9116 asks for less than a year
CONTACT_DAYS = 180


def robots_text(site: Site) -> str:
    """Write robots.txt (RFC 9309): all may read all but the desk; then the wish about AI."""
    rules = ["User-agent: *", "Disallow: /desk", "Allow: /", ""]
    wishes = [*lines, ""] if (lines := robots_lines(site)) else []
    return "\n".join([*rules, *wishes, *(f"Sitemap: {public_address(path)}" for path in SITEMAPS), ""])


def security_text(site: Site, at: datetime) -> str:
    """Write security.txt (RFC 9116); "" without a contact."""
    contact = contact_url(site.security_contact)
    if not contact:
        return ""
    # of the day, so that the text does not change with each request
    expires = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=CONTACT_DAYS)
    fields = {
        "Contact": contact,
        "Expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages": language_tag(Locale.parse(site.language)),
        "Canonical": public_address("/.well-known/security.txt"),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())
