"""Reads news sitemaps (https://www.sitemaps.org/protocol.html with Google's extensions for news, images and videos,
https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap); it alone knows their elements.

Elements are told by their local names and places, whatever prefix or namespace they have: the extension is declared in
many spellings, and here and there not at all. A headline is as it was written, references resolved; of elements within
it their words. The date of `lastmod` is when the page was changed, `news:publication_date` when the report was
published. There is no id: a report is known by its address. Not read are `news:genres` and `news:access`,
`news:name`, which is the publisher's own name, and `image:license`, which is the address of a page.

A `url` without `news:news` is a page and no report: it has neither headline nor date. A sitemap that lists such pages
alone, or nothing, is one without news: on a quiet day many publishers have nothing else to list. An index of sitemaps
is refused, because it never lists any news. What is not quite XML is read by `lenient_xml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import Struct, field

from aggregator.model import Category, Entry, Link, Media, Text
from aggregator.model.errors import ParseError
from aggregator.parse import lenient_xml
from aggregator.parse.cap import newest
from aggregator.parse.encoding import to_utf8
from aggregator.parse.files import once
from aggregator.parse.repair import Rows
from aggregator.text.pictures import web_address
from aggregator.text.urls import literal, resolved

FORMAT = "sitemap-news09"  # version 0.9 of both
HEAD = 4096  # bytes, within which the root element stands
MAX_DEPTH = 100  # elements within elements; sitemaps have five
_MOST_ROWS = 50_000  # https://www.sitemaps.org/protocol.html#index
_MOST_FILES = 50  # pictures and videos of one report
_SHOWN = 3

_ROOT = re.compile(
    rb"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*+<((?:[\w.-]+:)?(?:urlset|sitemapindex))(?=[\s/>])",
    re.DOTALL,
)
_ROW = re.compile(rb"<(?:[\w.-]+:)?(?:url|sitemap)(?=[\s/>])")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_NEWS = ("urlset", "url", "news")
_IMAGE, _VIDEO = ("urlset", "url", "image"), ("urlset", "url", "video")
_FIELDS: dict[tuple[str, ...], str] = {
    ("urlset", "url", "loc"): "loc",
    ("urlset", "url", "lastmod"): "lastmod",
    (*_NEWS, "title"): "title",
    (*_NEWS, "publication_date"): "publication_date",
    (*_NEWS, "keywords"): "keywords",
    (*_NEWS, "publication", "language"): "language",
    ("sitemapindex", "sitemap", "loc"): "loc",
    ("sitemapindex", "sitemap", "lastmod"): "lastmod",
    **{(*_IMAGE, name): name for name in ("loc", "caption", "title")},
    **{(*_VIDEO, name): name for name in ("content_loc", "thumbnail_loc", "description", "title")},
}
_ROWS = (("urlset", "url"), ("sitemapindex", "sitemap"))


class _Row(Struct):
    """What one `url` of a sitemap, or one `sitemap` of an index, says."""

    words: dict[str, str] = field(default_factory=dict)  # by element
    files: list[dict[str, str]] = field(default_factory=list)  # the same of each picture and video
    is_news: bool = False


class Urls(Struct, frozen=True):
    """What stands in a document."""

    entries: list[Entry]  # those that are news, in order
    over_cap: int  # news behind those
    not_news: int  # pages
    cut_off: int  # 1: the document breaks off inside one
    unread: int  # those that have a fault
    breaks_off: bool
    remark: str | None  # what the XML parser said of the document, if it is not well-formed
    advice: str | None  # where pages alone are listed


class _Reader(Struct):
    """What has been read of a document so far, and where the reading is. Rows behind the first `most`, and pages, are
    only counted, so that millions of them take no room.
    """

    most: int
    rows: list[_Row] = field(default_factory=list)
    over: int = 0
    pages: int = 0
    path: list[str] = field(default_factory=list)
    row: _Row = field(default_factory=_Row)
    file: dict[str, str] = field(default_factory=dict)
    words: list[str] | None = None  # of the field that is open
    depth: int = 0  # of that field

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name.rpartition(":")[2])
        if len(self.path) > MAX_DEPTH:
            raise ParseError(f"elements are nested more than {MAX_DEPTH} deep: no sitemap needs that")
        if self.words is not None:
            return
        place = tuple(self.path) if len(self.path) <= 5 else ()
        if place in _ROWS:
            self.row = _Row()
        elif place == _NEWS:
            self.row.is_news = True
        elif place in (_IMAGE, _VIDEO):
            self.file = {}
        elif place in _FIELDS:
            self.words, self.depth = [], len(self.path)

    def said(self, words: str) -> None:
        if self.words is not None:
            self.words.append(words)

    def closed(self, name: str) -> None:
        place = tuple(self.path) if len(self.path) <= 5 else ()
        if self.words is not None and len(self.path) == self.depth:
            words, self.words = "".join(self.words), None
            if words.strip():
                said = self.file if place[:3] in (_IMAGE, _VIDEO) else self.row.words
                said.setdefault(_FIELDS[place], words)
        elif place in (_IMAGE, _VIDEO) and len(self.row.files) < _MOST_FILES:
            self.row.files.append(self.file)
        elif place in _ROWS:
            self._end_row(is_page=place[0] == "urlset" and not self.row.is_news)
        self.path.pop()

    def given_up(self, name: str) -> None:
        self.words = None
        self.path.pop()

    def _end_row(self, is_page: bool) -> None:
        if is_page:
            self.pages += 1
        elif len(self.rows) < self.most:
            self.rows.append(self.row)
        else:
            self.over += 1


def is_sitemap(document: bytes) -> bool:
    """Whether the root element is one of a sitemap, or of an index of sitemaps; in any encoding that keeps ASCII."""
    return bool(_root(document))


def read(document: bytes, url: str, most: int) -> Urls:
    """The `most` newest news of a sitemap in UTF-8 that was fetched from `url`; one that has a fault costs no other.

    Raises ParseError if it is an index of sitemaps, or was made to harm.
    """
    if _is_index(document):
        raise ParseError(_about_index(named_in(document)))
    reading = _read(document)
    found = reading.reader
    kept = newest([(row.words.get("publication_date"), row.words.get("lastmod")) for row in found.rows], most)
    return Urls(
        entries=[_entry(found.rows[index], url) for index in kept],
        over_cap=found.over + len(found.rows) - len(kept),
        not_news=found.pages,
        cut_off=reading.cut_off,
        unread=reading.unread,
        breaks_off=reading.breaks_off,
        remark=reading.remark,
        advice=_advice(found),
    )


def named_in(index: bytes) -> tuple[str, ...]:
    """The sitemaps that an index lists, literal, the last changed first; none for a document that is no index. One
    with a fault costs no other.
    """
    index = to_utf8(index, None)[0]
    if not _is_index(index):
        return ()
    rows = [row.words for row in _read(index).reader.rows if "loc" in row.words]
    rows.sort(key=lambda row: row.get("lastmod", "").strip(), reverse=True)  # W3C-DTF, which sorts as text
    return tuple(dict.fromkeys(literal(row["loc"]) for row in rows))


def is_of_news(url: str) -> bool:
    """Whether a sitemap is one of news, by its name; the site's own name says nothing of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return "news" in f"{parts.path}?{parts.query}".lower()


