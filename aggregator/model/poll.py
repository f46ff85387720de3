"""What is due, what is known of it, what one poll of one source did, and what is stored of that."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct, field

from aggregator.model.acts import DeskDecision, ReportState
from aggregator.model.article import Known, Words
from aggregator.model.change import Decision, MassKind, Removal
from aggregator.model.document import Busy, Hints, Redirection, Validators
from aggregator.model.publisher import PagesMode, Source

StrongestKey = Literal["id", "url"]  # the strongest key that a source can be trusted with
# Of a poll. offline: nobody answered at all, so the fault is ours; challenge, consent, cookie: the site answers only
# browsers, people, or whoever sends its cookie back; payment_required: 402, it sells what was asked for; pending: a
# document came, nothing of it was stored, and a person must look.
Outcome = Literal[
    "ok",
    "unchanged",
    "not_modified",
    "failed",
    "offline",
    "challenge",
    "consent",
    "cookie",
    "payment_required",
    "pending",
]
# What troubles a source, the worst first. held: what it said waits for a person; faulty: the file of its publisher is.
HealthState = Literal["held", "faulty", "paused", "failing", "silent", "gaps"]
Gap = Literal["open", "closed"]  # between two documents of a source; closed: by reading its older pages
# A source that a program is polling; a publisher whose pages it visits; a named cursor that it reads the ledger by; a
# subscriber that it sends messages to.
ClaimKind = Literal["poll", "visit", "picture", "cursor", "deliver"]


class NewPage(Struct, frozen=True, kw_only=True):
    """The page of an article of which it has yet to be said when it is visited first."""

    article_id: int
    publisher: str
    url: str
    first_seen: datetime
    source_name: str = ""  # of the source that listed it first


class NewPages(Struct, frozen=True, kw_only=True):
    """The pages of a row of articles; `up_to` is the last of these, whether its page may be visited or not."""

    up_to: int
    pages: tuple[NewPage, ...]


class Recheck(Struct, frozen=True, kw_only=True):
    """An article whose page is to be visited, with what the store remembers of earlier visits."""

    article_id: int
    id: str
    publisher: str
    url: str
    first_seen: datetime
    validators: Validators = field(default_factory=Validators)
    visits: int = 0  # visits made
    missing_since: datetime | None = None  # first 404 in a row; None: it was there
    source_name: str = ""  # of the source that listed it first
    read_as: PagesMode | None = None  # how the page was read that the validators are of; None: it was not


class Finding(Struct, frozen=True, kw_only=True):
    """What a visit taught: when to come back, and whether the report leaves the wire."""

    recheck: Recheck
    result: str  # one line, for a log: `200`, `410: ...`
    next_at: datetime | None  # None: no more visits
    validators: Validators = field(default_factory=Validators)
    missing_since: datetime | None = None
    removal: Removal | None = None
    there: bool | None = None  # whether the page is; None: the answer does not say
    doubted: bool = False  # its publisher's pages say the same of nearly everything, so it counts for nothing


class Proposal(Struct, frozen=True):
    """A feed that was found for a source of kind "discover"."""

    url: str
    carries: str  # for people: `rss20, 30 entries`


class NextPoll(Struct, frozen=True, kw_only=True):
    at: datetime
    reason: str  # interval, backoff, retry_after ...


class Poll(Struct, frozen=True, kw_only=True):
    """What one poll of one source did. Stored with what it brought, in one transaction."""

    source: Source
    started: datetime
    seconds: float
    outcome: Outcome
    next: NextPoll | None = None  # None: not decided yet
    http_status: int | None = None  # of HTTP; None: no answer
    error: str | None = None
    format: str | None = None
    body_bytes: int = 0
    body_hash: bytes | None = None  # None: keep the one stored
    validators: Validators | None = None  # None: keep those stored; of a poll that failed: forget them
    is_conditional: bool = False  # validators were sent
    retry_after: timedelta | datetime | None = None
    fresh_for: timedelta | None = None
    hints: Hints | None = None  # None: keep those stored
    moved_to: str | None = None
    busy: tuple[Busy, ...] = ()  # hosts that asked to be left alone, when they were asked for this poll
    redirection: Redirection | None = None  # what is to be remembered of where the document came from; None: nothing
    entries: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    drops: Mapping[str, int] = field(default_factory=dict)
    adjusted: Mapping[str, int] = field(default_factory=dict)  # stored versions with a value cut or left out, by reason
    withdrawn: tuple[str, ...] = ()  # ids that the document took back
    pages: int = 0  # older pages that were read, because the document did not reach back to the one before
    is_joined: bool = False  # whether they do
    # entries that the source had listed before, 0 where they do not show that it reaches back to the document before
    # (see `scheduling.gaps`); None: there was nothing to compare
    overlap: int | None = None
    gap: Gap | None = None
    proposal: Proposal | None = None  # what a search for a feed found; None: nothing, or it was none
    pending: int = 0  # changes of known reports that wait for a person since this poll, because it changes too much
    over_limit: int = 0  # of the new reports those beyond what one poll or day may add, which are stored as backfill

    @property
    def is_answer(self) -> bool:
        """Whether the source answered as it should."""
        return self.outcome in ("ok", "unchanged", "not_modified")


class Due(Struct, frozen=True, kw_only=True):
    """A source whose time has come, with what the store remembers of it."""

    source: Source
    validators: Validators = field(default_factory=Validators)
    body_hash: bytes | None = None
    failures: int = 0  # in a row
    id_trust: StrongestKey = "id"
    conditional_polls: int = 0  # polls in a row that sent validators
    validators_ignored: bool = False
    proposed: str | None = None  # the feed that was found for a source of kind "discover"
    accepted: tuple[str, ...] = ()  # addresses that its documents may come from, although none of its file's
    redirect_unchecked: bool = False  # it was polled before redirects were checked, and has not answered since
    last_poll: str | None = None  # when its last poll began, as the store has it; None: it never was polled


# What is remembered of a source, known before its poll is judged, and stored after it

HOURS = 24


class Rhythm(Struct, frozen=True, kw_only=True):
    """How much a source publishes, and when; the default: nothing is known yet."""

    reports: float = 0.0  # that were found; older ones count less
    days: float = 0.0  # watched, which count less alike
    hours: tuple[float, ...] = (0.0,) * HOURS  # of the day, UTC: occasions to publish; n reports at once are sqrt(n)
    longest: float = 0.0  # hours between two reports, at most; forgotten as slowly
    listed: int = 0  # items in its document
    taught_at: datetime | None = None
    last_new: datetime | None = None  # when the newest report arrived


class Bounds(Struct, frozen=True, kw_only=True):
    """Of one source's interval."""

    shortest: timedelta
    longest: timedelta


