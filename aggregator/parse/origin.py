"""Where a publisher says that it has a report from: `source` of RSS and Atom, Dublin Core's `publisher` and `source`.

By RSS 2.0 the `url` of a `source` is the address of that source's feed. Many write its front page there: that is its
page. A `source` of RSS whose words are an address names that address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.model import Origin, Text
from aggregator.parse.xml import RESOURCE, Element
from aggregator.text import html
from aggregator.text.urls import is_front_page, page_of, resolved, without_user

_WEB = ("http://", "https://")
_LONGEST_NAME, LONGEST_ADDRESS = 500, 2_000  # characters
_XHTML = "application/xhtml+xml"
_TYPES = {"html": "text/html", "text/html": "text/html", "xhtml": _XHTML, _XHTML: _XHTML}


def origin_of(parts: Mapping[str, Sequence[Element]], base: str) -> Origin | None:
    """Of an entry's elements by name; `base`: what relative addresses are relative to, where no xml:base says it."""
    if _NAMES.isdisjoint(parts):  # most entries
        return None
    publisher, source = (_last([each for name in names for each in parts.get(name, ())]) for names in _OF_DUBLIN_CORE)
    said = next(filter(None, (_of_source(each, base) for kind in _SOURCES for each in parts.get(kind, ()))), {})
    return of(**said, publisher=publisher, source=source)


_OF_DUBLIN_CORE = (("dc:publisher", "dcterms:publisher"), ("dc:source", "dcterms:source"))
_SOURCES = ("source", "atom:source")
_NAMES = frozenset((*_SOURCES, *(name for names in _OF_DUBLIN_CORE for name in names)))


def of(**said: str | None) -> Origin | None:
    """An origin of what is said, bounded, its addresses http alone; None for one that says nothing."""
    kept: dict[str, str] = {}
    for name, value in said.items():
        if name in ("url", "feed", "id"):
            if value and len(value) <= LONGEST_ADDRESS and (name == "id" or value.startswith(_WEB)):
                kept[name] = value if name == "id" else without_user(value)
        elif value and (words := " ".join(value[: 2 * _LONGEST_NAME].split())):
            kept[name] = words[:_LONGEST_NAME]
    return Origin(**kept) if kept else None


def of_rss(words: str, address: str) -> dict[str, str]:
    """What an RSS `source` says, by the names of an Origin's fields."""
    said = {"feed": address} if address else {}
    if words.startswith(_WEB) and len(words.split()) == 1:
        return {"url": words, **said}
    if address and is_front_page(page_of(address[:LONGEST_ADDRESS])):
        said = {"url": address}
    return {"name": words, **said} if words else said


def _of_source(said: Element, base: str) -> dict[str, str]:
    if not said.children:
        return of_rss(said.token, _absolute(said, said.attributes.get("url", ""), base))
    found: dict[str, str] = {}
    for part in said.children:
        name = part.name.removeprefix("atom:")
        if name == "title":
            stated = part.attributes.get("type", "").strip().lower()
            media_type = _TYPES["xhtml"] if part.markup is not None else _TYPES.get(stated, "text/plain")
            found.setdefault("name", html.one_line(Text(part.markup or part.text, media_type)))
        elif name == "id":
            found.setdefault("id", part.token)
        elif name == "link" and (key := _LINKS.get(part.attributes.get("rel", "").strip().lower() or "alternate")):
            found.setdefault(key, _absolute(part, part.attributes.get("href", ""), base))
    return {name: value for name, value in found.items() if value}


_LINKS = {"alternate": "url", "self": "feed"}


def _absolute(said: Element, address: str, base: str) -> str:
    address = address.strip()
    return resolved(base, resolved(said.base, address) if said.base else address) if address else ""


def _last(said: Sequence[Element]) -> str | None:
    """As elsewhere, of several the last that says anything."""
    found = None
    for each in said:
        found = each.token or each.attributes.get(RESOURCE, "").strip() or found
    return found
