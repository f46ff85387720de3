"""Which elements of real feeds survive our reading: for each element and attribute that an entry may have beside its
words, how many entries have it, in how many feeds, and of what share all that it says stands in their raw words.

The elements are looked for by ElementTree, and so apart from our own parser; it reads well-formed documents alone. Its
entries and ours are the same by their order, in a feed of which both find as many.
"""

from __future__ import annotations

import html
import re
import sys
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from aggregator.model import Entry, FetchResult, Source
from aggregator.model.errors import ParseError
from aggregator.parse import encoding, parse
from aggregator.text import raw_words

_URL = "https://fetched.example/feed"
_ENTRIES = ("item", "entry")
_MARKUP = ("title", "description", "summary", "content", "encoded", "body")  # what stands in these is words
# What names a module's namespace, wherever it lies exactly; "" is RSS and Atom themselves.
_MODULES = {
    "search.yahoo.com/mrss": "media", "purl.org/dc/elements": "dc", "purl.org/dc/terms": "dcterms",
    "itunes.com/dtds/podcast": "itunes", "georss.org/georss": "georss", "opengis.net/gml": "gml",
    "w3.org/2003/01/geo": "geo", "w3.org/2005/atom": "atom", "purl.org/atom/ns": "atom",
    "purl.org/rss/1.0/modules/slash": "slash",
}  # fmt: skip
_NUMBERS = ("width", "height", "length", "filesize", "type", "hreflang")  # attributes that survive only as a whole


@dataclass(frozen=True, slots=True)
class Row:
    """Of one element: the entries that have it, their feeds, and the entries that keep all that it says."""

    entries: int
    feeds: int
    kept: int


@dataclass(frozen=True, slots=True)
class Survey:
    rows: dict[str, Row]
    entries: int  # that were compared
    feeds: int
    left_out: tuple[str, ...]  # feeds of which ElementTree and our parser find different numbers of entries, or none


def survey(documents: Iterable[tuple[str, bytes]]) -> Survey:
    """Of feeds, by name: what of the elements in `ROWS` survives."""
    had: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    feeds: defaultdict[str, set[str]] = defaultdict(set)
    compared, names, left_out = 0, 0, []
    for name, body in documents:
        elements, entries = _elements(body), _entries(body)
        if not elements or len(elements) != len(entries):
            left_out.append(name)
            continue
        names, compared = names + 1, compared + len(entries)
        for element, entry in zip(elements, entries, strict=True):
            held = _Held(entry)
            for row, said in _said(element).items():
                had[row] += 1
                kept[row] += all(held.has(value, is_whole) for value, is_whole in said)
                feeds[row].add(name)
    rows = {row: Row(had[row], len(feeds[row]), kept[row]) for row in ROWS if had[row]}
    return Survey(rows, compared, names, tuple(left_out))


def _entries(body: bytes) -> tuple[Entry, ...]:
    result = FetchResult(url=_URL, http_status=200, headers={}, body=body)
    try:
        return parse(result, Source(publisher="p", key="a", url=_URL)).entries
    except ParseError:
        return ()


def _elements(body: bytes) -> list[Element]:
    try:
        root = ElementTree.fromstring(encoding.to_utf8(body, None)[0].lstrip(), ElementTree.XMLParser(encoding="utf-8"))
    except ElementTree.ParseError:
        return []
    return [*_entries_in(root)]


def _entries_in(around: Element) -> Iterator[Element]:
    for each in around:
        module, local = _name(each)
        if local in _ENTRIES and module in ("", "atom"):
            yield each
        else:
            yield from _entries_in(each)


class _Held:
    """What the raw words of an entry hold, white space aside."""

    def __init__(self, entry: Entry) -> None:
        self._values = {_squeezed(value) for value in _leaves(raw_words.values(raw_words.encode(entry)))}
        self._all = "\n".join(self._values)

    def has(self, value: str, is_whole: bool) -> bool:
        squeezed = _squeezed(value)
        return squeezed in self._values if is_whole else squeezed in self._all


def _leaves(said: Any) -> Iterator[str]:
    if isinstance(said, dict | list):
        for part in said.values() if isinstance(said, dict) else said:
            yield from _leaves(part)
    else:
        yield str(said)


def _squeezed(value: str) -> str:
    return "".join(value.split())


def _name(element: Element) -> tuple[str, str]:
    """The module of an element, "?" for one that is not asked about, and its local name in small letters."""
    namespace, _, local = element.tag.lower().removeprefix("{").rpartition("}")
    module = next((module for part, module in _MODULES.items() if part in namespace), None)
    if module is None:
        is_rss = "/modules/" not in namespace and ("rss" in namespace or "netscape" in namespace)
        module = "" if not namespace or is_rss else "?"
    return module, local


# Rows

_Said = list[tuple[str, bool]]  # values, and whether each must stand there as a whole


def _said(entry: Element) -> dict[str, _Said]:
    """What an entry says, by row."""
    found: defaultdict[str, _Said] = defaultdict(list)
    for each in _within(entry):
        named = ":".join(filter(None, _name(each)))
        for row, (names, values) in ROWS.items():
            if named in names:
                found[row] += [pair for pair in values(each) if pair[0].strip()]
    return {row: said for row, said in found.items() if said}


