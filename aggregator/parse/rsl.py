"""Reads RSL 1.0 (https://rslstandard.org/rsl): documents, and what a feed says within an item. What it means is for
`rights`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar
from xml.parsers import expat

from aggregator.model import Rsl
from aggregator.model.errors import ParseError
from aggregator.parse.xml import SEPARATOR, Element

MOST_BYTES = 256 * 1024  # of a document
MOST = 200  # licences that are kept of a document
MOST_OF_ENTRY = 10
_DEEPEST = 20  # elements within elements; RSL has five
_LONGEST = 500  # characters of one value

T = TypeVar("T")


def read(document: bytes) -> tuple[Rsl, ...]:
    """The licences of a document, in any encoding that XML may have; of one that fills MOST_BYTES those that it
    begins with. Raises ParseError for what is no RSL.
    """
    is_whole = len(document) < MOST_BYTES
    document = document[:MOST_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    builder = _Builder()
    try:
        builder.parser.Parse(document, is_whole)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ParseError(f"no document of RSL: {error}") from error
    root = builder.root
    if root is None or root.name != "rsl":
        raise ParseError("no document of RSL: its root element is another")
    return tuple(_first(MOST, _licences(root.all("content"))))


def of_entry(contents: Iterable[Element]) -> tuple[Rsl, ...]:
    """The licences of the `rsl:content` elements of an entry."""
    return tuple(_first(MOST_OF_ENTRY, _licences(contents, "rsl:")))


def _licences(contents: Iterable[Element], prefix: str = "") -> Iterator[Rsl]:
    """One for each `license`; a `content` without one says by its server alone that a licence is needed."""
    for content in contents:
        url, server = (_short(content.attributes.get(name)) for name in ("url", "server"))
        licences = [*content.all(f"{prefix}license")]
        for each in licences:
            permits, prohibits = (
                " ".join(
                    part.token for part in each.all(prefix + name) if part.attributes.get("type", "usage") == "usage"
                )
                for name in ("permits", "prohibits")
            )
            payment = next((_short(part.attributes.get("type")) for part in each.all(f"{prefix}payment")), None)
            yield Rsl(url, server, _short(permits), _short(prohibits), payment)
        if not licences:
            yield Rsl(url, server)


def _short(value: str | None) -> str | None:
    return " ".join(value.split())[:_LONGEST] or None if value else None


def _first(most: int, those: Iterator[T]) -> Iterator[T]:
    return (each for each, _ in zip(those, range(most), strict=False))


class _Builder:
    """Holds an expat parser over one document, and its elements by their local names."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.open: list[Element] = []
        self.parser = parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._opened, self._closed
        parser.CharacterDataHandler = self._words
        parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise ValueError("it declares a document type, which RSL has none of")

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name.rpartition(SEPARATOR)[2].lower(), attributes, None, None)
        if len(self.open) >= _DEEPEST:
            raise ValueError(f"elements are nested more than {_DEEPEST} deep")
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def _words(self, text: str) -> None:
        if self.open and len(self.open[-1].text) < _LONGEST:
            self.open[-1].text += text

    def _closed(self, _: str) -> None:
        self.open.pop()
