"""Raw words: everything that an entry said, as the JSON that is stored with each revision. The one place that writes
and reads it.

UTF-8, keys in the order of `Entry`, what is absent left out; a category of which only the term is said is that string.
A lone surrogate, which JSON can say and UTF-8 cannot, is kept by Python's `surrogatepass`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.structs import replace

from aggregator.model import Category, Entry, Link, Media, Origin, PageWords, Person, Place, Rsl, Text

LONGEST_ID = 300  # characters of an id that is kept without the words: publishers put whole reports into it
_AS_JSON = msgspec.json.Encoder().encode
# All fields of a noun at once: entries have some hundred values each.
_OF_ENTRY = attrgetter(*Entry.__struct_fields__)
_FIELDS = {
    noun: (noun.__struct_fields__, attrgetter(*noun.__struct_fields__))
    for noun in (Text, Link, Person, Category, Media, Origin, Place, Rsl, PageWords)
}


def encode(entry: Entry) -> bytes:
    """The entry as the publisher said it."""
    said = {name: _value(value) for name, value in zip(Entry.__struct_fields__, _OF_ENTRY(entry), strict=True) if value}
    try:
        return _AS_JSON(said)
    except UnicodeEncodeError:  # a lone surrogate; this says the same in the same bytes, and takes five times as long
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _value(value: Any) -> Any:
    """A noun as the JSON for it: an object of those of its fields that were said."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    if kind is tuple:
        return [_value(item) for item in value]
    if kind is Text and value.element is None:
        return {"value": value.value, "type": value.type}
    if kind is Category and value.scheme is None and value.label is None:
        return value.term
    names, parts_of = _FIELDS[kind]
    return {
        name: part if type(part) is str else _value(part)
        for name, part in zip(names, parts_of(value), strict=True)
        if part is not None and part != ()
    }


def decode(raw: bytes | str) -> Entry:
    """The entry that `encode` was given; of `as_text` the same, but for lone surrogates. Raises ValueError where the
    words are damaged.
    """
    return entry_of(values(raw))


def values(raw: bytes | str) -> dict[str, Any]:
    """The same as values of JSON, for whoever prints them: nothing is there that was not said. Raises ValueError."""
    said = json.loads(raw.decode("utf-8", "surrogatepass") if isinstance(raw, bytes) else raw)
    if not isinstance(said, dict):
        raise ValueError(f"raw words are an object of JSON, and these are of type {type(said).__name__}")
    return said


def entry_of(said: Mapping[str, Any]) -> Entry:
    """The entry of such `values`."""
    texts = {name: Text(**said[name]) for name in ("title", "summary") if name in said}
    lists = {name: tuple(map(read, said[name])) for name, read in _LISTS.items() if name in said}
    origin = {"origin": Origin(**said["origin"])} if "origin" in said else {}
    page = {"page": _page(said["page"])} if "page" in said else {}
    return Entry(**{**said, **texts, **lists, **origin, **page})


def _page(said: Mapping[str, Any]) -> PageWords:
    lists = {name: tuple(map(_LISTS[name], said[name])) for name in ("authors", "categories", "media") if name in said}
    content = {"content": Text(**said["content"])} if "content" in said else {}
    licences = {"licences": tuple(said["licences"])} if "licences" in said else {}
    return PageWords(**{**said, **lists, **content, **licences})


def _category(said: Any) -> Category:
    return Category(said) if isinstance(said, str) else Category(**said)


def _media(said: Mapping[str, Any]) -> Media:
    return Media(**{**said, "caption": Text(**said["caption"])} if "caption" in said else said)


_LISTS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "content": lambda said: Text(**said),
        "links": lambda said: Link(**said),
        "authors": lambda said: Person(**said),
        "categories": _category,
        "contributors": lambda said: Person(**said),
        "media": _media,
        "places": lambda said: Place(**said),
        "rsl": lambda said: Rsl(**said),
    }
)


def as_text(raw: bytes) -> str:
    """The JSON as SQL shows it: each byte of a lone surrogate is U+FFFD."""
    return raw.decode("utf-8", "replace")


def without_words(entry: Entry) -> Entry:
    """What stays of an entry when its words are let go, or may not be kept: all but summary, content, the media with
    their captions, and an id that may be the whole report; by the digest of that it is found again. Of its page as
    much stays.
    """
    guid = entry.id if entry.id and len(entry.id) <= LONGEST_ID else None
    page = entry.page and replace(entry.page, summary=None, content=None, media=(), correction=None)
    return replace(entry, id=guid, summary=None, content=(), media=(), page=None if page == PageWords() else page)
