"""Whether a source, or the whole wire, has been quiet for too long to be chance. Pure.

A chance of one in ten thousand, were reports independent of each other. They are not: publishers have weekends, feasts
and breakdowns. So a source must also be quiet for longer than it ever was, and no source alone speaks for the wire.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from aggregator.model import Rhythm, Tariff
from aggregator.scheduling.rhythm import expected, rates

UNLIKELY = math.log(10_000)  # reports expected, and none came
HALF_A_DAY = timedelta(hours=12)
LONGER = 1.5  # times the longest pause that was seen
_ONE_VOICE = 3.0  # expected reports that one source counts for at most: it may be quiet for reasons of its own
_WIRE_QUIET = timedelta(hours=2)
_DAYS_AT_MOST = 365


def silent_after(rhythm: Rhythm, tariff: Tariff) -> datetime | None:
    """When its silence becomes longer than its own rhythm explains, to the hour; None: it brought nothing yet, or it
    would take more than a year.
    """
    last = rhythm.last_new
    if last is None:
        return None
    by_hour = rates(rhythm, tariff, rhythm.taught_at or last)
    days, missing = divmod(UNLIKELY, sum(by_hour))
    if days > _DAYS_AT_MOST:
        return None
    hours = 0
    while missing > 0:
        missing -= by_hour[(last.astimezone(UTC).hour + hours) % len(by_hour)]
        hours += 1
    quiet = timedelta(days=days, hours=hours)
    return last + max(quiet, HALF_A_DAY, timedelta(hours=rhythm.longest) * LONGER)


def wire_is_silent(rhythms: Iterable[Rhythm], tariff: Tariff, last_new: datetime, now: datetime) -> bool:
    """The same of all sources together; `last_new`: when the newest report of any of them was found."""
    if now - last_new < _WIRE_QUIET:
        return False
    return sum(min(expected(rhythm, tariff, last_new, now), _ONE_VOICE) for rhythm in rhythms) > UNLIKELY
