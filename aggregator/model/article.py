"""What is held of an entry, in the words of schema.org, and how it leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from aggregator.model.channel import Channel
from aggregator.model.document import Media, PageWords, Text
from aggregator.model.publisher import LEARNED, IdentityRules, ItemClass
from aggregator.model.selection import Matched
from aggregator.model.tags import LanguageFrom, Tags
from aggregator.model.who import Who

Status = Literal["usable", "withheld", "canceled"]


class Article(Struct, frozen=True, kw_only=True, tag=True):
    """What we hold of one entry: the publisher's words raw, and plain readings of them beside."""

    publisher: str
    keys: tuple[str, ...]  # strongest first; see identity
    id: str
    title: str
    summary: str
    text: str
    excerpt: str
    url: str | None
    byline: str | None
    language: str | None  # as it was found; before tags are set: the one that is stated or configured
    item_class: ItemClass
    published: datetime | None
    published_stated: str | None
    updated: datetime | None
    updated_stated: str | None
    categories: tuple[str, ...]
    # The entry's words as canonical JSON, see text.raw_words; b"": they are in `packed`, see text.packing.raw_of.
    raw: bytes
    words_hash: bytes  # SHA-256 of what a reader would call the report
    entry_hash: bytes  # SHA-256 of everything the entry said
    # words_hash and media_hash as versions up to 0.10.0 read the entry (text.passed_over); None: the same
    hashes_before: tuple[bytes, bytes] | None = None
    # What the store writes beside, made where the article is made, so that it need not be made while others wait.
    packed: bytes = b""  # `raw` as it is held; see text.packing. b"": not made yet
    folded: tuple[str, str] = ("", "")  # summary and text as they are searched; "": not made, or not handed over
    link_marks: tuple[str, ...] = ()  # of its link, if several reports stood there at once; see identity.keys
    folded_title: str = ""
    opening: str = ""  # the first words of the text, folded
    near_keys: tuple[str, ...] = ()  # by which a twin under other keys is found, as a last resort
    rules: IdentityRules = LEARNED  # its publisher's
    id_is_shared: bool = False  # its id stands for another item of the same document too, so it is none of the keys
    left_out_by: str | None = None  # the rule of its source that it does not satisfy; None: it comes in
    place: int = 0  # among the entries of its document, from 0; unchanged ones count, duplicates do not
    media: tuple[Media, ...] = ()  # in plain words, with web addresses; see text.media
    media_hash: bytes | None = b""  # of all media that were said, held or not (text.pictures.digest); None: not known
    adjusted: tuple[str, ...] = ()  # what of it is cut or left out outside the raw words; see normalise
    matched: Matched | None = None  # the saved searches that find it by its words; None: it was not matched
    stated_language: str | None = None  # what its feed or page says; None: nothing, or no tag of BCP 47
    tags: Tags | None = None  # None: they were not set where it was read
    first_key: str | None = None  # of its publisher, of which its id is made; None: it is `publisher`
    page: PageWords | None = None  # what it has from its own page, as in `raw`; the hashes are without it
    who: Who = field(default_factory=Who)  # its makers, read beside its words


class Words(Struct, frozen=True, kw_only=True):
    """One version of a report's words, for comparing it with another; see `versions`."""

    title: str  # plain, as are summary and text
    summary: str = ""
    text: str = ""  # the whole text, or the summary again where there is no more
    byline: str | None = None
    url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    raw_summary: Text | None = None  # as received; None: not said, or not kept
    raw_content: tuple[Text, ...] = ()
    words_hash: bytes = b""  # of all that was said, kept or not; b"": not known
    media_hash: bytes | None = None  # of its media, as in `Article`
    closely: bool = True  # False: compared as received, because its document says more than is read closely


class Known(Struct, frozen=True, kw_only=True):
    """What the store remembers of an article when an entry with one of its keys comes in."""

    article_id: int
    revision: int
    words_hash: bytes
    first_seen: datetime
    last_revision: datetime  # when its newest revision was stored
    entry_hash: bytes | None  # what *this* source last said of it; None: this source never listed it
    listed_words_hash: bytes | None = None  # the words_hash of that
    listed_media_hash: bytes | None = None  # and its media_hash, or that of what does not wait; None: not known
    url: str | None = None
    language: str | None = None
    published: datetime | None = None
    folded_title: str = ""
    opening: str = ""
    merged: bool = False  # was taken for the same by a weaker key before
    joined: bool = False  # a person made one report of two, so whatever its keys lead to is it
    moved: bool = False  # stood at another address before
    key: str | None = None  # the first key of what this source last said of it; None: it said nothing, or that is lost


class Match(Struct, frozen=True, kw_only=True):
    """Which article an entry is. `known` None: a new one."""

    article: Article
    known: Known | None = None
    matched_by: str | None = None  # id, dated, words: its own key; alt, url, title, opening: another
    evidence: str = ""  # what was alike, for a person who reviews a merge
    conflict: bool = False  # its id is in use for another report
    duplicate: bool = False  # another entry of the document is the same article

    @property
    def was_listed(self) -> bool:
        """Whether the entry's source had listed it before."""
        return self.known is not None and self.known.entry_hash is not None


class Report(Struct, frozen=True, kw_only=True):
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
    sort_time: str  # where it stands in lists: published, or first_seen where that is unknown or ahead
    channels: tuple[Channel, ...]  # by which it may be passed on; (): by none, it is for the operator alone
    language_from: LanguageFrom | None = None  # what says its language; None: it is not known, or was not looked for
    topics: tuple[str, ...] = ()  # that it is about: codes of IPTC Media Topics, the heaviest first
    about: tuple[str, ...] = ()  # countries that it is about: ISO 3166-1 alpha-2, likewise


class Traits(Struct, frozen=True):
    """What a report can be chosen by, as in `Report`."""

    id: str
    publisher: str
    country: str
    language: str | None
    item_class: str
    topics: tuple[str, ...]
    about: tuple[str, ...]


class NamedReport(Struct, frozen=True, kw_only=True):
    """What says to a person which report is meant."""

    id: str
    publisher: str
    publisher_name: str
    title: str | None  # None: it has none, or it is not for whoever asked
    url: str | None  # as the publisher gave it
    versions: int
    is_purged: bool