class Tariff(Struct, frozen=True, kw_only=True):
    """What a request costs on this wire, and at which hours its sources publish."""

    price: float  # hours of waiting, of all reports together, that make a request worth while
    hours: tuple[float, ...] = (1.0,) * HOURS  # of the day, UTC; 1 is the mean


class KeptTariff(Struct, frozen=True, kw_only=True):
    """The tariff that was reckoned last, when, and by which settings."""

    tariff: Tariff
    at: datetime
    settings: str


class Habits(Struct, frozen=True, kw_only=True):
    """What is remembered of a source's ways from poll to poll."""

    url: str
    failures: int = 0  # in a row
    last_success: datetime | None = None
    poll_hints: Hints = field(default_factory=Hints)
    rhythm: Rhythm = field(default_factory=Rhythm)
    conditional_polls: int = 0  # polls in a row that sent validators
    unmodified_since: datetime | None = None  # the first 304 in a row
    validators_ignored: str | None = None
    moved_to: str | None = None  # where it redirects for good, and since when
    moved_since: datetime | None = None
    paused_at: datetime | None = None
    silent_after: datetime | None = None


class Before(Struct, frozen=True):
    """An entry of the document before."""

    name: Hashable  # the same in both documents
    sort_time: datetime  # the date that it stated, or when it was first seen
    is_dated: bool  # whether it stated one


class Memory(Struct, frozen=True, kw_only=True):
    """What is remembered of a source's last document, for reading the next one."""

    digests: Mapping[str, bytes]  # of what it last said of its newest articles (`Article.entry_hash`), by first key
    last_listed: tuple[Before, ...]  # what its last document listed, by first key, in its order; (): not known


class LeftOut(Struct, frozen=True, kw_only=True):
    """An entry of a document that a rule of its source left out."""

    key: str  # its first key
    entry_hash: bytes
    rule: str  # as `Poll.drops` names it
    sort_time: datetime  # the date that it states, or when it was first seen
    is_dated: bool  # whether it states one


class Lookup(Struct, frozen=True, kw_only=True):
    """By what one entry of a document is looked for."""

    keys: tuple[str, ...]  # all that may lead to its article
    first_key: str  # by it alone, or by the next where its source's ids are not trusted, it says what it said before
    first_key_without_ids: str
    near_keys: tuple[str, ...]  # by which an article is only found
    buried_keys: tuple[str, ...]  # by which a purged article would be known again
    entry_hash: bytes
    day: str  # under which it would be listed if it were new (ISO 8601)


