"""Where the links of a document lead; the same for every kind of document."""

from __future__ import annotations

import re
from urllib.parse import urljoin


def resolved(base: str, href: str) -> str:
    """The address in full. One that is in full, or is none at all, such as one with a bracket in its host's place, is
    kept as it was said.
    """
    if href.startswith(("http://", "https://")):
        return href
    try:
        return urljoin(base, href)
    except ValueError:
        return href


_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d+(?:[/?#]|$))")  # `host:8080/` has none
_HOST = re.compile(r"[^\s/?#:@]+\.[^\s/?#:@.]+(?::\d+)?(?=[/?#]|$)")


def as_http(address: str) -> str:
    """An address as programs and people write it, in full: `feed:` in all its forms is http, and so is what begins with
    a host. Whatever else is kept as it was said.
    """
    address = address.strip()
    if address[:5].lower() == "feed:":
        address = address[5:]
        if not _HAS_SCHEME.match(address):
            address = address if address.startswith("//") else f"//{address}"
    if address.startswith("//"):
        return f"http:{address}"
    return f"http://{address}" if not _HAS_SCHEME.match(address) and _HOST.match(address) else address
