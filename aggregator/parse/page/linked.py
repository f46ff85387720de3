"""JSON-LD in a page (https://schema.org/NewsArticle), read where it is broken too, and the report among its objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.parse.page.tree import Element, line
from aggregator.text.folding import fold
from aggregator.text.urls import document_of

Object = Mapping[str, Any]

_MOST = 1_000_000  # characters of a block
_MOST_BLOCKS, _MOST_OBJECTS, _DEEPEST = 40, 2_000, 12
_MOST_VALUES, _MOST_COMMENTS = 50, 200  # of a list; of a block
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$"
)
_DECODER = json.JSONDecoder(strict=False)
_ENTITIES = re.compile(r"&(?:quot|#0?34|#x22);", re.IGNORECASE)
# Outside strings: what JavaScript allows and JSON does not.
_OUTSIDE = re.compile(r"""//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])|\b(?:undefined|NaN)\b""", re.DOTALL)
_AFTER_STRING = re.compile(r"""\s*(?:[:}\]]|,\s*(?:["{\[}\]/]|-?\d|true\b|false\b|null\b|$)|$|//|/\*)""")

# The types of a report, the likeliest to be the page's own first.
_NEWS = (
    "newsarticle", "reportagenewsarticle", "opinionnewsarticle", "analysisnewsarticle", "backgroundnewsarticle",
    "reviewnewsarticle", "askpublicnewsarticle", "advertisercontentarticle", "satiricalarticle",
    "liveblogposting", "report",
)  # fmt: skip
_ARTICLES = ("article", "blogposting", "techarticle", "scholarlyarticle", "socialmediaposting", "medicalwebpage")
_OTHERS = ("videoobject", "audioobject", "imagegallery", "mediagallery", "claimreview", "review", "recipe", "event")
_PAGES = ("webpage", "itempage", "aboutpage", "collectionpage")
_RANKS = {name: rank for rank, names in enumerate((_NEWS, _ARTICLES, _OTHERS, _PAGES)) for name in names}
_REPORTS = 1  # the last rank of what is a report
_OF_OTHERS = frozenset(("itemlistelement", "haspart", "comment", "review", "relatedlink", "about", "mentions", "author",
                        "publisher", "breadcrumb", "citation", "liveblogupdate"))  # fmt: skip


def objects_of(root: Element) -> list[Object]:
    """All objects of a page's JSON-LD that have a type or an id, in order; those within others follow them."""
    found: list[Object] = []
    for block, script in enumerate(root.iter("script")):
        if "ld+json" in (script.get("type") or "").lower() and block < 10 * _MOST_BLOCKS:
            for each in objects_in(values_of(script.text or "")):
                if len(found) < _MOST_OBJECTS:
                    found.append(each)
    return found


def objects_in(values: list[Any]) -> list[Object]:
    """The objects in values of JSON; those within others follow them."""
    found: list[Object] = []
    for value in values:
        _gather(value, found, 0)
    return found


