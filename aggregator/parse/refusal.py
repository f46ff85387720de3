"""Says what a body is that is no feed, and what to do about it; it alone knows what people take for a feed."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from aggregator.errors import ParseError

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)[\s/>]")
_HEAD = 262_144  # bytes of a page in which we look for the feeds it names
_SHOWN = 3


def refusal(document: bytes, url: str, breaks_off: bool, fault: str | None) -> ParseError:
    """The error for a document without a readable entry. `fault` is what the XML parser said of it, or None."""
    if not document.strip():
        return ParseError("the body is empty: the server sent nothing; if that stays so, the address is out of date")
    if _HTML.search(document[:4096]):
        return ParseError(_about_page(document, url))
    if breaks_off:
        return ParseError(f"it breaks off before its first entry is whole ({fault}); the next poll asks again")
    root = _ROOT.search(document)
    if root is None and document.startswith(b"<"):
        return ParseError("it breaks off before its first element; the next poll asks again")
    if root is None:
        start = document.removeprefix(b'<?xml version="1.0" encoding="utf-8"?>')[:200].decode("utf-8", "replace")
        return ParseError(f"it is plain text and no feed; it begins: {' '.join(start.split())[:80]!r}")
    name = root.group(1).decode("utf-8", "replace")
    broken = f", and not even well-formed ({fault})" if fault else ""
    return ParseError(f"it is XML, but no feed: its root element is <{name}>{broken}; check the address")


def _about_page(document: bytes, url: str) -> str:
    addresses = _feeds_named_by(document[:_HEAD], url)
    if not addresses:
        return "it is an HTML page and no feed, and it names no feed either; look for the feed's own address"
    return f"it is an HTML page and no feed; the feeds it names are {', '.join(addresses[:_SHOWN])}: poll one of those"


def _feeds_named_by(page: bytes, url: str) -> list[str]:
    """RSS autodiscovery: https://www.rssboard.org/rss-autodiscovery."""
    from bs4 import BeautifulSoup  # costs 100 ms, and only a failing source needs it
    from bs4.exceptions import ParserRejectedMarkup
    from bs4.filter import SoupStrainer

    # bs4 warns of instructions of XML; one that does not end must not be taken for one either.
    html = re.sub(rb"<\?.*?\?>", b"", page, flags=re.DOTALL).replace(b"<?", b"< ").decode("utf-8", "replace")
    try:
        links = BeautifulSoup(html, "html.parser", parse_only=SoupStrainer("link")).find_all("link", href=True)
    except ParserRejectedMarkup:
        return []
    named = (link for link in links if str(link.get("type", "")).strip().lower() in _FEED_TYPES)
    return list(dict.fromkeys(_resolved(url, str(link["href"]).strip()) for link in named))


def _resolved(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return href
