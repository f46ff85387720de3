"""Reads the tombstones of an Atom feed: `at:deleted-entry` (RFC 6721), by which a publisher takes an entry back.

A pass of its own, by expat, and only over documents that have any: no reader of feeds tells of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from xml.parsers import expat

from aggregator.model import Entry
from aggregator.text.dates import read_date

MAX_TOMBSTONES = 2_000
_DELETED = "http://purl.org/atompub/tombstones/1.0 deleted-entry"
_ENTRIES = ("entry", "item")


def may_hold(document: bytes) -> bool:
    return b"deleted-entry" in document


def read(document: bytes, entries: Sequence[Entry]) -> tuple[str, ...]:
    """The ids (`ref`) of the entries that the document declares deleted, each once, in its order, at most 2,000.

    `document` is UTF-8, its DTD known to be harmless; behind a fault nothing is read. An entry that the same document
    lists with a later `updated` than its tombstone's `when` has come back (RFC 6721 section 3), so it is not deleted.
    """
    if not may_hold(document):
        return ()
    listed = {entry.id: entry for entry in entries}
    stones = _stones(document)
    return tuple(ref for ref, when in stones.items() if ref not in listed or not _came_back(listed[ref], when))


def _stones(document: bytes) -> dict[str, str]:
    """The `when` of each `ref`; a tombstone that an entry quotes in its content is none."""
    stones: dict[str, str] = {}
    path: list[str] = []

    def opened(name: str, attributes: dict[str, str]) -> None:
        inside = any(parent.rpartition(" ")[2] in _ENTRIES for parent in path[:4])
        path.append(name)
        ref = attributes.get("ref", "").strip() if name == _DELETED and not inside else ""
        if ref and len(stones) < MAX_TOMBSTONES:
            stones[ref] = max(stones.get(ref, ""), attributes.get("when", "").strip())

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = opened
    parser.EndElementHandler = lambda name: path.pop()
    with suppress(expat.ExpatError):
        parser.Parse(document, True)
    return stones


def _came_back(entry: Entry, when: str) -> bool:
    deleted, said = read_date(when), read_date(entry.updated or entry.published)
    return deleted is None or (said is not None and said > deleted)
