"""What comes of asking: answers, and what is to be done about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.model.vocabulary import Act, Notice, RedirectState


@dataclass(frozen=True, slots=True)
class Validators:
    """RFC 9110 section 8.8: opaque, sent back byte for byte."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """An answer by which a host asks to be left alone: 429, or 503 with Retry-After."""

    url: str  # where it was asked
    status: int
    retry_after: timedelta | datetime | None
    is_robots: bool = False  # it was asked for its robots.txt


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """One HTTP answer: a success with a body, or 304 without one. Anything else is a FetchError."""

    url: str  # the address that answered, after redirects
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    validators: Validators = Validators()
    hops: tuple[str, ...] = ()  # the addresses that redirected, in their order, the first one aside
    moved_to: str | None = None  # where permanent redirects alone (301, 308) led; None: there was none, or another kind
    fresh_for: timedelta | None = None  # by max-age or Expires (RFC 9111 section 4.2.1); None: not said
    retry_after: timedelta | datetime | None = None  # of the answer, or of a redirect on the way; None: not said
    remark: str | None = None  # what was wrong with its framing or coding, for people; None: nothing
    is_cut: bool = False  # the body is the beginning of a document only


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirection:
    """Whether a document may be stored under its publisher's name, although it came from `url`; see `decide.redirects`.

    `rule` says what decided: configured, domain, homepage, same_hosts, moved, entries (accepted without asking),
    accepted (for this source, before), in_force (seen for the first time, and in force before redirects were checked),
    another_publisher, unknown.
    """

    url: str
    state: RedirectState
    rule: str
    said: str = ""  # for people: the address, and why it is held or refused


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
    there: bool | None = None  # whether the page is; None: the answer does not say
    doubted: bool = False  # its publisher's pages say the same of nearly everything, so it counts for nothing


@dataclass(frozen=True, slots=True)
class Proposal:
    """A door that was found for a source of kind "discover"."""

    url: str
    carries: str  # for people: `rss20, 30 entries`


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPoll:
    at: datetime
    reason: str  # interval, backoff, retry_after ...
