"""Whether a source, or the whole wire, has been quiet for too long to be chance. Pure.

A chance of one in ten thousand, were reports independent of each other. They are not: publishers have weekends, feasts
and breakdowns. So a source must also be quiet for longer than it ever was, and no source alone speaks for the wire.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from aggregator.rhythm import Rhythm, Tariff, expected

_UNLIKELY = math.log(10_000)  # reports expected, and none came
_HALF_A_DAY = timedelta(hours=12)
_LONGER = 1.5  # times the longest pause that was seen
_ONE_VOICE = 3.0  # expected reports that one source counts for at most: it may be quiet for reasons of its own
_WIRE_QUIET = timedelta(hours=2)


def is_silent(rhythm: Rhythm, tariff: Tariff, now: datetime) -> bool:
    """Whether a source that brought news has brought none for far longer than its own rhythm explains."""
    if rhythm.last_new is None:
        return False
    quiet = now - rhythm.last_new
    if quiet < max(_HALF_A_DAY, timedelta(hours=rhythm.longest) * _LONGER):
        return False
    return expected(rhythm, tariff, rhythm.last_new, now) > _UNLIKELY


def wire_is_silent(rhythms: Iterable[Rhythm], tariff: Tariff, last_new: datetime, now: datetime) -> bool:
    """The same of all sources together; `last_new`: when the newest report of any of them was found."""
    if now - last_new < _WIRE_QUIET:
        return False
    return sum(min(expected(rhythm, tariff, last_new, now), _ONE_VOICE) for rhythm in rhythms) > _UNLIKELY
