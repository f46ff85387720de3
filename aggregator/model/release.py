"""What the gate is asked about, and what it lets out: the one noun that an output takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from aggregator.model.article import Status
from aggregator.model.change import Notice
from aggregator.model.channel import Channel
from aggregator.model.document import Entry, Media
from aggregator.model.picture import PictureCopy
from aggregator.model.publisher import (
    Canonical,
    Group,
    Index,
    ItemClass,
    Kind,
    Rights,
    TextScope,
    Use,
    Uses,
    UseState,
)
from aggregator.model.signals import Signal
from aggregator.model.tags import LanguageFrom
from aggregator.model.who import Author, Who

# Why nothing of a report leaves.
RefusalReason = Literal[
    "withheld",  # by a person or a rule
    "withdrawn",  # by its publisher
    "legal",  # a legal demand
    "gone",  # its page is missing
    "removed",  # the wire deleted it
    "embargoed",
    "no_scope",  # the rights let nothing out
    "channel",  # its rights do not name this channel
    "use",  # its publisher refuses the use
]

__all__ = [
    "Feed",
    "FormerPublisher",
    "Gone",
    "Heading",
    "Held",
    "Outlet",
    "Picture",
    "PictureFile",
    "Refusal",
    "RefusalReason",
    "Release",
    "Use",
    "UseState",
    "Uses",
]


class Outlet(Struct, frozen=True, kw_only=True):
    """By which way, at what time and for what a report is asked for."""

    channel: Channel | None  # None: whoever runs the wire reads it here, and nobody else
    now: datetime
    believed: datetime | None = None  # until when embargoes are over, where the clock is in doubt; None: `now`
    use: Use | None = None  # what a machine wants it for; None: people read it
    also: tuple[Channel, ...] = ()  # channels that must permit it too
    most: TextScope = "full_text"  # no more of the text than this is asked for


class Held(Struct, frozen=True, kw_only=True):
    """All that the store holds of one report and of its publisher's terms, before any right is asked. Times are ISO
    8601 UTC text; words are plain, as the publisher said them.
    """

    id: str
    revision: int  # the number of the newest
    status: Status
    notice: Notice | None  # which text stands in its place; None: it is in the wire, or nobody is to know of it
    notice_text: str | None  # that text, filled in
    embargoed_until: str | None
    publisher: str  # its key
    publisher_name: str
    publisher_place: str  # '': not known
    publisher_kind: Kind
    publisher_group: Group
    country: str
    homepage: str
    corrections: str | None
    permissions: str | None
    item_class: ItemClass
    title: str
    summary: str
    text: str
    url: str | None
    byline: str | None
    language: str | None
    published: str | None
    updated: str | None
    first_seen: str
    sort_time: str
    changed_at: str | None  # when its newest words were stored; None: they are its first
    corrected: bool  # whether they are a correction by its publisher
    words_hash: str  # SHA-256 of its words, hexadecimal
    entry: Entry | None  # its newest raw words; None: they were let go, or cannot be read
    media: tuple[Media, ...]
    rights: Rights  # as stored: in force when they were stored
    credit: str
    disclaimer: str  # `{original_url}` is filled in
    licence: str | None
    copyright_notice: str | None
    complaints_url: str
    texts: Mapping[str, str]  # the publisher's own, by the names of DEFAULT_DISCLAIMERS; fields of a report in braces
    # What its publisher says to machines, in force when its newest words were received or now; that not all of it is
    # about this report is for `rights.signals`.
    signals: tuple[Signal, ...] = ()
    language_from: LanguageFrom | None = None  # what says the language; None: it is not known, or was not looked for
    topics: tuple[str, ...] = ()  # that it is about: codes of IPTC Media Topics, the heaviest first
    about: tuple[str, ...] = ()  # countries that it is about: ISO 3166-1 alpha-2, likewise
    source_url: str | None = None  # of the source that brought its newest words
    who: Who = field(default_factory=Who)  # its makers, read beside its newest words
    copies: Mapping[str, PictureCopy] = field(default_factory=dict)  # that the wire has, by address of its media


class FormerPublisher(Struct, frozen=True, kw_only=True):
    """A publisher that no file configures any more, with the rights under which its reports still leave."""

    publisher: str  # its key
    name: str
    place: str  # '': not known
    country: str
    kind: Kind
    group: Group
    homepage: str
    rights: Rights


class Picture(Struct, frozen=True, kw_only=True):
    """A picture that may be shown: from its publisher's own address, or a copy from the wire's."""

    url: str
    disclaimer: str  # with its credit; captions never inherit the licence of the text
    type: str | None = None
    width: int | None = None  # pixels
    height: int | None = None
    caption: str | None = None
    credit: str | None = None
    copyright: str | None = None
    alt: str | None = None
    language: str | None = None
    copy: str | None = None  # the digest of the wire's copy; None: it is shown from its publisher's address
    sizes: tuple[PictureFile, ...] = ()  # of a copy all its files, the smallest first


class PictureFile(Struct, frozen=True, kw_only=True):
    """One size of a copy."""

    url: str
    width: int  # pixels
    height: int


class Release(Struct, frozen=True, kw_only=True):
    """What of one report may leave by one channel, with all that must stand beside it. Words are plain and printable;
    `html` is safe to show. Times are ISO 8601 UTC text.
    """

    channel: Channel | None  # None: whoever runs the wire reads it here, and nobody else
    id: str
    revision: int
    publisher: str
    publisher_name: str
    publisher_place: str
    publisher_kind: Kind
    publisher_group: Group
    homepage: str
    country: str  # of the publisher
    item_class: ItemClass
    scope: TextScope  # headline_only, excerpt or full_text
    headline: str  # '': the publisher gave none
    summary: str
    text: str
    html: str  # of full text alone; '': there is none
    byline: str | None
    dateline: str | None  # None: none was read
    language: str | None
    published: str | None
    updated: str | None
    first_seen: str
    changed_at: str | None
    corrected: bool
    sort_time: str
    credit: str
    copyright_notice: str | None
    copyright_holder: str | None
    licence: str | None
    licence_url: str | None
    usage_terms: str  # one sentence a term: commercial use, edits, translation, uses by machines
    url: str | None  # the original
    canonical: Canonical
    index: Index
    origin: str | None  # where its publisher says that it has the report from, or the first agency that it names
    guid: str | None  # its publisher's own id
    words_hash: str
    categories: tuple[str, ...]
    disclaimers: tuple[str, ...]  # those that apply, in the order in which they are read
    general: str  # of the wire as a whole
    complaints_url: str
    corrections_contact: str
    permissions_contact: str | None
    pictures: tuple[Picture, ...] = ()
    pixel: str | None = None  # that the publisher requires beside full text on the web
    uses: Uses = field(default_factory=Uses)
    channels: tuple[Channel, ...] = ()  # all by which it may leave; (): it is for whoever runs the wire alone
    uses_basis: str = ""  # what decides each use, in words
    policy_url: str | None = None  # its publisher's own document on uses by machines; None: it names none
    valid_until: datetime | None = None  # when anything of this may change by the clock alone; None: never
    # What the wire found out, which is not the publisher's word; as in `Held`.
    language_from: LanguageFrom | None = None
    topics: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    # What was read beside the words, as in `Who`.
    located: str | None = None  # where it was written, by its dateline: `Bamako, Mali`
    authors: tuple[Author, ...] = ()  # persons whom its byline names
    agencies: tuple[str, ...] = ()  # that dateline, byline or credits name, as they are named there; `origin` is one


class Refusal(Struct, frozen=True, kw_only=True):
    """Why nothing of a report leaves by a channel."""

    id: str
    reason: RefusalReason
    text: str  # for people; of what nobody is to know, nothing
    valid_until: datetime | None = None


class Gone(Struct, frozen=True, kw_only=True):
    """A report that left before and leaves no more: whoever holds a copy should take it down. It has no word of the
    report.
    """

    id: str
    publisher: str
    publisher_name: str
    publisher_place: str
    status: Status  # withheld or canceled
    at: str  # since when
    text: str  # the notice that stands in its place


class Feed(Struct, frozen=True, kw_only=True):
    """Releases as one document, and what is said of the whole. Addresses are in full."""

    title: str
    wire: str  # the wire's name
    site: str  # its home page
    address: str  # of this document
    updated: str  # when anything in it changed last
    general: str  # the wire's statement on all that it carries
    complaints_url: str
    complaints_email: str
    releases: Iterable[Release]  # read once; of the formats for readers of feeds, a tuple
    gone: tuple[Gone, ...] = ()
    first: str | None = None  # RFC 5005: the newest page of the list; None: this is all there is
    older: str | None = None
    newer: str | None = None
    hub: str | None = None  # of WebSub


class Heading(Struct, frozen=True, kw_only=True):
    """What a feed is of."""

    title: str
    address: str
    publisher: str | None = None  # the key of the only publisher that it is of