def _within(entry: Element) -> Iterator[Element]:
    """The elements in an entry, but for markup in its words."""
    waiting = list(entry)[::-1]
    while waiting:
        each = waiting.pop()
        yield each
        if _name(each)[1] not in _MARKUP or _name(each) == ("media", "content"):
            waiting += list(each)[::-1]


def _text(each: Element) -> _Said:
    return [(each.text or "", False)] if not len(each) else []


def _parts(each: Element) -> _Said:
    return [(part, False) for part in (each.text or "").split(",")]


def _numbers(each: Element) -> _Said:
    return [(number, False) for number in (each.text or "").replace(",", " ").split()]


def _person(each: Element) -> _Said:
    """Name and mail address stand apart in raw words."""
    return [(part, False) for part in re.split(r"[()<>]", each.text or "")]


def _title(each: Element) -> _Said:
    """The words of a title, which may be HTML."""
    said = "".join(each.itertext())
    return [(html.unescape(re.sub(r"<[^<>]*>", "", said)) if each.get("type") == "html" else said, False)]


def _source(each: Element) -> _Said:
    """What an Atom `source` says of a feed."""
    found = _child("id")(each)
    for part in each:
        if _name(part)[1] == "title":
            found += _title(part)
        elif _name(part)[1] == "link" and part.get("rel", "alternate") in ("alternate", "self"):
            found.append((part.get("href", ""), False))
    return found


def _child(*names: str) -> Callable[[Element], _Said]:
    """The text of its children of these names."""
    return lambda each: [(part.text or "", False) for part in each if _name(part)[1] in names]


def _attribute(*names: str) -> Callable[[Element], _Said]:
    """The first of these attributes."""

    def values(each: Element) -> _Said:
        return next(([(said, name.lower() in _NUMBERS)] for name in names if (said := each.get(name))), [])

    return values


_MEDIA = ("media:content", "media:thumbnail")
_LINKS = ("atom:link", "enclosure")
ROWS: dict[str, tuple[tuple[str, ...], Callable[[Element], _Said]]] = {
    "media:thumbnail": (("media:thumbnail",), _attribute("url")),
    "media:content": (("media:content",), _attribute("url")),
    "media:description": (("media:description",), _text),
    "media:credit": (("media:credit",), _text),
    "media:copyright": (("media:copyright",), _text),
    "media:title": (("media:title",), _text),
    "media:text": (("media:text",), _text),
    "media:player": (("media:player",), _attribute("url")),
    "media:keywords": (("media:keywords",), _parts),
    "width of media": (_MEDIA, _attribute("width")),
    "height of media": (_MEDIA, _attribute("height")),
    "type of media": (_MEDIA, _attribute("type")),
    "length of media": (_MEDIA, _attribute("fileSize")),
    "enclosure": (("enclosure",), _attribute("url")),
    "itunes:image": (("itunes:image",), _attribute("href", "url")),
    "image in an item": (("image",), _child("url")),
    "source of RSS": (("source",), lambda each: [*_text(each), *_attribute("url")(each)]),
    "source of Atom": (("atom:source",), _source),
    "dc:publisher": (("dc:publisher", "dcterms:publisher"), _text),
    "dc:source": (("dc:source", "dcterms:source"), _text),
    "dc:rights": (("dc:rights", "dcterms:rights"), _text),
    "contributor": (("atom:contributor",), _child("name", "email", "uri")),
    "dc:contributor": (("dc:contributor", "dcterms:contributor"), _person),
    "georss": (tuple(f"georss:{shape}" for shape in ("point", "line", "polygon", "box", "circle")), _numbers),
    "georss:featurename": (("georss:featurename",), _text),
    "gml": (("gml:pos", "gml:poslist"), _numbers),
    "geo:lat, geo:long": (("geo:lat", "geo:long"), _numbers),
    "domain of category": (("category",), _attribute("domain")),
    "scheme of category": (("atom:category", "media:category"), _attribute("scheme")),
    "label of category": (("atom:category", "media:category"), _attribute("label")),
    "slash:section": (("slash:section",), _text),
    "length of link": (_LINKS, _attribute("length")),
    "hreflang of link": (_LINKS, _attribute("hreflang")),
    "title of link": (_LINKS, _attribute("title")),
    "type of link": (_LINKS, _attribute("type")),
}


def table(found: Survey) -> str:
    """As Markdown."""
    lines = ["| element | entries | feeds | kept | share |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, row in found.rows.items():
        lines.append(f"| {name} | {row.entries} | {row.feeds} | {row.kept} | {100 * row.kept / row.entries:.0f} % |")
    said = f"{found.entries} entries of {found.feeds} feeds were compared, {len(found.left_out)} feeds left out"
    return "\n".join([*lines, "", said + (f": {', '.join(found.left_out)}" if found.left_out else "") + "."])


def main() -> None:
    options = ArgumentParser(prog="python -m bench.elements", description=__doc__)
    options.add_argument("folder", type=Path, help="of feeds, each a file in XML")
    folder: Path = options.parse_args().folder
    if not folder.is_dir():
        sys.exit(f"{folder} is no folder: name one that holds feeds, each a file in XML")
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in (".xml", ".rss", ".atom"))
    if not files:
        sys.exit(f"{folder} holds no file that ends in .xml, .rss or .atom")
    print(table(survey((path.name, path.read_bytes()) for path in files)))


if __name__ == "__main__":
    main()
