"""Says what a body is that is no feed, and what to do about it; it alone knows what people take for a feed."""

from __future__ import annotations

import re

from aggregator.model.errors import ParseError
from aggregator.parse.discovery import feeds_among, is_page, links_of

_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)[\s/>]")
_SHOWN = 3


def refusal(document: bytes, url: str, breaks_off: bool, fault: str | None) -> ParseError:
    """The error for a document without a readable entry. `fault` is what the XML parser said of it, or None."""
    if not document.strip():
        return ParseError("the body is empty: the server sent nothing; if that stays so, the address is out of date")
    if is_page(document):
        return ParseError(_about_page(document, url))
    if breaks_off:
        return ParseError(f"the feed is cut off before its first entry ends ({fault})")
    root = _ROOT.search(document)
    if root is None and document.startswith(b"<"):
        return ParseError("the feed is cut off before its first element")
    if root is None:
        start = document.removeprefix(b'<?xml version="1.0" encoding="utf-8"?>')[:200].decode("utf-8", "replace")
        return ParseError(f"it is plain text and no feed; it begins: {' '.join(start.split())[:80]!r}")
    name = root.group(1).decode("utf-8", "replace")
    broken = f", and not even well-formed ({fault})" if fault else ""
    return ParseError(f"it is XML, but no feed: its root element is <{name}>{broken}; check the address")


def _about_page(document: bytes, url: str) -> str:
    addresses = feeds_among(links_of(document, url))
    if not addresses:
        return "it is an HTML page and no feed, and it names no feed either; look for the feed's own address"
    return f"it is an HTML page and no feed; the feeds it names are {', '.join(addresses[:_SHOWN])}: poll one of those"
