"""From a fetched body to entries: one parser a kind of source, in a table.

A parser is a function `(FetchResult, Source) -> Parsed` that raises ParseError and nothing else. To add one, write a
file beside the others, add its line to PARSERS, and lay fixture pairs into tests/fixtures/KIND/.

On the way of a feed: `encoding` (bytes to UTF-8), then `strict`, which reads what is plain. What it leaves goes through
`repair` (well-formed, bounded), `feed` (feedparser) and `verbatim` (the exact words again), with the same result.
What the document says of itself comes from `channel` on either way: `hints` about coming back, the `older` page.

Every entry that stands in a document is among `Parsed.entries`, or counted in `Parsed.drops`:

- `unreadable_entry`: it could not be read;
- `cut_off`: the document breaks off inside it;
- `over_cap`: it is not among the MAX_ENTRIES newest (see `cap`);
- `empty`: it has neither id, nor link, nor title, nor words;
- `not_published`: a draft, or in the bin (WordPress);
- `not_news`: a page that a news sitemap lists among its news;
- `withdrawn`: it says of itself that it is; its id is among `Parsed.withdrawn`, as are those of tombstones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from aggregator.model import Entry, FetchResult, Parsed, Source
from aggregator.model.errors import ParseError
from aggregator.parse import (
    cap,
    channel,
    encoding,
    feed,
    gzipped,
    hints,
    jsonfeed,
    older,
    refusal,
    repair,
    sitemap,
    strict,
    tombstones,
    verbatim,
    wordpress,
)

MAX_ENTRIES = 2_000
UNREADABLE, CUT_OFF, OVER_CAP, EMPTY = "unreadable_entry", "cut_off", "over_cap", "empty"
WITHDRAWN, NOT_NEWS, NOT_PUBLISHED = "withdrawn", "not_news", "not_published"

_Read = tuple[str, list[Entry | None], str | None]  # format, entries (None: unreadable), language
# Readers of feeds in XML, the strictest first: one that raises ParseError leaves the document to the next.
_READERS: tuple[Callable[[bytes, str], _Read], ...] = (feed.read,)

_FEED_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel|item|entry)[\s/>]", re.IGNORECASE)
_WARNING = 300  # characters


def parse(result: FetchResult, source: Source) -> Parsed:
    """The entries of a document, as its publisher said them.

    A document of another kind than its source's is read for what it is, and one that is a file of gzip unpacked.
    Raises ParseError, with a message that says what was found and what to do, if the document has no readable entry;
    a feed that has no entries at all is fine.
    """
    result = replace(result, body=gzipped.unpacked(result.body))
    kind = _IS_IN_FACT.get((source.kind, _beginning(result.body)), source.kind)
    if kind not in PARSERS:
        raise ParseError(f"{source.name} is of kind {kind!r}, which nobody here reads; known: {', '.join(PARSERS)}")
    return PARSERS[kind](result, source)


def _beginning(body: bytes) -> bytes:
    """What tells one kind of document from another: its first character, or the root element of a sitemap."""
    first = body[:64].lstrip(b"\xef\xbb\xbf\xfe\xff\0\t\r\n ")[:1]
    return _SITEMAP if first == b"<" and sitemap.is_sitemap(body) else first


def _parse_feed(result: FetchResult, source: Source) -> Parsed:
    document, _, remark = encoding.to_utf8(result.body, result.headers.get("content-type"))
    if not _FEED_TAG.search(document):
        raise refusal.refusal(document, result.url, False, None)
    over_cap = 0
    if repair.is_plain(document):  # a DTD is looked at before anybody reads on
        document, over_cap = cap.without_older(document, MAX_ENTRIES)
    if not tombstones.may_hold(document) and (plain := strict.read(document, result.url, MAX_ENTRIES)):
        parsed = as_parsed(plain[0], plain[1], Counter({OVER_CAP: over_cap}), plain[2], [remark])
        return with_channel(parsed, document, result.url)
    return parse_any(document, result.url, remark, over_cap)


def parse_any(document: bytes, url: str, remark: str | None, over_cap: int = 0) -> Parsed:
    """A feed that `strict` does not take; of one that it does take, this makes the same, eight times as slowly."""
    repaired, reading = well_formed(document)
    version, entries, language = _read(repaired.document, url)
    entries = _verbatim(entries, reading)
    if not entries and (repaired.breaks_off or not version):
        raise refusal.refusal(document, url, repaired.breaks_off, "; ".join(repaired.remarks) or None)
    drops = Counter({CUT_OFF: repaired.cut_off, OVER_CAP: over_cap + repaired.over_cap})
    parsed = as_parsed(version or "unknown", entries, drops, language, [remark, *repaired.remarks])
    withdrawn = tombstones.read(repaired.document, parsed.entries)
    return with_channel(replace(parsed, withdrawn=withdrawn), repaired.document, url)


def with_channel(parsed: Parsed, document: bytes, url: str) -> Parsed:
    """With what the document says of itself, which no reader of entries tells; for all of them the same."""
    said = channel.read(document, url)
    before = older.older(said.links, url)
    if before is None and said.has_entries:  # a listing of nothing has nothing before it
        before = older.of_wordpress((text for key, text in said.words if key == "generator"), url)
    return replace(parsed, hints=hints.hints(said.words), older=before)


def well_formed(document: bytes) -> tuple[repair.Repaired, verbatim.Reading]:
    """The document as well-formed and as bounded as can be, and what stands in it. Most need nothing for that."""
    if repair.is_plain(document):
        reading = verbatim.read(document)
        if reading.well_formed and len(reading.records) <= MAX_ENTRIES:
            return repair.Repaired(document, True), reading
    repaired = repair.repair(document, MAX_ENTRIES)
    return repaired, verbatim.read(repaired.document)


def _read(document: bytes, url: str) -> _Read:
    """By the first reader that can; where all fail on the whole document, entry by entry: one costs no other."""
    for read in _READERS:
        try:
            return read(document, url)
        except ParseError as error:
            failure = error
    pieces = [_read_alone(piece, url) for piece in repair.apart(document, MAX_ENTRIES)]
    first = next((piece for piece in pieces if piece), None)
    if first is None:
        raise failure
    return first[0], [entry for piece in pieces for entry in (piece[1] if piece else [None])], first[2]


def _read_alone(document: bytes, url: str) -> _Read | None:
    try:
        return _READERS[-1](document, url)
    except ParseError:
        return None


def _verbatim(entries: Sequence[Entry | None], reading: verbatim.Reading) -> list[Entry | None]:
    """The entries with their exact words; of a document that is not well-formed, those before its fault."""
    if reading.well_formed and len(reading.records) != len(entries):
        return list(entries)
    pairs = zip(entries, reading.records, strict=False)
    restored = [entry and verbatim.restore(entry, record) for entry, record in pairs]
    return [*restored, *entries[len(restored) :]]


def _parse_jsonfeed(result: FetchResult, source: Source) -> Parsed:
    document, _, remark = encoding.to_utf8(result.body, result.headers.get("content-type"))
    if not document.lstrip().startswith((b"{", b"[")):
        raise refusal.refusal(document, result.url, False, None)
    items = jsonfeed.read(document, result.url, MAX_ENTRIES)
    drops = Counter({OVER_CAP: items.over_cap, WITHDRAWN: len(items.withdrawn)})
    parsed = as_parsed(items.format, items.entries, drops, items.language, [remark, items.remark])
    before = older.older([("next", "", items.next_url or "", result.url)], result.url)
    return replace(parsed, withdrawn=items.withdrawn, older=before)


def _parse_wordpress(result: FetchResult, source: Source) -> Parsed:
    document, _, remark = encoding.to_utf8(result.body, result.headers.get("content-type"))
    if not document.lstrip().startswith((b"{", b"[")):
        raise refusal.refusal(document, result.url, False, None)
    posts = wordpress.read(document, MAX_ENTRIES)
    drops = Counter({OVER_CAP: posts.over_cap, NOT_PUBLISHED: posts.not_published})
    return as_parsed(wordpress.FORMAT, posts.entries, drops, None, [remark, posts.remark])


def _parse_sitemap(result: FetchResult, source: Source) -> Parsed:
    document, _, remark = encoding.to_utf8(result.body, result.headers.get("content-type"))
    if not sitemap.is_sitemap(document):
        return _parse_feed(result, source)
    urls = sitemap.read(document, result.url, MAX_ENTRIES)
    remarks = {remark: None, urls.remark: None}
    if urls.unread:
        urls = sitemap.read(repair.with_references(document), result.url, MAX_ENTRIES)
        remarks[urls.remark] = None
    if urls.remark and not urls.entries:
        raise refusal.refusal(document, result.url, urls.breaks_off, urls.remark)
    drops = Counter({OVER_CAP: urls.over_cap, NOT_NEWS: urls.not_news, CUT_OFF: urls.cut_off})
    return as_parsed(sitemap.FORMAT, [*urls.entries, *[None] * urls.unread], drops, None, list(remarks))


def as_parsed(
    version: str,
    found: Sequence[Entry | None],
    drops: Counter[str],
    language: str | None,
    remarks: Sequence[str | None],
) -> Parsed:
    """What was found, less what is no entry, which is counted."""
    kept = found[:MAX_ENTRIES]
    entries = tuple(entry for entry in kept if entry and not _is_empty(entry))
    drops[OVER_CAP] += len(found) - len(kept)
    drops[UNREADABLE] += sum(entry is None for entry in kept)
    drops[EMPTY] += sum(entry is not None and _is_empty(entry) for entry in kept)
    if kept and not entries and drops[UNREADABLE]:
        raise ParseError(f"none of its {len(found)} entries could be read")
    warning = "; ".join(filter(None, remarks))[:_WARNING] or None
    return Parsed(format=version, entries=entries, drops=dict(+drops), language=language, warning=warning)


def _is_empty(entry: Entry) -> bool:
    words = [entry.title, entry.summary, *entry.content]
    return not (entry.id or entry.links or any(text and text.value.strip() for text in words))


PARSERS: Mapping[str, Callable[[FetchResult, Source], Parsed]] = MappingProxyType(
    {"feed": _parse_feed, "jsonfeed": _parse_jsonfeed, "wordpress": _parse_wordpress, "sitemap": _parse_sitemap}
)
_SITEMAP = b"<urlset"
# (kind, beginning of the document) -> the kind that it is in fact.
_IS_IN_FACT = MappingProxyType(
    {
        ("feed", b"{"): "jsonfeed",
        ("feed", b"["): "wordpress",
        ("jsonfeed", b"["): "wordpress",
        ("jsonfeed", b"<"): "feed",
        ("wordpress", b"<"): "feed",
        ("sitemap", b"{"): "jsonfeed",
        ("sitemap", b"["): "wordpress",
        **{(kind, _SITEMAP): "sitemap" for kind in ("feed", "jsonfeed", "wordpress")},
    }
)
