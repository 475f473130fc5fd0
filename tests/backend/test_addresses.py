"""Which addresses count as the public internet, and which spellings of a host are taken."""

from __future__ import annotations

import pytest

from ipynemo.backend import addresses

PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "2606:2800:220:1:248:1893:25c8:1946",
    "64:ff9b::5db8:d822",
    "::ffff:93.184.216.34",
]
INNER = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "168.63.129.16",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:5db8:d822::1",
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:a00:1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize("address", INNER)
def test_an_inner_or_special_address_is_not_public(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize(
    "host", ["example.org", "a-b.example", "xn--bcher-kva.example", "my_bucket.s3.example", "1.2.3.4", "::1"]
)
def test_a_usual_host_is_taken(host: str) -> None:
    assert addresses.is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7f.0.0.0x1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.01",
        "1.2.3.4.",
        "a.0x",
        "fe80::1%1",
        "a b.example",
        "a..b",
        "-a.example",
        "a/b",
        "a@b",
        "",
        ".",
    ],
)
def test_an_odd_spelling_of_a_host_is_not_taken(host: str) -> None:
    assert not addresses.is_host(host)


async def test_the_systems_resolver_tells_every_address_and_none_for_an_unknown_host() -> None:
    assert await addresses.resolve("127.0.0.1", 80) == ["127.0.0.1"]
    assert await addresses.resolve("no-such-host.invalid", 80) == []
    assert await addresses.resolve("a" * 64 + ".example", 80) == []
