"""Reads what a publisher says about coming back; it alone knows how RSS says that.

- `ttl` (https://www.rssboard.org/rss-specification#ltttlgtSubelementOfLtchannelgt): minutes.
- `skipHours`, `skipDays` (https://www.rssboard.org/skip-hours-days): hours of the day, UTC, 0 to 23, and English names
  of days. RSS 0.91 counted hours from 1 to 24, and 24 is 0.
- `sy:updatePeriod`, `sy:updateFrequency` (https://web.resource.org/rss/1.0/modules/syndication/): so many times in an
  hour, day, week, month or year; `daily` and 1 where only the other is said. `sy:updateBase` is not read.

What cannot be meant is as good as not said: no number, nothing or less than nothing, more than a year, every hour of
the day or every day of the week. What can be meant is handed on as it is, however short or long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from types import MappingProxyType

from aggregator.model import Hints

LONGEST = timedelta(days=366)

_NUMBER = re.compile(r"\s*([0-9]{1,9})\s*", re.ASCII)
_PERIODS = MappingProxyType(
    {
        "hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1),
        "monthly": timedelta(days=30), "yearly": timedelta(days=365),
    }
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KEYS = ("ttl", "hour", "day", "period", "frequency")
_NONE = Hints()


def hints(said: Iterable[tuple[str, str]]) -> Hints:
    """Of pairs of `ttl`, `hour`, `day`, `period` or `frequency` and the text that stands there; others are passed over.

    Of several spans the longest counts, since each is the least that the publisher asks for. Never raises.
    """
    by_key: dict[str, list[str]] = {}
    for key, text in said:
        by_key.setdefault(key, []).append(text)
    if by_key.keys().isdisjoint(_KEYS):
        return _NONE
    spans = [timedelta(minutes=_number(text) or 0) for text in by_key.get("ttl", ())]
    spans.append(_syndication(by_key.get("period", ()), by_key.get("frequency", ())))
    hours = {0 if (hour := _number(text)) == 24 else hour for text in by_key.get("hour", ())}
    days = {name.strip().lower() for name in by_key.get("day", ())}
    return Hints(
        every=max((span for span in spans if timedelta() < span <= LONGEST), default=None),
        skip_hours=_unless_all([hour for hour in range(24) if hour in hours], 24),
        skip_days=_unless_all([day for day, name in enumerate(_DAYS) if name in days], 7),
    )


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    return int(found.group(1)) if found else None


def _syndication(periods: Iterable[str], frequencies: Iterable[str]) -> timedelta:
    """The span between two updates; zero: not said, or not readable. Of several the first counts."""
    period, frequency = next(iter(periods), None), next(iter(frequencies), None)
    if period is None and frequency is None:
        return timedelta()
    span = _PERIODS.get("daily" if period is None else period.strip().lower())
    times = 1 if frequency is None else _number(frequency)
    return span / times if span and times else timedelta()


def _unless_all(skipped: list[int], of: int) -> tuple[int, ...]:
    return tuple(skipped) if len(skipped) < of else ()
