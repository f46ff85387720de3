"""What can be said of how complete the reports of a publisher are: gaps, silence, failures, and what was left out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.cli.coverage_lines import counts_line, sentence
from aggregator.desk.housekeeping import maintain
from aggregator.desk.terms import sync
from aggregator.model import Publisher, Rhythm, Source
from aggregator.pipeline.recording import record as record_polls
from aggregator.pipeline.watching import coverage
from aggregator.store import Store
from aggregator.store.queries.habits import rhythm_text
from tests.conftest import NOW, WIRE, file_of, make_poll, make_publisher

pytestmark = pytest.mark.stores("soak")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAILY = make_publisher("daily-example")
OTHER = make_publisher(
    "other-example",
    sources=tuple(Source(publisher="other-example", key=key, url=f"http://other.example/{key}") for key in ("a", "b")),
)
# Two reports an hour, day and night, of a source that was watched for two months.
BUSY = Rhythm(reports=1440.0, days=30.0, hours=(60.0,) * 24, longest=2.0, listed=20, taught_at=NOW, last_new=NOW - HOUR)


@pytest.fixture
def wire(store: Store) -> Store:
    sync(store, WIRE, (DAILY, OTHER), NOW, NOW.date())
    return store


def poll(store: Store, at: datetime, source: Source = DAILY.sources[0], **fields: object) -> None:
    record_polls(store, [(make_poll(source, at, **fields), ())], at)


def learnt(store: Store, rhythm: Rhythm = BUSY) -> None:
    with file_of(store) as connection:
        connection.execute("UPDATE sources SET rhythm = ?", (rhythm_text(rhythm),))


def of(store: Store, until: datetime, since: datetime = NOW - 7 * DAY, publisher: Publisher = DAILY) -> dict[str, Any]:
    (row,) = (row for row in coverage(store, since, until) if row["publisher"] == publisher.key)
    return row


def hourly(store: Store, begin: datetime, hours: int, **fields: object) -> None:
    for hour in range(hours):
        poll(store, begin + hour * HOUR, **fields)


def test_without_a_gap_it_is_complete_since_its_first_poll(wire: Store) -> None:
    hourly(wire, NOW, 30)
    row = of(wire, NOW + 30 * HOUR)
    assert sentence(row) == "complete since 22 Nov"
    assert (row["polls"], row["well"], row["expected"], row["unknown"]) == (30, 30, None, [])
    assert "expected: not known yet" in counts_line(row)
    assert [(day["day"], day["polls"]) for day in row["days"]] == [("2026-11-22", 14), ("2026-11-23", 16)]


@pytest.mark.parametrize(
    ("hours", "received", "said"),
    [
        (1, 2, "up to 2 reports of 23 Nov may be missing"),  # two were to be expected, and came
        (10, 2, "11 to 21 reports of 23 Nov to 24 Nov may be missing"),
        (30, 2, "45 to 60 reports of 23 Nov to 24 Nov may be missing"),
    ],
)
def test_a_gap_is_told_with_an_estimate_by_its_rhythm(wire: Store, hours: int, received: int, said: str) -> None:
    hourly(wire, NOW, 30)
    learnt(wire)
    at = NOW + (29 + hours) * HOUR
    poll(wire, at, gap="open", new=received)
    poll(wire, at + HOUR)
    row = of(wire, at + HOUR)
    found = f"{at.day} Nov"
    assert sentence(row) == f"{said}; complete since {found}"
    (gap,) = row["missing"]
    assert (gap["source_name"], gap["before"][:13]) == ("daily-example/feed", f"{at:%Y-%m-%dT%H}")
    assert row["days"][-1]["gaps"] == 1


def test_nothing_is_estimated_before_a_rhythm_is_learnt(wire: Store) -> None:
    hourly(wire, NOW, 3)
    poll(wire, NOW + 4 * HOUR, gap="open", new=5)
    for rhythm in (Rhythm(), BUSY):  # the first document may teach one; but it was watched for hours only
        learnt(wire, rhythm)
        row = of(wire, NOW + 4 * HOUR)
        assert (row["missing"][0]["least"], row["missing"][0]["most"], row["expected"]) == (None, None, None)
        assert sentence(row).startswith("reports of 22 Nov may be missing (how many is not known yet); complete")


def test_a_gap_that_was_closed_is_none(wire: Store) -> None:
    hourly(wire, NOW, 3)
    poll(wire, NOW + 4 * HOUR, gap="closed", pages=2, new=5)
    row = of(wire, NOW + 4 * HOUR)
    assert (sentence(row), row["gaps"], row["gaps_closed"], row["missing"]) == ("complete since 22 Nov", 1, 1, [])


def test_an_offline_wire_counts_against_nobody(wire: Store) -> None:
    hourly(wire, NOW, 30)
    learnt(wire)
    hourly(wire, NOW + 30 * HOUR, 10, outcome="offline", http_status=None)
    row = of(wire, NOW + 39 * HOUR)
    assert (row["polls"], row["well"], row["failed"], row["offline"]) == (40, 30, 0, 10)
    assert row["expected"] == pytest.approx(29 * 2, rel=0.1)  # of the hours in which it was watched
    assert row["unknown"] == [{"source_name": "daily-example/feed", "since": "2026-11-23T15:00:00Z", "why": "offline"}]
    assert "; not known after 2026-11-23 15:00 UTC: the wire was offline (daily-example/feed)" in sentence(row)
    poll(wire, NOW + 40 * HOUR)
    assert sentence(of(wire, NOW + 40 * HOUR)) == "complete since 22 Nov"


@pytest.mark.parametrize(
    ("fields", "why"), [({"outcome": "failed"}, "failing"), ({"outcome": "challenge"}, "failing"),
                        ({"outcome": "pending"}, "held")],
)  # fmt: skip
def test_what_is_not_known_to_the_end_is_said(wire: Store, fields: dict[str, object], why: str) -> None:
    hourly(wire, NOW, 3)
    hourly(wire, NOW + 3 * HOUR, 2, error="no", **fields)
    row = of(wire, NOW + 5 * HOUR)
    assert sentence(row).startswith("complete from 22 Nov to 2026-11-22 12:00 UTC; not known after 2026-11-22 12:00")
    assert (row["unknown"][0]["why"], row["complete_until"]) == (why, "2026-11-22T12:00:00Z")
    assert (row["failed"], row["held"]) == ((2, 0) if why == "failing" else (0, 2))


def test_of_several_sources_the_worst_counts_and_what_was_never_fetched_is_named(wire: Store) -> None:
    a, b = OTHER.sources
    for hour in range(3):
        poll(wire, NOW + hour * HOUR, a)
    row = of(wire, NOW + 3 * HOUR, publisher=OTHER)
    assert row["unknown"] == [{"source_name": "other-example/b", "since": None, "why": "not_fetched"}]
    poll(wire, NOW + 3 * HOUR, b)
    poll(wire, NOW + DAY, b, gap="open")
    row = of(wire, NOW + DAY, publisher=OTHER)
    assert (row["complete_since"], row["complete_until"]) == ("2026-11-23T10:00:00Z", "2026-11-22T12:00:00Z")
    (row,) = coverage(wire, NOW, NOW + DAY, {"other-example/a"})
    assert (row["polls"], row["gaps"], row["unknown"]) == (3, 0, [])


def test_what_was_not_fetched_for_days_or_is_paused_is_said(wire: Store) -> None:
    hourly(wire, NOW, 3)
    assert of(wire, NOW + 3 * DAY)["unknown"][0]["why"] == "not_fetched"
    wire.pause(["daily-example/feed"], NOW + 3 * HOUR, None, "person:amina")
    assert of(wire, NOW + 3 * HOUR)["unknown"][0]["why"] == "paused"
    assert of(wire, NOW - DAY, NOW - 2 * DAY)["complete_since"] is None


def test_silence_that_is_not_normal_is_told_in_the_past_and_now(wire: Store) -> None:
    hourly(wire, NOW - 2 * DAY, 48, new=2)
    hourly(wire, NOW, 20)
    learnt(wire)
    poll(wire, NOW + 20 * HOUR, new=2)
    row = of(wire, NOW + 20 * HOUR)
    assert row["silent"] == [
        {"source_name": "daily-example/feed", "since": "2026-11-22T09:00:00Z", "until": "2026-11-23T06:00:00Z"}
    ]
    assert "silent from 2026-11-22 09:00 UTC to 2026-11-23 06:00 UTC, which is not normal for it" in sentence(row)
    assert [day["silent"] for day in row["days"]] == [False, False, True, True]
    with file_of(wire) as connection:
        connection.execute("UPDATE sources SET silent_after = '2026-11-22T10:00:00Z'")
    assert of(wire, NOW + 20 * HOUR)["silent"][-1]["until"] is None


def test_hours_in_which_nobody_asked_are_no_silence(wire: Store) -> None:
    hourly(wire, NOW - 2 * DAY, 48, new=2)
    hourly(wire, NOW, 20, outcome="failed", error="no")
    learnt(wire)
    poll(wire, NOW + 20 * HOUR, new=2)
    assert of(wire, NOW + 20 * HOUR)["silent"] == []


def test_a_rule_and_what_could_not_be_read_are_told_by_reason(wire: Store) -> None:
    poll(wire, NOW, drops={"exclude_words: football": 3, "over_cap": 2})
    poll(wire, NOW + DAY, drops={"exclude_words: football": 1})
    row = of(wire, NOW + DAY)
    assert row["left_out"] == {"exclude_words: football": 4, "over_cap": 2}
    assert [day["left_out"] for day in row["days"]][1] == {"exclude_words: football": 1}
    assert sentence(row) == "complete since 22 Nov; left out: more entries than are read of one document"
    assert counts_line(row).endswith("left out: 4 exclude_words: football, 2 over_cap")


def test_polls_that_are_counted_by_day_count_as_before(wire: Store) -> None:
    """Also where the last poll before a gap is among them, by the day."""
    hourly(wire, NOW, 30)
    learnt(wire)
    poll(wire, NOW + 40 * HOUR, gap="open", new=1)
    poll(wire, NOW + 80 * DAY)
    before = of(wire, NOW + 80 * DAY, NOW - DAY)
    maintain(wire, NOW + 80 * DAY, 30 * DAY)
    after = of(wire, NOW + 80 * DAY, NOW - DAY)
    counts = ("polls", "well", "failed", "received", "gaps", "complete_until", "left_out")
    assert [before[name] for name in counts] == [after[name] for name in counts]
    assert [day["polls"] for day in before["days"]] == [day["polls"] for day in after["days"]]
    assert before["missing"][0]["after"] == "2026-11-23T15:00:00Z"
    assert after["missing"][0]["after"] == "2026-11-23T23:59:59Z"


def test_what_lies_outside_the_time_does_not_count(wire: Store) -> None:
    hourly(wire, NOW, 48)
    row = of(wire, NOW + 24 * HOUR, NOW + 20 * HOUR)
    assert (row["polls"], row["complete_since"]) == (5, "2026-11-22T10:00:00Z")
    assert coverage(wire, NOW - 9 * DAY, NOW - 8 * DAY)[0]["polls"] == 0
