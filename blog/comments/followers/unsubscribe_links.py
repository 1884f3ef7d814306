"""Links in the mails about threads. Each carries a token for one purpose, which names an address by its keyed hash."""

from __future__ import annotations

from blog.db import parse_id
from blog.email_addresses import normalize_address
from blog.mail.rendering import absolute
from blog.web.keyed_hashes import keyed_hash
from blog.web.signed_tokens import read_token, sign_token

CONFIRM, END, MANAGE = "confirm", "end", "manage"
DAY_SECONDS = 24 * 3600
# how long each holds; an end can be asked for as long as the mail lies anywhere
SECONDS = {CONFIRM: 3 * DAY_SECONDS, END: None, MANAGE: 30 * DAY_SECONDS}


def folded(email: str) -> str:
    """An e-mail address as one that is compared: in small letters; "" for what is none."""
    return normalize_address(email).lower()


def email_key(email: str) -> str:
    """What stands for an e-mail address in links, so that none shows it; "" for what is no address."""
    address = folded(email)
    return keyed_hash("email", address) if address else ""


def masked(email: str) -> str:
    """For a screen that others may look at: a…@example.org."""
    local, _at, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def confirm_path(key: str, post_id: int) -> str:
    return f"/mail/follows/{sign_token(CONFIRM, f'{post_id} {key}')}/confirmation"


def end_path(key: str, post_id: int) -> str:
    return f"/mail/follows/{sign_token(END, f'{post_id} {key}')}/end"


def manage_path(key: str) -> str:
    return f"/mail/{sign_token(MANAGE, key)}"


def one_click(end: str) -> dict[str, str]:
    """The headers by which a mail program ends it without a page (RFC 8058)."""
    return {"List-Unsubscribe": f"<{absolute(end)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def key_and_post(purpose: str, token: str) -> tuple[str, int] | None:
    """Whose address, and which post, a token for this purpose names; None where it holds no longer, or never did."""
    number, _blank, key = str(read_token(purpose, token, SECONDS[purpose]) or "").partition(" ")
    post_id = parse_id(number)
    return (key, post_id) if key and post_id is not None else None


def managed_key(token: str) -> str:
    """Whose page it is; "" where the token holds no longer, or never did."""
    return str(read_token(MANAGE, token, SECONDS[MANAGE]) or "")
