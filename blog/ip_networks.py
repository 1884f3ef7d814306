"""Map IP addresses to the networks that rate limits count."""

from __future__ import annotations

import ipaddress

MAX_ADDRESS_LENGTH = 64


def unmap_ipv4(address: str) -> str:
    """Convert an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) to IPv4."""
    prefix, _, rest = address.lower().rpartition(":")
    return rest if prefix == "::ffff" and "." in rest else address


def network_of(address: str) -> str:
    """Return an IPv4 address, or the /64 of an IPv6 address.

    Both are what one household has. Invalid addresses return "", so that all of them are counted as one.
    """
    try:
        ip = ipaddress.ip_address(address[:MAX_ADDRESS_LENGTH])
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)
