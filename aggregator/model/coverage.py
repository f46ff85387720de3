"""What the polls of a source brought in a time, by day, and what is known of how complete that is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from aggregator.model.poll import Outcome, Rhythm


class PolledDay(Struct, frozen=True, kw_only=True):
    """The polls of a source on one day."""

    day: str  # of UTC, 2026-11-22
    polls: int = 0
    well: int = 0  # a document was read, or was the same as before
    failed: int = 0
    offline: int = 0  # nobody answered at all, so the fault is the wire's own
    held: int = 0  # a document came, and a person must look before anything of it is stored
    gaps: int = 0
    gaps_closed: int = 0
    received: int = 0  # new reports
    left_out: Mapping[str, int] = field(default_factory=dict)  # entries, by reason


class OpenGap(Struct, frozen=True, kw_only=True):
    """A document that did not reach back to the one before, and no older page closed that."""

    found_at: datetime
    after: datetime | None  # when the poll before it went well; None: not known
    received: int  # new reports of the document that was found then


class PolledSource(Struct, frozen=True, kw_only=True):
    """A source in a time that ends at a moment; nothing later counts."""

    name: str
    publisher: str
    publisher_name: str
    is_enabled: bool
    is_paused: bool
    rhythm: Rhythm
    silent_after: datetime | None
    first_poll: datetime | None  # None: it was never polled
    first_new: int  # reports that its first poll brought, most of them older than it
    last_well: datetime | None  # the last poll that went well; None: none did
    last_outcome: Outcome | None  # of the last poll
    last_gap: datetime | None  # the last open gap, whenever it was
    days: tuple[PolledDay, ...] = ()
    gaps: tuple[OpenGap, ...] = ()  # open ones, oldest first
    arrivals: tuple[datetime, ...] = ()  # of that time, and of the month before: when polls brought new reports
