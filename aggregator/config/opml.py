"""Lists of feeds as other programs keep them: OPML 2.0 in and out; pure.

Nothing in a list is expanded: a document that declares an entity is refused, as one that could grow without end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html.parser import HTMLParser
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from aggregator.model.errors import OpmlError
from aggregator.parse.encoding import to_utf8
from aggregator.text.printable import line
from aggregator.text.urls import as_http

_MAX_BYTES = 16_777_216
_ROOT = re.compile(rb"<opml[\s/>]", re.IGNORECASE)
_TAG = re.compile(rb"<[A-Za-z_][\w.:-]*")
_ENTITY = re.compile(rb"<!ENTITY\s+(?:%\s*)?([^\s>]+)")
_ADDRESSES = ("xmlurl", "feedurl", "rssurl", "url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list. An empty text: the list does not say."""

    title: str
    url: str  # xmlUrl
    homepage: str = ""  # htmlUrl
    language: str = ""
    categories: tuple[str, ...] = ()  # its own, in order, then the names of the folders around it, innermost first


@dataclass(frozen=True, slots=True)
class Listed:
    """What could be read of a list."""

    outlines: tuple[Outline, ...]  # in order, whatever folders they stand in
    remark: str | None = None  # what was wrong with the document; None: nothing


def read(document: bytes) -> Listed:
    """The feeds of a list. One that is not quite XML (a bare `&`, an entity of HTML, a cut end) is read by its tags, as
    far as these go. Raises OpmlError: it is no OPML, or declares entities.

    An outline without the address of a feed that is no folder either is among them, with an empty `url`.
    """
    if len(document) > _MAX_BYTES:
        raise OpmlError(f"found {len(document)} bytes, expected a list of at most {_MAX_BYTES}")
    text = to_utf8(document, None)[0]
    root = _ROOT.search(text)
    if root is None:
        raise OpmlError(f"found a document that begins with {_beginning(text)}, expected <opml>")
    if entity := _ENTITY.search(text):
        said = entity.group(1).decode("utf-8", "replace")
        raise OpmlError(f"found a declaration of the entity {said!r}, expected a list without any")
    list_ = text[root.start() :]
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    try:
        parser.Parse(list_, True)
    except expat.ExpatError as error:
        found = _by_tags(list_.decode("utf-8", "replace"))
        if not found:
            raise OpmlError(f"found a document that is not XML ({error}), expected OPML") from None
        return Listed(found, f"it is not well-formed XML ({error}), so it was read as far as its tags go")
    return Listed(tuple(reader.found))


def _beginning(document: bytes) -> str:
    tag = _TAG.search(document)
    return tag.group().decode("utf-8", "replace") + ">" if tag else repr(document[:40].decode("utf-8", "replace"))


class _Reader:
    """What has been read of a list so far."""

    def __init__(self) -> None:
        self.found: list[Outline] = []
        self._folders: list[tuple[str, int]] = []  # of each outline that is open: its name, how many were found before

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name.lower() != "outline":
            return
        # Programs write xmlUrl, xmlurl and xmlURL.
        said = {key.lower(): " ".join(line(value).split()) for key, value in attributes.items()}
        title = said.get("text") or said.get("title") or ""
        is_leaf = bool(said.get("htmlurl") or said.get("type"))  # a folder has neither
        self._folders.append((title, len(self.found)))
        if (url := _address_of(said)) or is_leaf:
            self.found.append(self._outline(title, url, said))

    def end(self, name: str) -> None:
        if name.lower() != "outline" or not self._folders:
            return
        _, before = self._folders.pop()
        if len(self.found) > before + 1 and not self.found[before].url:
            del self.found[before]  # a folder after all

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


def _address_of(said: Mapping[str, str]) -> str:
    """The address of an outline's feed. Some programs write `url`, which OPML 2.0 has for links to other things."""
    names = ("xmlurl", "feedurl", "rssurl") if said.get("type", "").lower() in ("link", "include") else _ADDRESSES
    return next((as_http(said[name]) for name in names if said.get(name)), "")


# For each of these html.parser would read all that follows, over and over.
_UNENDED = re.compile(r"<(?![^>]{0,4096}>)")


class _Tags(HTMLParser):
    """Finds tags as a browser does, which reads whatever is written."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__()
        self._reader = reader

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._reader.start(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        self._reader.end(tag)


def _by_tags(document: str) -> tuple[Outline, ...]:
    reader = _Reader()
    _Tags(reader).feed(_UNENDED.sub("&lt;", document))
    return tuple(reader.found)


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
