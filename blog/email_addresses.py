"""Validate and normalize e-mail addresses."""

from __future__ import annotations

import re

import idna

MAX_ADDRESS_BYTES = 254
# would end a header or begin another address
FORBIDDEN_CHARACTERS = re.compile(r'[\s\x00-\x1f\x7f-\x9f<>()\[\],;:"\\@]')


def normalize_address(address: str) -> str:
    """Return the address with its domain in ASCII; "" if invalid."""
    if len(address) > 2 * MAX_ADDRESS_BYTES:
        return ""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or FORBIDDEN_CHARACTERS.search(local) or FORBIDDEN_CHARACTERS.search(domain):
        return ""
    if local.startswith(".") or local.endswith(".") or ".." in local or len(local.encode()) > 64:
        return ""
    try:
        plain = f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except UnicodeError:
        return ""
    return plain if len(plain.encode()) <= MAX_ADDRESS_BYTES else ""


def is_email_address(text: str) -> bool:
    """Return whether the address is valid; delivery is not checked."""
    return normalize_address(text) != ""
