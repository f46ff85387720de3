"""What publishers tell and the wire holds: entries in the words of RFC 4287, articles in those of schema.org."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.model.vocabulary import LEARNED, ChangeKind, Channel, IdentityRules, ItemClass, MassKind


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
class Hints:
    """What a document says about coming back: `ttl`, `skipHours`, `skipDays` (RSS 2.0), `sy:` (RSS 1.0 syndication)."""

    every: timedelta | None = None  # no sooner than this after a poll; None: not said
    skip_hours: tuple[int, ...] = ()  # 0 to 23, UTC
    skip_days: tuple[int, ...] = ()  # 0 is Monday, UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document as entries, and why any of what stood in it is not among them."""

    format: str  # rss20, atom10, jsonfeed11 ...
    entries: tuple[Entry, ...]
    drops: Mapping[str, int] = field(default_factory=dict)  # entries left out, by reason
    language: str | None = None  # of the document
    warning: str | None = None  # e.g. not well-formed; the entries were readable all the same
    withdrawn: tuple[str, ...] = ()  # ids that the publisher takes back: tombstones (RFC 6721), items marked so
    hints: Hints = Hints()
    older: str | None = None  # the address of what the publisher listed before this; None: not said


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
    folded_title: str = ""
    opening: str = ""  # the first words of the text, folded
    near_keys: tuple[str, ...] = ()  # by which a twin under other keys is found, as a last resort
    rules: IdentityRules = LEARNED  # its publisher's
    id_is_shared: bool = False  # its id stands for another item of the same document too, so it is none of the keys
    place: int = 0  # among the entries of its document, from 0; those that are only named count, duplicates do not
    adjusted: tuple[str, ...] = ()  # what of it is cut or left out outside the raw words; see normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One version of a report's words, for comparing it with another; see `versions`."""

    title: str  # plain, as are summary and text
    summary: str = ""
    text: str = ""  # the whole text, or the summary again where there is no more
    byline: str | None = None
    url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    said_summary: Text | None = None  # as received; None: not said, or not kept
    said_content: tuple[Text, ...] = ()
    words_hash: bytes = b""  # of all that was said, kept or not; b"": not known
    closely: bool = True  # False: compared as received, because its document says more than is read closely


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store remembers of an article when an entry with one of its keys comes in."""

    article: int
    revision: int
    words_hash: bytes
    first_seen: datetime
    last_revision: datetime  # when its newest revision was stored
    entry_hash: bytes | None  # what *this* source last said of it; None: this source never listed it
    said_words: bytes | None = None  # the words_hash of that
    url: str | None = None
    language: str | None = None
    published: datetime | None = None
    folded_title: str = ""
    opening: str = ""
    merged: bool = False  # was taken for the same by a weaker key before
    moved: bool = False  # stood at another address before
    key: str | None = None  # the first key of what this source last said of it; None: it said nothing, or that is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which article an entry is. `known` None: a new one."""

    article: Article
    known: Known | None = None
    matched_by: str | None = None  # id, dated, words: its own key; alt, url, title, opening: another
    evidence: str = ""  # what was alike, for a person who reviews a merge
    conflict: bool = False  # its id is in use for another report
    duplicate: bool = False  # another entry of the document is the same article


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with one entry of a poll. `change` None: no new words."""

    article: Article
    known: Known | None
    change: ChangeKind | None
    matched_by: str | None = None
    evidence: str = ""
    changed: tuple[str, ...] = ()  # of title, summary, body, byline, url, dates
    held_back: bool = False  # its source changes something on every poll; this change is stored within a day
    waits: MassKind | None = None  # its poll changes too much at once, so it waits for a person; None: it does not
    seen: datetime | None = None  # when its words came; None: with the poll that is recorded now

    @property
    def is_rekeyed(self) -> bool:
        """Whether the entry's own first key did not lead to the article; that key becomes the article's too."""
        return self.matched_by is not None and self.matched_by != self.article.keys[0].partition(":")[0]

    @property
    def is_merge(self) -> bool:
        """Whether it was taken for the article by another key than its first, and had not been before."""
        return self.is_rekeyed and self.known is not None and self.known.entry_hash != self.article.entry_hash


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
    channels: tuple[Channel, ...]  # by which it may be passed on; (): by none, it is for the operator alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which reports of the wire somebody wants; None: any."""

    publisher: str | None = None
    country: str | None = None
    language: str | None = None
    item_class: str | None = None
    since: datetime | None = None
    limit: int = 20
