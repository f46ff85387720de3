"""From a fetched body to entries: one parser a kind of source, in a table.

A parser is a function `(FetchResult, Source) -> Document` that raises ParseError and nothing else. To add one, write a
file beside the others, add its line to PARSERS, and lay fixture pairs into tests/fixtures/KIND/.

On the way of a feed: `encoding` (bytes to UTF-8), `repair` (well-formed, bounded; most need nothing), then one pass:
`xml` (elements), `entries` (what they mean) and `channel` (what the document says of itself). Our reading is the
definition. A document that cannot be made well-formed is read by feedparser (`feed`) from its fault on: it gives
elements too, and `entries` says what they mean.

Every entry that stands in a document is among `Document.entries`, or counted in `Document.drops`:

- `unreadable_entry`: it could not be read;
- `cut_off`: the document breaks off inside it;
- `over_cap`: it is not among the MAX_ENTRIES newest (see `cap`);
- `empty`: it has neither id, nor link, nor title, nor words;
- `not_published`: a draft, or in the bin (WordPress);
- `not_news`: a page that a news sitemap lists, among its news or alone;
- `withdrawn`: it says of itself that it is; its id is among `Document.withdrawn`, as are those of tombstones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

from msgspec.structs import replace

from aggregator.model import Document, Entry, FetchResult, Source
from aggregator.model.errors import ParseError
from aggregator.parse import (
    channel,
    encoding,
    entries,
    feed,
    gzipped,
    hints,
    jsonfeed,
    lenient_json,
    older,
    refusal,
    repair,
    sitemap,
    wordpress,
    xml,
)

MAX_ENTRIES = 2_000
UNREADABLE, CUT_OFF, OVER_CAP, EMPTY = "unreadable_entry", "cut_off", "over_cap", "empty"
WITHDRAWN, NOT_NEWS, NOT_PUBLISHED = "withdrawn", "not_news", "not_published"

_Read = tuple[str, list[Entry | None], str | None]  # format, entries (None: unreadable), language

_FEED_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel|item|entry)[\s/>]", re.IGNORECASE)
_WARNING = 300  # characters


def parse(result: FetchResult, source: Source) -> Document:
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
    """What tells one kind of document from another: its first character, or the root element of a sitemap; of JSON its
    first bracket, whatever stands before it.
    """
    at = lenient_json.start(body)
    if at is not None:
        body = body[at : at + 64]
    first = body[:64].lstrip(b"\xef\xbb\xbf\xfe\xff\0\t\r\n ")[:1]
    return _SITEMAP if first == b"<" and sitemap.is_sitemap(body) else first


def _parse_feed(result: FetchResult, source: Source) -> Document:
    document, _, remark = encoding.to_utf8(result.body, result.headers.get("content-type"))
    if not _FEED_TAG.search(document):
        raise refusal.refusal(document, result.url, False, None)
    repaired, read = _elements(document)
    if read is not None and read.fault is None:
        version, found, language = _as_read(read, result.url)
    else:
        version, found, language = _by_feedparser(repaired.document, result.url)
        exact = entries.entries(read, result.url) if read else []  # the entries before the fault
        found = [*exact, *found[len(exact) :]] if len(exact) <= len(found) else found
    if not found and (repaired.breaks_off or not version):
        raise refusal.refusal(document, result.url, repaired.breaks_off, "; ".join(repaired.remarks) or None)
    drops = Counter({CUT_OFF: repaired.cut_off, OVER_CAP: repaired.over_cap})
    parsed = _as_document(version or "unknown", found, drops, language, [remark, *repaired.remarks])
    return _with_channel(parsed, read, result.url) if read else parsed


def _elements(document: bytes) -> tuple[repair.Repaired, xml.Feed | None]:
    """The document as well-formed and as bounded as can be, and its elements. Most need nothing for that."""
    if repair.is_plain(document):  # a DTD is looked at before anybody reads on
        read = xml.read(document, MAX_ENTRIES)
        if read is not None and read.fault is None:
            return repair.Repaired(document, True), read
    repaired = repair.repair(document, MAX_ENTRIES)
    return repaired, xml.read(repaired.document, MAX_ENTRIES)


def _with_channel(parsed: Document, read: xml.Feed, url: str) -> Document:
    """With what the document says of itself: hints about coming back, the older page, and what it takes back."""
    said = channel.read(read, url)
    before = older.older(said.links, url)
    if before is None and read.entries:  # a listing of nothing has nothing before it
        before = older.of_wordpress((text for key, text in said.words if key == "generator"), url)
    withdrawn = channel.deleted(read, parsed.entries)
    return replace(parsed, hints=hints.hints(said.words), older=before, withdrawn=withdrawn)


def _by_feedparser(document: bytes, url: str) -> _Read:
    """What is not well-formed; where feedparser fails on the whole document, entry by entry: one costs no other."""
    try:
        return _as_read(feed.read(document), url)
    except ParseError as error:
        failure = error
    pieces = [_read_alone(piece, url) for piece in repair.apart(document, MAX_ENTRIES)]
    first = next((piece for piece in pieces if piece), None)
    if first is None:
        raise failure
    return first[0], [entry for piece in pieces for entry in (piece[1] if piece else [None])], first[2]


def _as_read(read: xml.Feed, url: str) -> _Read:
    return read.version, [*entries.entries(read, url)], entries.language(read)


def _read_alone(document: bytes, url: str) -> _Read | None:
    with suppress(ParseError):
        return _as_read(feed.read(document), url)
    return None


def _parse_jsonfeed(result: FetchResult, source: Source) -> Document:
    document, remark = _json(result)
    items = jsonfeed.read(document, result.url, MAX_ENTRIES)
    drops = Counter({OVER_CAP: items.over_cap, CUT_OFF: items.cut_off, WITHDRAWN: len(items.withdrawn)})
    parsed = _as_document(items.format, items.entries, drops, items.language, [remark, items.remark])
    before = older.older([("next", "", items.next_url or "", result.url)], result.url)
    return replace(parsed, withdrawn=items.withdrawn, older=before)


def _parse_wordpress(result: FetchResult, source: Source) -> Document:
    document, remark = _json(result)
    posts = wordpress.read(document, MAX_ENTRIES)
    drops = Counter({OVER_CAP: posts.over_cap, CUT_OFF: posts.cut_off, NOT_PUBLISHED: posts.not_published})
    return _as_document(wordpress.FORMAT, posts.entries, drops, None, [remark, posts.remark])


def _json(result: FetchResult) -> tuple[bytes, str | None]:
    """A document of JSON in UTF-8 from its first bracket on, and a remark. Raises ParseError for any other document."""
    at, content_type = lenient_json.start(result.body), result.headers.get("content-type")
    document, _, remark = encoding.to_utf8(result.body[at or 0 :], content_type)
    if not document.lstrip().startswith((b"{", b"[")):
        raise refusal.refusal(document, result.url, False, None)
    before = f"{at} bytes stood before the JSON" if at else None
    return document, "; ".join(filter(None, (before, remark))) or None


def _parse_sitemap(result: FetchResult, source: Source) -> Document:
    document, _, remark = encoding.to_utf8(result.body, result.headers.get("content-type"))
    if not sitemap.is_sitemap(document):
        return _parse_feed(result, source)
    urls = sitemap.read(document, result.url, MAX_ENTRIES)
    if urls.remark and not urls.entries and (urls.breaks_off or urls.unread or not urls.not_news):
        raise refusal.refusal(document, result.url, urls.breaks_off, urls.remark)
    if urls.advice and source.kind != "sitemap":  # a list of pages is no feed
        raise ParseError(urls.advice)
    drops = Counter({OVER_CAP: urls.over_cap, NOT_NEWS: urls.not_news, CUT_OFF: urls.cut_off})
    return _as_document(
        sitemap.FORMAT, [*urls.entries, *[None] * urls.unread], drops, None, [remark, urls.remark, urls.advice]
    )


def _as_document(
    version: str,
    found: Sequence[Entry | None],
    drops: Counter[str],
    language: str | None,
    remarks: Sequence[str | None],
) -> Document:
    """What was found, less what is no entry, which is counted."""
    kept = found[:MAX_ENTRIES]
    entries = tuple(entry for entry in kept if entry and not _is_empty(entry))
    drops[OVER_CAP] += len(found) - len(kept)
    drops[UNREADABLE] += sum(entry is None for entry in kept)
    drops[EMPTY] += sum(entry is not None and _is_empty(entry) for entry in kept)
    if kept and not entries and drops[UNREADABLE]:
        raise ParseError(f"none of its {len(found)} entries could be read")
    warning = "; ".join(filter(None, remarks))[:_WARNING] or None
    return Document(format=version, entries=entries, drops=dict(+drops), language=language, warning=warning)


def _is_empty(entry: Entry) -> bool:
    words = [entry.title, entry.summary, *entry.content]
    return not (entry.id or entry.links or any(text and text.value.strip() for text in words))


PARSERS: Mapping[str, Callable[[FetchResult, Source], Document]] = MappingProxyType(
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
