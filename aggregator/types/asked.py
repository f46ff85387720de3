"""Whom the wire asks and what comes of asking: the wire, publishers, sources, polls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from aggregator.vocabulary import (
    GROUP_OF_KIND,
    Act,
    AiUse,
    Basis,
    Canonical,
    Channel,
    CommercialUse,
    Edits,
    Group,
    ImageScope,
    Index,
    ItemClass,
    Kind,
    Ladder,
    Notice,
    OnGone,
    OnMissing,
    Outcome,
    Relationship,
    Storage,
    SystematicRepublication,
    TextScope,
    Translation,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """`[fetch]` of wire.toml: how hard the wire may knock."""

    concurrency: int = 64  # bodies in hand; eight times as many answers may be awaited
    per_domain_concurrency: int = 2
    per_domain_spacing: timedelta = timedelta(seconds=2)  # between two starts at one registrable domain
    timeout: timedelta = timedelta(seconds=30)  # the whole request, redirects and body included
    max_body_bytes: int = 16_777_216  # after decompression
    allow_addresses: tuple[str, ...] = ()  # CIDR blocks that may be reached although private


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """`[poll]` of wire.toml: how often a source is asked when it says nothing itself."""

    every: timedelta = timedelta(minutes=30)
    shortest: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The wire itself: who asks, who answers for it, where complaints go."""

    name: str
    url: str
    publisher: str  # the key of the wire's own publisher
    user_agent: str
    robots_token: str  # the product token of RFC 9309
    complaints_url: str
    complaints_email: str
    fetch: FetchSettings = FetchSettings()
    poll: PollSettings = PollSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    scope: ImageScope
    hotlink: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What happens to our copy when the publisher's is missing (404) or gone (410)."""

    on_missing: OnMissing
    on_gone: OnGone


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the wire may do with a publisher's words. Text rights never flow to pictures."""

    relationship: Relationship
    basis: Basis
    text_scope: TextScope
    credit: str  # template; see rights.CREDIT_FIELDS
    excerpt_max_words: int = 60
    licence: str | None = None  # an SPDX id, or LicenseRef-...
    licence_url: str | None = None
    copyright_holder: str | None = None
    copyright_notice: str | None = None  # template, like credit
    edits: Edits = "none"
    translation: Translation = "no"
    commercial_use: CommercialUse = "ask"
    systematic_republication: SystematicRepublication = "unstated"
    images: Images = Images(scope="none")
    storage: Storage = "keep"
    retention_days: int | None = None  # with storage = "transient": how long the words may stay
    redistribute: tuple[Channel, ...] = ("web", "feed", "api", "email")
    ai_use: AiUse = "unstated"
    index: Index = "noindex"
    canonical: Canonical = "publisher"
    corrections: Corrections = Corrections(on_missing="suspend", on_gone="withdraw")
    expires: date | None = None  # the last day of an agreement; after it the text falls to an excerpt
    tracking_pixel: str | None = None  # an https URL template that the publisher requires beside full text


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    corrections: str | None = None  # an e-mail address or a page
    permissions: str | None = None
    technical: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One address that we poll. Never called a feed: a feed is what the wire writes."""

    publisher: str  # the publisher's key
    key: str  # unique within the publisher
    url: str
    kind: str = "feed"  # a row of parse.PARSERS
    item_class: ItemClass = "news"
    every: timedelta | None = None  # None: the wire's [poll] every_minutes
    enabled: bool = True

    @property
    def name(self) -> str:
        """`publisher/key`, the source's name on the command line and in the database."""
        return f"{self.publisher}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who stands behind a report and is named above it."""

    key: str
    name: str
    place: str
    country: str  # ISO 3166-1 alpha-2; XA: all of Africa; XW: the world
    kind: Kind
    languages: tuple[str, ...]  # BCP 47
    homepage: str
    rights: Rights
    contact: Contact = Contact()
    disclaimers: Mapping[str, str] = field(default_factory=dict)  # overrides of the wire's default texts, by name
    sources: tuple[Source, ...] = ()

    @property
    def group(self) -> Group:
        return GROUP_OF_KIND[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What stands in config/, read and checked."""

    wire: Wire
    publishers: tuple[Publisher, ...]  # sorted by key
    digest: str | None = None  # of its files, as `kept` tells it; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What must stand beside every report of one class of one publisher; `{original_url}` is left to fill in."""

    credit: str
    disclaimer: str
    text_scope: TextScope
    licence: str | None
    copyright_notice: str | None
    complaints_url: str


@dataclass(frozen=True, slots=True)
class Validators:
    """RFC 9110 section 8.8: opaque, sent back byte for byte."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """One HTTP answer: 200 with a body, or 304 without one. Anything else is a FetchError."""

    url: str  # the address that answered, after redirects
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    validators: Validators = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsCopy:
    """What a site's robots.txt said, as much of it as counts (RFC 9309)."""

    origin: str  # scheme, host and port: `https://daily.example`
    fetched_at: datetime
    status: int | None  # of HTTP; None: no answer
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVisit:
    """What an article's own page answered; of its body nothing is read."""

    status: int
    url: str  # the address that answered, after redirects
    validators: Validators = Validators()
    retry_after: timedelta | datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """An article whose page is to be visited, with what the store remembers of earlier visits."""

    article: int
    public_id: str
    publisher: str
    url: str
    first_seen: datetime
    validators: Validators = Validators()
    step: int = 0  # visits made
    missing_since: datetime | None = None  # first 404 in a row; None: it was there


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Why a report leaves the wire, and what stands in its place. Only a person restores it."""

    act: Act
    notice: Notice
    actor: str  # person:NAME, publisher:feed, publisher:page, wire
    reason: str
    reference: str | None = None  # what it rests on: an address, a ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a visit taught: when to come back, and whether the report leaves the wire."""

    recheck: Recheck
    said: str  # one line, for a log: `200`, `410: ...`
    next_at: datetime | None  # None: no more visits
    validators: Validators = Validators()
    missing_since: datetime | None = None
    removal: Removal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPoll:
    at: datetime
    reason: str  # interval, backoff, retry_after ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one poll of one source did. Stored with what it brought, in one transaction."""

    source: Source
    started: datetime
    seconds: float
    outcome: Outcome
    next: NextPoll
    status: int | None = None  # of HTTP; None: no answer
    error: str | None = None
    format: str | None = None
    body_bytes: int = 0
    body_hash: bytes | None = None  # None: keep the one stored
    validators: Validators | None = None  # None: keep those stored
    entries: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    drops: Mapping[str, int] = field(default_factory=dict)
    withdrawn: tuple[str, ...] = ()  # ids that the document took back
    settled: tuple[str, ...] = ()  # first keys of the entries that say what they said before


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A source whose time has come, with what the store remembers of it."""

    source: Source
    validators: Validators = Validators()
    body_hash: bytes | None = None
    failures: int = 0  # in a row
    ladder: Ladder = "id"
