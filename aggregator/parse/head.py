"""Reads what the head of a page says to machines: its `meta` elements, the licences that it links to, RSL within it.

What it means is for `rights.signal_forms`. Pages of any length and with any faults take time that grows with what is
looked at, the first 64 kB.
"""

from __future__ import annotations

import re
from html import unescape

from aggregator.model.signals import PageHead
from aggregator.text.html import with_elements
from aggregator.text.urls import literal, resolved

HEAD_BYTES = 64 * 1024
_NAMES = frozenset(("tdm-reservation", "tdm-policy", "robots"))
_MOST = 20  # of each kind
_TAG = re.compile(r"<(meta|link|base)((?:\s[^<>]{0,4000})?)>")
_ATTRIBUTE = re.compile(r'([a-z-]{1,30})="([^"]{0,2000})"')
_INLINE = re.compile(r"<script\b[^<>]{0,300}application/rsl\+xml[^<>]{0,300}>", re.IGNORECASE)
_ATTRIBUTES = {
    "meta": {"name", "content"},
    "link": {"rel", "href", "type"},
    "base": {"href"},
}


def head_of(page: bytes, url: str) -> PageHead:
    """Of a page of HTML at `url`, in an encoding that keeps ASCII."""
    text = page[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    base, metas, licences = url, [], []
    for name, attributes in _TAG.findall(with_elements(text, _ATTRIBUTES, {"http", "https"})):
        said = {key: unescape(value).strip() for key, value in _ATTRIBUTE.findall(attributes)}
        if name == "base" and said.get("href") and base == url:
            base = literal(resolved(url, said["href"]))
        elif name == "meta" and said.get("name", "").lower() in _NAMES:
            metas.append((said["name"].lower(), said.get("content", "")))
        elif name == "link" and "license" in said.get("rel", "").lower().split() and said.get("href"):
            licences.append((literal(resolved(base, said["href"])), said.get("type", "").lower()))
    return PageHead(metas=tuple(metas[:_MOST]), licences=tuple(licences[:_MOST]), inline=_inline(text))


def _inline(text: str) -> tuple[str, ...]:
    """The first document of RSL within the page, as it stands."""
    found = _INLINE.search(text)
    end = text.find("</script", found.end()) if found else -1
    return (text[found.end() : end].strip(),) if found and end >= 0 else ()
