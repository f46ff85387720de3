"""Makes a document well-formed where that can be done without a guess about its words; it alone knows XML's grammar.

feedparser reads a document that is not well-formed with a second parser, which is slow (quadratic in places), alters
words in many ways (see `feed`) and takes half an article for a whole one. Most such documents have one of a few faults,
and these are mended here; the bytes between the faults stay as they are:

- a bare `&` or `<`, an entity of HTML that XML does not know (`&nbsp;`), a reference to a character that XML forbids
  (`&#11;`): escaped, replaced by the character's number, dropped; never inside CDATA, where they are text;
- a prefix that is not declared (`dc:date` without `xmlns:dc`): declared on the root element;
- something behind the end of the root element (advertisements, PHP notices): cut off;
- a document that breaks off: closed. The entry that it breaks off in is cut away and counted, since half an article
  is worse than none and the next poll brings it whole.

Nothing is expanded or fetched: expat reads no external entity unless asked to, and a document whose entities would grow
is refused before anybody reads its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from html.entities import html5
from typing import NoReturn
from xml.parsers import expat
from xml.parsers.expat import errors

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model.errors import ParseError
from aggregator.parse.cap import newest, without_older
from aggregator.parse.xml import SEPARATOR, check_depth

MAX_ENTITY = 1_000  # characters that one entity may stand for

_TRIES = 6
_PREFIXES = 50  # undeclared ones; feedparser goes through all for every element
_HEAD = 4096  # bytes; a longer prolog is no longer cheap
_CODE = errors.codes
_ENTRY = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])[^<>]*>", re.IGNORECASE)
_ENTRY_END = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_DATE = re.compile(
    rb"<(?:[\w.-]+:)?(?:pubDate|date|published|updated|issued|modified|created)\s*>\s*(?:<!\[CDATA\[)?([^<>\]]{4,100})",
    re.IGNORECASE,
)
_SECTION_OR_TAG = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(?=[A-Za-z_])", re.DOTALL)
_FEED_END = re.compile(rb"</(?:[\w.-]+:)?(?:channel|rss|feed|rdf)\s*>", re.IGNORECASE)
_REFERENCE = re.compile(
    rb"""<!\[CDATA\[.*?(?:\]\]>|\Z) | <!--.*?(?:-->|\Z) | <(?![A-Za-z_:/!?\x80-\xff])
    | &(?:\#(\d{1,9}|[xX][0-9a-fA-F]{1,8});|([A-Za-z][\w.-]*);)?""",
    re.DOTALL | re.VERBOSE,
)
_DECLARED_ENTITY = re.compile(rb"""<!ENTITY\s+([\w.-]+)\s+["']""")  # not those that stand elsewhere (SYSTEM)
_ENTITY_IN_VALUE = re.compile(r"&([\w.:-]+);")
_PREFIX = re.compile(rb"</?([A-Za-z_][\w.-]*):|\s([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*\s*=\s*[\"']")
_DECLARED_PREFIX = re.compile(rb"\sxmlns:([\w.-]+)\s*=")
_ROOT = re.compile(rb"<\w[\w.:-]*")
_NAME = re.compile(rb"<([^\s/>]+)")
_SPACES = re.compile(rb"\s{2,}")

_XML_ENTITIES = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))
_NAMESPACES = {
    b"atom": b"http://www.w3.org/2005/Atom",
    b"content": b"http://purl.org/rss/1.0/modules/content/",
    b"dc": b"http://purl.org/dc/elements/1.1/",
    b"dcterms": b"http://purl.org/dc/terms/",
    b"feedburner": b"http://rssnamespace.org/feedburner/ext/1.0",
    b"itunes": b"http://www.itunes.com/dtds/podcast-1.0.dtd",
    b"media": b"http://search.yahoo.com/mrss/",
    b"rdf": b"http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    b"sy": b"http://purl.org/rss/1.0/modules/syndication/",
    b"xhtml": b"http://www.w3.org/1999/xhtml",
}


class Rows(Struct, frozen=True):
    """What a document lists: entries, addresses, outlines."""

    names: frozenset[str]  # local names of their elements, in lower case
    start: re.Pattern[bytes]  # of their start tags
    root: str = ""  # the element around them
    nest: bool = False  # rows stand within rows, so that none is cut away for what is in it

    def starts(self, document: bytes, at: int, end: int | None = None) -> Iterator[int]:
        """The bytes from `at` on at which their start tags begin, but for those in comments and CDATA."""
        stop = len(document) if end is None else end
        while found := _SECTION_OR_TAG.search(document, at, stop):
            at = found.end()
            if found[0] == b"<" and self.start.match(document, found.start()):
                yield found.start()


