"""A publisher's feed as bytes: one renderer a format, in the table FORMATS.

Alone in the press this module knows how each format is written: Netscape's RSS 0.91, UserLand's RSS 0.92 and 2.0,
RSS 1.0 (RDF), Atom 0.3 (the draft of December 2003), Atom 1.0 (RFC 4287, tombstones RFC 6721, links of archives
RFC 5005) and JSON Feed 1.0, 1.1.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from aggregator.model import Entry, Media


class Channel(Struct, frozen=True, kw_only=True):
    """What a feed says of itself, and its entries, newest first; their dates are ISO 8601 text."""

    title: str
    description: str
    language: str
    home: str  # the site's address
    url: str  # the feed's own address
    updated: datetime
    entries: tuple[Entry, ...]
    deleted: tuple[tuple[str, str], ...] = ()  # tombstones: the id, and when, as ISO 8601 text
    encoding: str = "utf-8"
    generator: str | None = None  # the program that wrote it, in RSS
    links: tuple[tuple[str, str], ...] = ()  # more links of the feed, in Atom 1.0: rel, address (RFC 5005)


class Format(Struct, frozen=True):
    """How a feed is written, and the media type it is served under."""

    text: Callable[[Channel], str]
    media_type: str

    def render(self, channel: Channel) -> bytes:
        return encoded(self.text(channel), channel.encoding)


def encoded(text: str, encoding: str) -> bytes:
    """The bytes; UTF-16 with its byte order mark, and what the encoding lacks as character references."""
    if encoding.lower() == "utf-16":
        return codecs.BOM_UTF16_LE + text.encode("utf-16-le")
    return text.encode(encoding, "xmlcharrefreplace")


# XML


def rss091(channel: Channel) -> str:
    """Netscape's RSS 0.91: an item is title, link and description; it has neither a date nor an id."""
    items = "".join(
        f"<item>{_tag('title', _title(entry))}{_tag('link', _href(entry))}"
        f"{_tag('description', _summary(entry))}</item>\n"
        for entry in channel.entries
    )
    return _rss(channel, "0.91", items)


def rss092(channel: Channel) -> str:
    """UserLand's RSS 0.92, with the item's pubDate that its users took from 0.93; the words are escaped HTML."""
    items = "".join(
        f"<item>{_tag('title', _title(entry))}{_tag('link', _href(entry))}"
        f"{_tag('description', _words(entry))}{_categories(entry)}{_tag('pubDate', _rfc822(entry.published))}</item>\n"
        for entry in channel.entries
    )
    return _rss(channel, "0.92", items)


def rss10(channel: Channel) -> str:
    """RSS 1.0: an item's id is its rdf:about, which is its address; dates and names are Dublin Core's."""
    order = "".join(f"<rdf:li rdf:resource={quoteattr(_href(entry))}/>" for entry in channel.entries)
    items = "".join(
        f"<item rdf:about={quoteattr(_href(entry))}>{_tag('title', _title(entry))}{_tag('link', _href(entry))}"
        f"{_tag('description', _summary(entry))}{_tag('dc:date', _said(entry))}{_tag('dc:creator', _byline(entry))}"
        f"{''.join(_tag('dc:subject', str(each)) for each in entry.categories)}</item>\n"
        for entry in channel.entries
    )
    return (
        f'{_prolog(channel)}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"<channel rdf:about={quoteattr(channel.url)}>{_tag('title', channel.title)}{_tag('link', channel.home)}"
        f"{_tag('description', channel.description)}{_tag('dc:language', channel.language)}"
        f"{_tag('dc:date', channel.updated.isoformat())}<items><rdf:Seq>{order}</rdf:Seq></items></channel>\n"
        f"{items}</rdf:RDF>\n"
    )


def rss20(channel: Channel) -> str:
    """RSS 2.0 as most newsrooms send it: the description is an excerpt, HTML in CDATA."""
    return _rss(channel, "2.0", "".join(f"<item>{_rss20_item(entry)}</item>\n" for entry in channel.entries))


def rss20_full(channel: Channel) -> str:
    """RSS 2.0 with the whole words in content:encoded, as WordPress sends it."""
    items = "".join(
        f"<item>{_rss20_item(entry)}<content:encoded>{_cdata(_words(entry))}</content:encoded></item>\n"
        for entry in channel.entries
    )
    return _rss(channel, "2.0", items)


