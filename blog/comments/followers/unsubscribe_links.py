"""Build and read signed links that name addresses by keyed hash."""

from __future__ import annotations

from blog.db import row_id
from blog.email_addresses import normalize_address
from blog.mail.rendering import absolute
from blog.web.keyed_hashes import keyed_hash
from blog.web.signed_tokens import said, signed

CONFIRM, END, MANAGE = "confirm", "end", "manage"
DAY_SECONDS = 24 * 3600
# unsubscribe links never expire, since mail may be stored for years
MAX_AGE_SECONDS = {CONFIRM: 3 * DAY_SECONDS, END: None, MANAGE: 30 * DAY_SECONDS}


def canonical_email(email: str) -> str:
    """Return an e-mail address in lower case, "" if it is invalid."""
    return normalize_address(email).lower()


def email_key(email: str) -> str:
    """Return the keyed hash of an e-mail address, "" if invalid."""
    address = canonical_email(email)
    return keyed_hash("email", address) if address else ""


def mask_email(email: str) -> str:
    """Hide most of an address from onlookers: a…@example.org."""
    local, _at, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def confirm_path(key: str, post_id: int) -> str:
    return f"/mail/follows/{signed(CONFIRM, f'{post_id} {key}')}/confirmation"


def unsubscribe_path(key: str, post_id: int) -> str:
    return f"/mail/follows/{signed(END, f'{post_id} {key}')}/end"


def manage_path(key: str) -> str:
    return f"/mail/{signed(MANAGE, key)}"


def one_click_headers(path: str) -> dict[str, str]:
    """Return the headers for one-click unsubscribe in a mail program (RFC 8058)."""
    return {"List-Unsubscribe": f"<{absolute(path)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def read_post_token(purpose: str, token: str) -> tuple[str, int] | None:
    """Return the address key and post id of a valid token."""
    number, _blank, key = str(said(purpose, token, MAX_AGE_SECONDS[purpose]) or "").partition(" ")
    post_id = row_id(number)
    return (key, post_id) if key and post_id is not None else None


def read_manage_token(token: str) -> str:
    """Return the address key of a token; "" if invalid or expired."""
    return str(said(MANAGE, token, MAX_AGE_SECONDS[MANAGE]) or "")