class Repaired(Struct, frozen=True):
    """A document that expat accepts if `well_formed`, and what had to be done to it."""

    document: bytes
    well_formed: bool
    breaks_off: bool = False
    cut_off: int = 0  # entries that the document breaks off in: 0 or 1
    over_cap: int = 0  # entries beyond the newest that are read
    remarks: tuple[str, ...] = ()


ENTRIES = Rows(frozenset(("item", "entry")), _ENTRY)


class _Fault(Struct, frozen=True):
    code: int  # of expat.errors.codes
    at: int  # byte
    message: str
    at_end: bool  # the document is well-formed as far as it goes


class _Trace(Struct):
    """Where the elements begin that were open at some place of a document."""

    open: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)  # of `open`, those that are rows


def is_plain(document: bytes) -> bool:
    """Whether there is nothing in its prolog that must be looked at before anybody reads on."""
    root = _ROOT.search(document, 0, _HEAD)
    return root is not None and b"<!DOCTYPE" not in document


def repair(document: bytes, most: int) -> Repaired:
    """The document, mended if need be and if possible, without the entries beyond the `most` newest.

    Raises ParseError for a document that is made to harm: entities that grow, elements nested without end.
    """
    repaired = mended(document, ENTRIES)
    if not repaired.well_formed:
        return _with_short_prolog(_bounded(repaired, most))
    kept, over_cap = without_older(repaired.document, most)
    return _with_short_prolog(replace(repaired, document=kept, over_cap=over_cap))


def apart(document: bytes, most: int) -> list[bytes]:
    """Documents of one entry each, for a reader that fails on the whole; found by their tags alone."""
    starts = [entry.start() for entry in _ENTRY.finditer(document)][: most + 1]
    ends = [entry.end() for entry in _ENTRY_END.finditer(document)]
    head, tail = document[: starts[0] if starts else 0], document[ends[-1] if ends else len(document) :]
    stops = [*starts[1:], ends[-1] if ends else len(document)]
    return [head + document[start:stop] + tail for start, stop in zip(starts, stops, strict=False)][:most]


def mended(document: bytes, rows: Rows) -> Repaired:
    """The document, well-formed if that can be done without a guess; a row that it breaks off in is cut away.

    Raises ParseError for a document that is made to harm.
    """
    remarks: dict[str, None] = {}
    breaks_off, cut_off = False, 0
    if b"<!DOCTYPE" in document[:_HEAD]:  # with a DTD that nobody fetches, expat passes over entities in silence
        document = with_references(document)
    for _ in range(_TRIES):
        fault = _fault(document)
        if fault is None:
            return Repaired(document, True, breaks_off, cut_off, 0, tuple(remarks))
        remarks[("breaks off: " if fault.at_end else "not well-formed: ") + fault.message] = None
        before = document
        if fault.at_end:
            breaks_off = True
            document, cut_off = _closed(document, fault, rows)
        elif fault.code == _CODE[errors.XML_ERROR_UNBOUND_PREFIX]:
            document = _with_prefixes(document)
        elif fault.code == _CODE[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]:
            document = document if rows.start.search(document, fault.at) else document[: fault.at]
        else:
            document = with_references(document)
        if document == before:
            break
    return Repaired(document, False, breaks_off, cut_off, 0, tuple(remarks))


def _bounded(repaired: Repaired, most: int) -> Repaired:
    """For feedparser's second parser, which knows no bounds: no entities, no entry too many, none that may be half."""
    document = repaired.document
    root = _ROOT.search(document)
    end = root.start() if root else len(document)
    document = document[:end].replace(b"<!ENTITY", b"<!IGNORED") + document[end:]
    starts = [entry.start() for entry in _ENTRY.finditer(document)]
    if len(starts) > most:
        return replace(repaired, document=_without_older(document, starts, most), over_cap=len(starts) - most)
    last = starts[-1] if starts else 0
    breaks_off = not _FEED_END.search(document, last)
    if not starts or not breaks_off or _ENTRY_END.search(document, last):
        return replace(repaired, document=document, breaks_off=breaks_off)
    return replace(repaired, document=document[:last], breaks_off=True, cut_off=1)


def _without_older(document: bytes, starts: list[int], most: int) -> bytes:
    """The document without the entries beyond the `most` newest, as far as its tags tell where they stand."""
    spans = []
    for start, following in zip(starts, [*starts[1:], len(document)], strict=True):
        end = _ENTRY_END.search(document, start, following)
        spans.append((start, end.end() if end else following))
    stated = [[text.decode("utf-8", "replace") for text in _DATE.findall(document, *span)] for span in spans]
    kept = frozenset(newest(stated, most))
    pieces, at = [], 0
    for index, (start, end_of_entry) in enumerate(spans):
        if index not in kept:
            pieces.append(document[at:start])
            at = end_of_entry
    return b"".join([*pieces, document[at:]])


