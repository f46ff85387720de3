"""Reads lists in XML as people and servers write them: sitemaps and OPML, whatever faults they have.

A well-formed document is read in one pass. Any other is repaired first (`repair`, as feeds are). Of what cannot be
repaired as little as possible is lost: a start tag with an attribute that is there twice or has no quotes is corrected;
where rows contain rows (the outlines of OPML), an end tag that fits no open element is ignored; else the row with the
fault is left out, and reading goes on at the next row. What was left out is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar
from xml.parsers import expat

from msgspec import Struct

from aggregator.parse import repair

_MOST_FAULTS = 10_000  # behind which it is read on
_LONGEST_TAG = 8_192  # bytes, of a start tag that is put right
_MOST_ATTRIBUTES = 100  # of such a tag
_MOST_TAGS = 4  # looked at for one fault: `<` may stand in an attribute's value
_MOST_OPEN = 65_536  # bytes, of the names of all elements that are open
_PIECE = 65_536  # bytes that the parser copies at once
_SHOWN = 80  # bytes of a row that was given up

_END_TAG = re.compile(rb"</([^\s<>]{1,1000})\s{0,1000}>?")
_NAME = re.compile(rb"<[A-Za-z_][\w.:-]{0,1000}")
_ATTRIBUTE = re.compile(
    rb"""\s*+([A-Za-z_][\w.:-]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>]+?)(?=/?>|\s)))?+"""
)
_TAG_END = re.compile(rb"\s*+/?>")
_COMMENT = re.compile(rb"<!--(.*?)(-->|\Z)", re.DOTALL)


class Reader(Protocol):
    """Gets the parts of a document in order. Each opened element is closed or given up, the inner one first."""

    def opened(self, name: str, attributes: dict[str, str]) -> None: ...

    def said(self, words: str) -> None: ...

    def closed(self, name: str) -> None: ...

    def given_up(self, name: str) -> None:
        """The element that was opened last has a fault, or no end."""


R = TypeVar("R", bound=Reader)


class Reading(Struct, Generic[R], frozen=True):
    """What was read of a document."""

    reader: R
    breaks_off: bool = False
    cut_off: int = 0  # 1: it breaks off inside a row
    unread: int = 0  # other rows that have a fault
    first_unread: str = ""  # the beginning of the first of them
    remark: str | None = None  # what is wrong with the document; None: nothing


def read(document: bytes, make: Callable[[], R], rows: repair.Rows) -> Reading[R]:
    """All of a document in UTF-8 that can be read, by a reader of its own. Raises ParseError for one made to harm."""
    if repair.is_plain(document):  # a DTD is looked at before anybody reads on
        reader = make()
        parser = _parser(reader.opened, reader.said, reader.closed)
        try:
            parser.Parse(document, True)
        except expat.ExpatError:
            pass
        else:
            return Reading(reader)
    mended = repair.mended(document, rows)
    document = mended.document
    if not mended.well_formed:
        document = _without_bad_comments(repair.with_references(document))
    walk = _Walk(make(), rows)
    walk.read(document)
    return Reading(
        walk.reader,
        breaks_off=mended.breaks_off or walk.breaks_off,
        cut_off=mended.cut_off or walk.cut_off,
        unread=walk.unread,
        first_unread=walk.first_unread,
        remark="; ".join(mended.remarks) or None,
    )


def _parser(
    opened: Callable[[str, dict[str, str]], None], said: Callable[[str], None], closed: Callable[[str], None]
) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = opened, said, closed
    return parser


def _without_bad_comments(document: bytes) -> bytes:
    """`--` may not stand in a comment (XML 1.0, section 2.5), but people draw lines with it."""
    return _COMMENT.sub(
        lambda found: b"" if found[2] and (b"--" in found[1] or found[1].endswith(b"-")) else found[0], document
    )


class _Fault(Struct, frozen=True):
    at: int  # byte
    at_end: bool  # there is no fault up to the end


class _Walk(Generic[R]):
    """Holds where the reading of one document is, from fault to fault."""

    def __init__(self, reader: R, rows: repair.Rows) -> None:
        self.reader = reader
        self.rows = rows
        self.open: list[str] = []
        self.unopened = 0  # the byte from which on no row has been opened yet
        self.row_at = 0  # of the row that was opened last
        self.breaks_off, self.cut_off, self.unread, self.first_unread = False, 0, 0, ""
        self._again = self._shift = 0
        self._parser = expat.ParserCreate()

    def read(self, document: bytes) -> None:
        at, tag = 0, b""
        for _ in range(_MOST_FAULTS):
            fault = self._pass(document, at, tag)
            if fault is None:
                return
            if fault.at_end:
                self._break_off(document)
                return
            behind = self._behind(document, at, fault)
            if behind is None or sum(map(len, self.open)) > _MOST_OPEN:
                break
            at, tag = behind
        self._give_up_rows(document, len(document))

    def _pass(self, document: bytes, at: int, tag: bytes) -> _Fault | None:
        """Reads from a byte on, within the elements that are open and behind a tag that stands for the one before it.
        The fault that ends this, or None.
        """
        before = b"".join(b"<%s>" % name.encode() for name in self.open) + tag
        self._again, self._shift = len(self.open), at - len(before)
        self._parser = parser = _parser(self._opened, self.reader.said, self._closed)
        rest, at_end = memoryview(document), False
        try:
            parser.Parse(before, False)
            for start in range(at, len(document), _PIECE):
                parser.Parse(rest[start : start + _PIECE], False)
            at_end = True
            parser.Parse(b"", True)
        except expat.ExpatError:
            return _Fault(max(parser.ErrorByteIndex + self._shift, at), at_end)
        return None

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        if self._again:  # it was open before
            self._again -= 1
            return
        self.open.append(name)
        if self._is_row(name):
            self.row_at = max(self._parser.CurrentByteIndex + self._shift, 0)
            self.unopened = max(self.unopened, self.row_at + 1)
        self.reader.opened(name, attributes)

    def _closed(self, name: str) -> None:
        self.open.pop()
        self.reader.closed(name)

    def _is_row(self, name: str) -> bool:
        return name.rpartition(":")[2].lower() in self.rows.names

    # Behind a fault

    def _behind(self, document: bytes, start: int, fault: _Fault) -> tuple[int, bytes] | None:
        """Where to read on, and the tag to read first; None: nowhere."""
        if (tag := _put_right(document, start, fault.at)) is not None:
            self._give_up_rows(document, tag[0])
            self.unopened = max(self.unopened, tag[1])
            return tag[1:]
        end_tag = _END_TAG.match(document, max(fault.at - 2, 0)) if self.rows.nest else None
        if end_tag is not None:
            self._close(end_tag[1].decode("utf-8", "replace"))
            return end_tag.end(), b""
        found = next(self.rows.starts(document, max(fault.at, start + 1)), None)
        if not self.rows.nest:
            self._give_up_row(document)
        self._give_up_rows(document, len(document) if found is None else found)
        if found is None:
            return None
        if not self.open:
            self.open.append(self.rows.root)
            self.reader.opened(self.rows.root, {})
        return found, b""

    def _close(self, name: str) -> None:
        """An end tag that does not fit: it ends all in the element of its name, if there is one."""
        if name in self.open:
            while self.open[-1] != name:
                self.reader.given_up(self.open.pop())
            self._closed(name)

    def _give_up_row(self, document: bytes) -> None:
        """The row that is open, and all else in the root element."""
        if any(map(self._is_row, self.open)):
            self._count(document, self.row_at)
        while len(self.open) > 1:
            self.reader.given_up(self.open.pop())

    def _give_up_rows(self, document: bytes, end: int) -> None:
        """Those that were not opened and stand before a byte."""
        for start in self.rows.starts(document, self.unopened, end):
            self._count(document, start)
        self.unopened = max(self.unopened, end)

    def _count(self, document: bytes, start: int) -> None:
        self.unread += 1
        beginning = document[start : start + _SHOWN].partition(b"\n")[0].decode("utf-8", "replace")
        self.first_unread = self.first_unread or beginning

    def _break_off(self, document: bytes) -> None:
        is_in_row = not self.rows.nest and any(map(self._is_row, self.open))
        self.breaks_off = True
        self.cut_off = int(is_in_row or any(True for _ in self.rows.starts(document, self.unopened)))
        while self.open:
            self.reader.given_up(self.open.pop())


def _put_right(document: bytes, start: int, at: int) -> tuple[int, int, bytes] | None:
    """Where the start tag that a fault stands in begins and ends, and that tag as XML has it; None: no such fault."""
    found, candidate = None, at + 1
    for _ in range(_MOST_TAGS):
        candidate = document.rfind(b"<", max(start, at - _LONGEST_TAG), candidate)
        if candidate < 0:
            break
        tag = _tag(document, candidate)
        if tag is not None and tag[0] > at:
            found = candidate, *tag
    return found


def _tag(document: bytes, start: int) -> tuple[int, bytes] | None:
    """The end of a start tag and what it says, each attribute once; None: something else stands in it."""
    name = _NAME.match(document, start)
    if name is None:
        return None
    at, limit, attributes = name.end(), start + _LONGEST_TAG, dict[bytes, bytes]()
    for _ in range(_MOST_ATTRIBUTES):
        found = _ATTRIBUTE.match(document, at, limit)
        if found is None:
            break
        value = next((value for value in found.groups()[1:] if value is not None), b"")
        attributes.setdefault(found[1], value.replace(b"<", b"&lt;").replace(b'"', b"&quot;"))
        at = found.end()
    end = _TAG_END.match(document, at, limit)
    if end is None:
        return None
    said = b"".join(b' %s="%s"' % each for each in attributes.items())
    return end.end(), name[0] + said + end[0].strip()
