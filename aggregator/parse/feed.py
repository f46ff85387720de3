"""Reads feeds that are not well-formed through feedparser; it alone imports feedparser and knows its keys.

What feedparser found is handed on as the elements that it stood in, so that `entries` says what they mean, as for any
feed. It reads only what cannot be made well-formed, from the fault on. What it returns has been altered in ways for
which it has no switch (6.0.14: mixin.py, `pop`): the edges of values are stripped, text that happens to be valid UTF-8
when read as Latin-1 is decoded once more, markup is written anew, and references in CDATA are resolved once too often.
Of several elements of one name it keeps the last.

feedparser gets bytes in a `BytesIO` (a `str` might be opened as a path), already in UTF-8 and with a header that says
so, hence nothing is left for it to detect; its sanitiser and its resolving of addresses inside content are off. Its
dictionaries answer for keys that they do not hold (`updated` with `published`), so they are made plain ones first.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from aggregator.model.errors import ParseError
from aggregator.parse.xml import Element, Feed
from aggregator.text.html import unquoted

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
# One that says nothing hides that the id is the link.
_EMPTY_LINK = re.compile(rb"<link\s*/>|<link>\s*</link>", re.IGNORECASE)
# What is said of a picture, which feedparser would take for the headline or the summary. Under other names, and without
# attributes, it keeps the last of each apart.
_OF_MEDIA = re.compile(rb"<(/?)media:(?:(title)|description)\b[^<>]{0,300}>", re.IGNORECASE)
# Its keys for an entry's elements that are one value, the last of a kind being the one that counts.
_VALUES = MappingProxyType(
    {
        "published": "published", "created": "created", "prism_publicationdate": "prism:publicationdate",
        "updated": "updated", "dcterms_rights": "dcterms:rights", "rights": "rights", "language": "dc:language",
        "feedburner_origlink": "feedburner:origlink", "pheedo_origlink": "pheedo:origlink",
        "slash_section": "slash:section", "publisher": "dc:publisher", "dcterms_publisher": "dcterms:publisher",
        "dc_source": "dc:source", "dcterms_source": "dcterms:source", "geo_lat": "geo:lat", "geo_long": "geo:long",
        "georss_featurename": "georss:featurename", "georss_circle": "georss:circle",
    }
)  # fmt: skip
# And for those that say what they say in attributes, which are lists.
_LISTS = MappingProxyType({"links": "link", "tags": "category", "media_thumbnail": "media:thumbnail"})
_ABOUT_MEDIA = MappingProxyType(
    {"media_name": "media:title", "media_caption": "media:description", "media_copyright": "media:copyright"}
)
_OF_WORDS = ("value", "language", "base")  # what it says of words beside their type
_SHAPES = MappingProxyType({"Point": "point", "LineString": "line", "Polygon": "polygon", "Box": "box"})
# It says these of iTunes' categories and of Media RSS's that state none.
_SCHEMES_OF_FEEDPARSER = frozenset(("http://www.itunes.com/", "http://search.yahoo.com/mrss/category_schema"))


def read(document: bytes) -> Feed:
    """The feed, of no version if feedparser knows none. `document` is UTF-8. Raises ParseError if feedparser fails."""
    import feedparser  # a tenth of a second, and hardly any document needs it

    try:
        parsed = feedparser.parse(
            io.BytesIO(_OF_MEDIA.sub(_renamed, _EMPTY_LINK.sub(b"", document))),
            response_headers=_HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # a bug of feedparser's must cost one source one poll, and no more
        raise ParseError(f"feedparser failed on it: {type(error).__name__}: {unquoted(str(error))}") from error
    said, version = _plain(parsed.get("feed")), str(parsed.get("version") or "")
    entries = [_around("entry", _elements(_plain(each), version)) for each in parsed["entries"]]
    channel = [_element(key, said.get(key)) for key in ("link", "language", "rights")]
    root = _around("channel", (*channel, *_persons(said, "author")))
    return Feed(version, root, entries, None)


def _renamed(tag: re.Match[bytes]) -> bytes:
    return b"<" + tag[1] + (b"media:name>" if tag[2] else b"media:caption>")


def _elements(said: Mapping[str, Any], version: str) -> Iterator[Element]:
    yield from (_element(name, said[key]) for key, name in _VALUES.items() if key in said)
    yield from (_element(name, None, each) for key, name in _LISTS.items() for each in _several(said.get(key)))
    is_link = said.get("guidislink", version in ("rss090", "rss10"))
    yield _element("guid", said.get("id"), {"ispermalink": "true" if is_link else "false"})
    yield _words("title", said.get("title"), said.get("title_detail"))
    yield _words("description", said.get("summary"), said.get("summary_detail"))
    for detail in _several(said.get("content")):
        yield _element("content", detail.get("value"), detail)
    for kind in ("author", "contributor"):
        yield from _persons(said, kind)
    yield _element("image", None, _plain(said.get("image")))
    yield from _media(said)
    yield _source(_plain(said.get("source")))
    yield _shape(_plain(said.get("where")))


def _media(said: Mapping[str, Any]) -> list[Element]:
    """feedparser does not say what belongs to which, so that what is said of media is the first's."""
    media = [_element("media:content", None, each) for each in _several(said.get("media_content"))]
    about = [_element(name, said[key]) for key, name in _ABOUT_MEDIA.items() if key in said]
    about += [_element("media:credit", each.get("content"), each) for each in _several(said.get("media_credit"))]
    if media:
        media[0].children += about
    return media or about


