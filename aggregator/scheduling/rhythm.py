"""When a source is asked next: how much news it brings at which hour, and what a request there is worth. Pure.

Reports are taken for arrivals of a Poisson process whose intensity r changes with the hour of the day (UTC). Asked
every T hours, a source lets r T²/2 hours of waiting gather between two requests. A budget of requests is spent best
where that figure is the same for every source and hour: the *price* of a request. So a source is asked
sqrt(r / 2 price) times an hour: four times the news, twice the requests; and most of them while its people are at work.
`bench/polling` compares this with other rules. Days of the week are not learned: there they saved 1 % of the delay.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec.structs import replace

from aggregator.model import HOURS as _HOURS
from aggregator.model import Bounds, NextPoll, Rhythm, Tariff

_MEMORY = 30 / math.log(2)  # days; a report of 30 days ago counts half
_WINDOW = timedelta(days=60)  # of a first document's past that teaches
_LATE = timedelta(days=2)  # dated so long before the last poll, a new report is one of its time; older: backfill
_LESSON = 12.0  # reports that one poll can teach of a source that was quiet
_MORE = 0.5  # and of a busy one: this share of what is known
_PRIOR = 0.5, 3.0  # reports and days that a source has taught before anything is known of it
_LEARNT = 1.0  # days watched, before which nobody is told what may be expected of a source
_HABIT = 0.5  # expected reports at which an hour of the day is judged as much by itself as by the wire's hours
_TURNOVER = 0.5  # the share of a document that may be expected to be new at a poll
_SLOWEST, _FASTEST = 1e-6, 1e6  # requests an hour of a source that brings one report an hour
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def learn(
    rhythm: Rhythm, arrivals: Sequence[datetime | None], *, since: datetime | None, now: datetime, listed: int
) -> Rhythm:
    """The rhythm after a poll that was answered. `arrivals`: the dates of the reports it found new, None where there is
    none that can be read; `since`: the last poll that was answered, None: there was none; `listed`: how many items the
    document has, 0: unchanged. It may be left out after a poll that found nothing: silence is read from the clock.

    A new report arrived between the two polls, whatever it says: one dated elsewhere is spread over that time, and one
    dated days before it is backfill and teaches nothing. A first document teaches what it dates within 60 days.
    """
    if rhythm.taught_at is not None and now <= rhythm.taught_at:
        return rhythm
    taught = min(since, now) if since else rhythm.taught_at  # clocks are put back
    start, spans = _lesson(arrivals, taught, now)
    crowd = Counter(int(_clock(first)) for first, _, _ in spans)
    kept, watched = _faded(rhythm, now) if rhythm.taught_at else (0.0, _watched(now - start))
    hours, known = [count * kept for count in rhythm.hours], rhythm.reports * kept
    for first, last, weight in spans:
        _spread(hours, first, last, weight / math.sqrt(crowd[int(_clock(first))]))
    found = sum(weight for _, _, weight in spans)
    newest = sorted(at for at in (rhythm.last_new, *(last for _, last, _ in spans)) if at)
    gap = max((b - a for a, b in pairwise(newest)), default=timedelta()) / _HOUR
    return Rhythm(
        reports=round(known + (min(found, max(_LESSON, known * _MORE)) if taught else found), 4),
        days=round(rhythm.days * kept + watched, 4),
        hours=tuple(round(count, 4) for count in hours),
        longest=round(max(rhythm.longest * kept, gap), 2),
        listed=listed or rhythm.listed,
        taught_at=now,
        last_new=newest[-1] if newest else None,
    )


_Span = tuple[datetime, datetime, float]  # between which times a report arrived, and for how much it counts


def _lesson(
    arrivals: Sequence[datetime | None], since: datetime | None, now: datetime
) -> tuple[datetime, Sequence[_Span]]:
    """What new reports say of the time since when."""
    if since is not None:
        told = [at for at in arrivals if at is None or at > since - _LATE]
        return since, [(at, at, 1.0) if at and since < at <= now else (since, now, 1.0) for at in told]
    past = sorted(at for at in arrivals if at is not None and at <= now)
    dated = [at for at in past if at > now - _WINDOW]
    if not past or len(past) > len(dated):
        start = now - _WINDOW if past else now
    else:  # the document goes no further back; of n reports n - 1 arrived since the first
        start, *dated = dated
    crowd = Counter(int(_clock(at)) for at in dated)  # an archive may be dated the hour it was moved
    weights = (_fading(now - at) * min(1.0, _LESSON / crowd[int(_clock(at))]) for at in dated)
    # Midnight is what a day without a time looks like.
    lasts = (at if _clock(at) % _HOURS else min(at + _DAY, now) for at in dated)
    return start, list(zip(dated, lasts, weights, strict=True))


def _faded(rhythm: Rhythm, now: datetime) -> tuple[float, float]:
    """What is left of old lessons, and how many days were watched since, which count less the older they are."""
    passed = max(now - (rhythm.taught_at or now), timedelta())
    return _fading(passed), _watched(passed)


def _fading(age: timedelta) -> float:
    return math.exp(-age / _DAY / _MEMORY)


def _watched(span: timedelta) -> float:
    return _MEMORY * (1 - _fading(span))


def _spread(hours: list[float], first: datetime, last: datetime, weight: float) -> None:
    """Adds a report that came at any time between the two."""
    begin, end = _clock(first), _clock(last)
    if end - begin >= _HOURS:
        for hour in range(_HOURS):
            hours[hour] += weight / _HOURS
    elif end == begin:
        hours[int(begin) % _HOURS] += weight
    else:
        for hour in range(int(begin), math.ceil(end)):
            hours[hour % _HOURS] += weight * (min(end, hour + 1) - max(begin, hour)) / (end - begin)


def _clock(at: datetime) -> float:
    """Hours since 1970 UTC."""
    return at.timestamp() / 3600


def is_learnt(rhythm: Rhythm) -> bool:
    """Whether a source has taught enough for a number of reports that may be expected of it to mean anything."""
    return rhythm.taught_at is not None and rhythm.days >= _LEARNT and rhythm.reports > 0


def rate(rhythm: Rhythm, at: datetime) -> float:
    """Reports an hour to be expected of the source, in the mean of a day. What it did not bring until `at` counts."""
    kept, watched = _faded(rhythm, at)
    return (rhythm.reports * kept + _PRIOR[0]) / (rhythm.days * kept + watched + _PRIOR[1]) / _HOURS


def rates(rhythm: Rhythm, tariff: Tariff, at: datetime) -> list[float]:
    """The same by hour of the day (UTC, 24): the less a source has taught, the more its hours are those of the wire."""
    known, even = rhythm.hours, sum(rhythm.hours) / _HOURS
    # Neighbours count too: nobody publishes by the clock's full hours.
    own = [
        usual * ((before + here + here + after) / 4 + _HABIT) / (even * usual + _HABIT)
        for usual, before, here, after in zip(
            tariff.hours, known[-1:] + known[:-1], known, known[1:] + known[:1], strict=True
        )
    ]
    scale = rate(rhythm, at) * _HOURS / sum(own)
    return [share * scale for share in own]


def expected(rhythm: Rhythm, tariff: Tariff, start: datetime, end: datetime) -> float:
    """Reports to be expected between two times, by what was known when the source last brought something."""
    by_hour = rates(rhythm, tariff, rhythm.taught_at or start)
    begin, close = _clock(start), _clock(end)
    days, rest = divmod(max(close - begin, 0.0), _HOURS)
    total, close = days * sum(by_hour), begin + rest
    for hour in range(int(begin), math.ceil(close)):
        total += by_hour[hour % _HOURS] * max(min(close, hour + 1) - max(begin, hour), 0.0)
    return total


def tariff(sources: Iterable[tuple[Rhythm, Bounds | None]], requests_per_hour: float, now: datetime) -> Tariff:
    """The price at which the requests of all sources come to `requests_per_hour`, in the mean of a day: there are more
    of them in busy hours. Where the bounds alone ask for more, or cannot ask for so many, it is the nearest price.
    A source without bounds has no part in these requests; it only teaches at which hours the wire publishes.
    """
    watched = list(sources)
    plain = Tariff(price=0.5, hours=_usual(rhythm for rhythm, _ in watched))
    hours = []
    for rhythm, bounds in watched:
        if bounds is None:
            continue
        by_hour = rates(rhythm, plain, now)
        fewest, most = _limits(by_hour, rhythm, bounds)
        hours += [(math.sqrt(here), least, most) for here, least in zip(by_hour, fewest, strict=True)]
    return replace(plain, price=0.5 / _pace(hours, requests_per_hour * _HOURS) ** 2)


def _pace(hours: Sequence[tuple[float, float, float]], wanted: float) -> float:
    """The factor of the roots at which the requests of a day come to those wanted: Newton's method, and halving where
    that leads out. An hour of a source: the root of its rate, the fewest requests, the most.
    """
    low, high, pace = 0.0, _FASTEST, 1.0
    for _ in range(60):
        bound = free = 0.0  # what the limits decide does not answer to the pace
        for root, least, most in hours:
            if least < pace * root < most:
                free += root
            else:
                bound += least if pace * root <= least else most
        spent = bound + free * pace
        if abs(spent - wanted) <= wanted / 10_000:
            break
        low, high = (pace, high) if spent < wanted else (low, pace)
        pace = (wanted - bound) / free if free else low
        if not low < pace < high:
            pace = math.sqrt(max(low, _SLOWEST) * max(high, _SLOWEST))
    return pace


def _usual(rhythms: Iterable[Rhythm]) -> tuple[float, ...]:
    """The wire's hours: each source counts alike, but for those that have taught little."""
    total = [1.0] * _HOURS
    for rhythm in rhythms:
        share = _HOURS / (sum(rhythm.hours) + 5)
        for hour, count in enumerate(rhythm.hours):
            total[hour] += count * share
    mean = sum(total) / _HOURS
    return tuple(round(hour / mean, 4) for hour in total)


