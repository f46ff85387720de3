"""What a server answered and what a document said, in the words of RFC 9110 and RFC 4287."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct, field

# Of a redirect. pending: it waits for a person; refused: it leads to an address of another publisher of this wire;
# undecided: the document itself must say more.
RedirectState = Literal["accepted", "undecided", "pending", "refused"]


class Text(Struct, frozen=True):
    """A publisher's words, exactly as received, and the media type they are in."""

    value: str
    type: str = "text/html"  # text/plain, text/html or application/xhtml+xml
    element: str | None = None  # the one that it stood in, where versions up to 0.10.0 did not read that: media:text


class Link(Struct, frozen=True):
    href: str
    rel: str = "alternate"
    type: str | None = None
    length: int | None = None  # bytes, as stated
    hreflang: str | None = None
    title: str | None = None


class Person(Struct, frozen=True):
    name: str | None = None
    email: str | None = None
    uri: str | None = None


class Category(Struct, frozen=True):
    term: str
    scheme: str | None = None
    label: str | None = None  # the term for people

    def __str__(self) -> str:
        return self.label or self.term


class Media(Struct, frozen=True):
    """A picture, a recording or another file beside a report, as its publisher describes it, in the words of Media RSS
    (https://www.rssboard.org/media-rss).
    """

    url: str
    medium: str | None = None  # image, audio, video, document or executable
    type: str | None = None  # media type
    width: int | None = None  # pixels
    height: int | None = None
    length: int | None = None  # bytes
    title: str | None = None  # often a file's name; never a caption
    caption: Text | None = None
    credit: str | None = None
    copyright: str | None = None
    alt: str | None = None  # a text for readers who do not see the picture
    language: str | None = None  # BCP 47


class Origin(Struct, frozen=True, kw_only=True):
    """Where a publisher says that it has a report from: RSS `source`, Atom `source`, Dublin Core."""

    name: str | None = None
    url: str | None = None  # its page
    feed: str | None = None  # the address of its feed
    id: str | None = None  # of that feed
    publisher: str | None = None  # `dc:publisher`
    source: str | None = None  # `dc:source`: a name or an address of what the report is taken from


class Place(Struct, frozen=True):
    """Where a report plays, as GeoRSS or the W3C's `geo` say it."""

    coordinates: str | None = None  # latitude and longitude in degrees (WGS 84), pairs separated by blanks, as stated
    shape: str = "point"  # point, line, polygon, box or circle
    name: str | None = None


class Rsl(Struct, frozen=True):
    """One licence of RSL 1.0 (https://rslstandard.org/rsl), its words as they stand; None: not said."""

    url: str | None = None  # of `content`: a path as in robots.txt, or an address
    server: str | None = None  # of whom a licence must be had first, be it free
    permits: str | None = None  # uses, with spaces between them
    prohibits: str | None = None
    payment: str | None = None  # its type


class PageWords(Struct, frozen=True, kw_only=True):
    """What a report's own page says and its feed does not, as it was read from the page."""

    title: str | None = None
    summary: str | None = None  # in plain words, as are title and byline
    content: Text | None = None  # the text
    byline: str | None = None
    authors: tuple[Person, ...] = ()
    published: str | None = None  # ISO 8601, UTC
    published_stated: str | None = None  # the literal
    categories: tuple[Category, ...] = ()
    media: tuple[Media, ...] = ()
    correction: str | None = None  # the publisher's own note of what it corrected
    licences: tuple[str, ...] = ()  # addresses or names of those that refuse machines a use
    language: str | None = None  # BCP 47: one of its publisher's, where the feed says another or none


class Entry(Struct, frozen=True, kw_only=True):
    """What the publisher said, in the words of RFC 4287; dates are the literals as stated."""

    id: str | None = None
    title: Text | None = None
    summary: Text | None = None
    content: tuple[Text, ...] = ()
    links: tuple[Link, ...] = ()
    authors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    published: str | None = None
    updated: str | None = None
    rights: str | None = None
    language: str | None = None  # BCP 47; xml:lang of the entry
    contributors: tuple[Person, ...] = ()
    media: tuple[Media, ...] = ()  # each address once
    origin: Origin | None = None
    places: tuple[Place, ...] = ()
    base: str | None = None  # by which relative addresses in its words are resolved; None: its words have none
    rsl: tuple[Rsl, ...] = ()
    page: PageWords | None = None  # beside what the entry said; None: its page was not read, or says no more


