"""The links of an entry, from its elements.

- `feedburner:origLink` and `pheedo:origLink` are the publisher's own address, so they become the first alternate link;
  the proxy's stays an alternate behind it, as the document calls it: `via` would claim another source.
- An RSS `guid` that is a permalink, and an RDF item's `rdf:about`, is the link of an item without one, if it is an
  http address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from msgspec.structs import replace

from aggregator.model import Link
from aggregator.parse.files import LONGEST_LANGUAGE, filled, length_of, relation
from aggregator.parse.media import AROUND_MEDIA, Parts
from aggregator.parse.xml import Element, Feed
from aggregator.text.urls import resolved

_WEB = ("http://", "https://")
_ORIGINAL = ("feedburner:origlink", "pheedo:origlink")
_LONGEST_TITLE = 500  # characters
_DESCRIPTION = frozenset(("length", "hreflang", "title"))
_SCHEME_AND_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)/+")


def links_of(parts: Parts, entry_id: str | None, feed: Feed, base: str) -> tuple[Link, ...]:
    found = [Link(each.token) for kind in _ORIGINAL for each in parts.get(kind, ())]
    found += [_link(each, feed.is_atom) for each in parts.get("link", ())]
    found = [link for link in found if link.href]
    if entry_id and not feed.is_atom and not any(link.rel == "alternate" for link in found):
        found += _permalink(parts, entry_id, feed.version)
    found += _elsewhere(parts)
    absolute = (link if link.href.startswith(_WEB) else replace(link, href=resolved(base, link.href)) for link in found)
    return _each_once(link for link in absolute if "[" not in link.href or _is_address(link.href))


def _elsewhere(parts: Parts) -> Iterator[Link]:
    """Content that stands at an address, media, and pages that play what has a file too; one alone is the medium."""
    said = [(each, "src", "enclosure") for each in parts.get("content", ()) if "src" in each.attributes]
    around = parts.get(AROUND_MEDIA, ())
    said += [(each, "url", "enclosure") for each in around if each.name == "media:content"]
    said += [(each, "url", "related") for each in parts.get("media:player", ())]
    played = (each for each in around if "url" in each.attributes or any(each.all("media:content")))
    said += [(player, "url", "related") for each in played for player in each.all("media:player")]
    for each, name, rel in said:
        if href := each.attributes.get(name, "").strip():
            yield Link(_on_base(each, href), rel, _media_type(each))


def _each_once(links: Iterable[Link]) -> tuple[Link, ...]:
    """Links of one address, relation and type are one, which says what any of them says."""
    kept: dict[tuple[str, str, str | None], Link] = {}
    for link in links:
        key = link.href, link.rel, link.type
        first = kept.setdefault(key, link)
        if first is not link:
            kept[key] = filled(first, link)
    return tuple(kept.values())


def _is_address(href: str) -> bool:
    """Whether anybody can read it: a bracket in the host's place belongs to an IPv6 address, or to none."""
    try:
        urlsplit(href)
    except ValueError:
        return False
    return True


def _media_type(said: Element) -> str | None:
    return said.attributes.get("type", "").strip().lower() or None


def _link(said: Element, is_atom: bool) -> Link:
    """RSS's `link` holds its address; every other one has it in an attribute. A page is HTML where nothing is said."""
    stated = said.attributes
    if said.name.endswith("license"):
        return Link(_on_base(said, said.token or stated.get("resource", "")), "license")
    address = next((stated[name] for name in ("href", "url", "uri") if stated.get(name, "").strip()), "")
    if said.name == "enclosure":
        return Link(_on_base(said, address), "enclosure", _media_type(said), *_described(stated))
    if not address and (said.token or not is_atom):
        return Link(_on_base(said, said.token.replace("&amp;", "&")), "alternate", "text/html")
    rel = relation(stated.get("rel", "")) or "alternate"
    media_type = _media_type(said)
    if media_type is None and rel in ("alternate", "self"):
        media_type = "text/html" if rel == "alternate" else "application/atom+xml"
    media_type = None if media_type == "text/html" and rel != "alternate" else media_type
    return Link(_on_base(said, address), rel, media_type, *_described(stated))


def _described(said: Mapping[str, str]) -> tuple[int | None, str | None, str | None]:
    """Length, language and title of a link, of its attributes; what cannot be meant is not said."""
    if not said.keys() & _DESCRIPTION:
        return None, None, None
    language, title = (said.get(name, "").strip() for name in ("hreflang", "title"))
    is_language = 0 < len(language) <= LONGEST_LANGUAGE
    return length_of(said.get("length")), language if is_language else None, title[:_LONGEST_TITLE] or None


def _on_base(said: Element, address: str) -> str:
    address = _SCHEME_AND_SLASHES.sub(r"\1", address.strip())
    return resolved(said.base, address) if said.base and address and not address.startswith(_WEB) else address


def _permalink(parts: Parts, entry_id: str, version: str) -> list[Link]:
    """The id as the link of an RSS item that has no other, if it is one."""
    guid = next((each for each in parts.get("id", ()) if each.name == "guid"), None)
    if guid is None:
        is_link = version in ("rss090", "rss10")
    else:
        attributes = {name.lower(): value.strip().lower() for name, value in guid.attributes.items()}
        is_link = attributes.get("ispermalink", "true") == "true"
    return [Link(entry_id)] if is_link and entry_id.startswith(_WEB) else []