def _limits(by_hour: Sequence[float], rhythm: Rhythm, bounds: Bounds) -> tuple[list[float], float]:
    """How many requests an hour are made at least, by hour of the day, and at most."""
    slowest, most = _HOUR / bounds.longest, _HOUR / bounds.shortest
    turn = max(rhythm.listed * _TURNOVER, 1.0) if rhythm.listed else math.inf
    return [min(max(slowest, rate / turn), most) for rate in by_hour], most


def next_at(rhythm: Rhythm, tariff: Tariff, bounds: Bounds, now: datetime) -> NextPoll:
    """When a source is asked again that answered `now`, and why then: `learned_rate`; `gap`, before so much is new that
    reports fall off its document; `shortest` or `longest`, the bounds.
    """
    by_hour = rates(rhythm, tariff, now)
    fewest, most = _limits(by_hour, rhythm, bounds)
    pace = math.sqrt(0.5 / tariff.price)
    begin = at = _clock(now)
    left = 1.0
    while True:
        hour = int(at)
        least = fewest[hour % _HOURS]
        asked = max(least, min(pace * math.sqrt(by_hour[hour % _HOURS]), most))
        rest = hour + 1 - at
        if asked * rest >= left:
            break
        left -= asked * rest
        at = float(hour + 1)
    after = timedelta(hours=at + left / asked - begin)
    reason = "learned_rate"
    if asked == most:
        reason = "shortest"
    elif asked == least:
        reason = "longest" if least * bounds.longest <= _HOUR else "gap"
    return NextPoll(at=now + min(max(after, bounds.shortest), bounds.longest), reason=reason)
