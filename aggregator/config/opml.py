"""Lists of feeds as other programs keep them: OPML 2.0 in and out; pure.

Lists are often edited by hand; what is not quite XML is read by `lenient_xml`, as sitemaps are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from aggregator.model.errors import OpmlError, ParseError
from aggregator.parse import lenient_xml
from aggregator.parse.encoding import to_utf8
from aggregator.parse.gzipped import unpacked
from aggregator.parse.repair import Rows
from aggregator.parse.xml import check_depth
from aggregator.text.printable import line
from aggregator.text.urls import as_http

_MAX_BYTES = 16_777_216
_ROOT = re.compile(rb"<opml[\s/>]", re.IGNORECASE)
_TAG = re.compile(rb"<[A-Za-z_][\w.:-]*")
_ROWS = Rows(frozenset(("outline",)), re.compile(rb"<outline(?=[\s/>])", re.IGNORECASE), "opml", nest=True)
_ADDRESSES = ("xmlurl", "feedurl", "rssurl", "url")


class Outline(Struct, frozen=True, kw_only=True):
    """One feed of a list. An empty text: the list does not say."""

    title: str
    url: str  # xmlUrl
    homepage: str = ""  # htmlUrl
    language: str = ""
    categories: tuple[str, ...] = ()  # its own, in order, then the names of the folders around it, innermost first


class Listed(Struct, frozen=True):
    """What could be read of a list."""

    outlines: tuple[Outline, ...]  # in order, whatever folders they stand in
    unread: int = 0  # outlines, feeds or folders, that could not be read
    remark: str | None = None  # what was wrong with the document; None: nothing


def read(document: bytes) -> Listed:
    """The feeds of a list, which may be packed with gzip. Of one that is not quite XML all outlines whose tags can be
    read; the others are counted. Raises OpmlError: it is no OPML, lists nothing that can be read, or was made to harm.

    An outline without the address of a feed that is no folder either is among them, with an empty `url`.
    """
    try:
        return _read(unpacked(document))
    except ParseError as error:
        raise OpmlError(f"found a document that cannot be read: {error}") from error


def _read(document: bytes) -> Listed:
    if len(document) > _MAX_BYTES:
        raise OpmlError(f"found {len(document)} bytes, expected a list of at most {_MAX_BYTES}")
    text, _, odd = to_utf8(document, None)
    root = _ROOT.search(text)
    if root is None:
        raise OpmlError(f"found a document that begins with {_beginning(text)}, expected <opml>")
    reading = lenient_xml.read(text, _Reader, _ROWS)
    found, unread = tuple(reading.reader.found), reading.unread + reading.cut_off
    if reading.remark and not found:
        raise OpmlError(f"found a document that is not XML ({reading.remark}), expected OPML")
    remarks = (
        odd,
        f"it is not quite XML ({reading.remark})" if reading.remark else None,
        f"outlines that could not be read: {unread}" if unread else None,
        f"the first begins {reading.first_unread!r}" if reading.first_unread else None,
        "it is cut off inside the last" if reading.cut_off else None,
    )
    return Listed(found, unread, "; ".join(filter(None, remarks)) or None)


def _beginning(document: bytes) -> str:
    tag = _TAG.search(document)
    return tag.group().decode("utf-8", "replace") + ">" if tag else repr(document[:40].decode("utf-8", "replace"))


class _Reader:
    """What has been read of a list so far."""

    def __init__(self) -> None:
        self.found: list[Outline] = []
        self._folders: list[tuple[str, int]] = []  # of each outline that is open: its name, how many were found before

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        if name.lower() != "outline":
            return
        check_depth(len(self._folders))
        # Programs write xmlUrl, xmlurl and xmlURL.
        said = {key.lower(): " ".join(line(value).split()) for key, value in attributes.items()}
        title = said.get("text") or said.get("title") or ""
        self._folders.append((title, len(self.found)))
        if (url := _address_of(said)) or _is_leaf(said):
            self.found.append(self._outline(title, url, said))

    def said(self, words: str) -> None:
        """All that a list says stands in attributes."""

    def closed(self, name: str) -> None:
        if name.lower() != "outline" or not self._folders:
            return
        _, before = self._folders.pop()
        if len(self.found) > before + 1 and not self.found[before].url:
            del self.found[before]  # a folder after all

    def given_up(self, name: str) -> None:
        self.closed(name)  # what was opened was read

    def _outline(self, title: str, url: str, said: Mapping[str, str]) -> Outline:
        own = [part.strip("/ ") for part in said.get("category", "").split(",")]
        folders = [name for name, _ in reversed(self._folders[:-1])]
        return Outline(
            title=title,
            url=url,
            homepage=said.get("htmlurl", ""),
            language=said.get("language", ""),
            categories=tuple(filter(None, [*own, *folders])),
        )


def _is_leaf(said: Mapping[str, str]) -> bool:
    """Whether it is no folder, which has neither a type nor any address."""
    return bool(said.get("type")) or any(word.startswith(("http://", "https://")) for word in said.values())


def _address_of(said: Mapping[str, str]) -> str:
    """The address of an outline's feed. Some programs write `url`, which OPML 2.0 has for links to other things."""
    names = ("xmlurl", "feedurl", "rssurl") if said.get("type", "").lower() in ("link", "include") else _ADDRESSES
    return next((as_http(said[name]) for name in names if said.get(name)), "")


def write(title: str, folders: Mapping[str, Sequence[Outline]], now: datetime) -> str:
    """A list of feeds in folders by name, as OPML 2.0 (opml.org/spec2.opml)."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"<head><title>{escape(line(title))}</title><dateCreated>{format_datetime(now)}</dateCreated></head>",
        "<body>",
    ]
    for name, outlines in folders.items():
        lines += [f"<outline text={quoteattr(line(name))}>", *map(_element, outlines), "</outline>"]
    return "\n".join([*lines, "</body>", "</opml>"]) + "\n"


def _element(outline: Outline) -> str:
    said = {
        "type": "rss",  # the spec's word for a feed of any format
        "text": outline.title,
        "title": outline.title,
        "xmlUrl": outline.url,
        "htmlUrl": outline.homepage,
        "language": outline.language,
        "category": ",".join(outline.categories),
    }
    return f"  <outline {' '.join(f'{name}={quoteattr(line(value))}' for name, value in said.items() if value)}/>"
