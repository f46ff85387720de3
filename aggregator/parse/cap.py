"""Which entries of a very long document are read: the newest by date, wherever they stand in it.

The order of a document has no meaning (RFC 4287 section 4.1.1), and some publishers list the oldest first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from xml.parsers import expat

from msgspec import Struct, field

from aggregator.text.dates import read_date

_ENTRIES = frozenset(("item", "entry"))
# Local names, in lower case, of the elements by which RSS, Dublin Core and Atom date an entry.
_DATES = frozenset(("pubdate", "date", "published", "updated", "issued", "modified", "created"))
_DATE_CHARACTERS = 100  # no date is longer
_NO_DATE = datetime.min.replace(tzinfo=UTC)


def newest(stated: Sequence[Iterable[str | None]], most: int) -> list[int]:
    """The indexes of the `most` newest entries, in the document's order. `stated`: the dates of each, as written.

    An entry counts by its newest date that can be read. One without any comes after all that have one, and those
    come in the document's order.
    """
    if len(stated) <= most:
        return list(range(len(stated)))
    dates = [max((date for text in texts if (date := read_date(text))), default=_NO_DATE) for texts in stated]
    return sorted(heapq.nsmallest(most, range(len(dates)), key=lambda index: (-dates[index].timestamp(), index)))


def without_older(document: bytes, most: int) -> tuple[bytes, int]:
    """A well-formed document in UTF-8 without the entries beyond the `most` newest, and how many those are.

    One that is not well-formed comes back as it is, with 0.
    """
    if sum(document.count(b"<" + name) + document.count(b":" + name) for name in (b"item", b"entry")) <= most:
        return document, 0
    found = _entries(document)
    if found is None or len(found) <= most:
        return document, 0
    spans, dates = [(entry.start, entry.end) for entry in found], [entry.dates for entry in found]
    return with_newest(document, spans, dates, most), len(found) - most


def with_newest(
    document: bytes, spans: Iterable[tuple[int, int]], stated: Sequence[Iterable[str | None]], most: int
) -> bytes:
    """The document without what stands between these bytes, but for the `most` newest."""
    kept = frozenset(newest(stated, most))
    pieces, end = [], 0
    for index, span in enumerate(spans):
        if index not in kept:
            pieces.append(document[end : span[0]])
            end = span[1]
    return b"".join([*pieces, document[end:]])


class _Entry(Struct):
    """Where an entry stands in the document, in bytes, and the dates that it states."""

    start: int
    end: int = 0
    dates: list[str] = field(default_factory=list)


def _entries(document: bytes) -> list[_Entry] | None:
    """The outermost entries of a document, in order; None: it is not well-formed."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    found: list[_Entry] = []
    depth, entry_depth = 0, 0  # 0: not within an entry
    words: list[str] | None = None  # of the date that is open

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, entry_depth, words
        depth += 1
        local = name.rpartition(":")[2].lower()
        if not entry_depth and local in _ENTRIES:
            entry_depth = depth
            found.append(_Entry(parser.CurrentByteIndex))
        elif entry_depth and depth == entry_depth + 1 and local in _DATES:
            words = []

    def said(text: str) -> None:
        if words is not None and len(words) < _DATE_CHARACTERS:
            words.append(text[:_DATE_CHARACTERS])

    def closed(name: str) -> None:
        nonlocal depth, entry_depth, words
        if depth == entry_depth:
            found[-1].end = _end_of_tag(document, parser.CurrentByteIndex)
            entry_depth = 0
        elif words is not None and depth == entry_depth + 1:
            found[-1].dates.append("".join(words)[:_DATE_CHARACTERS])
            words = None
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = opened, closed, said
    try:
        parser.Parse(document, True)
    except expat.ExpatError:
        return None
    return found


def _end_of_tag(document: bytes, at: int) -> int:
    """The byte behind an end tag that begins at `at`. Of an empty element (`<item/>`) expat names that byte itself."""
    return document.index(b">", at) + 1 if document.startswith(b"</", at) else at
