"""Which addresses a link may lead to: those of the public internet, and nothing that is routed inwards from there.

`ipaddress.is_global` is the base. It does not look into addresses that carry another one (NAT64, 6to4, Teredo, ISATAP),
counts multicast as global, and knows only the registries of its Python's release; the rest is listed here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket

__all__ = ["is_host", "is_public", "resolve"]

_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")  # all that is handed out (RFC 4291, section 2.4); the rest is special
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: how an IPv6-only network names the IPv4 internet
_INWARDS_V4 = [
    ipaddress.IPv4Network(text)
    for text in (
        "168.63.129.16/32",  # Azure's own services for its machines, at an address that looks public
        "192.0.0.0/24",  # protocol assignments; Oracle's cloud has its metadata there
        "192.88.99.0/24",  # relays into 6to4 (RFC 7526, withdrawn)
    )
]
_INWARDS_V6 = [
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2002::/16",  # 6to4: an IPv4 address of anyone's choice
        "3fff::/20",  # documentation (RFC 9637), newer than some Pythons
    )
]
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the upper half of an interface identifier that carries an IPv4 address
_LABELS = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Return whether an IP address, as text, is one of the public internet."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _UNICAST_V6 or (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP or any(ip in net for net in _INWARDS_V6):
            return False
    elif any(ip in net for net in _INWARDS_V4):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def is_host(host: str) -> bool:
    """Return whether this is a host name, or an IP address in its usual form.

    What ends in a number must be a plain dotted quad, as in the WHATWG URL standard: 0x7f.1, 2130706433 and 0177.0.0.1
    are spellings of 127.0.0.1 that only some readers know, and so good for tricks alone.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        return bool(_LABELS.fullmatch(host)) and not re.fullmatch(r"\d+|0x[0-9a-f]*", last, re.IGNORECASE)
    return "%" not in host


async def resolve(host: str, port: int) -> list[str]:
    """Return every address of a host, as the system's resolver says; none where it has none."""
    loop = asyncio.get_running_loop()
    try:
        answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