def atom03(channel: Channel) -> str:
    """Atom 0.3: `issued` and `modified`, content escaped."""
    entries = "".join(
        f"<entry>{_tag('title', _title(entry))}"
        f'<link rel="alternate" type="text/html" href={quoteattr(_href(entry))}/>{_tag("id", entry.id)}'
        f"{_tag('issued', entry.published)}{_tag('modified', _said(entry))}{_atom_author(entry)}"
        f'<summary type="text/plain">{escape(_summary(entry))}</summary>'
        f'<content type="text/html" mode="escaped">{escape(_words(entry))}</content></entry>\n'
        for entry in channel.entries
    )
    return (
        f'{_prolog(channel)}<feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="{channel.language}">\n'
        f'{_tag("title", channel.title)}<link rel="alternate" type="text/html" href={quoteattr(channel.home)}/>'
        f"{_tag('tagline', channel.description)}{_tag('modified', channel.updated.isoformat())}\n{entries}</feed>\n"
    )


def atom10(channel: Channel) -> str:
    """Atom 1.0 with escaped HTML content."""
    return _atom10(channel, lambda words: f'<content type="html">{escape(words)}</content>')


def atom10_xhtml(channel: Channel) -> str:
    """Atom 1.0 with inline XHTML content; the words must be well-formed XML."""
    return _atom10(
        channel,
        lambda words: f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{words}</div></content>',
    )


def _atom10(channel: Channel, content: Callable[[str], str]) -> str:
    links = "".join(f"<link rel={quoteattr(rel)} href={quoteattr(href)}/>" for rel, href in channel.links)
    stones = "".join(f'<at:deleted-entry ref={quoteattr(ref)} when="{when}"/>\n' for ref, when in channel.deleted)
    entries = "".join(
        f'<entry xml:lang="{entry.language or channel.language}">{_tag("id", entry.id)}'
        f'{_tag("title", _title(entry))}<link rel="alternate" type="text/html" href={quoteattr(_href(entry))}/>'
        f"{_tag('published', entry.published)}{_tag('updated', _said(entry))}{_atom_author(entry)}"
        f"{''.join(f'<category term={quoteattr(str(each))}/>' for each in entry.categories)}"
        f"{_tag('summary', _summary(entry))}{content(_words(entry))}</entry>\n"
        for entry in channel.entries
    )
    return (
        f'{_prolog(channel)}<feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:at="http://purl.org/atompub/tombstones/1.0" xml:lang="{channel.language}">\n'
        f"{_tag('id', channel.url)}{_tag('title', channel.title)}{_tag('subtitle', channel.description)}"
        f'<link rel="self" href={quoteattr(channel.url)}/><link rel="alternate" href={quoteattr(channel.home)}/>'
        f"{links}<author>{_tag('name', channel.title)}</author>{_tag('updated', channel.updated.isoformat())}\n"
        f"{stones}{entries}</feed>\n"
    )


def _rss(channel: Channel, version: str, items: str) -> str:
    spaces = ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    if any(entry.media for entry in channel.entries):
        spaces += ' xmlns:media="http://search.yahoo.com/mrss/"'
    updated = format_datetime(channel.updated.astimezone(UTC))
    return (
        f'{_prolog(channel)}<rss version="{version}"{spaces if version == "2.0" else ""}>\n<channel>'
        f"{_tag('title', channel.title)}{_tag('link', channel.home)}{_tag('description', channel.description)}"
        f"{_tag('language', channel.language)}{_tag('lastBuildDate', updated)}{_tag('generator', channel.generator)}\n"
        f"{items}</channel>\n</rss>\n"
    )


def _rss20_item(entry: Entry) -> str:
    permalink = "" if entry.id == _href(entry) else ' isPermaLink="false"'
    return (
        f"{_tag('title', _title(entry))}{_tag('link', _href(entry))}<guid{permalink}>{escape(entry.id or '')}</guid>"
        f"{_tag('pubDate', _rfc822(entry.published))}{_tag('dc:creator', _byline(entry))}{_categories(entry)}"
        f"<description>{_cdata(f'<p>{escape(_summary(entry))}</p>')}</description>{''.join(map(_media, entry.media))}"
    )