class Wanted(Struct, frozen=True, kw_only=True):
    """What has to be known of the store to judge one document. Without entries and keys: of its source alone."""

    source: Source
    entries: tuple[Lookup, ...] = ()
    seen: tuple[str, ...] = ()  # first keys of the entries that are `Seen`
    deleted: tuple[str, ...] = ()  # first keys of what the document lists as deleted


class Deleted(Struct, frozen=True, kw_only=True):
    """What was done before about an article that a document may list as deleted."""

    acts: frozenset[tuple[str, str]]  # actor and reason of every act upon it
    has_tombstone: bool  # one of it waits for a person, or was refused


class Snapshot(Struct, frozen=True, kw_only=True):
    """What the store knows of a source, and of the articles that the entries of a document may be; all of one moment.

    Articles are named by their numbers. `version` is the store's own: another one as soon as
    anything of this was written.
    """

    source: Source
    source_id: int  # the source's, in the store
    version: tuple[int, int]
    habits: Habits
    id_trust: StrongestKey
    id_conflicts: int  # how often one of its ids was in use for another report
    unstable_polls: tuple[datetime, ...]  # when its last polls in a row changed most of what they listed
    most_changed: Mapping[MassKind, int]  # the most reports that one poll changed, with what a person accepted
    has_listed: bool  # whether it ever listed anything that is held, or that its rules left out
    # The articles of which a revision of this source is pending; their entries' first keys.
    pending_revision_keys: Mapping[int, str]
    tombstones: Mapping[int, str]  # the keys of this source's tombstones that wait or were refused, by article
    # What its last document listed, in its order, articles by their numbers and what its rules left out by first key;
    # (): not known.
    last_listed: tuple[Before, ...] = ()
    left_out: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)  # of that document: hash and rule, by key
    is_unchecked: bool = False  # it was polled before redirects were checked, and has not answered since
    has_pending_redirect: bool = False
    articles: Mapping[str, int] = field(default_factory=dict)  # by key
    near: Mapping[str, int] = field(default_factory=dict)  # by near key
    digests: Mapping[int, bytes] = field(default_factory=dict)  # of what this source last said of each
    candidates: Mapping[int, Known] = field(default_factory=dict)
    words: Mapping[int, Words] = field(default_factory=dict)  # in force, of the candidates that this source listed
    pending_words: Mapping[int, Words] = field(default_factory=dict)  # of the candidates, those of this source
    purged: Mapping[str, int] = field(default_factory=dict)  # articles by the keys that were theirs
    # Whether this source said it; its kind.
    pending_changes: Mapping[int, tuple[bool, MassKind]] = field(default_factory=dict)
    deleted: Mapping[int, Deleted] = field(default_factory=dict)  # where the document lists any as deleted
    states: Mapping[int, ReportState] = field(default_factory=dict)  # of the candidates, and of those listed as deleted
    in_latest: Mapping[str, int] = field(default_factory=dict)  # the publisher's reports there, by day


class Pause(Struct, frozen=True, kw_only=True):
    """A host that is to be left alone, with all its sources."""

    url: str  # an address of it
    lasts: timedelta
    once: bool = False  # a source that is being spared already is not spared for longer


class PollRecord(Struct, frozen=True, kw_only=True):
    """All that one poll of one source stores, in one transaction. Nothing of it is decided by the store.

    A new article has no number yet: it is named by its public id.
    """

    known: Snapshot  # by which all this was decided
    poll: Poll  # with its counts, and the next one
    habits: Habits | None = None  # after it; None: as before
    pauses: tuple[Pause, ...] = ()
    unstable_polls: tuple[datetime, ...] | None = None  # None: as before
    id_conflicts: int = 0  # more than before
    id_trust: tuple[StrongestKey, str] | None = None  # and why; None: as before
    decisions: tuple[Decision, ...] = ()  # in the document's order
    is_newest_last: bool = False  # the document lists its newest last; the newest gets the least number
    backfill: frozenset[str] = frozenset()  # new articles that are kept out of `latest`
    # What the document lists, in its order: articles, and by its first key whatever is left out; None: as before.
    last_listed: tuple[int | str, ...] | None = None
    left_out: tuple[LeftOut, ...] | None = None  # of the document, by the rules of its source; None: as before
    ended_pending_changes: tuple[int, ...] = ()  # articles of which what waited of this source waits no longer
    ended_pending_revisions: tuple[int, ...] = ()  # articles of which no revision of this source is pending any longer
    # Those of `Snapshot.pending_revision_keys` that it lists no longer; None: as before.
    gone_pending_revisions: tuple[int, ...] | None = None
    acts: tuple[DeskDecision, ...] = ()  # what the publisher's own words ask of us
    ended_tombstones: tuple[int, ...] = ()
    new_tombstones: Mapping[int | str, str] = field(default_factory=dict)  # that wait for a person, by article
