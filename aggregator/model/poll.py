"""What is due, and what one poll of one source did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from aggregator.model.change import Removal
from aggregator.model.document import Busy, Hints, Redirection, Validators
from aggregator.model.publisher import Source

Ladder = Literal["id", "url"]  # the strongest key that a source can be trusted with
# Of a poll. offline: nobody answered at all, so the fault is ours; challenge, consent, cookie: the site answers only
# browsers, people, or whoever sends its cookie back; payment_required: 402, it sells what was asked for; held: a
# document came, nothing of it was stored, and a person must look.
Outcome = Literal[
    "ok", "unchanged", "not_modified", "failed", "offline", "challenge", "consent", "cookie", "payment_required", "held"
]
Gap = Literal["open", "closed"]  # between two documents of a source; closed: by reading its older pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """An article whose page is to be visited, with what the store remembers of earlier visits."""

    article: int
    public_id: str
    publisher: str
    url: str
    first_seen: datetime
    validators: Validators = field(default_factory=Validators)
    step: int = 0  # visits made
    missing_since: datetime | None = None  # first 404 in a row; None: it was there


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a visit taught: when to come back, and whether the report leaves the wire."""

    recheck: Recheck
    said: str  # one line, for a log: `200`, `410: ...`
    next_at: datetime | None  # None: no more visits
    validators: Validators = field(default_factory=Validators)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one poll of one source did. Stored with what it brought, in one transaction."""

    source: Source
    started: datetime
    seconds: float
    outcome: Outcome
    next: NextPoll | None = None  # None: not decided yet
    status: int | None = None  # of HTTP; None: no answer
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
    settled: tuple[str, ...] = ()  # first keys of the entries that say what they said before, and were only named
    is_whole: bool = (
        True  # False: the named ones matter after all; nothing was stored, the document is to be read whole
    )
    pages: int = 0  # older pages that were read, because the document did not reach back to the one before
    is_joined: bool = False  # whether they do
    # entries that the source had listed before, 0 where they do not show that it reaches back to the document before
    # (see `scheduling.gaps`); None: there was nothing to compare
    overlap: int | None = None
    gap: Gap | None = None
    proposal: Proposal | None = None  # what a search for a door found; None: nothing, or it was none
    waiting: int = 0  # changes of known reports that wait for a person since this poll, because it changes too much
    excess: int = 0  # of the new reports those beyond what one poll or day may add, which are stored as backfill


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A source whose time has come, with what the store remembers of it."""

    source: Source
    validators: Validators = field(default_factory=Validators)
    body_hash: bytes | None = None
    failures: int = 0  # in a row
    ladder: Ladder = "id"
    conditional: int = 0  # polls in a row that sent validators
    validators_lied: bool = False
    proposed: str | None = None  # the door that was found for a source of kind "discover"
    accepted: tuple[str, ...] = ()  # addresses that its documents may come from, although none of its file's
    redirect_unchecked: bool = False  # it was polled before redirects were checked, and has not answered since
    last_poll: str | None = None  # when its last poll began, as the store has it; None: it never was polled
