"""What publishers tell and the wire holds: entries in the words of RFC 4287, articles in those of schema.org."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.vocabulary import ChangeKind, ItemClass


@dataclass(frozen=True, slots=True)
class Text:
    """A publisher's words, exactly as received, and the media type they are in."""

    value: str
    type: str = "text/html"  # text/plain, text/html or application/xhtml+xml


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    rel: str = "alternate"
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    name: str | None = None
    email: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the publisher said, in the words of RFC 4287; dates are the literals as stated."""

    id: str | None = None
    title: Text | None = None
    summary: Text | None = None
    content: tuple[Text, ...] = ()
    links: tuple[Link, ...] = ()
    authors: tuple[Person, ...] = ()
    categories: tuple[str, ...] = ()
    published: str | None = None
    updated: str | None = None
    rights: str | None = None
    language: str | None = None  # BCP 47; xml:lang of the entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document as entries, and why any of what stood in it is not among them."""

    format: str  # rss20, atom10, jsonfeed11 ...
    entries: tuple[Entry, ...]
    drops: Mapping[str, int] = field(default_factory=dict)  # entries left out, by reason
    language: str | None = None  # of the document
    warning: str | None = None  # e.g. not well-formed; the entries were readable all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What we hold of one entry: the publisher's words raw, and plain readings of them beside."""

    publisher: str
    keys: tuple[str, ...]  # strongest first; see identity
    public_id: str
    title: str
    summary: str
    text: str
    excerpt: str
    url: str | None
    byline: str | None
    language: str | None
    item_class: ItemClass
    published: datetime | None
    published_stated: str | None
    updated: datetime | None
    updated_stated: str | None
    categories: tuple[str, ...]
    raw: bytes  # the entry's words as canonical JSON; see normalise.raw_words
    words_hash: bytes  # SHA-256 of what a reader would call the report
    entry_hash: bytes  # SHA-256 of everything the entry said


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store remembers of an article when an entry with one of its keys comes in."""

    article: int
    revision: int
    words_hash: bytes
    updated: datetime | None
    entry_hash: bytes | None  # what *this* source last said of it; None: this source never listed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with one entry of a poll. `change` None: no new words."""

    article: Article
    known: Known | None
    change: ChangeKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One row of the view `wire`: an article as it may leave, with all that must stand beside it."""

    id: str
    publisher: str
    publisher_name: str
    publisher_place: str
    country: str
    title: str | None
    summary: str | None
    text: str | None
    url: str | None
    published: str | None
    updated: str | None
    first_seen: str
    language: str | None
    byline: str | None
    item_class: str
    credit: str
    disclaimer: str
    text_scope: str
    licence: str | None
    copyright_notice: str | None
    complaints_url: str
    status: str
    listed_at: str  # where it stands in lists: published, or first_seen where that is unknown or ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which reports of the wire somebody wants; None: any."""

    publisher: str | None = None
    country: str | None = None
    language: str | None = None
    item_class: str | None = None
    since: datetime | None = None
    limit: int = 20
