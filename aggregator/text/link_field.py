"""The field `Link` of HTTP (RFC 8288), and addresses as pages and fields write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aggregator.model import Link
from aggregator.text.urls import as_http, literal, resolved

_HEADER_LINK = re.compile(r"<([^<>]{1,2048})>((?:\s*;[^,;\"]{0,200}(?:\"[^\"]{0,500}\")?){0,20})")
_PARAMETER = re.compile(r";\s*(\w+)\s*=\s*(?:\"([^\"]*)\"|([^;,\s]+))")


def links_of_field(field: str, url: str) -> Iterator[Link]:
    """The links of a `Link` field of HTTP (RFC 8288), once for each `rel` that they have."""
    for href, parameters in _HEADER_LINK.findall(field):
        said = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(parameters)}
        for rel in said.get("rel", "").split():
            yield Link(address_in(url, href), rel, said.get("type") or None)


def address_in(base: str, href: str) -> str:
    """In full, without the blanks and line ends that browsers overlook (https://url.spec.whatwg.org/#url-parsing)."""
    href = re.sub(r"[\t\r\n]", "", href).strip()
    return literal(as_http(href) if href[:5].lower() == "feed:" else resolved(base, href))
