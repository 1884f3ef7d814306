"""Which addresses mail can be written to."""

from __future__ import annotations

import re

import idna

LONGEST = 254
# what no address needs, and what would end a header or begin another address
FORBIDDEN = re.compile(r'[\s\x00-\x1f\x7f-\x9f<>()\[\],;:"\\@]')


def normalize_address(address: str) -> str:
    """The address as servers take it: its domain in ASCII, what stands before the @ as it is; "" for what is none."""
    if len(address) > 2 * LONGEST:
        return ""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or FORBIDDEN.search(local) or FORBIDDEN.search(domain):
        return ""
    if local.startswith(".") or local.endswith(".") or ".." in local or len(local.encode()) > 64:
        return ""
    try:
        plain = f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except UnicodeError:
        return ""
    return plain if len(plain.encode()) <= LONGEST else ""


def is_address(text: str) -> bool:
    """Whether mail can be written to it; whether anybody reads it there only the mail server can tell."""
    return normalize_address(text) != ""
