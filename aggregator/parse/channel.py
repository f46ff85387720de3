"""What a feed in XML says of itself: words about coming back, links to its own pages, and what it takes back."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from msgspec import Struct

from aggregator.model import Entry
from aggregator.parse.entries import channel_of
from aggregator.parse.xml import RESOURCE, Feed, joined
from aggregator.text.dates import read_date

MOST = 1_000  # words, and links, that are kept; nobody has as much to say of a feed
MAX_TOMBSTONES = 2_000

_WORDS = MappingProxyType(
    {"ttl": "ttl", "sy:updateperiod": "period", "sy:updatefrequency": "frequency", "generator": "generator",
     "atom:generator": "generator", "admin:generatoragent": "generator"}
)  # fmt: skip
_LISTS = MappingProxyType({"skiphours": "hour", "skipdays": "day"})
_OF_RSS = ("ttl", *_LISTS)
_ADDRESSES = ("uri", "url", RESOURCE)  # of generators: Atom 1.0, Atom 0.3, RDF


class Said(Struct, frozen=True):
    """What a feed says of itself, in the document's order."""

    words: tuple[tuple[str, str], ...]  # ttl, hour, day, period, frequency or generator, and the text as it stands
    links: tuple[tuple[str, str, str, str], ...]  # rel, type, address, each as stated, or ""; what that is relative to


def read(feed: Feed, url: str) -> Said:
    """What stands outside the entries of a feed that was fetched from `url`."""
    words: list[tuple[str, str]] = []
    links: list[tuple[str, str, str, str]] = []
    for each in channel_of(feed).children:
        if feed.is_atom and each.name in _OF_RSS:
            continue
        if each.name in _WORDS:
            words += [(_WORDS[each.name], each.attributes[key]) for key in _ADDRESSES if key in each.attributes]
            words.append((_WORDS[each.name], each.text))
        elif each.name in _LISTS:
            words += [(_LISTS[each.name], part.text) for part in each.all(_LISTS[each.name])]
        elif each.name in ("link", "atom:link"):
            rel, media_type, address = (each.attributes.get(key, "") for key in ("rel", "type", "href"))
            links.append((rel, media_type, address, joined(url, each.base) or ""))
    return Said(tuple(words[:MOST]), tuple(links[:MOST]))


def deleted(feed: Feed, entries: Sequence[Entry]) -> tuple[str, ...]:
    """The ids (`ref`) of the entries that the document declares deleted (`at:deleted-entry`, RFC 6721), each once, in
    its order, at most 2,000.

    An entry that the same document lists with a later `updated` than its tombstone's `when` has come back (section 3),
    so it is not deleted.
    """
    stones: dict[str, str] = {}
    for each in channel_of(feed).all("at:deleted-entry"):
        ref = each.attributes.get("ref", "").strip()
        if ref and len(stones) < MAX_TOMBSTONES:
            stones[ref] = max(stones.get(ref, ""), each.attributes.get("when", "").strip())
    if not stones:
        return ()
    listed = {entry.id: entry for entry in entries}
    return tuple(ref for ref, when in stones.items() if ref not in listed or not _came_back(listed[ref], when))


def _came_back(entry: Entry, when: str) -> bool:
    deleted_at, said = read_date(when), read_date(entry.updated or entry.published)
    return deleted_at is None or (said is not None and said > deleted_at)
