"""Where a report plays: GeoRSS in its simple form and with GML (https://docs.ogc.org/cs/17-002r1/17-002r1.html), and
the W3C's `geo` (https://www.w3.org/2003/01/geo/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from aggregator.model import Place
from aggregator.parse.xml import Element

_MOST, _LONGEST = 20, 2_000  # places; characters of the coordinates or of the name of one
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
# How many numbers a shape has at least; a circle has a radius in metres beside its centre.
_NUMBERS = {"point": 2, "line": 4, "polygon": 6, "box": 4, "circle": 3}
_OF_VARYING_LENGTH = ("line", "polygon")
_SIMPLE = {f"georss:{shape}": shape for shape in _NUMBERS}
_GML = {"gml:point": "point", "gml:linestring": "line", "gml:polygon": "polygon", "gml:envelope": "box"}
_COORDINATES = ("gml:pos", "gml:poslist", "gml:lowercorner", "gml:uppercorner")
_AROUND = ("georss:where", *_GML)
_NAMES = frozenset((*_SIMPLE, *_AROUND, "geo:lat", "geo:point", "georss:featurename"))


def places_of(parts: Mapping[str, Sequence[Element]]) -> tuple[Place, ...]:
    """Of an entry's elements by name: each place once. What has no such coordinates is no place."""
    if _NAMES.isdisjoint(parts):  # most entries
        return ()
    found = [(shape, each.text) for name, shape in _SIMPLE.items() for each in parts.get(name, ())]
    found += [shape for name in _AROUND for each in parts.get(name, ()) for shape in _of_gml(each)]
    for around in (parts, *(each.by_name() for each in parts.get("geo:point", ()))):
        both = zip(around.get("geo:lat", ()), around.get("geo:long", ()), strict=False)
        found += [("point", f"{latitude.token} {longitude.token}") for latitude, longitude in both]
    # One name is that of all shapes; several are places of their own, because nothing says which shape is whose.
    stated = dict.fromkeys(each.token for each in parts.get("georss:featurename", ()))
    names = [name for name in stated if 0 < len(name) <= _LONGEST]
    shapes = [(shape, numbers) for shape, said in found if (numbers := _coordinates(shape, said))]
    kept = [Place(numbers, shape, names[0] if len(names) == 1 else None) for shape, numbers in shapes]
    if len(names) > 1 or not kept:
        kept += [Place(name=name) for name in names]
    return tuple(dict.fromkeys(kept))[:_MOST]


def _coordinates(shape: str, said: str) -> str | None:
    """The numbers as stated, with single blanks between them; None for what is no such shape on Earth."""
    if len(said) > _LONGEST:
        return None
    numbers = said.replace(",", " ").split()
    least = _NUMBERS[shape]
    is_right = len(numbers) >= least and len(numbers) % 2 == 0 if shape in _OF_VARYING_LENGTH else len(numbers) == least
    if not is_right or not all(map(_NUMBER.fullmatch, numbers)):
        return None
    degrees = [abs(float(number)) for number in (numbers[:2] if shape == "circle" else numbers)]
    if max(degrees[::2]) > 90 or max(degrees[1::2]) > 360:  # metres of a map, or the longitude first
        return None
    return None if shape == "circle" and numbers[2].startswith("-") else " ".join(numbers)


def _of_gml(said: Element) -> Iterator[tuple[str, str]]:
    """Shapes, however deep they stand. Those within a shape, such as the ring of a polygon, are that shape's own."""
    waiting = [said]
    while waiting:
        each = waiting.pop()
        if shape := _GML.get(each.name):
            yield shape, " ".join(part.text for part in _within(each) if part.name in _COORDINATES)
        else:
            waiting += reversed(each.children)


def _within(said: Element) -> Iterator[Element]:
    """All elements in it, in the order of the document."""
    waiting = [said]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += reversed(each.children)
