"""Which network an address belongs to: what limits count by."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

MAX_ADDRESS = 64


def unmapped(address: str) -> str:
    """Write an IPv4 address that came in IPv6 form (`::ffff:192.0.2.1`) as IPv4; others unchanged."""
    prefix, _, rest = address.lower().rpartition(":")
    return rest if prefix == "::ffff" and "." in rest else address


def network_of(address: str) -> str:
    """Name the network that one household holds: an IPv4 address, or the /64 of an IPv6 address.

    What is no address is "", so that a made-up one is counted with all others like it.
    """
    return _network_of(address[:MAX_ADDRESS])


@lru_cache(4096)
def _network_of(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)
