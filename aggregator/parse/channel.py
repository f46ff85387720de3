"""Reads what a feed in XML says of itself, outside its entries; it alone knows where in a document that stands.

A pass of its own, by expat, for every reader alike: of the elements read here, feedparser keeps the last `hour` and
the last `day` alone, and no base. Only what stands before the first entry and behind the last is looked at, a kilobyte
or two of most documents. Nothing between two entries is looked at; behind a fault, nothing at all.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urljoin
from xml.parsers import expat

MOST = 1_000  # words, and links, that are kept; nobody has as much to say of a feed
LONGEST = 2_000  # characters of an address that another is resolved against

_ENTRY = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z) | <!--.*?(?:-->|\Z) | <((?:[\w.-]+:)?(?:item|entry))(?=[\s/>])",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_AFTER_NAME = (b">", b" ", b"\t", b"\n", b"\r")
# Without one of these there is nothing to read: most feeds are spared the pass.
_MARKS = (b"ttl>", b"skiphours", b"skipdays", b"updateperiod", b"updatefrequency", b"next", b"prev-", b"wordpress.org")
_BASE = "http://www.w3.org/XML/1998/namespace base"
# Of generators: Atom 1.0, Atom 0.3, RDF.
_ADDRESSES = frozenset(("uri", "url", "http://www.w3.org/1999/02/22-rdf-syntax-ns# resource"))
_PREFIXES = MappingProxyType(
    {
        "http://www.w3.org/2005/atom": "atom:", "http://purl.org/atom/ns#": "atom:",
        "http://purl.org/rss/1.0/modules/syndication/": "sy:", "http://webns.net/mvcb/": "admin:",
    }
)  # fmt: skip
# The element around, and an element's name in lower case with one of these prefixes, or none for one of the feed's own
# namespace -> what it is to us.
_PLACES = MappingProxyType(
    {
        ("", "rss"): "root", ("", "rdf"): "root", ("", "channel"): "channel", ("", "feed"): "channel",
        ("", "atom:feed"): "channel", ("root", "channel"): "channel", ("channel", "ttl"): "ttl",
        ("channel", "skiphours"): "skiphours", ("skiphours", "hour"): "hour", ("channel", "skipdays"): "skipdays",
        ("skipdays", "day"): "day", ("channel", "sy:updateperiod"): "period",
        ("channel", "sy:updatefrequency"): "frequency", ("channel", "generator"): "generator",
        ("channel", "atom:generator"): "generator", ("channel", "admin:generatoragent"): "generator",
        ("channel", "atom:link"): "link",
    }
)  # fmt: skip
_OF_TEXT = frozenset(("ttl", "hour", "day", "period", "frequency", "generator"))


@dataclass(frozen=True, slots=True)
class Said:
    """What a feed says of itself, in the document's order."""

    words: tuple[tuple[str, str], ...]  # ttl, hour, day, period, frequency or generator, and the text as it stands
    links: tuple[tuple[str, str, str, str], ...]  # rel, type, address, each as stated, or ""; what that is relative to
    has_entries: bool


def read(document: bytes, url: str) -> Said:
    """What stands outside the entries of a feed that was fetched from `url`. Never raises.

    `document` is UTF-8, its DTD known to be harmless.
    """
    outside, has_entries = _without_entries(document)
    lower = outside.lower()
    if not any(mark in lower for mark in _MARKS):
        return Said((), (), has_entries)
    scan = _Scan(url)
    with suppress(expat.ExpatError):
        scan.parser.Parse(outside, True)
    return Said(tuple(scan.words[:MOST]), tuple(scan.links), has_entries)


def _without_entries(document: bytes) -> tuple[bytes, bool]:
    """The document without what stands from its first entry to its last, and whether it has any."""
    first = next((found for found in _ENTRY.finditer(document) if found.group(1)), None)
    if first is None:
        return document, False
    closing = b"</" + first.group(1)
    end = document.rfind(closing, first.end())
    while end >= 0 and document[end + len(closing) : end + len(closing) + 1] not in _AFTER_NAME:
        end = document.rfind(closing, first.end(), end)  # </items>
    behind = document[document.find(b">", end) + 1 :] if end >= 0 else document[first.start() :]
    return document[: first.start()] + behind, True


class _Scan:
    """Holds an expat parser over one document, and what it has read so far."""

    def __init__(self, url: str) -> None:
        self.path = [""]  # what each open element is to us; "?": nothing, and neither is what stands in it
        self.bases = [(0, url)]  # the xml:base of the elements that have one: depth, address
        self.core = ""  # the namespace of the feed's own elements
        self.places: dict[tuple[str, str], str] = {}
        self.texts: list[str] = []
        self.words: list[tuple[str, str]] = []
        self.links: list[tuple[str, str, str, str]] = []
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._opened, self._closed

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        around = self.path[-1]
        place = self.places.get((around, name)) or self._place(around, name)
        self.path.append(place)
        if _BASE in attributes and place != "?":
            self.bases.append((len(self.path), _resolved(self.bases[-1][1], attributes[_BASE])))
        if place == "link" and len(self.links) < MOST:
            rel, kind, address = (attributes.get(key, "") for key in ("rel", "type", "href"))
            self.links.append((rel, kind, address, self.bases[-1][1]))
        elif place in _OF_TEXT:
            for key in attributes.keys() & _ADDRESSES:
                self.words.append((place, attributes[key]))
            self.texts.clear()
            self.parser.CharacterDataHandler = self.texts.append

    def _place(self, around: str, name: str) -> str:
        namespace, _, local = name.rpartition(" ")
        if around in ("", "root"):
            self.core = namespace
        prefix = _PREFIXES.get(namespace.lower(), "" if namespace == self.core else "other:")
        return self.places.setdefault((around, name), _PLACES.get((around, prefix + local.lower()), "?"))

    def _closed(self, name: str) -> None:
        if self.bases[-1][0] == len(self.path):
            self.bases.pop()
        place = self.path.pop()
        if place in _OF_TEXT:
            self.words.append((place, "".join(self.texts)))
            self.parser.CharacterDataHandler = None


def _resolved(base: str, href: str) -> str:
    """An xml:base made absolute; "" for one that cannot be, or that nobody could mean."""
    with suppress(ValueError):  # e.g. a bracket in the host's place
        address = urljoin(base, href.strip())
        return address if len(address) <= LONGEST else ""
    return ""
