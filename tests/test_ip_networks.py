"""Group addresses into networks that count as one."""

from __future__ import annotations

import pytest

from blog.ip_networks import network_of, unmapped


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("", ""),
        ("unknown", ""),
        ("9" * 60_000, ""),
    ],
)
def test_network_is_an_ipv4_address_or_an_ipv6_64_prefix(address: str, network: str) -> None:
    assert network_of(address) == network


def test_mapped_ipv4_address_is_written_as_ipv4() -> None:
    assert unmapped("::ffff:192.0.2.1") == "192.0.2.1"
    assert unmapped("2001:db8::1") == "2001:db8::1"
    assert unmapped("192.0.2.1") == "192.0.2.1"
