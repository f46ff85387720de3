"""Reads JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/); it alone knows its keys.

Words (title, summary, content) are as JSON says them; a lone surrogate in them is kept. In ids, addresses, names, tags
and dates, which other programs must be able to store, a lone surrogate or NUL becomes U+FFFD. Of a key that stands
twice the last counts, as in every reader of JSON. A number is text where text is wanted (the specification asks for it
with `id`), in its own spelling; a value of any other type is as good as absent, and a publisher's whole item is never
lost for it. Where an item has its content as HTML and as plain text, they are one content, and the HTML is taken.
An item without authors has the feed's, as version 1.1 says.

An item whose status is `canceled` or `withheld` (IPTC's pubStatus, or `status` in the extension `_wire`, which wires of
this make write) is a withdrawal and no entry: whatever words it still has are not the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from aggregator.model import Category, Entry, Link, Media, Person, Text
from aggregator.model.errors import ParseError
from aggregator.parse import lenient_json
from aggregator.parse.cap import newest
from aggregator.parse.files import medium_of, once
from aggregator.parse.lenient_json import array, number, token
from aggregator.parse.relative import base_of
from aggregator.text.pictures import pictures, web_address
from aggregator.text.urls import resolved

_VERSION = re.compile(r"jsonfeed\.org/version/(\d)(?:\.(\d))?")
_WITHDRAWN = ("canceled", "withheld")


class Items(Struct, frozen=True):
    """What stands in a document."""

    format: str  # jsonfeed10, jsonfeed11 ...
    entries: list[Entry | None]  # in order; None: an item that is no object
    over_cap: int  # items beyond the newest
    cut_off: int  # 1: the document breaks off inside one
    language: str | None
    remark: str | None
    withdrawn: tuple[str, ...]  # ids of items that are withdrawn, which are not among the entries
    next_url: str | None  # where the older items are


def read(document: bytes, url: str, most: int) -> Items:
    """The `most` newest items of a document in UTF-8 that was fetched from `url`.

    Raises ParseError if it is no JSON, no JSON Feed, or breaks off before its first item ends.
    """
    said = lenient_json.read(document)
    feed = said.value
    version = _VERSION.search(str(feed.get("version"))) if isinstance(feed, dict) else None
    if version is None and said.is_cut:
        raise ParseError("the feed is cut off before it says that it is a JSON Feed")
    if version is None:
        raise ParseError(
            "it is JSON, but no JSON Feed: no `version` of jsonfeed.org is in it; look for the site's feed, "
            "which has another address than its API"
        )
    if "items" not in feed and said.is_cut:
        raise ParseError("the feed is cut off before its first item ends")
    if not isinstance(feed.get("items"), list):
        raise ParseError("it says it is a JSON Feed, but its `items` are no array")
    items = feed["items"]
    gone = {id(item): item_id for item in items if (item_id := _withdrawn(item))}
    carried = [item for item in items if id(item) not in gone]
    kept = newest([_dates(item) for item in carried], most)
    return Items(
        format=f"jsonfeed{version.group(1)}{version.group(2) or 0}",
        entries=[_entry(carried[index], feed, url) for index in kept],
        over_cap=len(carried) - len(kept),
        language=token(feed.get("language")),
        cut_off=said.cut_off if next(reversed(feed)) == "items" else 0,
        remark=said.remark,
        withdrawn=tuple(gone.values()),
        next_url=token(feed.get("next_url")),
    )


def _dates(item: Any) -> Iterator[str | None]:
    if isinstance(item, dict):
        yield token(item.get("date_published"))
        yield token(item.get("date_modified"))


def _withdrawn(item: Any) -> str | None:
    """The id of an item that says it is withdrawn."""
    if not isinstance(item, dict):
        return None
    wire = item.get("_wire")
    said = (item.get("pubStatus"), item.get("pubstatus"), wire.get("status") if isinstance(wire, dict) else None)
    return token(item.get("id")) if any(status in _WITHDRAWN for status in said if isinstance(status, str)) else None


def _entry(item: Any, feed: Mapping[str, Any], url: str) -> Entry | None:
    if not isinstance(item, dict):
        return None
    base = resolved(url, token(feed.get("home_page_url")) or url)
    content = _text(item.get("content_html"), "text/html") or _text(item.get("content_text"), "text/plain")
    within = pictures(content, base) if content else ()
    return Entry(
        id=token(item.get("id")),
        title=_text(item.get("title"), "text/plain"),
        summary=_text(item.get("summary"), "text/plain"),
        content=(content,) if content else (),
        links=_links(item, base),
        authors=_authors(item) or _authors(feed),
        categories=tuple(map(Category, dict.fromkeys(filter(None, map(token, array(item.get("tags"))))))),
        published=token(item.get("date_published")),
        updated=token(item.get("date_modified")),
        language=token(item.get("language")),
        media=once((*_images(item, base), *within, *_attached(item, base))),
        base=base_of((content,), lambda text: "", base),
    )


def _text(value: Any, media_type: str) -> Text | None:
    return Text(value, media_type) if isinstance(value, str) and value else None


def _links(item: Mapping[str, Any], base: str) -> tuple[Link, ...]:
    """`external_url` is a page that the item is about (`related` in RFC 4287), not the item's own."""
    said = (
        ("url", "alternate"), ("external_url", "related"), ("image", "enclosure"), ("banner_image", "enclosure")
    )  # fmt: skip
    links = [Link(resolved(base, href), rel) for key, rel in said if (href := token(item.get(key)))]
    for attachment, href in _attachments(item):
        kind, title = token(attachment.get("mime_type")), token(attachment.get("title"))
        length = number(attachment.get("size_in_bytes"))
        links.append(Link(resolved(base, href), "enclosure", kind, length, title=title))
    return tuple(dict.fromkeys(links))


def _attachments(item: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each with its address."""
    for attachment in array(item.get("attachments")):
        if isinstance(attachment, dict) and (href := token(attachment.get("url"))):
            yield attachment, href


def _images(item: Mapping[str, Any], base: str) -> Iterator[Media]:
    """`image` is the item's own picture; `banner_image` one to stand above it."""
    for key in ("image", "banner_image"):
        yield Media(web_address(base, token(item.get(key)) or ""), "image")


def _attached(item: Mapping[str, Any], base: str) -> Iterator[Media]:
    for attachment, href in _attachments(item):
        kind, length = token(attachment.get("mime_type")), number(attachment.get("size_in_bytes"))
        title = token(attachment.get("title"))
        yield Media(web_address(base, href), medium_of(kind), kind, length=length, title=title)


def _authors(owner: Mapping[str, Any]) -> tuple[Person, ...]:
    """`authors` of version 1.1, or else `author` of 1.0; those that say something."""
    said = [author for author in (*array(owner.get("authors")), owner.get("author")) if isinstance(author, dict)]
    persons = (Person(token(author.get("name")), uri=token(author.get("url"))) for author in said)
    return tuple(dict.fromkeys(person for person in persons if person != Person()))
