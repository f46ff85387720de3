"""What a source teaches, what a request is worth, when to ask next, when silence is news: pure, so each case is a line.

The last test races the rules over a small simulated wire; `python -m bench.polling` does it at full size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from aggregator.model import Bounds, PollSettings, Rhythm, Tariff
from aggregator.scheduling.polls import reckon
from aggregator.scheduling.rhythm import expected, learn, next_at, rate, rates, tariff
from aggregator.scheduling.silence import silent_after, wire_is_silent
from aggregator.store.queries.habits import rhythm_of, rhythm_text
from bench.polling.race import race
from bench.polling.rules import Ours, fixed, square_root
from bench.polling.world import make_world
from tests.conftest import NOW, SOAK
from tests.rows import every_row

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds(shortest=5 * MINUTE, longest=DAY)
EVEN = Tariff(price=0.01)


def taught(a_day: float, days: int = 30, listed: int = 50, hours: Sequence[int] = tuple(range(24))) -> Rhythm:
    """A source watched for so many days that brought so many reports a day, at the hours named only."""
    return Rhythm(
        reports=a_day * days,
        days=float(days),
        hours=tuple(a_day * days / len(hours) if hour in hours else 0.0 for hour in range(24)),
        listed=listed,
        taught_at=NOW,
        last_new=NOW,
    )


def polled(rhythm: Rhythm, arrivals: Sequence[datetime | None], listed: int = 20) -> Rhythm:
    """A poll an hour after NOW, the one before being at NOW."""
    return learn(rhythm, arrivals, since=NOW, now=NOW + HOUR, listed=listed)


@every_row(
    ("arrivals", "reports"),
    [
        ([NOW + 10 * MINUTE, NOW + 50 * MINUTE], 2),
        ([None], 1),
        ([NOW + 3 * DAY], 1),  # dated in another zone, or in jest: it came in this hour all the same
        ([NOW - 5 * HOUR], 1),
        ([NOW - 3 * DAY] * 600, 0),  # backfill
        ([NOW + MINUTE] * 600, 12),  # an archive dated the hour it was moved
        ([], 0),
    ],
)
def test_a_poll_teaches_what_arrived_since_the_last(arrivals: list[datetime | None], reports: float) -> None:
    learned = polled(Rhythm(taught_at=NOW), arrivals)
    assert learned.reports == pytest.approx(reports)
    assert learned.days == pytest.approx(1 / 24, rel=0.01)
    assert (learned.taught_at, learned.listed) == (NOW + HOUR, 20)


def test_a_report_without_a_date_is_spread_over_the_time_since_the_last_poll() -> None:
    start = NOW.replace(hour=10, minute=30)
    learned = learn(Rhythm(taught_at=start), [None], since=start, now=start + HOUR, listed=20)
    assert learned.hours[9:13] == pytest.approx((0, 0.5, 0.5, 0))


def test_many_at_once_are_one_occasion_more_or_less() -> None:
    busy = taught(20)
    learned = polled(busy, [NOW + MINUTE] * 16)
    assert learned.reports - busy.reports == pytest.approx(16, abs=1)
    assert learned.hours[NOW.hour] - busy.hours[NOW.hour] == pytest.approx(4, abs=0.1)


@every_row(
    ("ages", "days", "reports"),
    [
        ([1, 25, 49, 73], 73 / 24, 3),  # the document goes back no further: of 4 reports 3 came since the first
        ([1, 25, 24 * 90], 60, 2),  # it does: all 60 days were watched
        ([24 * 90], 60, 0),
        ([None, None], 0, 0),
        ([], 0, 0),
        ([*[2] * 600, 48], 2, 12),
    ],
)
def test_a_first_document_teaches_its_past(ages: list[float | None], days: float, reports: float) -> None:
    learned = learn(
        Rhythm(), [None if age is None else NOW - age * HOUR for age in ages], since=None, now=NOW, listed=len(ages)
    )
    memory = 30 / math.log(2)
    assert learned.days == pytest.approx(memory * (1 - math.exp(-days / memory)), abs=0.001)
    assert learned.reports == pytest.approx(reports, rel=0.1)


def test_a_day_without_a_time_does_not_teach_midnight() -> None:
    days = [NOW.replace(hour=0, minute=0) - age * DAY for age in range(1, 20)]
    learned = learn(Rhythm(), days, since=None, now=NOW, listed=19)
    assert min(learned.hours) == pytest.approx(max(learned.hours))


def test_a_poll_is_not_learned_twice() -> None:
    learned = polled(taught(3), [NOW + MINUTE])
    assert polled(learned, [NOW + MINUTE]) == learned


def test_silence_is_read_from_the_clock() -> None:
    quiet = taught(10)
    for days in (1, 10, 100):
        told = learn(quiet, [], since=NOW, now=NOW + days * DAY, listed=0)
        assert rate(told, NOW + days * DAY) == pytest.approx(rate(quiet, NOW + days * DAY), rel=1e-3)
    assert rate(quiet, NOW) > 3 * rate(quiet, NOW + 60 * DAY)


def test_what_was_is_forgotten_by_half_in_thirty_days() -> None:
    learned = learn(taught(10), [], since=NOW, now=NOW + 30 * DAY, listed=0)
    assert learned.reports == pytest.approx(150)


def test_hours_are_those_of_the_wire_until_a_source_has_its_own() -> None:
    wire = Tariff(price=0.01, hours=tuple(2.0 if 6 <= hour < 18 else 0.0 for hour in range(24)))
    fresh, owl = rates(Rhythm(), wire, NOW), rates(taught(10, hours=(0, 1, 2, 3)), EVEN, NOW)
    assert min(fresh[6:18]) > 0 == max(fresh[:6])
    assert min(owl[0:4]) > 20 * max(owl[8:20])
    assert sum(owl) == pytest.approx(rate(taught(10), NOW) * 24)


@every_row(("span", "reports"), [(0 * HOUR, 0), (30 * MINUTE, 0.2), (DAY, 9.6), (10 * DAY, 96)])
def test_expected_reports_follow_the_hours(span: timedelta, reports: float) -> None:
    assert expected(taught(10), EVEN, NOW, NOW + span) == pytest.approx(reports, rel=0.1)


@every_row(
    ("rhythm", "bounds", "price", "after", "reason"),
    [
        (taught(24), BOUNDS, 0.125, 30 * MINUTE, "learned_rate"),  # a report an hour: r T² / 2 = price
        (taught(6), BOUNDS, 0.125, HOUR, "learned_rate"),  # a quarter of the news: half the requests
        (taught(24), BOUNDS, 1e-6, 5 * MINUTE, "shortest"),
        (taught(0, days=300), BOUNDS, 100.0, DAY, "longest"),
        (taught(24, listed=10), BOUNDS, 1e9, 5 * HOUR, "gap"),  # of ten items five are expected to be new
        (taught(24), Bounds(shortest=2 * HOUR, longest=2 * HOUR), 0.125, 2 * HOUR, "shortest"),
    ],
)
def test_the_next_poll_says_why(rhythm: Rhythm, bounds: Bounds, price: float, after: timedelta, reason: str) -> None:
    following = next_at(rhythm, Tariff(price=price), bounds, NOW)
    assert (following.at - NOW) / after == pytest.approx(1, abs=0.1)
    assert following.reason == reason


def test_a_source_is_asked_when_its_people_are_at_work() -> None:
    office = taught(10, hours=range(8, 16))
    noon, night = NOW.replace(hour=12), NOW.replace(hour=22)
    by_day, by_night = (next_at(office, EVEN, BOUNDS, at).at - at for at in (noon, night))
    assert by_night > 3 * by_day


SOURCES = [taught(2.0**power, listed=20) for power in range(-6, 6)] * 10


@pytest.mark.parametrize("requests", [20, 120, 600])
def test_the_price_meets_the_budget(requests: float) -> None:
    """Of a simulated day, not of the formula that found it."""
    found = tariff([(source, BOUNDS) for source in SOURCES], requests, NOW)
    made = 0.0
    for source in SOURCES[:12]:
        at, asked = NOW, 0
        while at < NOW + 2 * DAY:
            at, asked = next_at(source, found, BOUNDS, at).at, asked + 1
        made += 10 * asked / ((at - NOW) / HOUR)
    assert made == pytest.approx(requests, rel=0.05)


@pytest.mark.parametrize(("requests", "after"), [(0.0, DAY), (1e9, 5 * MINUTE)])
def test_a_budget_out_of_reach_leaves_the_bounds(requests: float, after: timedelta) -> None:
    quiet = taught(0.1)
    found = tariff([(quiet, BOUNDS)], requests, NOW)
    assert next_at(quiet, found, BOUNDS, NOW).at - NOW == after


@every_row("requests_per_hour", [None, 40.0])
@every_row("others", [1, 20])
def test_the_intervals_that_persons_set_take_nothing_from_the_others(
    others: int, requests_per_hour: float | None
) -> None:
    """Thirty sources with `every_minutes = 15` are 120 requests an hour; all left to the others was one a day."""
    settings = PollSettings(every=HOUR, requests_per_hour=requests_per_hour)
    news = taught(24, listed=500)
    without = reckon([(news, None)] * others, settings, NOW)
    beside = reckon([(news, None)] * others + [(news, 15 * MINUTE)] * 30, settings, NOW)
    assert beside.price == pytest.approx(without.price, rel=0.01)
    at, asked = NOW, 0
    while at < NOW + 4 * DAY:
        at, asked = next_at(news, beside, BOUNDS, at).at, asked + 1
    share = min(requests_per_hour / others if requests_per_hour else 1, HOUR / BOUNDS.shortest) * 24
    assert asked / 4 == pytest.approx(share, rel=0.05)


def test_sources_with_intervals_of_their_own_teach_the_wires_hours() -> None:
    office = taught(5, hours=range(8, 16))
    found = reckon([(office, 15 * MINUTE)] * 20 + [(Rhythm(), None)], PollSettings(), NOW)
    assert min(found.hours[8:16]) > 10 * max(found.hours[:8])
    assert reckon([(office, 15 * MINUTE)], PollSettings(), NOW).hours[12] > 1


def test_the_wires_hours_are_its_sources_hours() -> None:
    found = tariff([(taught(5, hours=range(8, 16)), BOUNDS)] * 20, 20, NOW)
    assert sum(found.hours) == pytest.approx(24, abs=0.01)
    assert min(found.hours[8:16]) > 10 * max(found.hours[:8])


@every_row(
    ("rhythm", "quiet", "silent"),
    [
        (taught(24), 8 * HOUR, False),  # improbable, but not for half a day
        (taught(24), 13 * HOUR, True),
        (replace(taught(24), longest=48.0), 60 * HOUR, False),  # it has had weekends before
        (replace(taught(24), longest=48.0), 73 * HOUR, True),
        (taught(0.5), 10 * DAY, False),
        (taught(0.5), 25 * DAY, True),
        (Rhythm(), 100 * DAY, False),
        (replace(taught(24, hours=range(8, 18)), last_new=NOW.replace(hour=18)), 14 * HOUR, False),  # a night
    ],
)
def test_a_source_is_silent_beyond_its_own_rhythm(rhythm: Rhythm, quiet: timedelta, silent: bool) -> None:
    after = silent_after(rhythm, EVEN)
    assert (after is not None and (rhythm.last_new or NOW) + quiet > after) is silent


def test_a_silence_that_would_take_more_than_a_year_is_never_news() -> None:
    rare, rarer = taught(0.03, days=1_000), taught(0.02, days=1_000)
    after = silent_after(rare, EVEN)
    assert after is not None
    assert 300 * DAY < after - NOW < 366 * DAY
    assert silent_after(rarer, EVEN) is None


@every_row(
    ("sources", "quiet", "silent"),
    [
        ([taught(24)] * 20, HOUR, False),
        ([taught(24)] * 20, 3 * HOUR, True),
        ([taught(1)] * 20, 3 * HOUR, False),
        ([taught(500)], 5 * HOUR, False),  # one source does not speak for the wire
    ],
)
def test_the_wire_is_silent_when_many_are(sources: list[Rhythm], quiet: timedelta, silent: bool) -> None:
    assert wire_is_silent(sources, EVEN, NOW, NOW + quiet) is silent


@every_row(
    "text", [None, "", "{}", "[]", "[2]", "nonsense", "[1,1,1,0,10,null,null]", rhythm_text(taught(3))[:-5] + "NaN]"]
)
def test_what_cannot_be_read_is_learned_anew(text: str | None) -> None:
    assert rhythm_of(text) == Rhythm()


times = some.integers(0, 365 * 24 * 60 * 60).map(lambda seconds: NOW - timedelta(seconds=seconds))
polls = some.lists(
    some.tuples(
        some.timedeltas(timedelta(seconds=1), 40 * DAY),
        some.lists(some.none() | times, max_size=8),
        some.integers(0, 60),
    ),
    max_size=6,
)


@some.composite
def rhythms(draw: some.DrawFn) -> Rhythm:
    """What any history of polls teaches."""
    rhythm, at, since = Rhythm(), draw(times), None
    for passed, arrivals, listed in draw(polls):
        at += passed
        rhythm = learn(rhythm, arrivals, since=since, now=at, listed=listed)
        since = at
    return rhythm


@given(rhythms())
def test_a_rhythm_is_read_as_it_was_written(rhythm: Rhythm) -> None:
    assert rhythm_of(rhythm_text(rhythm)) == rhythm
    assert len(rhythm_text(rhythm)) < 400


@given(rhythms(), times, some.floats(1e-12, 1e12), some.integers(1, 10_000), some.integers(0, 10_000))
def test_the_bounds_hold(rhythm: Rhythm, now: datetime, price: float, shortest: int, more: int) -> None:
    bounds = Bounds(shortest=shortest * MINUTE, longest=(shortest + more) * MINUTE)
    following = next_at(rhythm, Tariff(price=price), bounds, now)
    assert now < now + bounds.shortest <= following.at <= now + bounds.longest


@given(rhythms(), some.lists(some.none() | times, min_size=1, max_size=6))
def test_an_archive_moves_the_rate_by_half_or_twelve_reports(rhythm: Rhythm, arrivals: list[datetime | None]) -> None:
    since = rhythm.taught_at or NOW
    learned = learn(replace(rhythm, taught_at=since), arrivals * 600, since=since, now=since + HOUR, listed=600)
    before, after = rate(rhythm, since), rate(learned, since + HOUR)
    assert after <= max(1.5 * before, before + 12 / (rhythm.days + 3) / 24) * 1.001


@given(some.lists(rhythms(), min_size=1, max_size=20), some.floats(0.01, 1000))
def test_the_price_is_finite_and_positive(sources: list[Rhythm], requests: float) -> None:
    found = tariff([(source, BOUNDS) for source in sources], requests, NOW)
    assert 0 < found.price < math.inf
    assert all(0 <= hour < math.inf for hour in found.hours)


@pytest.mark.soak
def test_ours_finds_reports_sooner_than_the_fixed_interval() -> None:
    count = 80 if SOAK else 40
    sites = make_world(7, bursts=False, sources=count, days=7)
    usual, rooted, ours = race(sites, fixed(1.0), 7), race(sites, square_root(0.14), 7), race(sites, Ours(count), 7)
    assert ours.requests == pytest.approx(usual.requests, rel=0.05)
    assert ours.mean < 0.6 * usual.mean
    assert ours.lost <= usual.lost
    assert rooted.mean < 0.8 * usual.mean
