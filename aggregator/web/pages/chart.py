"""Numbers of days in a row, as bars: where each stands in a picture of fixed size, which a template draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from aggregator.web.pages.locales import day_in, short_day_in
from aggregator.web.pages.reader import Reader

STEP, HEIGHT = 10, 100  # of a day, and of the highest bar, in units of the picture
_BAR = 8  # of these, how wide a bar is


class Bar(Struct, frozen=True):
    """One day. `x`, `y`, `height`: in units of the picture, whose origin is at the top left."""

    day: str  # in the words of the reader's language
    said: str  # its number, likewise
    x: int
    y: float
    height: float


class Chart(Struct, frozen=True):
    """A row of bars. Time goes as the reader's language is written."""

    name: str  # unique on its page, for an id
    title: str
    bars: tuple[Bar, ...]
    first: str
    last: str
    most: str  # what the upper edge stands for

    @property
    def width(self) -> int:
        return STEP * len(self.bars)


def chart(
    name: str, title: str, days: Sequence[tuple[date, float | None]], said: Sequence[str], most: str, reader: Reader
) -> Chart:
    """`days` with their numbers (None: there is none), the oldest first; `said`: the numbers in words; `most`: the
    largest one, likewise.
    """
    top = max((number for _, number in days if number), default=1.0)
    bars = []
    for place, ((day, number), words) in enumerate(zip(days, said, strict=True)):
        height = _height(number or 0.0, top)
        from_left = place if reader.direction == "ltr" else len(days) - 1 - place
        x = from_left * STEP + (STEP - _BAR) // 2
        bars.append(Bar(day_in(day, reader.language), words, x, round(HEIGHT - height, 2), height))
    return Chart(
        name=name,
        title=title,
        bars=tuple(bars),
        first=short_day_in(days[0][0], reader.language),
        last=short_day_in(days[-1][0], reader.language),
        most=most,
    )


def days_until(last: date, number: int) -> list[date]:
    """So many days in a row, the oldest first."""
    return [last - timedelta(days=back) for back in reversed(range(number))]


def _height(number: float, top: float) -> float:
    """What is more than nothing can be seen."""
    return round(max(1.5, HEIGHT * number / top), 2) if number > 0 and math.isfinite(number) else 0.0