def _gather(value: Any, found: list[Object], depth: int) -> None:
    if depth > _DEEPEST or len(found) >= _MOST_OBJECTS:
        return
    if isinstance(value, list):
        for each in value[:500]:
            _gather(each, found, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value or "@id" in value or depth == 0:
            found.append(value)
        for key, each in value.items():
            if isinstance(each, dict | list) and str(key).lower() not in _OF_OTHERS:
                _gather(each, found, depth + 1)
        for key in ("author", "publisher"):  # which others refer to by their ids
            _gather(value.get(key), found, _DEEPEST)


def values_of(block: str) -> list[Any]:
    """The JSON values in the text of a `script`; none where it cannot be read. Never raises."""
    text = block[:_MOST]
    for _ in range(2):
        text = _WRAPPING.sub("", text)
    text = text.strip().rstrip(";").strip()
    if not text:
        return []
    if text[:1] not in "{[" or (len(text) > 1 and _ENTITIES.match(text[1:].lstrip())):
        text = _ENTITIES.sub('"', text)
        starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
        if not starts:
            return []
        text = text[min(starts) :]
    values = _read(text)
    return values if values is not None else _read(_repaired(text), is_last=True) or []


def _read(text: str, is_last: bool = False) -> list[Any] | None:
    """One value or several behind each other. None: a fault; `is_last`: then what comes before it."""
    found: list[Any] = []
    at = 0
    while at < len(text) and len(found) < _MOST_VALUES:
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return found if is_last or found else None
        found.append(value)
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return found


def _repaired(text: str) -> str:
    """Without comments and commas too many, quotes within strings escaped, and closed where it breaks off. It takes
    time that grows with the length alone.
    """
    pieces: list[str] = []
    closing: list[str] = []
    at = 0
    if text.count("/*") > _MOST_COMMENTS:
        return ""
    while at < len(text):
        quote = text.find('"', at)
        outside = text[at:] if quote < 0 else text[at:quote]
        outside = _OUTSIDE.sub(lambda found: "null" if found[0][0] in "uN" else "", outside)
        if not outside.strip() and pieces and pieces[-1].endswith('"') and quote >= 0:
            outside = ","  # two strings behind each other: the comma between them is missing
        for sign in outside:
            if sign in "{[":
                closing.append("}" if sign == "{" else "]")
            elif sign in "}]" and closing:
                closing.pop()
        pieces.append(outside)
        if quote < 0:
            break
        string, at = _string(text, quote + 1)
        pieces.append(string)
    whole = "".join(pieces).rstrip().rstrip(",:")
    whole += "".join(reversed(closing[:1000]))
    return _OUTSIDE.sub("", whole) if whole.endswith(("}}", "]}")) and ",}" in whole[-1005:] else whole


def _string(text: str, at: int) -> tuple[str, int]:
    """A string of JSON that begins before `at`, and where it ends: at a quote behind which JSON goes on."""
    pieces = ['"']
    while True:
        end = text.find('"', at)
        if end < 0:
            pieces.append(text[at:].rstrip("\\"))
            return "".join((*pieces, '"')), len(text)
        slashes = end
        while slashes > at and text[slashes - 1] == "\\":
            slashes -= 1
        pieces.append(text[at:end])
        at = end + 1
        if (end - slashes) % 2:
            pieces.append('"')
        elif _AFTER_STRING.match(text, at):
            return "".join((*pieces, '"')), at
        else:
            pieces.append('\\"')


# The report


def report_of(objects: list[Object], addresses: frozenset[str], headlines: frozenset[str]) -> Object:
    """The object that is the page's report: by its type, by its address, by its headline; {} where there is none.
    `addresses`: those of the page, as `document_of` has them; `headlines`: folded.
    """
    rated = [(_rank(each), -_agrees(each, addresses, headlines), place) for place, each in enumerate(objects)]
    rated = [each for each in rated if each[0] <= _RANKS["videoobject"]]
    if not rated:
        return {}
    reports = [each for each in rated if each[0] <= _REPORTS]
    best = min(reports or rated, key=lambda each: (each[1], each[0], each[2]))
    return objects[best[2]]


def _rank(said: Object) -> int:
    return min((_RANKS.get(name.lower(), 9) for name in types_of(said)), default=9)


def _agrees(said: Object, addresses: frozenset[str], headlines: frozenset[str]) -> int:
    main = said.get("mainEntityOfPage")
    own = [said.get("url"), said.get("@id"), main if isinstance(main, str) else None]
    own += [main.get("@id"), main.get("url")] if isinstance(main, dict) else []
    by_address = any(document_of(each.partition("#")[0]) in addresses for each in own if isinstance(each, str) and each)
    headline = fold(text_of(said.get("headline")) or text_of(said.get("name")))
    by_headline = bool(headline) and any(headline[:60] == each[:60] for each in headlines)
    has_more = any(said.get(key) for key in ("datePublished", "author", "articleBody"))
    return 2 * by_address + 2 * by_headline + has_more


def page_object_of(objects: list[Object]) -> Object:
    """What JSON-LD says of the page as a whole; {}: nothing."""
    return next((each for each in objects if _rank(each) == _RANKS["webpage"]), {})


def types_of(said: Object) -> tuple[str, ...]:
    """The names of an object's types, without the address of schema.org."""
    value = said.get("@type")
    names = value[:_MOST_VALUES] if isinstance(value, list) else [value]
    return tuple(each.rpartition("/")[2].rpartition(":")[2] for each in names if isinstance(each, str) and each)


def each_of(value: Any, objects: list[Object]) -> Iterator[Any]:
    """The elements of a value that may be one or a list; a reference by `@id` is the object that it stands for."""
    for each in (value if isinstance(value, list) else [value])[:_MOST_VALUES]:
        if isinstance(each, list):
            yield from each[:_MOST_VALUES]
        elif isinstance(each, dict) and set(each) <= {"@id", "@type"} and isinstance(each.get("@id"), str):
            full = (other for other in objects if other.get("@id") == each["@id"] and len(other) > len(each))
            yield next(full, each)
        elif each is not None:
            yield each


def text_of(value: Any, longest: int = 1_000) -> str:
    """A value as one plain line: a string, the first of several, or what an object has as its value or its name."""
    if isinstance(value, list):
        return next((said for each in value[:_MOST_VALUES] if (said := text_of(each, longest))), "")
    if isinstance(value, dict):
        return text_of(value.get("@value") or value.get("name") or value.get("headline"), longest) if value else ""
    return line(value, longest) if isinstance(value, str) else ""
