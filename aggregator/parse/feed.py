"""Reads feeds that are not well-formed through feedparser; it alone imports feedparser and knows its keys.

feedparser gets bytes in a `BytesIO` (a `str` might be opened as a path), already in UTF-8 and with a header that says
so, hence nothing is left for it to detect; its sanitiser and its resolving of addresses inside content are off. Its
dictionaries answer for keys that they do not hold (`updated` with `published`), so they are made plain ones first.

It reads only what cannot be made well-formed, from the fault on. What it returns has been altered in ways for which
it has no switch (6.0.14: mixin.py, `pop`): the edges of values are stripped, text that happens to be valid UTF-8 when
read as Latin-1 is decoded once more, markup is written anew, and references in CDATA are resolved once too often.

What the formats mean is said in `entries`; here the same is found under feedparser's keys. A summary
that feedparser made by copying the content is left out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from aggregator.model import Category, Entry, Link, Media, Origin, Person, Place, Text
from aggregator.model.errors import ParseError
from aggregator.parse import categories, origin
from aggregator.parse.entries import MOST_CONTRIBUTORS, description, each_once, looks_like_html
from aggregator.parse.files import once
from aggregator.parse.media import LONGEST_LINE, described, is_recording
from aggregator.parse.places import places
from aggregator.parse.relative import base_of
from aggregator.text.html import one_line, unquoted
from aggregator.text.persons import persons_of
from aggregator.text.pictures import pictures, web_address
from aggregator.text.urls import resolved

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_MARKUP = frozenset(("text/html", "application/xhtml+xml"))
_ORIGINAL_LINKS = ("feedburner_origlink", "pheedo_origlink")
_PUBLISHED = ("published", "created", "prism_publicationdate")
# One that says nothing hides that the id is the link.
_EMPTY_LINK = re.compile(rb"<link\s*/>|<link>\s*</link>", re.IGNORECASE)
# What is said of a picture, which feedparser would take for the headline or the summary. Under other names, and without
# attributes, it keeps the last of each apart.
_OF_MEDIA = re.compile(rb"<(/?)media:(?:(title)|description)\b[^<>]{0,300}>", re.IGNORECASE)
_IANA = "http://www.iana.org/assignments/relation/"


def read(document: bytes, url: str) -> tuple[str, list[Entry | None], str | None]:
    """The format (`rss20`, `atom10` ...; empty if feedparser knows none), the entries in order, the feed's language.

    An entry that could not be read is None. `document` is UTF-8; `url` is where it was fetched. Raises ParseError if
    feedparser fails on the whole document.
    """
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
    feed, version = _plain(parsed.get("feed")), str(parsed.get("version") or "")
    entries = [_entry(_plain(said), feed, version, url) for said in parsed["entries"]]
    return version, entries, _string(feed.get("language"))


def _renamed(tag: re.Match[bytes]) -> bytes:
    return b"<" + tag[1] + (b"media:name>" if tag[2] else b"media:caption>")


def _entry(said: Mapping[str, Any], feed: Mapping[str, Any], version: str, url: str) -> Entry | None:
    is_atom = version.startswith("atom")
    try:
        published, updated = _dates(said, is_atom)
        content, base = _content(said), _base(feed, is_atom, url)
        summary = _summary(said) or (None if content else _of_recording(said, "media_caption"))
        return Entry(
            id=_string(said.get("id")),
            title=_title(said) or _of_recording(said, "media_name"),
            summary=summary,
            content=content,
            links=_links(said, version, base),
            authors=_authors(said, feed if is_atom else {}),
            categories=_categories(said),
            published=published,
            updated=updated,
            rights=_rights(said, feed if is_atom else {}),
            language=_language(said),
            contributors=_persons(said, "contributor")[:MOST_CONTRIBUTORS],
            media=_media(said, base),
            origin=_origin(said, base),
            places=_places(said),
            base=base_of((*content, summary), partial(_base_in_scope, said), base),
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):  # a publisher's element named like a key
        return None


def _plain(said: Any) -> dict[str, Any]:
    """What stands in one of feedparser's dictionaries, and nothing that it would answer instead."""
    return dict.copy(said) if isinstance(said, dict) else {}


def _several(value: Any) -> list[dict[str, Any]]:
    return [_plain(item) for item in value] if isinstance(value, list) else []