class Hints(Struct, frozen=True, kw_only=True):
    """What a document says about coming back: `ttl`, `skipHours`, `skipDays` (RSS 2.0), `sy:` (RSS 1.0 syndication)."""

    every: timedelta | None = None  # no sooner than this after a poll; None: not said
    skip_hours: tuple[int, ...] = ()  # 0 to 23, UTC
    skip_days: tuple[int, ...] = ()  # 0 is Monday, UTC


class Document(Struct, frozen=True, kw_only=True):
    """A document as entries, and why any of what stood in it is not among them."""

    format: str  # rss20, atom10, jsonfeed11 ...
    entries: tuple[Entry, ...]
    drops: Mapping[str, int] = field(default_factory=dict)  # entries left out, by reason
    language: str | None = None  # of the document
    warning: str | None = None  # e.g. not well-formed; the entries were readable all the same
    withdrawn: tuple[str, ...] = ()  # ids that the publisher takes back: tombstones (RFC 6721), items marked so
    hints: Hints = Hints()
    older: str | None = None  # the address of what the publisher listed before this; None: not said


class Validators(Struct, frozen=True):
    """RFC 9110 section 8.8: opaque, sent back byte for byte."""

    etag: str | None = None
    last_modified: str | None = None


class Busy(Struct, frozen=True, kw_only=True):
    """An answer by which a host asks to be left alone: 429, or 503 with Retry-After."""

    url: str  # where it was asked
    http_status: int
    retry_after: timedelta | datetime | None
    is_robots: bool = False  # it was asked for its robots.txt


class FetchResult(Struct, frozen=True, kw_only=True):
    """One HTTP answer: a success with a body, or 304 without one. Anything else is a FetchError."""

    url: str  # the address that answered, after redirects
    http_status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    validators: Validators = Validators()
    redirects: tuple[str, ...] = ()  # the addresses that redirected, in their order, the first one aside
    moved_to: str | None = None  # where permanent redirects alone (301, 308) led; None: there was none, or another kind
    fresh_for: timedelta | None = None  # by max-age or Expires (RFC 9111 section 4.2.1); None: not said
    retry_after: timedelta | datetime | None = None  # of the answer, or of a redirect on the way; None: not said
    remark: str | None = None  # what was wrong with its framing or coding, for people; None: nothing
    is_cut: bool = False  # the body is the beginning of a document only


class Redirection(Struct, frozen=True, kw_only=True):
    """Whether a document may be stored under its publisher's name, although it came from `url` (`identity.redirects`).

    `rule` says what decided: configured, domain, homepage, same_hosts, moved, entries (accepted without asking),
    accepted (for this source, before), in_force (seen for the first time, and in force before redirects were checked),
    another_publisher, unknown.
    """

    url: str
    state: RedirectState
    rule: str
    reason: str = ""  # for people: the address, and why it is held or refused


class RobotsCopy(Struct, frozen=True, kw_only=True):
    """What a site's robots.txt said, as much of it as counts (RFC 9309)."""

    origin: str  # scheme, host and port: `https://daily.example`
    fetched_at: datetime
    http_status: int | None  # of HTTP; None: no answer
    body: bytes = b""


class PageVisit(Struct, frozen=True, kw_only=True):
    """What an article's own page answered; of its body no more than its head, unless the whole was asked for."""

    http_status: int
    url: str  # the address that answered, after redirects
    validators: Validators = Validators()
    retry_after: timedelta | datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    head: bytes = b""  # the beginning of the page; b"": it is no HTML, or none was sent
    page: FetchResult | None = None  # the whole page, where that was asked for; None: none came
    problem: str | None = None  # why the whole page could not be taken in, for people; None: it was, or none was asked
