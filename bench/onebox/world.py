"""The sources of the one box: at which rate each publishes, and when; the same for the same seed, in every process.

Rates are lognormal, and none is more than `_MOST` times the mean: with ten items a source and day half of the sources
bring at most five a week, a tenth 16 a day or more, a fiftieth hundreds. Hours of the day, time zones, weekends, and
what documents say of their items' dates are those of `bench.polling.world`.
"""

from __future__ import annotations

import math
import random
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from statistics import NormalDist

from bench.polling.world import make_site

OPENED = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
SIZES = tuple(range(20, 51))  # items of a document
_SPREAD = 2.4  # of the logarithm of the rates
_MOST = 50.0
_HALVINGS = 80  # to find the scale of the rates
_VALIDATORS = 0.9  # of the sources have a server that answers a conditional request by 304


@dataclass(frozen=True, slots=True)
class Course:
    """What one source publishes until the end, rising, in hours since OPENED; before it only what its first document
    lists. `stated`: the dates in its documents, NaN where they have none. `size`: items of a document, the newest.
    """

    published: array[float]
    stated: array[float]
    size: int
    has_validators: bool  # its server answers a conditional request by 304

    @property
    def first(self) -> int:
        """The place of the first item that is published after OPENED."""
        return bisect_left(self.published, 0.0)


@dataclass(frozen=True)
class World:
    sources: int
    items: int  # a day, of all sources together
    days: float
    seed: int

    def course(self, number: int) -> Course:
        """One source, from 0 to `sources` - 1; made anew at each call."""
        drawn = random.Random(f"{self.seed} {number}")
        site = make_site(drawn, self.rates[number], math.ceil(self.days), SIZES)
        start, end = max(bisect_left(site.published, 0.0) - site.size, 0), bisect_left(site.published, self.days * 24)
        dates = (math.nan if date is None else date for date in site.stated[start:end])
        return Course(array("d", site.published[start:end]), array("d", dates), site.size, drawn.random() < _VALIDATORS)

    @cached_property
    def rates(self) -> array[float]:
        """Items a day of each source, rising."""
        places = range(self.sources)
        shapes = [math.exp(_SPREAD * NormalDist().inv_cdf((place + 0.5) / self.sources)) for place in places]
        most, low, high = _MOST * self.items / self.sources, 0.0, float(self.items)
        for _ in range(_HALVINGS):
            scale = (low + high) / 2
            is_less = sum(min(most, shape * scale) for shape in shapes) < self.items
            low, high = (scale, high) if is_less else (low, scale)
        return array("d", (min(most, shape * high) for shape in shapes))


def time_of(hours: float) -> datetime:
    return OPENED + timedelta(hours=hours)


def host_of(number: int) -> str:
    return f"site-{number}.example"
