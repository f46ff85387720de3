"""Whose a host is, and how it is written for the network; this file alone knows the Public Suffix List and IDNA."""

from __future__ import annotations

import ipaddress
import re
from functools import cache, lru_cache
from urllib.parse import unquote, urlsplit

import idna
from publicsuffixlist import PublicSuffixList

_LONGEST_LABEL, _LONGEST_HOST = 63, 253  # octets (RFC 1035 section 2.3.4)
_ENCODED = re.compile(r"[a-z0-9._-]+")


def domain_of(host: str) -> str:
    """`b.co.za` for `www.b.co.za`, and `b.blogspot.com` for itself; an address is its own. In ASCII, as `ascii_host`
    has it; a host that cannot be written so stays as it is.
    """
    try:
        host = ascii_host(host)
    except ValueError:
        host = host.lower()
    host = host.rstrip(".")
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return _suffixes().privatesuffix(host) or host


@lru_cache(10_000)
def ascii_host(host: str) -> str:
    """A host as DNS and the field Host have it: small letters, other scripts by IDNA 2008 after the mapping of UTS 46
    (`journal-été.example` is `xn--journal-t-i4ab.example`). A host in ASCII is only written small, and percent-encoded
    bytes are UTF-8 (RFC 3986 section 3.2.2). Raises ValueError, in words, for a host that DNS cannot hold.
    """
    if ":" in host:  # an address of IPv6, perhaps with its zone
        return host.lower()
    is_plain = host.isascii() and "%" not in host
    host = host.lower() if is_plain else _encoded(unquote(host, errors="strict"))
    labels = host.removesuffix(".").split(".")
    if "" in labels:
        raise ValueError("two dots follow each other, or one stands first")
    if longest := next((label for label in labels if len(label) > _LONGEST_LABEL), None):
        raise ValueError(f"{longest[:20]}... has more than {_LONGEST_LABEL} characters")
    if len(host) > _LONGEST_HOST:
        raise ValueError(f"it has more than {_LONGEST_HOST} characters")
    return host


def host_fault(url: str) -> str | None:
    """Why nobody can look up the host of an address, in words; None: it can be looked up, or is no address at all."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    try:
        ascii_host(host or "x")
    except ValueError as error:
        return str(error)
    return None


def _encoded(host: str) -> str:
    # Label by label, because many hosts have an underscore beside other scripts, which IDNA alone forbids.
    mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
    labels = [label if label.isascii() else idna.alabel(label).decode() for label in mapped.split(".")]
    encoded = ".".join(labels)
    if not _ENCODED.fullmatch(encoded):
        raise ValueError(f"{mapped!r} has characters that no host may have")
    return encoded


@cache
def _suffixes() -> PublicSuffixList:
    """The list comes with the package; nothing is downloaded. Reading it takes a tenth of a second."""
    return PublicSuffixList()
