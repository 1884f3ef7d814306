"""Write contacts as URLs."""

from __future__ import annotations

from urllib.parse import quote

from blog.email_addresses import is_email_address
from blog.html.urls import is_web_address


def contact_url(contact: str) -> str:
    """Return an e-mail or https address as a URL for security.txt, "" for another."""
    if is_email_address(contact) and contact.isascii():
        return f"mailto:{quote(contact, safe='@+')}"
    return contact if contact.startswith("https://") and contact.isascii() and is_web_address(contact) else ""