def _around(name: str, elements: Iterable[Element]) -> Element:
    """An element of those of these that say anything."""
    children = [each for each in elements if each.text or each.attributes or each.children]
    return Element(name, {}, None, "", children=children)


def _element(name: str, value: Any, attributes: Mapping[str, Any] = MappingProxyType({})) -> Element:
    said = {key: each for key, each in attributes.items() if isinstance(each, str) and key not in _OF_WORDS}
    if said.get("type") == "text/html" and said.get("rel", "alternate") != "alternate":
        del said["type"]  # it says so of every link that names none; of a page that is true, of a picture it is not
    if said.get("scheme") in _SCHEMES_OF_FEEDPARSER:
        del said["scheme"]
    return Element(
        name, said, _string(attributes.get("language")), _string(attributes.get("base")) or "", _string(value) or ""
    )


def _words(name: str, value: Any, detail: Any) -> Element:
    """`detail` tells its type, unless it is that of another's within it, or of a picture's."""
    told = _plain(detail)
    if name == "description" and not told:  # a copy of the content
        return _element(name, None)
    return _element(name, value, told if _string(told.get("value")) == _string(value) else {})


def _persons(owner: Mapping[str, Any], kind: str) -> list[Element]:
    mail, persons = None, []
    for each in _several(owner.get(f"{kind}s")):
        name, email, uri = (_string(each.get(part)) for part in ("name", "email", "href"))
        # feedparser gives an author without a mail address the one of the author before.
        said = {"name": name, "email": None if email == mail else email, "uri": uri}
        persons.append(_around(kind, (_element(part, value) for part, value in said.items())))
        mail = email
    literal = _string(owner.get(kind)) or ""
    if len(persons) == 1 and "@" in literal and literal != f"{name} ({email})":
        # feedparser takes brackets from names, and the ends of long domains; it leaves these two escaped.
        return [_element(kind, literal.replace("&lt;", "<").replace("&gt;", ">"))]
    return persons


def _source(said: Mapping[str, Any]) -> Element:
    """Of RSS, which has an address, or of Atom."""
    title = _words("title", said.get("title"), said.get("title_detail"))
    if address := _string(said.get("href")):
        return _element("source", title.text, {"url": address})
    links = [_element("link", None, each) for each in reversed(_several(said.get("links")))]
    parts = [*links, _element("id", said.get("id")), *_persons(said, "author")]
    return _around("source", [title, *parts]) if _around("", parts).children else _element("source", title.text)


def _shape(where: Mapping[str, Any]) -> Element:
    """feedparser keeps the last shape, as numbers with the longitude first."""
    shape, pairs = _SHAPES.get(str(where.get("type")), "point"), where.get("coordinates", ())
    with suppress(IndexError, TypeError, ValueError):  # a publisher's element of that name
        pairs = [pairs] if shape == "point" else pairs[0] if shape == "polygon" else pairs
        return _element(f"georss:{shape}", " ".join(f"{latitude} {longitude}" for longitude, latitude, *_ in pairs))
    return _element("georss:point", None)


def _plain(said: Any) -> dict[str, Any]:
    """What stands in one of feedparser's dictionaries, and nothing that it would answer instead."""
    return dict.copy(said) if isinstance(said, dict) else {}


def _several(value: Any) -> list[dict[str, Any]]:
    return [_plain(item) for item in value] if isinstance(value, list) else []


def _string(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
