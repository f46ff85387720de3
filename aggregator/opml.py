"""Lists of feeds as other programs keep them: OPML 2.0 in and out; pure.

Nothing in a list is expanded: a document that declares an entity is refused, as one that could grow without end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from aggregator.errors import OpmlError

_MAX_BYTES = 16_777_216


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list. An empty text: the list does not say."""

    title: str
    url: str  # xmlUrl, as it stands
    homepage: str = ""  # htmlUrl
    language: str = ""
    categories: tuple[str, ...] = ()  # its own, in order, then the names of the folders around it, innermost first


def read(document: bytes) -> tuple[Outline, ...]:
    """The feeds of a list, in order, whatever folders they stand in. OpmlError: it is no OPML, or declares entities."""
    if len(document) > _MAX_BYTES:
        raise OpmlError(f"found {len(document)} bytes, expected a list of at most {_MAX_BYTES}")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = reader.entity
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise OpmlError(f"found a document that is not XML ({error}), expected OPML") from None
    return tuple(reader.found)


class _Reader:
    """What expat has passed by so far."""

    def __init__(self) -> None:
        self.found: list[Outline] = []
        self._folders: list[str] = []  # the name of each outline that is open
        self._is_opml = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._is_opml and name.lower() != "opml":
            raise OpmlError(f"found a document that begins with <{name}>, expected <opml>")
        self._is_opml = True
        if name.lower() == "outline":
            # Programs write xmlUrl, xmlurl and xmlURL.
            told = {key.lower(): " ".join(value.split()) for key, value in attributes.items()}
            title = told.get("text") or told.get("title") or ""
            if told.get("xmlurl"):
                self.found.append(self._outline(title, told))
            self._folders.append(title)

    def end(self, name: str) -> None:
        if name.lower() == "outline":
            self._folders.pop()

    def entity(self, name: str, *_: object) -> None:
        raise OpmlError(f"found a declaration of the entity {name!r}, expected a list without any")

    def _outline(self, title: str, told: Mapping[str, str]) -> Outline:
        own = [part.strip("/ ") for part in told.get("category", "").split(",")]
        return Outline(
            title=title,
            url=told["xmlurl"],
            homepage=told.get("htmlurl", ""),
            language=told.get("language", ""),
            categories=tuple(filter(None, [*own, *reversed(self._folders)])),
        )


def write(title: str, folders: Mapping[str, Sequence[Outline]], now: datetime) -> str:
    """A list of feeds in folders by name, as OPML 2.0 (opml.org/spec2.opml)."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"<head><title>{escape(title)}</title><dateCreated>{format_datetime(now)}</dateCreated></head>",
        "<body>",
    ]
    for name, outlines in folders.items():
        lines += [f"<outline text={quoteattr(name)}>", *map(_element, outlines), "</outline>"]
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
    return f"  <outline {' '.join(f'{name}={quoteattr(value)}' for name, value in said.items() if value)}/>"
