"""When to ask again: the rules that are compared. A rule sees what a poller sees: its polls and the documents' dates.

A rule is a function of a source's memory and one poll of it that says in how many hours to poll again. The peers' rules
are written anew from what their sources do, with their own constants but for the one scale that spends the budget.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from aggregator.scheduling.rhythm import Bounds, Rhythm, Tariff, learn, next_at, rate, tariff

Dates = Sequence[float | None]
SHORTEST, LONGEST = 5 / 60, 24.0  # hours: the wire's own bounds, and Miniflux's
_MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
_BOUNDS = Bounds(shortest=timedelta(hours=SHORTEST), longest=timedelta(hours=LONGEST))


@dataclass(slots=True)
class Memory:
    """What a rule keeps of one source; each uses what it needs."""

    last: float | None = None  # the poll before
    dates: list[float] = field(default_factory=list)  # of all items found so far, rising
    average: float | None = None  # hours between two items of the document
    period: float | None = None
    rhythm: Rhythm = field(default_factory=Rhythm)


class Answer(NamedTuple):
    """One poll."""

    now: float
    new: Dates  # the dates of the items not seen before
    document: Dates  # and of all
    listed: int


Rule = Callable[[Memory, Answer], float]


def fixed(scale: float) -> Rule:
    """Every `scale` hours."""
    return lambda memory, answer: scale


def miniflux(scale: float) -> Rule:
    """`entry_frequency`: a week divided by the week's entries times a factor (here `scale`), from 5 minutes to 24
    hours. The week's entries are reckoned from the mean distance of those dated within it; fewer than two: none.
    github.com/miniflux/v2, internal/model/feed.go `ScheduleNextCheck`, internal/storage/feed.go `WeeklyFeedEntryCount`.
    """

    def rule(memory: Memory, answer: Answer) -> float:
        for date in answer.new:
            insort(memory.dates, answer.now if date is None else date)
        first = bisect_left(memory.dates, answer.now - 168)
        count = len(memory.dates) - first
        span = memory.dates[-1] - memory.dates[first] if count > 1 else 0.0
        if span <= 0:
            return LONGEST
        weekly = math.ceil(168 / (span / (count - 1)))
        return min(max(168 / (weekly * scale), SHORTEST), LONGEST)

    return rule


def commafeed(scale: float) -> Rule:
    """Half the mean distance between the document's items, from 5 minutes to an hour; one hour, two, four when the
    newest item is 7, 14, 30 days old. A document without dates is dated when it is read. `scale` stretches all of it:
    within its own bounds it asks no less than 27 times a day here.
    github.com/Athou/commafeed, FeedRefreshIntervalCalculator.java, `interval` 5 m and `max-interval` 4 h.
    """

    def rule(memory: Memory, answer: Answer) -> float:
        if answer.new:
            dates = sorted(answer.now if date is None else date for date in answer.document)
            memory.dates = dates[-1:]
            memory.average = (dates[-1] - dates[0]) / (len(dates) - 1) if len(dates) > 1 else None
        return max(_gap(memory, answer.now) * scale, SHORTEST)

    return rule


def _gap(memory: Memory, now: float) -> float:
    if not memory.dates:
        return 4.0
    age = (now - memory.dates[0]) / 24
    for days, hours in ((30, 4.0), (14, 2.0), (7, 1.0)):
        if age >= days:
            return hours
    return 4.0 if memory.average is None else min(max(memory.average / 2, SHORTEST), 1.0)


def media_cloud(scale: float) -> Rule:
    """A period of 6 hours that shrinks by an hour when less than a third of the document was known, and grows by ten
    minutes when more than two thirds were or it was unchanged; from 10 minutes to 24 hours, and back to 6 at once from
    above them. `scale` is the length of those hours: as it ships it asks a few times a day.
    github.com/mediacloud/rss-fetcher, fetcher/tasks.py `_check_auto_adjust`, fetcher/config.py.
    """

    def rule(memory: Memory, answer: Answer) -> float:
        if memory.period is None:
            memory.period = 6 * scale
            return memory.period
        known = 1 - len(answer.new) / answer.listed if answer.listed else 1.0
        if known >= 0.67:
            memory.period = min(memory.period + scale / 6, 24 * scale)
        elif known < 0.33:
            memory.period = 6 * scale if memory.period > 6 * scale else memory.period - scale
        memory.period = max(memory.period, scale / 6, SHORTEST)
        return memory.period

    return rule


def square_root(scale: float) -> Rule:
    """`scale` divided by the square root of the rate that ours has learned, whatever the hour."""

    def rule(memory: Memory, answer: Answer) -> float:
        _taught(memory, answer)
        return min(max(scale / math.sqrt(rate(memory.rhythm, _time(answer.now))), SHORTEST), LONGEST)

    return rule


class Ours:
    """`aggregator.scheduling.rhythm`, at a price that is found anew now and then from all rhythms."""

    def __init__(self, requests_per_hour: float) -> None:
        self._budget = requests_per_hour
        self._tariff = Tariff(price=1.0)

    def reckon(self, memories: Sequence[Memory], now: float) -> None:
        self._tariff = tariff([(memory.rhythm, _BOUNDS) for memory in memories], self._budget, _time(now))

    def __call__(self, memory: Memory, answer: Answer) -> float:
        _taught(memory, answer)
        now = _time(answer.now)
        return (next_at(memory.rhythm, self._tariff, _BOUNDS, now).at - now) / timedelta(hours=1)


def _taught(memory: Memory, answer: Answer) -> None:
    if answer.new or memory.last is None:
        arrivals = [None if date is None else _time(date) for date in answer.new]
        since = None if memory.last is None else _time(memory.last)
        memory.rhythm = learn(memory.rhythm, arrivals, since=since, now=_time(answer.now), listed=answer.listed)


def _time(hours: float) -> datetime:
    return _MONDAY + timedelta(hours=hours)
