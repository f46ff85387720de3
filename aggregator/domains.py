"""Whose a host is: the registrable domain by the Public Suffix List; this file alone knows the list."""

from __future__ import annotations

import ipaddress
from functools import cache

from publicsuffixlist import PublicSuffixList


def domain_of(host: str) -> str:
    """`b.co.za` for `www.b.co.za`, and `b.blogspot.com` for itself; an address is its own."""
    host = host.lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return _suffixes().privatesuffix(host) or host


@cache
def _suffixes() -> PublicSuffixList:
    """The list comes with the package; nothing is downloaded. Reading it takes a tenth of a second."""
    return PublicSuffixList()
