"""The rules that the W3C's validator of feeds holds Atom and RSS to, by its names, as far as they are about what we
write; and those of JSON Feed 1.1. No package of that validator runs on Python 3 without the network.

Sources: RFC 4287, RFC 5005, https://www.rssboard.org/rss-profile, https://www.jsonfeed.org/version/1.1/, and the
messages of https://validator.w3.org/feed/docs/.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

Faults = Iterator[str]

ATOM = "{http://www.w3.org/2005/Atom}"
_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"  # known to be unknown to the validator
_LICENSE = "{http://purl.org/dc/terms/}license"
_DC, _CONTENT = "{http://purl.org/dc/elements/1.1/}", "{http://purl.org/rss/1.0/modules/content/}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# https://www.iana.org/assignments/link-relations/, those that feeds have.
_RELATIONS = frozenset(
    {"alternate", "enclosure", "first", "hub", "last", "license", "next", "previous", "related", "self", "via"}
)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? (?:[A-Z][a-z]{2}) \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)")
_TAG = re.compile(r"tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[0-9a-zA-Z;/?:@&=+$._!~*'()%,-]+")
_ADDRESS = re.compile(r"https?://[^/?#\s<>\"{}|\\^`]+[^\s<>\"{}|\\^`]*", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # RFC 5646, as far as publishers go
_MIME = re.compile(r"[^\s()<>,;:\\\"/\[\]?=]+/[^\s()<>,;:\\\"/\[\]?=]+")
_MARKUP = re.compile(
    r"</?(a|b|i|p|em|br|div|img|span|strong|script|style|ul|li)\b[^>]*>|&(#\d+|#x[0-9a-f]+|amp|lt|gt|quot);", re.I
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup "
        "dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main "
        "map mark nav ol p picture pre q rp rt ruby s samp section small source span strike strong sub summary sup "
        "table tbody td tfoot th thead time tr tt u ul var video wbr",
    )
)


class _Html(HTMLParser):
    """What is wrong with HTML that stands in a feed."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.feed(said)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self.faults.append(f"SecurityRisk: <{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                self.faults.append(f"SecurityRiskAttr: {name}")
            if name in ("href", "src", "cite", "poster") and not re.match(r"(https?|mailto|tel):", value or ""):
                self.faults.append(f"ContainsRelRef: {name}={value}")


# What an address, a time, a text must be


def _html(said: str | None) -> Faults:
    if not (said or "").strip():
        yield "NotBlank"
    yield from _Html(said or "").faults


def _plain(said: str | None) -> Faults:
    if not (said or "").strip():
        yield "NotBlank"
    if _MARKUP.search(said or ""):
        yield f"ContainsHTML: {said}"


def _address(said: str | None) -> Faults:
    if not _ADDRESS.fullmatch(said or ""):
        yield f"InvalidFullLink: {said}"


def _identifier(said: str | None) -> Faults:
    if (said or "").startswith("tag:"):
        if not _TAG.fullmatch(said or ""):
            yield f"InvalidTAG: {said}"
        return
    yield from _address(said)
    parts = urlsplit(said or "")
    if not parts.path or parts.netloc != parts.netloc.lower() or parts.port in (80, 443):
        yield f"NonCanonicalURI: {said}"


def _moment(said: str | None, now: datetime) -> Faults:
    if not _RFC3339.fullmatch(said or ""):
        yield f"InvalidRFC3339Date: {said}"
    elif not (moment := datetime.fromisoformat(said or "")).year >= 1970 or moment > now + timedelta(days=1):
        yield f"ImplausibleDate: {said}"


def _mail_moment(said: str | None, now: datetime) -> Faults:
    if not _RFC822.fullmatch(said or ""):
        yield f"InvalidRFC2822Date: {said}"
        return
    moment = parsedate_to_datetime(said or "").astimezone(UTC)
    if not (said or "").startswith(f"{parsedate_to_datetime(said or ''):%a}"):
        yield f"IncorrectDOW: {said}"
    if moment.year < 1970 or moment > now + timedelta(days=1):
        yield f"ImplausibleDate: {said}"


def _language(said: str | None) -> Faults:
    if said is not None and not _LANGUAGE.fullmatch(said):
        yield f"InvalidLanguage: {said}"


def _person(element: Any) -> Faults:
    names = [each.text for each in element.findall(f"{ATOM}name")]
    if len(names) != 1:
        yield "MissingElement: name"
    for name in names:
        yield from _plain(name)
        if _EMAIL.search(name or ""):
            yield f"ContainsEmail: {name}"
    for each in element.findall(f"{ATOM}uri"):
        yield from _address(each.text)
    for each in element.findall(f"{ATOM}email"):
        if not _EMAIL.fullmatch(each.text or ""):
            yield f"InvalidAddrSpec: {each.text}"


def _once(element: Any, *names: str) -> Faults:
    for name in names:
        if len(element.findall(name)) > 1:
            yield f"DuplicateElement: {name}"


def _needs(element: Any, *names: str) -> Faults:
    for name in names:
        if element.find(name) is None:
            yield f"MissingElement: {name}"


def _known(element: Any, *names: str) -> Faults:
    for each in element:
        if each.tag not in names:
            yield f"UndefinedElement: {each.tag} in {element.tag}"


def _links(element: Any) -> Faults:
    found = element.findall(f"{ATOM}link")
    for each in found:
        yield from _address(each.get("href"))
        if each.get("rel") not in _RELATIONS:
            yield f"UnregisteredAtomLinkRel: {each.get('rel')}"
        if each.get("type") is not None and not _MIME.fullmatch(each.get("type")):
            yield f"InvalidMIMEType: {each.get('type')}"
        if each.text or len(each):
            yield "AtomLinkNotEmpty"
    said = Counter((each.get("rel"), each.get("type"), each.get("hreflang")) for each in found)
    for (rel, *_), count in said.items():
        if count > 1 and rel != "enclosure":
            yield f"DuplicateAtomLink: {rel}"


def _self(element: Any, location: str, kind: str) -> Faults:
    found = [each for each in element.findall(f"{ATOM}link") if each.get("rel") == "self"]
    if len(found) != 1:
        yield "MissingSelf"
    for each in found:
        if each.get("href") != location:
            yield f"SelfDoesntMatchLocation: {each.get('href')}"
        if each.get("type") != kind:
            yield f"SelfNotAtom: {each.get('type')}"


# The formats


def atom(said: bytes, location: str, now: datetime) -> Faults:
    top = etree.fromstring(said)
    if top.tag != f"{ATOM}feed":
        yield f"UndefinedElement: {top.tag}"
    metadata = [f"{ATOM}{name}" for name in ("id", "title", "subtitle", "updated", "author", "generator", "link")]
    yield from _known(top, *metadata, _TOMBSTONE, f"{ATOM}entry")
    yield from _once(top, *(each for each in metadata if not each.endswith(("author", "link"))))
    yield from _needs(top, f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated", f"{ATOM}author")
    tags = [each.tag for each in top]
    first = tags.index(f"{ATOM}entry") if f"{ATOM}entry" in tags else len(tags)
    if any(tag != f"{ATOM}entry" for tag in tags[first:]):
        yield "MisplacedMetadata"
    yield from _identifier(top.findtext(f"{ATOM}id"))
    yield from _plain(top.findtext(f"{ATOM}title"))
    yield from _plain(top.findtext(f"{ATOM}subtitle"))
    yield from _moment(top.findtext(f"{ATOM}updated"), now)
    yield from _person(top.find(f"{ATOM}author"))
    yield from _links(top)
    yield from _self(top, location, "application/atom+xml")
    for gone in top.findall(_TOMBSTONE):
        yield from _identifier(gone.get("ref"))
        yield from _moment(gone.get("when"), now)
    entries = top.findall(f"{ATOM}entry")
    for name, fault in (("id", "DuplicateEntries"), ("updated", "DuplicateUpdated")):
        for value, count in Counter(each.findtext(f"{ATOM}{name}") for each in entries).items():
            if count > 1:
                yield f"{fault}: {value}"
    if {each.findtext(f"{ATOM}id") for each in entries} & {each.get("ref") for each in top.findall(_TOMBSTONE)}:
        yield "DuplicateEntries: an entry that is deleted"
    for each in entries:
        yield from _entry(each, now)


def _entry(entry: Any, now: datetime) -> Faults:
    single = [
        f"{ATOM}{name}" for name in ("id", "title", "updated", "published", "rights", "summary", "content", "source")
    ]
    yield from _known(entry, *single, f"{ATOM}author", f"{ATOM}category", f"{ATOM}link", f"{_DC}publisher")
    yield from _once(entry, *single)
    yield from _needs(entry, *single[:3], f"{ATOM}author", f"{ATOM}content")
    yield from _identifier(entry.findtext(f"{ATOM}id"))
    yield from _plain(entry.findtext(f"{ATOM}title"))
    yield from _moment(entry.findtext(f"{ATOM}updated"), now)
    yield from _moment(entry.findtext(f"{ATOM}published"), now)
    yield from _language(entry.get(_LANG))
    for each in entry.findall(f"{ATOM}author"):
        yield from _person(each)
    for each in entry.findall(f"{ATOM}category"):
        yield from _plain(each.get("term"))
        if each.get("scheme") is not None:
            yield from _address(each.get("scheme"))
    yield from _links(entry)
    content = entry.find(f"{ATOM}content")
    if content is not None:
        if content.get("type") != "html":
            yield f"InvalidTextType: {content.get('type')}"
        yield from _html(content.text)
        if not _MARKUP.search(content.text or ""):
            yield "NotHtml"
    for name in ("summary", "rights"):
        if entry.find(f"{ATOM}{name}") is not None:
            yield from _plain(entry.findtext(f"{ATOM}{name}"))
    source = entry.find(f"{ATOM}source")
    if source is not None:
        yield from (f"MissingSourceElement: {fault}" for fault in _needs(source, *single[:3]))
        yield from _identifier(source.findtext(f"{ATOM}id"))
        yield from _plain(source.findtext(f"{ATOM}title"))
        yield from _moment(source.findtext(f"{ATOM}updated"), now)
        yield from _links(source)


def rss(said: bytes, location: str, now: datetime) -> Faults:
    top = etree.fromstring(said)
    if (top.tag, top.get("version")) != ("rss", "2.0"):
        yield "InvalidRSSVersion"
    yield from _once(top, "channel")
    channel = top.find("channel")
    single = ("title", "link", "description", "generator", "docs", "lastBuildDate")
    yield from _known(channel, *single, f"{ATOM}link", "item")
    yield from _once(channel, *single)
    yield from _needs(channel, *single[:3])
    yield from _plain(channel.findtext("title"))
    yield from _plain(channel.findtext("description"))
    yield from _address(channel.findtext("link"))
    yield from _address(channel.findtext("docs"))
    yield from _mail_moment(channel.findtext("lastBuildDate"), now)
    yield from _links(channel)
    yield from _self(channel, location, "application/rss+xml")
    tags = [each.tag for each in channel]
    if "item" in tags and any(tag != "item" for tag in tags[tags.index("item") :]):
        yield "MisplacedItem"
    items = channel.findall("item")
    for guid, count in Counter(each.findtext("guid") for each in items).items():
        if count > 1:
            yield f"DuplicateValue: guid {guid}"
    for each in items:
        yield from _item(each, now)


def _item(item: Any, now: datetime) -> Faults:
    single = ("title", "link", "description", "guid", "pubDate", "source", f"{_DC}language", f"{_DC}rights", _LICENSE,
              f"{_CONTENT}encoded")  # fmt: skip
    yield from _known(item, *single, "category", f"{_DC}creator", f"{_DC}publisher", f"{_MEDIA}content")
    yield from _once(item, *single)
    if item.find("title") is None and item.find("description") is None:
        yield "ItemMustContainTitleOrDescription"
    if item.find("guid") is None:
        yield "MissingGuid"
    else:
        permanent = item.find("guid").get("isPermaLink", "true")
        if permanent not in ("true", "false"):
            yield f"InvalidBooleanAttribute: {permanent}"
        yield from (_address if permanent == "true" else _identifier)(item.findtext("guid"))
    yield from _plain(item.findtext("title"))
    yield from _address(item.findtext("link"))
    yield from _mail_moment(item.findtext("pubDate"), now)
    yield from _language(item.findtext(f"{_DC}language"))
    for each in item.findall("category"):
        yield from _plain(each.text)
    for each in item.findall("source"):
        yield from _address(each.get("url"))
        yield from _plain(each.text)
    tags = [each.tag for each in item]
    if f"{_CONTENT}encoded" in tags and "description" not in tags[: tags.index(f"{_CONTENT}encoded")]:
        yield "NeedDescriptionBeforeContent"
    for name in ("description", f"{_CONTENT}encoded"):
        yield from _html(item.findtext(name))
    for media in item.findall(f"{_MEDIA}content"):
        yield from _address(media.get("url"))
        if media.get("medium") not in ("image", "audio", "video", "document", "executable"):
            yield f"InvalidMediaMedium: {media.get('medium')}"
        for name in ("width", "height"):
            if not re.fullmatch(r"[1-9]\d*", media.get(name, "1")):
                yield f"InvalidPositiveInteger: {name}"


def json_feed(said: bytes, location: str, now: datetime) -> Faults:
    """By its own specification: the validator of the W3C does not know it."""
    top = json.loads(said)
    if top.get("version") != "https://jsonfeed.org/version/1.1":
        yield "version"
    yield from _plain(top.get("title"))
    for name in ("home_page_url", "feed_url", "next_url"):
        if name in top:
            yield from _address(top[name])
    if top.get("feed_url") != location:
        yield f"SelfDoesntMatchLocation: {top.get('feed_url')}"
    if top.get("next_url") == location:
        yield "next_url: it is this very page"
    for hub in top.get("hubs", ()):
        yield from _address(hub["url"])
    for value, count in Counter(each.get("id") for each in top["items"]).items():
        if count > 1 or not isinstance(value, str) or not value:
            yield f"id: {value}"
    for each in top["items"]:
        yield from (_html(each["content_html"]) if "content_html" in each else iter(("content_html",)))
        for name in ("url", "external_url", "image", "banner_image"):
            if name in each:
                yield from _address(each[name])
        for name in ("date_published", "date_modified"):
            if name in each:
                yield from _moment(each[name], now)
        for author in each.get("authors", ()):
            if not {"name", "url", "avatar"} & author.keys():
                yield "authors"
        yield from _language(each.get("language"))
        if not all(isinstance(tag, str) for tag in each.get("tags", ())):
            yield "tags"
        own = {"id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
               "date_published", "date_modified", "authors", "tags", "language", "attachments"}  # fmt: skip
        yield from (f"unknown: {name}" for name in each.keys() - own if not name.startswith("_"))


RULES: dict[str, Callable[[bytes, str, datetime], Faults]] = {"atom": atom, "rss": rss, "json": json_feed}
