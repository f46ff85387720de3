"""The sources of the simulation: what each publishes and when, and what its document says of it.

All times are hours (floats) since a Monday, 0:00 UTC, on which polling begins; what was published before has negative
times and stands in the first documents.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

SOURCES, A_DAY, DAYS = 610, 600, 28
_SPREAD = 1.7  # of the logarithm of the rates: the busiest sources then bring 50, 30 and 20 reports a day
_PAST_DAYS = 400  # before the first poll
# How often, local hours from 0 to 23, and the share of a weekend day: a newsroom, an office, one person, a site that
# publishes round the clock. Two reports of one source fall into the same hour 1.9 times as often as on an even day
# (the mean of all sources); in 26 real feeds of 15 dated items or more it is 2.3 times, the median 1.9.
_HABITS: tuple[tuple[float, Sequence[float], float], ...] = (
    (0.4, (0.3, 0.2, 0.2, 0.2, 0.4, 1, 4, 8, 10, 10, 10, 10, 8, 8, 9, 9, 9, 7, 5, 4, 3, 2, 1, 0.5), 0.6),
    (0.3, (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 1, 5, 9, 10, 10, 7, 7, 10, 10, 8, 4, 2, 1, 0.5, 0.3, 0.2, 0.1), 0.15),
    (0.2, (0.5, 0.3, 0.3, 0.3, 0.3, 0.3, 0.5, 1, 2, 6, 10, 8, 3, 1, 1, 1, 1, 1, 1, 1.5, 2, 2, 1.5, 1), 1.0),
    (0.1, (1,) * 24, 1.0),
)
_ZONES = (0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, -5, 8)  # hours before UTC: Africa, and a few who write from afar
_TURNS = (1.0, 4.0, 0.25), (0.9, 0.05, 0.05)  # how much busier a source becomes some day, and how often
_STEADY = 5  # reports a day from which on a source stays as it is: one of 45 that became one of 180 would decide all
_SERVICES = 12  # with bursts: press release services, which publish 10 to 40 items at once
_SIZES, _SERVICE_SIZES = (10, 10, 15, 20, 20, 25, 30, 50), (30, 50)
_KINDLED, _KINDLED_AFTER = 0.35, 0.75  # with bursts: how many reports one calls forth, and hours until it does


@dataclass(frozen=True, slots=True)
class Site:
    """One source. `stated` is what its document says of the publication of the item at the same place of `published`;
    None: nothing.
    """

    published: tuple[float, ...]  # rising
    stated: tuple[float | None, ...]
    size: int  # items in its document: the newest ones
    first_poll: float  # the same for every rule


def make_world(seed: int, bursts: bool, sources: int = SOURCES, days: int = DAYS) -> tuple[Site, ...]:
    """About one report a source and day: heavy-tailed rates, hours of the day by habit and time zone, quiet weekends,
    one quiet source in ten that becomes four times as busy or as quiet on the way.
    """
    drawn = random.Random(f"{seed} {bursts}")
    rates = [math.exp(_SPREAD * NormalDist().inv_cdf((place + 0.5) / sources)) for place in range(sources)]
    rates = [rate * sources * A_DAY / SOURCES / sum(rates) for rate in rates]
    busy = [place for place, rate in enumerate(rates) if rate > 2]
    services = set(drawn.sample(busy, min(len(busy), _SERVICES * sources // SOURCES))) if bursts else set()
    return tuple(
        make_site(drawn, rate, days, _SERVICE_SIZES if place in services else _SIZES, bursts, place in services)
        for place, rate in enumerate(rates)
    )


def make_site(
    drawn: random.Random, rate: float, days: int, sizes: Sequence[int], bursts: bool = False, service: bool = False
) -> Site:
    """One source with so many reports a day, watched for so many days. `sizes`: of which its document has one."""
    size = drawn.choice(sizes)
    calm = rate / 25 if service else rate * (1 - _KINDLED) if bursts else rate
    began = -min(_PAST_DAYS, math.ceil(2 * size / rate) + 7)
    moments = _moments(drawn, calm, began, days)
    if service:
        moments = [moment for moment in moments for _ in range(drawn.randint(10, 40))]
    elif bursts:
        moments = _kindled(drawn, moments)
    published = tuple(sorted(moment for moment in moments if moment < days * 24))
    return Site(published, _stated(drawn, published), size, drawn.random())


def _moments(drawn: random.Random, rate: float, began: int, days: int) -> list[float]:
    """Poisson arrivals with the habit of a kind of publisher, from day `began` to day `days`."""
    _, hours, weekend = drawn.choices(_HABITS, [share for share, _, _ in _HABITS])[0]
    zone, week = drawn.choice(_ZONES), 5 + 2 * weekend
    turn, becomes = drawn.uniform(0, days), drawn.choices(*_TURNS)[0] if rate < _STEADY else 1.0
    moments = []
    for day in range(began, days):
        level = rate * 7 / week * (weekend if day % 7 > 4 else 1.0) * (becomes if day > turn else 1.0)
        for hour in drawn.choices(range(24), hours, k=_poisson(drawn, level)):
            moments.append(day * 24 + hour - zone + drawn.random())
    return moments


def _kindled(drawn: random.Random, moments: list[float]) -> list[float]:
    """A self-exciting process: every report calls forth others, and they others again."""
    every, generation = list(moments), moments
    while generation:
        generation = [
            moment + drawn.expovariate(1 / _KINDLED_AFTER)
            for moment in generation
            for _ in range(_poisson(drawn, _KINDLED))
        ]
        every += generation
    return every


def _stated(drawn: random.Random, published: Sequence[float]) -> tuple[float | None, ...]:
    """Of 100 sources 85 state the time to the minute, 5 nothing, 5 the day alone, 5 a time in another zone."""
    habit = drawn.choices(("true", "none", "day", "zone"), (85, 5, 5, 5))[0]
    wrong = drawn.choice((-3, -2, -1, 1, 2, 3))
    if habit == "none":
        return (None,) * len(published)
    if habit == "day":
        return tuple(moment // 24 * 24 for moment in published)
    return tuple(moment + (wrong if habit == "zone" else 0) for moment in published)


def _poisson(drawn: random.Random, mean: float) -> int:
    """Knuth's method, for a small mean."""
    count, left = 0, math.exp(-mean)
    product = drawn.random()
    while product > left:
        count += 1
        product *= drawn.random()
    return count
