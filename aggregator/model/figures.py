"""The wire's own figures of a day: what it saw, stored and left out, and how long reports were on their way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct, field


class Delay(Struct, frozen=True, kw_only=True):
    """How long something took, over so many of them. Seconds; of none there is neither."""

    count: int
    median: float | None = None  # half of them took no longer
    most: float | None = None  # 99 of 100 took no longer


class TakenBack(Struct, frozen=True, kw_only=True):
    """Reports that left the wire on a day, by a line of the ledger each, and whether subscribers confirmed these."""

    owed: int  # messages: one a line and subscriber
    in_two_seconds: int  # of these, that were confirmed within two seconds of the line
    unconfirmed: int  # of these, that were not confirmed within a quarter of an hour


class DayFigures(Struct, frozen=True, kw_only=True):
    """What was counted of a day of UTC once it was over."""

    day: date
    counted_at: datetime
    polls: int
    polls_failed: int  # but for those that nobody answered at all, and those that wait for a person
    entries: int  # of the documents that were read, each time that one was listed
    new: int  # of these, new reports
    revised: int  # new versions of known ones
    unchanged: int  # known ones that said nothing new
    left_out: Mapping[str, int] = field(default_factory=dict)  # the others, by reason
    gaps: int  # documents that did not reach back to the one before
    gaps_closed: int  # of these, by reading older pages
    joins: int  # entries that were taken for a report that was known by another key
    joins_undone: int
    to_wire: Delay  # from the publisher's own date to first sight, a report each
    to_subscriber: Delay | None  # from the line of a new report to its confirmation, a message each; None: not recorded
    in_all: Delay | None  # from the publisher's own date to the confirmation; None: not recorded
    taken_back: int  # lines by which reports left the wire
    messages: TakenBack | None  # to subscribers about these; None: not recorded


class DayFacts(Struct, frozen=True, kw_only=True):
    """What the database says of a day, before anything is reckoned. Times are seconds, in no order."""

    polls: int
    polls_failed: int
    entries: int
    new: int
    revised: int
    unchanged: int
    left_out: Mapping[str, int]
    gaps: int
    gaps_closed: int
    joins: int
    joins_undone: int
    to_wire: tuple[float, ...]
    to_subscriber: tuple[float, ...]
    in_all: tuple[float, ...]
    lines: tuple[tuple[int, datetime], ...]  # number and time of those by which reports left the wire, oldest first
    confirmed: Mapping[tuple[str, int], float]  # of these lines, by subscriber and number