def _root(document: bytes) -> bytes:
    """The name of the root element, if it is one of ours."""
    head = document[:HEAD]
    for mark in _MARKS:
        head = head.removeprefix(mark)
    found = _ROOT.match(head.replace(b"\0", b""))  # UTF-16 without its NULs is ASCII
    return found.group(1) if found else b""


def _is_index(document: bytes) -> bool:
    return _root(document).endswith(b"sitemapindex")


def _read(document: bytes) -> lenient_xml.Reading[_Reader]:
    """All that can be read. Raises ParseError for what was made to harm."""
    root = _root(document).decode("ascii", "replace")
    rows = Rows(frozenset(("url", "sitemap")), _ROW, root)
    return lenient_xml.read(document, lambda: _Reader(_MOST_ROWS), rows)


def _about_index(sitemaps: tuple[str, ...]) -> str:
    news = [url for url in sitemaps if is_of_news(url)]
    said = f"it is an index of {len(sitemaps)} sitemaps, and lists no news itself"
    if news:
        return f"{said}; those of news, by their names, are {', '.join(news[:_SHOWN])}: poll one of those"
    if sitemaps:
        return (
            f"{said}, and by their names none of them does ({', '.join(sitemaps[:_SHOWN])}); look for the site's feed"
        )
    return f"{said}; look for the site's feed"


def _advice(found: _Reader) -> str | None:
    if not found.pages or found.rows:
        return None
    return (
        f"it is a sitemap of {found.pages} pages, and of no news: none has a news:news with a headline; if that stays "
        "so, look for the site's news sitemap, or for its feed"
    )


def _entry(row: _Row, url: str) -> Entry:
    words = row.words
    loc = words.get("loc", "").strip()
    keywords = (keyword.strip() for keyword in words.get("keywords", "").split(","))
    return Entry(
        title=Text(words["title"], "text/plain") if "title" in words else None,
        links=(Link(resolved(url, loc)),) if loc else (),
        categories=tuple(map(Category, dict.fromkeys(filter(None, keywords)))),
        published=words.get("publication_date", "").strip() or None,
        updated=words.get("lastmod", "").strip() or None,
        language=words.get("language", "").strip() or None,
        media=once(each for said in row.files for each in _media(said, url)),
    )


def _media(said: dict[str, str], url: str) -> Iterator[Media]:
    """A picture, or a video and the picture that stands for it; words about a video belong to what there is of it."""
    words = said.get("caption") or said.get("description")
    title = said.get("title", "").strip() or None
    caption = Text(words, "text/plain") if words else None
    for key, medium in (("loc", "image"), ("content_loc", "video"), ("thumbnail_loc", "image")):
        at = web_address(url, said.get(key, ""))
        if at:
            yield Media(at, medium, title=title, caption=caption)
            title = caption = None
