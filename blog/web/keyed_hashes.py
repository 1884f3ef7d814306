"""Keyed hashes that stand for what is not kept in clear."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app

from blog.ip_networks import network_of


def keyed_hash(purpose: str, value: str) -> str:
    """A hash that only this blog's secret key can make, so that what it stands for cannot be guessed from a dump."""
    key = f"{purpose}:{current_app.config['SECRET_KEY']}".encode()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def address_key(address: str | None) -> str:
    """The keyed hash of a network address; of IPv6 the /64, which is one household."""
    return keyed_hash("address", network_of(address or ""))
