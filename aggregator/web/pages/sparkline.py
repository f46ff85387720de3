"""A small chart of counts by day, as the numbers of an SVG drawing; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_STEP, _BAR, _HEIGHT = 5, 4, 24  # from bar to bar, of a bar, of the whole
_LEAST = 1.5  # of a day that brought something


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float  # 0: nothing came on that day


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """Days from the oldest to the newest; all in the units of the drawing, whose origin is above, at the left."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    first: date
    last: date
    total: int
    most: int  # of one day
    without: int  # days on which nothing came


def sparkline(by_day: Mapping[str, int], last: date, days: int) -> Sparkline:
    """Of so many days, the last of which is `last`; `by_day` has days of ISO 8601, and others than these too."""
    names = [last - timedelta(days=back) for back in reversed(range(days))]
    counts = [max(0, by_day.get(name.isoformat(), 0)) for name in names]
    most = max(counts)
    return Sparkline(
        width=days * _STEP,
        height=_HEIGHT,
        bars=tuple(_bar(number, count, most) for number, count in enumerate(counts)),
        first=names[0],
        last=last,
        total=sum(counts),
        most=most,
        without=counts.count(0),
    )


def _bar(number: int, count: int, most: int) -> Bar:
    height = max(_LEAST, round(_HEIGHT * count / most, 1)) if count else 0
    return Bar(number * _STEP, round(_HEIGHT - height, 1), _BAR, height)
