"""Says what a body is that is no feed, and what to do about it; it alone knows what people take for a feed, and reads
the links of a page of HTML.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from aggregator.errors import ParseError
from aggregator.types import Link

# RSS autodiscovery: https://www.rssboard.org/rss-autodiscovery.
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
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
    addresses = _feeds_named_by(document, url)
    if not addresses:
        return "it is an HTML page and no feed, and it names no feed either; look for the feed's own address"
    return f"it is an HTML page and no feed; the feeds it names are {', '.join(addresses[:_SHOWN])}: poll one of those"


def _feeds_named_by(page: bytes, url: str) -> list[str]:
    return list(dict.fromkeys(link.href for link in links_of(page, url) if link.type in FEED_TYPES))


def is_page(document: bytes) -> bool:
    """Whether a document, in any encoding that keeps ASCII, is a page of HTML."""
    return _HTML.search(document[:4096]) is not None


def links_of(page: bytes, url: str) -> list[Link]:
    """The `<link>` elements of a page at `url`, in its order, once for each `rel` that they have."""
    from bs4 import BeautifulSoup  # costs 100 ms, and only a failing source needs it
    from bs4.exceptions import ParserRejectedMarkup
    from bs4.filter import SoupStrainer

    # bs4 warns of instructions of XML; one that does not end must not be taken for one either.
    html = re.sub(rb"<\?.*?\?>", b"", page[:_HEAD], flags=re.DOTALL).replace(b"<?", b"< ").decode("utf-8", "replace")
    try:
        found = BeautifulSoup(html, "html.parser", parse_only=SoupStrainer("link")).find_all("link", href=True)
    except ParserRejectedMarkup:
        return []
    links = []
    for link in found:
        href, media_type = _resolved(url, str(link["href"]).strip()), str(link.get("type") or "").strip().lower()
        links += [
            Link(href, rel, media_type or None) for rel in link.get_attribute_list("rel") or [""] if rel is not None
        ]
    return links


def _resolved(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return href