def _media(media: Media) -> str:
    """A picture in Media RSS 1.5, with its caption and its credit."""
    said = {"url": media.url, "medium": media.medium, "type": media.type, "width": media.width, "height": media.height}
    attributes = "".join(f" {name}={quoteattr(str(value))}" for name, value in said.items() if value)
    caption = media.caption.value if media.caption else None
    return (
        f"<media:content{attributes}>{_tag('media:description', caption)}{_tag('media:credit', media.credit)}"
        "</media:content>"
    )


def _prolog(channel: Channel) -> str:
    return f'<?xml version="1.0" encoding="{channel.encoding}"?>\n'


def _tag(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{escape(text)}</{name}>"


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _categories(entry: Entry) -> str:
    return "".join(_tag("category", str(each)) for each in entry.categories)


def _atom_author(entry: Entry) -> str:
    return "".join(f"<author>{_tag('name', author.name)}</author>" for author in entry.authors)


# JSON


def jsonfeed10(channel: Channel) -> str:
    """JSON Feed 1.0: one `author` object an item."""
    return _jsonfeed(channel, "https://jsonfeed.org/version/1", _json_author)


def jsonfeed11(channel: Channel) -> str:
    """JSON Feed 1.1: `authors`, and a `language` of the feed and of each item."""
    return _jsonfeed(channel, "https://jsonfeed.org/version/1.1", _json_authors, {"language": channel.language})


def _jsonfeed(
    channel: Channel,
    version: str,
    authors: Callable[[Entry], Mapping[str, object]],
    more: Mapping[str, object] | None = None,
) -> str:
    about = {"version": version, "title": channel.title, "home_page_url": channel.home, "feed_url": channel.url}
    items = [_json_item(entry) | dict(authors(entry)) for entry in channel.entries]
    feed = about | {"description": channel.description} | dict(more or {}) | {"items": items}
    return json.dumps(feed, ensure_ascii=False, indent=1)


def _json_item(entry: Entry) -> dict[str, object]:
    item: dict[str, object] = {"id": entry.id, "url": _href(entry), "title": _title(entry)}
    item |= {"summary": _summary(entry), "content_html": _words(entry), "date_published": entry.published}
    if entry.updated:
        item["date_modified"] = entry.updated
    return item | ({"tags": [str(each) for each in entry.categories]} if entry.categories else {})


def _json_author(entry: Entry) -> Mapping[str, object]:
    return {"author": {"name": _byline(entry)}} if entry.authors else {}


def _json_authors(entry: Entry) -> Mapping[str, object]:
    names = {"authors": [{"name": author.name} for author in entry.authors]} if entry.authors else {}
    return names | {"language": entry.language}


# Parts of an entry


def _title(entry: Entry) -> str:
    return entry.title.value if entry.title else ""


def _summary(entry: Entry) -> str:
    return entry.summary.value if entry.summary else ""


def _words(entry: Entry) -> str:
    return entry.content[0].value if entry.content else _summary(entry)


def _href(entry: Entry) -> str:
    return entry.links[0].href if entry.links else ""


def _byline(entry: Entry) -> str | None:
    return entry.authors[0].name if entry.authors else None


def _said(entry: Entry) -> str | None:
    """When the publisher last changed it, as Atom's `updated` and Dublin Core's date have it."""
    return entry.updated or entry.published


def _rfc822(stated: str | None) -> str | None:
    return None if stated is None else format_datetime(datetime.fromisoformat(stated))


FORMATS: Mapping[str, Format] = {
    "rss091": Format(rss091, "text/xml"),
    "rss092": Format(rss092, "text/xml"),
    "rss10": Format(rss10, "application/rdf+xml"),
    "rss20": Format(rss20, "application/rss+xml"),
    "rss20-full": Format(rss20_full, "application/rss+xml"),
    "atom03": Format(atom03, "application/atom+xml"),
    "atom10": Format(atom10, "application/atom+xml"),
    "atom10-xhtml": Format(atom10_xhtml, "application/atom+xml"),
    "jsonfeed10": Format(jsonfeed10, "application/json"),
    "jsonfeed11": Format(jsonfeed11, "application/feed+json"),
}