def _string(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _text(detail: Any) -> Text | None:
    """Words with their media type; a type that is no text and no markup holds no words."""
    said = _plain(detail)
    value, media_type = said.get("value"), str(said.get("type") or "text/html").split(";")[0].strip()
    if not isinstance(value, str) or not value:
        return None
    if media_type in _MARKUP:
        return Text(value, media_type)
    if media_type.endswith(("+xml", "/xml")):
        return Text(value, "application/xhtml+xml")
    return Text(value, "text/plain") if media_type.startswith("text/") else None


def _of_recording(said: Mapping[str, Any], key: str) -> Text | None:
    """As `entries` has it: what is said of a video or a sound, where that is the entry."""
    return _of_media(said, key) if any(map(is_recording, _several(said.get("media_content")))) else None


def _title(said: Mapping[str, Any]) -> Text | None:
    """`title` keeps the entry's own; `title_detail` tells its type, unless it is a picture's or another's within it."""
    detail, value = _plain(said.get("title_detail")), _string(said.get("title"))
    if not value or _string(detail.get("value")) == value:
        return _text(detail) if value else None
    return Text(value, "text/html" if looks_like_html(value) else "text/plain")


def _summary(said: Mapping[str, Any]) -> Text | None:
    """`summary` keeps the outer of two; `summary_detail` tells its type, unless it is the inner one's."""
    detail, value = _plain(said.get("summary_detail")), _string(said.get("summary"))
    if not detail or not value:
        return None
    return _text(detail if detail.get("value") == value else {"value": value, "type": "text/html"})


def _content(said: Mapping[str, Any]) -> tuple[Text, ...]:
    return tuple(text for detail in _several(said.get("content")) if (text := _text(detail)))


def _base(feed: Mapping[str, Any], is_atom: bool, url: str) -> str:
    """What relative links are relative to, where no xml:base says it."""
    home = None if is_atom else _string(feed.get("link"))
    base = resolved(url, home) if home else url
    return base if base.startswith(("http://", "https://")) else url


def _links(said: Mapping[str, Any], version: str, base: str) -> tuple[Link, ...]:
    links = [Link(original) for key in _ORIGINAL_LINKS if (original := _string(said.get(key)))]
    links += [_link(link) for link in _several(said.get("links")) if _string(link.get("href"))]
    guid = _string(said.get("id")) or ""
    is_link = said.get("guidislink", version in ("rss090", "rss10")) and not version.startswith("atom")
    if is_link and guid.startswith(("http://", "https://")) and not any(link.rel == "alternate" for link in links):
        links.append(Link(guid))
    for detail in _several(said.get("content")):
        if src := _string(detail.get("src")):
            links.append(Link(resolved(str(detail.get("base") or ""), src), "enclosure", _string(detail.get("type"))))
    for media in _several(said.get("media_content")):
        if address := _string(media.get("url")):
            links.append(Link(address, "enclosure", _string(media.get("type"))))
    return each_once(replace(link, href=resolved(base, link.href)) for link in links)


def _link(said: Mapping[str, Any]) -> Link:
    return Link(said["href"].strip(), _relation(said), _type_of_link(said), *description(said))


def _type_of_link(said: Mapping[str, Any]) -> str | None:
    """feedparser says `text/html` of every link that names no type; of a page that is true, of a picture it is not."""
    media_type = _string(said.get("type"))
    return None if media_type == "text/html" and _relation(said) != "alternate" else media_type


def _relation(said: Mapping[str, Any]) -> str:
    return (_string(said.get("rel")) or "alternate").removeprefix(_IANA)


def _media(said: Mapping[str, Any], base: str) -> tuple[Media, ...]:
    """In the order of `media.media_of`. feedparser does not say what belongs to which, so that what is said of media is
    the first's.
    """
    found = [_described(each, base) for each in _several(said.get("media_content"))]
    links = [each for each in _several(said.get("links")) if _relation(each) == "enclosure"]
    found += [_described({**each, "type": _type_of_link(each)}, base) for each in links]
    found += [_described({**each, "url": each.get("src")}, base) for each in _several(said.get("content"))]
    shown = [_plain(said.get("image")), *_several(said.get("media_thumbnail"))]
    found += [replace(_described(each, base), medium="image", title=None) for each in shown]
    found = [each for each in found if each.url]
    if found:
        credits = [_line(each.get("content")) for each in _several(said.get("media_credit"))]
        found[0] = replace(
            found[0],
            title=_line(said.get("media_name")) or found[0].title,
            caption=_of_media(said, "media_caption"),
            credit=", ".join(dict.fromkeys(filter(None, credits))) or None,
            copyright=_line(said.get("media_copyright")),
        )
    for detail in (*_several(said.get("content")), _plain(said.get("summary_detail"))):
        text = _text(detail)
        found += pictures(text, resolved(base, _string(detail.get("base")) or "")) if text else ()
    return once(found)


def _of_media(said: Mapping[str, Any], key: str) -> Text | None:
    return Text(value, "text/html") if (value := _string(said.get(key))) else None


def _line(value: Any) -> str | None:
    return one_line(Text(value))[:LONGEST_LINE] or None if isinstance(value, str) else None


def _described(said: Mapping[str, Any], base: str) -> Media:
    return described(
        said, web_address(base, next(filter(None, (_string(said.get(key)) for key in ("url", "href", "src"))), ""))
    )


def _authors(said: Mapping[str, Any], feed: Mapping[str, Any]) -> tuple[Person, ...]:
    """The entry's own authors, or else its source's, or else the feed's; each once."""
    owners = (said, _plain(said.get("source")), feed)
    return next(filter(None, (_persons(owner, "author") for owner in owners)), ())


def _persons(owner: Mapping[str, Any], key: str) -> tuple[Person, ...]:
    mail, persons = None, []
    for author in _several(owner.get(key + "s")):
        name, email, uri = (_string(author.get(part)) for part in ("name", "email", "href"))
        # feedparser gives an author without a mail address the one of the author before.
        persons.append(Person(name, None if email == mail else email, uri))
        mail = email
    literal = _string(owner.get(key)) or ""
    if len(persons) == 1 and "@" in literal and literal != f"{persons[0].name} ({persons[0].email})":
        # feedparser takes brackets from names, and the ends of long domains; it leaves these two escaped.
        persons = [*persons_of(literal.replace("&lt;", "<").replace("&gt;", ">"))]
    return tuple(dict.fromkeys(person for person in persons if person != Person()))


def _categories(said: Mapping[str, Any]) -> tuple[Category, ...]:
    found = [_category(tag) for tag in _several(said.get("tags"))]
    section = _string(said.get("slash_section"))
    return categories.each_once((*found, Category(section or "", categories.SECTION)))


def _category(tag: Mapping[str, Any]) -> Category:
    term, scheme, label = (_string(tag.get(key)) for key in ("term", "scheme", "label"))
    return categories.category(term or label or "", None if scheme in _SCHEMES_OF_FEEDPARSER else scheme, label)


# It says these of iTunes' categories and of Media RSS's that state none.
_SCHEMES_OF_FEEDPARSER = frozenset(("http://www.itunes.com/", "http://search.yahoo.com/mrss/category_schema"))


def _rights(said: Mapping[str, Any], feed: Mapping[str, Any]) -> str | None:
    return _string(said.get("rights")) or _string(said.get("dcterms_rights")) or _string(feed.get("rights"))


def _origin(said: Mapping[str, Any], base: str) -> Origin | None:
    """feedparser keeps the last of several elements of one name. It has `dc:publisher` under `publisher`."""
    source = _plain(said.get("source"))
    name = one_line(_text(source.get("title_detail"))) or _string(source.get("title")) or ""
    links = {
        _string(link.get("rel")): _string(link.get("href")) or "" for link in reversed(_several(source.get("links")))
    }
    if address := _string(source.get("href")):
        found = origin.of_rss(name, resolved(base, address))
    elif links or _string(source.get("id")):
        addresses = {"url": links.get("alternate", ""), "feed": links.get("self", "")}
        found = {key: resolved(base, address) if address else "" for key, address in addresses.items()}
        found |= {"name": name, "id": _string(source.get("id")) or ""}
    else:
        found = origin.of_rss(name, "")
    publisher = _string(said.get("dcterms_publisher")) or _string(said.get("publisher"))
    stated = _string(said.get("dcterms_source")) or _string(said.get("dc_source"))
    return origin.of(**found, publisher=publisher, source=stated)


def _places(said: Mapping[str, Any]) -> tuple[Place, ...]:
    """feedparser keeps the last shape, as numbers with the longitude first."""
    where, name = _plain(said.get("where")), _string(said.get("georss_featurename"))
    shape, found = _SHAPES.get(str(where.get("type")), ""), []
    if shape:
        pairs = [where["coordinates"]] if shape == "point" else where["coordinates"]
        pairs = pairs[0] if shape == "polygon" else pairs
        found.append((shape, " ".join(f"{latitude} {longitude}" for longitude, latitude, *_ in pairs)))
    found.append(("circle", _string(said.get("georss_circle")) or ""))
    found.append(("point", f"{_string(said.get('geo_lat')) or ''} {_string(said.get('geo_long')) or ''}"))
    return places(found, [name] if name else [])


_SHAPES = {"Point": "point", "LineString": "line", "Polygon": "polygon", "Box": "box"}


def _base_in_scope(said: Mapping[str, Any], words: Text) -> str:
    details = (_plain(said.get("summary_detail")), *_several(said.get("content")))
    return next((str(detail.get("base") or "") for detail in details if detail.get("value") == words.value), "")


def _dates(said: Mapping[str, Any], is_atom: bool) -> tuple[str | None, str | None]:
    published = next((date for key in _PUBLISHED if (date := _string(said.get(key)))), None)
    updated = _string(said.get("updated"))
    if published is None and not is_atom:
        return updated, None
    return published, updated


def _language(said: Mapping[str, Any]) -> str | None:
    """`dc:language`, or the `xml:lang` in scope of the words."""
    details: Sequence[Any] = [*_several(said.get("content")), said.get("summary_detail"), said.get("title_detail")]
    languages = (_string(_plain(detail).get("language")) for detail in details)
    return _string(said.get("language")) or next((language for language in languages if language), None)
