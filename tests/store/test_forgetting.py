"""Polls that brought nothing are counted by day, and what is known of listings that no document makes any more goes."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.config.loading import load as load_config
from aggregator.desk.housekeeping import maintain
from aggregator.model import Publisher, Text
from aggregator.model.errors import ConfigError
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.recording import record as record_polls
from aggregator.pipeline.watching import coverage
from aggregator.scheduling.gaps import MOST_LISTED
from aggregator.store import Store
from tests.cli.test_cli import make_config
from tests.conftest import NOW, file_of, make_entry, make_poll, record

pytestmark = pytest.mark.stores("soak")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEEP = 30 * DAY
LATER = NOW + 40 * DAY
QUIET: list[dict[str, object]] = [
    {"outcome": "not_modified", "http_status": 304},
    {"outcome": "unchanged", "body_bytes": 1_000},
    {"outcome": "ok", "drops": {"empty": 2}, "body_bytes": 500},
    {"outcome": "ok", "drops": {"empty": 1, "over_cap": 7}, "error": "not well-formed"},
]
TOLD: list[dict[str, object]] = [
    {"outcome": "failed", "error": "no answer", "http_status": None},
    {"outcome": "pending", "error": "another host"},
    {"outcome": "ok", "over_limit": 3},
    {"outcome": "ok", "pages": 1},
]


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with file_of(store) as connection:
        return list(connection.execute(sql))


def poll(store: Store, publisher: Publisher, at: timedelta, **fields: object) -> None:
    """One that listed nothing."""
    now = NOW + at
    record_polls(store, [(make_poll(publisher.sources[0], now, **fields), ())], now)


def test_polls_that_brought_nothing_are_counted_by_day(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1), make_entry(2))
    for hour, fields in enumerate([*QUIET, *TOLD], 1):
        poll(store, publisher, timedelta(hours=hour), **fields)
    for hour, fields in enumerate(QUIET, 1):
        poll(store, publisher, DAY + timedelta(hours=hour), **fields)
    record(store, publisher, make_entry(1, title=Text("Le pont ferme")), make_entry(2), now=NOW + 2 * DAY)
    poll(store, publisher, 40 * DAY, outcome="not_modified")
    since = NOW - DAY
    before, told = coverage(store, since, LATER), rows(store, "SELECT * FROM polls WHERE outcome = 'failed'")
    maintain(store, LATER, KEEP)
    assert coverage(store, since, LATER) == before
    assert before[0]["polls"] == 15
    assert before[0]["left_out"] == {"empty": 6, "over_cap": 14}
    assert rows(store, "SELECT day, polls, bytes, drops FROM poll_days ORDER BY day") == [
        ("2026-11-22", 4, 1_500, json.dumps({"empty": 3, "over_cap": 7})),
        ("2026-11-23", 4, 1_500, json.dumps({"empty": 3, "over_cap": 7})),
    ]
    left = rows(store, "SELECT outcome, new, revised FROM polls ORDER BY poll_id")
    assert left == [
        ("ok", 2, 0),
        *(("failed", 0, 0), ("pending", 0, 0), ("ok", 0, 0), ("ok", 0, 0)),
        ("ok", 0, 1),
        ("not_modified", 0, 0),
    ]
    assert rows(store, "SELECT * FROM polls WHERE outcome = 'failed'") == told


def test_a_day_that_is_counted_in_two_parts_is_one_row(store: Store, publisher: Publisher) -> None:
    for hour in range(1, 5):
        poll(store, publisher, timedelta(hours=hour), outcome="ok", drops={"empty": hour})
    poll(store, publisher, 40 * DAY, outcome="not_modified")
    for end in (2, 3, 5):
        maintain(store, NOW + KEEP + timedelta(hours=end, minutes=1), KEEP)
    assert rows(store, "SELECT polls, drops FROM poll_days") == [(4, '{"empty": 10}')]
    assert coverage(store, NOW, LATER)[0]["left_out"] == {"empty": 10}


def test_polls_are_kept_for_so_long_as_the_configuration_says(store: Store, publisher: Publisher) -> None:
    for day in range(5):
        poll(store, publisher, day * DAY, outcome="not_modified")
    poll(store, publisher, 40 * DAY, outcome="failed", error="no answer")  # so that the clock is believed
    maintain(store, LATER)  # as `purge --vacuum` does, which reads no configuration
    assert len(rows(store, "SELECT 1 FROM polls")) == 6
    maintain(store, LATER, 50 * DAY)
    assert len(rows(store, "SELECT 1 FROM polls")) == 6
    maintain(store, LATER, 38 * DAY)
    assert rows(store, "SELECT day FROM poll_days") == [("2026-11-22",), ("2026-11-23",)]


def test_a_poll_of_a_wrong_clock_keeps_no_other(store: Store, publisher: Publisher) -> None:
    poll(store, publisher, HOUR, outcome="not_modified")
    poll(store, publisher, 2 * HOUR, outcome="not_modified")
    later = "2031-01-01T00:00:00Z"
    with file_of(store) as connection:
        connection.execute("UPDATE polls SET started = ? WHERE poll_id = 1", (later,))
    poll(store, publisher, 3 * HOUR, outcome="not_modified")
    assert store.count_polls_by_day(LATER - DAY, LATER) == 3
    assert rows(store, "SELECT started FROM polls ORDER BY poll_id")[0] == (later,)
    assert rows(store, "SELECT polls FROM poll_days") == [(1,)]


def test_each_poll_is_looked_at_once(store: Store, publisher: Publisher) -> None:
    for hour in range(6):
        poll(store, publisher, timedelta(hours=hour), outcome="failed", error="no answer")
    assert store.count_polls_by_day(LATER, LATER) == 6
    assert store.count_polls_by_day(LATER, LATER) == 0


def test_a_report_that_is_listed_again_after_a_year_is_still_one(store: Store, publisher: Publisher) -> None:
    record(store, publisher, *map(make_entry, range(1, 6)))
    record(store, publisher, make_entry(5), make_entry(6), now=NOW + DAY)
    held = rows(store, "SELECT article_key, article_id FROM article_keys ORDER BY 1")
    near = len(rows(store, "SELECT 1 FROM near_keys"))
    poll(store, publisher, 401 * DAY, outcome="not_modified")
    maintain(store, NOW + 401 * DAY + HOUR, KEEP)
    assert rows(store, "SELECT article_id FROM sightings ORDER BY 1") == [(5,), (6,)]  # listed by the last document
    assert 0 < len(rows(store, "SELECT 1 FROM near_keys")) < near
    assert rows(store, "SELECT article_key, article_id FROM article_keys ORDER BY 1") == held
    again = record(store, publisher, make_entry(1), make_entry(7), now=NOW + 402 * DAY)
    assert (again.new, again.revised) == (1, 0)
    assert rows(store, "SELECT count(*) FROM articles") == [(7,)]
    edited = record(store, publisher, make_entry(1, title=Text("Le pont ferme")), now=NOW + 403 * DAY)
    assert (edited.new, edited.revised) == (0, 1)


def test_an_edit_of_a_report_that_no_document_listed_for_a_year_arrives(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1), make_entry(2))
    record(store, publisher, make_entry(3), now=NOW + DAY)
    poll(store, publisher, 401 * DAY, outcome="not_modified")
    maintain(store, NOW + 401 * DAY + HOUR, KEEP)
    assert rows(store, "SELECT article_id FROM sightings") == [(3,)]
    corrected = make_entry(1, title=Text("Le pont ferme"))
    again = record(store, publisher, corrected, make_entry(2), now=NOW + 402 * DAY)
    assert (again.new, again.revised) == (0, 1)
    after = record(store, publisher, corrected, make_entry(2), now=NOW + 403 * DAY)
    assert (after.new, after.revised, after.unchanged) == (0, 0, 2)
    assert rows(store, "SELECT count(*) FROM sightings") == [(3,)]


def test_what_a_very_long_document_lists_is_kept(store: Store, publisher: Publisher) -> None:
    """Of one that lists so much only both ends are remembered."""
    listed = MOST_LISTED + 2
    record(store, publisher, *map(make_entry, range(listed)))
    poll(store, publisher, 401 * DAY, outcome="not_modified")
    maintain(store, NOW + 401 * DAY + HOUR, KEEP)
    assert rows(store, "SELECT count(*) FROM sightings") == [(listed,)]


def test_a_young_report_that_no_document_lists_is_kept(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1), make_entry(2))
    record(store, publisher, make_entry(2), make_entry(3), now=NOW + DAY)
    maintain(store, NOW + 399 * DAY, KEEP)
    assert rows(store, "SELECT count(*) FROM sightings") == [(3,)]


@pytest.mark.parametrize(("days", "left"), [(30, 1), (90, 4)])
def test_the_daemon_keeps_polls_as_wire_toml_says(
    store: Store, publisher: Publisher, tmp_path: Path, days: int, left: int
) -> None:
    folder = make_config(tmp_path / "config")
    wire = folder / "wire.toml"
    wire.write_text(wire.read_text() + f"\n[store]\nkeep_polls_days = {days}\n")
    for hour in range(3):
        poll(store, publisher, timedelta(hours=hour), outcome="not_modified")
    poll(store, publisher, 40 * DAY, outcome="not_modified")

    async def maintained() -> None:
        async with Pipeline(load_config(folder), store, lambda: LATER) as pipeline:
            await pipeline.maintain()

    asyncio.run(maintained())
    assert rows(store, "SELECT count(*) FROM polls") == [(left,)]


def test_how_long_polls_are_kept_is_checked(tmp_path: Path) -> None:
    folder = make_config(tmp_path / "config")
    assert load_config(folder).wire.store.keep_polls == KEEP
    wire = folder / "wire.toml"
    wire.write_text(wire.read_text() + "\n[store]\nkeep_polls_days = 0\n")
    with pytest.raises(ConfigError, match=r"store\.keep_polls_days"):
        load_config(folder)
