"""Tell which URLs and IP addresses are those of public web servers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, urlsplit

import idna

from blog.web.safe_fetch.fetch_errors import FetchError

MAX_URL_LENGTH = 2000
# with any port, readers could scan or disturb other people's servers through this one
PORTS = frozenset({80, 443, 8080, 8443})
DEFAULT_PORTS = {"http": 80, "https": 443}

SAFE = "/?%:@!$&'()*+,;=~"
FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\ud800-\udfff]")
HOST_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.){1,20}[a-z0-9-]{1,63}")
# inet_aton() reads 0x7f.1, 017700000001 and 2130706433 as addresses
NUMBER = re.compile(r"[0-9]{1,63}|0x[0-9a-f]{0,61}")

# what IANA reserves, besides addresses that ipaddress calls private; also where IPv6 holds an IPv4 address
RESERVED = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # the metadata of Azure
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
UNICAST = ip_network("2000::/3")


@dataclass(frozen=True)
class Target:
    """Hold a parsed URL.

    `host` is an ASCII name or a literal address, `path` has the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """Return host and port for the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_url(url: str) -> Target:
    """Parse a URL once; all later steps use its parts. Raises: FetchError."""
    if len(url) > MAX_URL_LENGTH or FORBIDDEN.search(url):
        raise FetchError("wrong_address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchError("wrong_address") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise FetchError("wrong_address")
    if "@" in parts.netloc:
        raise FetchError("credentials")
    host = str(_ip_literal(parts.hostname)) if "[" in parts.netloc else _ascii_host(parts.hostname)
    path = quote(parts.path or "/", safe=SAFE)
    query = f"?{quote(parts.query, safe=SAFE)}" if parts.query else ""
    return Target(parts.scheme, host, DEFAULT_PORTS[parts.scheme] if port is None else port, path + query)


def _ip_literal(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise FetchError("wrong_address") from None


def _ascii_host(host: str) -> str:
    """Return a host name in ASCII (IDNA 2008, UTS #46) or an IPv4 address.

    A name whose last label is a number is an address, as browsers see it.
    """
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except UnicodeError:
        raise FetchError("wrong_address") from None
    name = name.lower().removesuffix(".")
    if NUMBER.fullmatch(name.rpartition(".")[2]):
        return str(_ip_literal(name))
    if len(name) > 253 or not HOST_NAME.fullmatch(name):
        raise FetchError("wrong_address")
    return name


def is_public(address: str) -> bool:
    """Return whether an IP address may be asked."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and (ip not in UNICAST or ip.scope_id):
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in RESERVED)
