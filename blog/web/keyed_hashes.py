"""Hash what must not be stored in clear, with the secret key."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app

from blog.ip_networks import network_of


def keyed_hash(purpose: str, value: str) -> str:
    """Return an HMAC, so that a dump does not reveal the value."""
    key = f"{purpose}:{current_app.config['SECRET_KEY']}".encode()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def address_key(address: str | None) -> str:
    """Return the keyed hash of an IPv4 address or IPv6 /64."""
    return keyed_hash("address", network_of(address or ""))