def _fault(document: bytes) -> _Fault | None:
    """The first fault of a document, or None if it is well-formed."""
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    sizes: dict[str, int] = {}
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        check_depth(depth)

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(name: str, is_parameter: bool, value: str | None, *addresses: str | None) -> None:
        inner = sum(sizes.get(inner, 0) for inner in _ENTITY_IN_VALUE.findall(value or ""))
        sizes[name] = len(value or "") + inner
        if sizes[name] > MAX_ENTITY:
            _refuse_bomb(f"the entity {name!r} stands for {sizes[name]} characters")

    parser.StartElementHandler, parser.EndElementHandler, parser.EntityDeclHandler = opened, closed, declared
    at_end = False
    try:
        parser.Parse(document, False)
        at_end = True
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if error.code == _CODE[errors.XML_ERROR_AMPLIFICATION_LIMIT_BREACH]:
            _refuse_bomb(str(error))
        message = str(error).removeprefix("not well-formed ")
        return _Fault(error.code, max(parser.ErrorByteIndex, 0), message, at_end)
    return None


def _refuse_bomb(why: str) -> NoReturn:
    raise ParseError(f"its DTD makes the document grow (an XML bomb): {why}; it was not read")


def _trace(document: bytes, names: frozenset[str]) -> _Trace:
    """The elements open where the document ends, or breaks off."""
    parser = expat.ParserCreate()
    trace = _Trace()

    def opened(name: str, attributes: dict[str, str]) -> None:
        trace.open.append(parser.CurrentByteIndex)
        if name.rpartition(":")[2].lower() in names:
            trace.rows.append(parser.CurrentByteIndex)

    def closed(name: str) -> None:
        if trace.rows and trace.rows[-1] == trace.open[-1]:
            trace.rows.pop()
        trace.open.pop()

    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    with suppress(expat.ExpatError):  # the caller knows
        parser.Parse(document, False)
    return trace


def _closed(document: bytes, fault: _Fault, rows: Rows) -> tuple[bytes, int]:
    """A document that breaks off, closed; 1 if it broke off inside a row, which is cut away, or else 0."""
    trace = _trace(document, rows.names)
    if not trace.open:
        return document, 0
    if trace.rows and not rows.nest:
        outermost = trace.open.index(trace.rows[0])
        return _closed_at(document, trace.open[outermost], trace.open[:outermost]), 1
    end = document.rfind(b"<![CDATA[") if fault.code == _CODE[errors.XML_ERROR_UNCLOSED_CDATA_SECTION] else fault.at
    return _closed_at(document, end, trace.open), int(rows.nest and rows.start.match(document, end) is not None)


def _closed_at(document: bytes, end: int, ancestors: list[int] | tuple[int, ...]) -> bytes:
    names = [found.group(1) for start in reversed(ancestors) if (found := _NAME.match(document, start))]
    return document[:end] + b"".join(b"</" + name + b">" for name in names)


def with_references(document: bytes) -> bytes:
    """The document with every bare `&` and `<`, and every reference that XML does not know, put right."""
    known = _XML_ENTITIES | set(_DECLARED_ENTITY.findall(document))

    def repaired(found: re.Match[bytes]) -> bytes:
        whole, number, name = found.group(), found.group(1), found.group(2)
        if whole == b"<":
            return b"&lt;"
        if number:
            return whole if _is_character(int(number[1:], 16) if number[:1] in b"xX" else int(number)) else b""
        if name in known or not whole.startswith(b"&"):
            return whole
        characters = html5.get(name.decode("ascii", "replace") + ";") if name else None
        if characters is None:
            return b"&amp;" + whole[1:]
        return b"".join(b"&#%d;" % ord(character) for character in characters)

    return _REFERENCE.sub(repaired, document)


def _is_character(code: int) -> bool:
    """XML 1.0, section 2.2, production 2."""
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def _with_prefixes(document: bytes) -> bytes:
    used = {first or second for first, second in _PREFIX.findall(document)}
    missing = used - set(_DECLARED_PREFIX.findall(document)) - {b"xml", b"xmlns"}
    if len(missing) > _PREFIXES:
        return document
    declarations = [
        b' xmlns:%s="%s"' % (prefix, _NAMESPACES.get(prefix, b"urn:undeclared:" + prefix)) for prefix in sorted(missing)
    ]
    return _ROOT.sub(lambda root: root.group() + b"".join(declarations), document, count=1)


def _with_short_prolog(repaired: Repaired) -> Repaired:
    """Blank lines before the root element cost feedparser's search for a DOCTYPE time in the square of their number."""
    root = _ROOT.search(repaired.document)
    end = root.start() if root else len(repaired.document)
    if end < _HEAD:
        return repaired
    return replace(repaired, document=_SPACES.sub(b"\n", repaired.document[:end]) + repaired.document[end:])
