"""No view asks the clock; what a time ends is stored; and a clock that was wrong leaves nothing behind."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.demo import Press
from aggregator.desk import acts, clock
from aggregator.desk.complaints import complain
from aggregator.desk.housekeeping import maintain
from aggregator.desk.purging import chosen, purge
from aggregator.desk.reading import read_as_of
from aggregator.desk.terms import sync
from aggregator.model import Cause, Complaint, Publisher, Selection, Text
from aggregator.model.errors import DeskError
from aggregator.model.place import Place
from aggregator.pipeline import own_reports as manuscript
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.store.queries import clocks
from aggregator.text.query import parse
from tests import ROOT
from tests.cli.test_cli import make_config
from tests.conftest import (
    AGREEMENT,
    NOW,
    QUOTATION,
    WIRE,
    as_option,
    due,
    examples,
    file_of,
    keep_house,
    make_entry,
    make_publisher,
    record,
)
from tests.hostile import run
from tests.test_trip import HOST, Trip, feed

pytestmark = pytest.mark.stores("soak")

ANY = Selection(limit=1_000)
CAUSE = Cause(actor="person:ama", reason="it is being looked into")
SECOND, MINUTE, HOUR, DAY, YEAR = (timedelta(seconds=n) for n in (1, 60, 3_600, 86_400, 365 * 86_400))
UNTIL = NOW + 28 * DAY
LENT = make_publisher("lent", replace(QUOTATION, storage="transient", retention_days=60))


def rows(store: Store, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with file_of(store) as connection:
        return list(connection.execute(sql, values))


def titles(store: Store) -> list[str]:
    return [report.title for report in store.latest(ANY)]


def embargoed(number: int, until: datetime = UNTIL) -> Any:
    return make_entry(number, title=Text(f"Under embargo until {until.isoformat()}: le pont {number}", "text/plain"))


def ledger_is_whole(store: Store) -> None:
    """As docs/changes.md says: with the very program that stands there."""
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "changes.md").read_text(), re.S)
    (query,) = re.findall(r'execute\("""(.*?)"""\)', program, re.S)
    previous = "0" * 64
    hashed_as = {"resent": "refile", "deleted": "removed_by_wire"}
    for seq, kind, subject, at, stored in rows(store, query):
        kind = hashed_as.get(kind, kind)
        previous = hashlib.sha256(f"{previous} {seq} {kind} {subject} {at}".encode()).hexdigest()
        assert previous == stored


# No clock in SQL


def test_no_sql_asks_the_clock() -> None:
    """Neither what is stored in the database nor what the store runs."""
    asks = re.compile(
        r"'now'|current_(time|date|timestamp)|unixepoch\(\s*\)|julianday\(\s*\)|utc_now|datetime\.now", re.I
    )
    found = {path.name: asks.findall(path.read_text()) for path in (ROOT / "aggregator" / "store").rglob("*.py")}
    assert {name: those for name, those in found.items() if those} == {}


# What a database stores that is run by itself: views, triggers, functions, defaults.
STORED = {
    "sqlite": "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
    "postgres": """
        SELECT viewname::text, definition FROM pg_views WHERE schemaname = current_schema()
        UNION ALL SELECT proname::text, prosrc FROM pg_proc WHERE pronamespace = to_regnamespace(current_schema())
        UNION ALL SELECT table_name::text, column_default FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_default IS NOT NULL
    """,
}


def test_what_is_stored_holds_no_clock(store: Store, store_kind: str) -> None:
    stored = rows(store, STORED[store_kind])
    assert "wire" in {name for name, _ in stored}
    for name, sql in stored:
        assert not re.search(r"'now'|\bnow\(|current_t|current_d|unixepoch|julianday|_timestamp\(", sql, re.I), name


@pytest.mark.parametrize("view", ["wire", "wire_at", "notices"])
def test_an_embargo_ends_in_the_views_when_housekeeping_has_ended_it(
    store: Store, publisher: Publisher, view: str
) -> None:
    """Long over by the clock of the machine that runs this test, and not by the time of the wire."""
    past = datetime(2020, 1, 1, tzinfo=UTC)
    sync(store, WIRE, [publisher], past, past.date())
    record(store, publisher, embargoed(1, past + DAY), now=past)
    if view == "notices":
        (report,) = rows(store, "SELECT id FROM articles")[0]
        rows(store, "SELECT 1")
        acts.withhold(store, report, CAUSE, past)
    sql = f"SELECT count(*) FROM {view}"  # noqa: S608
    assert rows(store, sql) == [(0,)]
    maintain(store, past + DAY - SECOND)
    assert rows(store, sql) == [(0,)]
    maintain(store, past + DAY)
    assert rows(store, sql) != [(0,)]


def test_who_reads_by_a_clock_needs_no_housekeeping(store: Store, publisher: Publisher) -> None:
    record(store, publisher, embargoed(1, NOW + HOUR))
    (report,) = rows(store, "SELECT id FROM articles")[0]
    for now, seen in ((NOW + HOUR - SECOND, False), (NOW + HOUR, True)):
        with read_as_of(store.place, now) as reader:
            assert [one.id for one in reader.latest(ANY)] == [report] * seen
            assert (bool(reader.reports_beginning_with(report, 1, desk=False)), reader.report(report) is not None) == (
                seen,
                seen,
            )
            assert len(reader.search(parse("pont"), ANY)) == seen
            _, found = reader.query("SELECT count(*) FROM wire")
            assert list(found) == [(seen,)]
    with Store.read(store.place) as reader:  # as other programs see it
        assert reader.latest(ANY) == []


def test_words_whose_time_is_over_are_not_read_though_nobody_let_go_of_them(store: Store, publisher: Publisher) -> None:
    sync(store, WIRE, [publisher, LENT], NOW, NOW.date())
    record(store, publisher, make_entry(1))
    record(store, LENT, make_entry(2))
    end = NOW + 60 * DAY
    for now, held in ((end - SECOND, True), (end, False)):
        with read_as_of(store.place, now) as reader:
            found = {one.publisher: one for one in reader.latest(ANY)}
            assert bool(found["lent"].text) is held
            assert found["daily-example"].text
            assert ("content" in (reader.raw(found["lent"].id) or {})) is held
            assert ("content" in reader.revisions(found["lent"].id)[0]["words"]) is held
    assert rows(store, "SELECT count(*) FROM bodies WHERE text <> ''") == [(2,)]  # nothing was written
    keep_house(store, end - 10 * MINUTE)  # before the moment, so that no view shows them after it
    assert rows(store, "SELECT publisher FROM wire WHERE text <> ''") == [("daily-example",)]


def test_a_command_compares_with_the_clock(store: Store, publisher: Publisher) -> None:
    """By the clock of this machine the embargo is over, and the last poll is not long ago."""
    now = datetime.now(UTC).replace(microsecond=0)
    sync(store, WIRE, [publisher], now, now.date())
    record(store, publisher, embargoed(1, now - MINUTE), embargoed(2, now + HOUR), now=now - HOUR)
    for arguments in (("latest",), ("search", "pont"), ("query", "SELECT title FROM wire")):
        said = run("--db", as_option(store.place), *arguments).out
        assert ("le pont 1" in said, "le pont 2" in said) == (True, False)
    assert rows(store, "SELECT count(*) FROM wire") == [(0,)]


# A clock that is far ahead of all rows


def test_a_clock_that_is_a_year_ahead_for_some_seconds_undoes_nothing(store: Store, publisher: Publisher) -> None:
    """C1: embargoes, words that are lent, and what `purge` would take for old."""
    sync(store, WIRE, [publisher, LENT], NOW, NOW.date())
    record(store, publisher, make_entry(1), embargoed(2))
    record(store, LENT, make_entry(3))
    before = titles(store), rows(store, "SELECT article_id, text FROM bodies"), store.changes()
    for seconds in (0, 5, 8):
        wrong = NOW + YEAR + seconds * SECOND
        due(store, wrong)
        maintain(store, wrong)
        with read_as_of(store.place, wrong) as reader:
            assert len(reader.latest(ANY)) == 2
    assert (titles(store), rows(store, "SELECT article_id, text FROM bodies"), store.changes()) == before
    due(store, NOW + MINUTE)
    assert clock.doubt(store, NOW + MINUTE) is None
    maintain(store, UNTIL - SECOND - 20 * DAY)
    keep_house(store, UNTIL - SECOND)
    assert "le pont 2" not in " ".join(titles(store))
    maintain(store, UNTIL)
    assert "le pont 2" in " ".join(titles(store))


def test_an_embargo_that_comes_while_the_clock_is_ahead_is_kept(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    due(store, NOW + YEAR)
    record(store, publisher, make_entry(1), embargoed(2), now=NOW + YEAR + SECOND)
    maintain(store, NOW + YEAR + 2 * SECOND)
    assert "le pont 2" not in " ".join(titles(store))
    (report,) = rows(store, "SELECT id FROM articles WHERE embargoed_until IS NOT NULL")[0]
    acts.withhold(store, report, CAUSE, NOW + YEAR + 3 * SECOND)  # an act does not end it either
    due(store, NOW + MINUTE)
    assert rows(store, "SELECT embargoed_until FROM articles WHERE id = ?", report) == [("2026-12-20T10:00:00Z",)]
    assert store.notice(report) is None


def test_a_machine_that_was_off_for_a_month_goes_on_by_itself(
    store: Store, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    record(store, publisher, embargoed(1))
    back = UNTIL + DAY
    for _ in range(3):
        maintain(store, back)
    assert titles(store) == []
    assert [record.message.count("no embargo ends (1 by this clock)") for record in caplog.records] == [1]  # said once
    assert clock.doubt(store, back + 8 * MINUTE) is not None
    maintain(store, back + 10 * MINUTE)
    assert len(titles(store)) == 1
    assert clock.doubt(store, back + 10 * MINUTE) is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize("every", [HOUR, DAY, 7 * DAY])
def test_a_wire_that_cron_polls_seldom_is_delayed_once(store: Store, publisher: Publisher, every: timedelta) -> None:
    doubted = []
    for turn in range(6):
        now = NOW + turn * every + turn * MINUTE
        due(store, now)
        doubted.append(clock.doubt(store, now) is not None)
        record(store, publisher, make_entry(turn), now=now)
        maintain(store, now + SECOND)
    assert doubted.count(True) <= 1
    assert not any(doubted[2:])


def test_a_clock_that_is_ahead_again_is_doubted_again(store: Store, publisher: Publisher) -> None:
    record(store, publisher, embargoed(1))
    for wrong in (YEAR, 2 * YEAR, YEAR + HOUR):
        maintain(store, NOW + wrong)
        assert clock.doubt(store, NOW + wrong) is not None
        maintain(store, NOW + HOUR)
    assert titles(store) == []


def test_purge_by_age_waits_and_purge_by_name_does_not(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(store, publisher, make_entry(1), make_entry(2))
    (report,) = rows(store, "SELECT id FROM articles WHERE article_id = 1")[0]
    old = ("--db", as_option(store.place), "purge", "--older-than", "100", "--reason", "age", "--yes")
    now = NOW + YEAR
    monkeypatch.setattr("aggregator.cli.purge.utc_now", lambda: now)
    said = run(*old)
    assert said.code == 1
    assert "Nothing was deleted" in said.err
    assert run("--db", as_option(store.place), "purge", report, "--reason", "asked", "--yes").code == 0
    assert len(titles(store)) == 1
    now += 10 * MINUTE
    assert run(*old).out == "Purged: 1\n"


def test_neither_pages_nor_rhythms_are_judged_by_a_clock_that_is_not_believed(
    place: Place, publisher: Publisher
) -> None:
    with Press(now=NOW) as press:
        press.set_document(HOST, "/feed", feed(1, 2))
        trip = Trip(press, place, [publisher])
        trip()
        taught = trip.rows("SELECT rhythm FROM sources")

        async def visits() -> int:
            with Store.open(trip.place) as store:
                async with Pipeline(trip.config, store, lambda: trip.now, lambda host: press.address) as pipeline:
                    return len(await pipeline.recheck(20, 20))

        assert asyncio.run(visits()) == 0  # not due yet
        trip.now += YEAR
        trip()
        assert asyncio.run(visits()) == 0
        trip.now += 10 * MINUTE
        assert asyncio.run(visits()) == 2
        trip.now -= 10 * MINUTE
        assert trip.rows("SELECT rhythm FROM sources") == taught


# Rows of the future


def ahead(store: Store, now: datetime) -> dict[str, list[str]]:
    """Every time in the database that lies ahead, but those that are to come."""
    to_come = {"embargoed_until", "next_at", "until", "ends_at", "silent_after", "hashed_at", "last_day"}
    found: dict[str, list[str]] = {}
    # Of the dictionary that is shipped with the program; and when the search index was tidied, which is done anew where
    # that lies ahead (`search.merge`).
    fixed = {"dictionaries.trained_at", "settings.value"}
    limit = (now + MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    with file_of(store) as connection:
        for table, column in texts_of(store):
            sql = f'SELECT "{column}" FROM "{table}" WHERE "{column}" LIKE ? AND "{column}" > ?'  # noqa: S608
            those = connection.execute(sql, ("20__-__-__T%Z", limit)).fetchall()
            if those and column not in to_come and f"{table}.{column}" not in fixed:
                found[f"{table}.{column}"] = [value for (value,) in those]
    return found


def texts_of(store: Store) -> list[tuple[str, str]]:
    """The columns of texts: table, column."""
    if isinstance(store.place, Path):
        return rows(
            store,
            "SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c"
            " WHERE t.type = 'table' AND t.sql LIKE '%STRICT%' AND c.type = 'TEXT'",
        )
    return rows(
        store,
        "SELECT table_name::text, column_name::text FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        " AND data_type = 'text' AND table_name NOT IN ('migrations', 'programs')",
    )


def a_wrong_hour(store: Store, publisher: Publisher, wrong: datetime) -> None:
    """What a wire does within some minutes, by a clock that is wrong."""
    clock.look(store, wrong)
    sync(store, WIRE, [publisher, LENT], wrong, wrong.date())
    record(store, publisher, make_entry(1, summary=Text("<p>Autrement.</p>")), make_entry(2, published=None), now=wrong)
    record(store, publisher, make_entry(3), make_entry(4, published=None), now=wrong + MINUTE)
    reports = [report for (report,) in rows(store, "SELECT id FROM articles ORDER BY article_id")]
    acts.withhold(store, reports[2], CAUSE, wrong + 2 * MINUTE)
    complain(store, reports[0], Complaint(kind="factual", text="it is wrong"), CAUSE, wrong + 2 * MINUTE)
    purge(store, chosen(store, [reports[1]], None, None), CAUSE, wrong + 3 * MINUTE)
    maintain(store, wrong + 4 * MINUTE)


# Columns with times that are not brought back as they are, each with the reason.
OTHERS = {
    "articles": {
        "published",
        "updated",
        "sort_time",
        "first_seen",
        "embargoed_until",
    },  # by functions, or said by others
    "revisions": {"seen_at", "stored_at"},  # by a function
    "pending_revisions": {"published", "updated"},  # said by others
    "changes": {"at", "hashed_at"},  # by the ledger
    "polls": {"started", "next_at"},  # by a function
    "sources": {"next_at", "last_poll", "silent_after"},  # by functions
    "rechecks": {"next_at"},  # by a function
    "pictures": {"next_at"},  # by a function
    "acts": {"until"},  # said by a person
    "pauses": {"paused_until"},  # said by a person
    "article_topics": {"sort_time"},  # follows that of the article, by a trigger
    "article_countries": {"sort_time"},
    "left_out": {"sort_time"},  # said by others
    "agreements": {"ends_at", "last_day"},  # said by a person
    "dictionaries": {"trained_at"},  # shipped with the program
    "desk_sessions": {"began_at", "ends_at"},  # a session that begins in the future is none
    "released_by_day": {"day"},  # a mere count; the sheet of rights looks back only
    "figures": {"day", "counted_at"},  # by a function
    "poll_days": {"day"},  # of polls that are old by a clock that is believed
}


def test_every_column_with_a_time_is_brought_back_or_has_a_reason(store: Store) -> None:
    """Who adds one says here what becomes of it when the clock was wrong."""
    is_time = re.compile(
        r"(^|_)(at|since|until|started|published|updated|seen|poll|success|new|silent_after|day|time)$"
    )
    found: dict[str, set[str]] = {}
    for table, column in texts_of(store):
        if is_time.search(column) and (table, column) != ("reports_per_day", "day"):
            found.setdefault(table, set()).add(column)
    known = {table: set(clocks.TIMES.get(table, ())) | OTHERS.get(table, set()) for table in {*clocks.TIMES, *OTHERS}}
    assert found == known


@pytest.mark.parametrize("by", [YEAR, 40 * DAY, 3 * HOUR])
def test_rows_of_the_future_are_brought_back(store: Store, publisher: Publisher, by: timedelta) -> None:
    record(store, publisher, make_entry(1))
    cursor = store.last_cursor()
    a_wrong_hour(store, publisher, NOW + HOUR + by)
    assert {name.split(".")[0] for name in ahead(store, NOW + HOUR)} >= {
        "acts", "articles", "changes", "complaints", "polls", "revisions", "sources", "tombstones", "health_counts",
    }  # fmt: skip
    before = rows(store, "SELECT seq, hash FROM changes ORDER BY seq")
    right = NOW + HOUR + 10 * MINUTE
    maintain(store, right)
    if by < DAY:  # perhaps the rows are right, and the clock is behind
        assert "changes.at" in ahead(store, right)
        right += 10 * MINUTE
        maintain(store, right)
    assert ahead(store, right) == {}
    assert rows(store, "SELECT seq, hash FROM changes ORDER BY seq") == before
    ledger_is_whole(store)
    times = [line["at"] for line in store.changes()]
    assert times == sorted(times)
    assert len(store.changes(cursor)) == len(before) - 1  # a cursor of before goes on
    assert times[1] >= times[0]
    listed = [report.sort_time for report in store.latest(ANY)]
    assert listed == sorted(listed, reverse=True)
    assert rows(store, "SELECT max(first_seen) FROM articles")[0][0] <= right.strftime("%Y-%m-%dT%H:%M:%SZ")
    counted = rows(
        store,
        "SELECT publisher, substr(sort_time, 1, 10), count(*), sum(backfill) FROM wire GROUP BY 1, 2 ORDER BY 1, 2",
    )
    assert rows(store, "SELECT * FROM daily ORDER BY 1, 2") == counted
    record(store, publisher, make_entry(9, published=None), now=right + MINUTE)
    assert store.latest(ANY)[0].title == "Le pont numéro 9 rouvre"
    assert len(store.latest(Selection(limit=9, since=right + 30 * SECOND))) == 1
    begin = store.cursor_before(right + 30 * SECOND)
    assert [line["change_kind"] for line in store.changes(begin)] == ["new"]


def test_the_dates_of_the_wires_own_reports_are_brought_back(store: Store, publisher: Publisher) -> None:
    own = make_publisher("test-wire", replace(AGREEMENT, relationship="own", basis="own"), kind="own")
    sync(store, WIRE, [publisher, own], NOW, NOW.date())
    record(store, publisher, make_entry(1))
    words = manuscript.Manuscript(slug="water", title="Water", body="<p>It rises.</p>")
    for wrong in (NOW + YEAR, NOW + YEAR + MINUTE):
        clock.look(store, wrong)
        done = manuscript.publish(store, own, words, wrong)
        words = replace(words, body="<p>It rises again.</p>")
    due(store, NOW + HOUR)
    report = store.report(done.id)
    assert report
    assert (report.published, report.updated) == ("2026-11-22T10:59:00Z", "2026-11-22T11:00:00Z")
    manuscript.publish(store, own, replace(words, body="<p>It falls.</p>"), NOW + 2 * HOUR)
    report = store.report(done.id)
    assert report
    assert (report.published, report.updated) == ("2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z")


def test_a_database_that_a_wrong_clock_began_is_brought_back(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1, published=None), now=datetime(2031, 1, 1, tzinfo=UTC))
    due(store, NOW)
    assert ahead(store, NOW) == {}
    assert store.latest(ANY)[0].sort_time == "2026-11-22T10:00:00Z"


def test_a_clock_that_is_behind_changes_nothing_that_is_right(store: Store, publisher: Publisher) -> None:
    """A machine without a battery begins in 1970, or some weeks ago, until it is told the time."""
    for hours in range(0, 24 * 40, 12):
        record(store, publisher, make_entry(hours, published=None), now=NOW + hours * HOUR)
    tables = ("articles", "changes", "polls", "revisions")
    before = [rows(store, f"SELECT * FROM {table}") for table in tables]  # noqa: S608
    for wrong in (datetime(1970, 1, 1, tzinfo=UTC), NOW + 20 * DAY, NOW + 39 * DAY + 11 * HOUR):
        for minutes in (0, 5):
            due(store, wrong + minutes * MINUTE)
            maintain(store, wrong + minutes * MINUTE)
    for minutes in range(0, 60, 10):
        maintain(store, datetime(1970, 1, 3, tzinfo=UTC) + minutes * MINUTE)
    assert [rows(store, f"SELECT * FROM {table}") for table in tables] == before  # noqa: S608
    maintain(store, NOW + 41 * DAY)
    assert [rows(store, f"SELECT * FROM {table}") for table in tables] == before  # noqa: S608


def test_times_between_right_ones_do_not_step_back(store: Store, publisher: Publisher) -> None:
    """An older version left rows of the future, and went on by a clock that was right."""
    for number, now in enumerate((NOW, NOW + YEAR, NOW + HOUR, NOW + 2 * HOUR)):
        record(store, publisher, make_entry(number, published=None), now=now)
    due(store, NOW + 3 * HOUR)
    times = [line["at"] for line in store.changes()]
    assert times == sorted(times)
    assert times[1] <= "2026-11-22T11:00:00Z"
    ledger_is_whole(store)


@pytest.mark.stores("sqlite")
def test_where_nothing_is_ahead_nothing_is_walked(store: Store, publisher: Publisher) -> None:
    """The daemon looks every five seconds, and a wire holds a million articles."""

    def steps() -> int:
        count = 0

        def step() -> int:
            nonlocal count
            count += 1
            return 0

        with closing(sqlite3.connect(store.path)) as connection:
            connection.set_progress_handler(step, 1)
            assert not clocks.are_ahead(connection, NOW + 9 * DAY)
            assert not clocks.rows_are_ahead(connection, NOW + 9 * DAY)
            clocks.looks(connection)
        return count

    record(store, publisher, make_entry(1))
    few = steps()
    for start in range(0, 400, 100):
        record(
            store, publisher, *(make_entry(number) for number in range(start, start + 100)), now=NOW + start * SECOND
        )
    assert steps() <= few + 5


# The whole: what is seen in the end is what a right clock would have made


def visible(store: Store, now: datetime) -> dict[str, Any]:
    with read_as_of(store.place, now) as reader:
        return {
            "wire": sorted((one.title, one.text, one.text_scope) for one in reader.latest(ANY)),
            "kinds": [
                (line["change_kind"], line["id"]) for line in reader.changes() if line["change_kind"] != "terms_changed"
            ],
            "notices": rows(store, "SELECT id, notice FROM notices ORDER BY id"),
            "pending": rows(store, "SELECT article_id, text FROM bodies ORDER BY article_id"),
        }


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["publish", "edit", "embargo", "withhold", "restore", "house", "house"]),
        st.integers(0, 5),
        st.sampled_from([0, 0, 0, 0, 365, 365, 40, 800]),  # days that the clock is ahead at this step
    ),
    max_size=14,
)


def live(folder: Path, steps: list[tuple[str, int, int]], *, right: bool) -> dict[str, Any]:
    """Steps, twenty minutes apart, by a clock that is wrong for one step at a time; then a month by a right one."""
    ending = make_publisher("ending", replace(AGREEMENT, expires=(NOW + 10 * DAY).date()))
    lent = make_publisher("lent", replace(QUOTATION, storage="transient", retention_days=20))
    folder.mkdir()
    with Store.open(folder / "wire.db") as store:
        clock.look(store, NOW)  # as every command does first; of an empty database no clock is known to be ahead
        sync(store, WIRE, [ending, lent], NOW, NOW.date())
        for turn, (doing, number, days) in enumerate(steps, 1):
            true = NOW + turn * 20 * MINUTE
            now = true if right else true + days * DAY
            due(store, now)
            of = (ending, lent)[number % 2]
            if doing == "publish":
                record(store, of, make_entry(number), now=now)
            elif doing == "edit":
                record(store, of, make_entry(number, summary=Text(f"<p>Version {turn}.</p>")), now=now)
            elif doing == "embargo":
                record(store, of, embargoed(number, NOW + 5 * DAY), now=now)
            elif doing == "house":
                maintain(store, now)
            elif found := rows(store, "SELECT id FROM articles WHERE article_id = ?", number):
                act = acts.withhold if doing == "withhold" else acts.restore
                with suppress(DeskError):  # as it would be by a right clock
                    act(store, found[0][0], CAUSE, now)
            if not right:  # eight seconds later the clock is right
                due(store, true + 8 * SECOND)
        end = NOW + 30 * DAY
        seen = {}
        for day in (1, 6, 12, 30):
            maintain(store, NOW + day * DAY)
            maintain(store, NOW + day * DAY + 10 * MINUTE)
            seen[day] = visible(store, NOW + day * DAY + 10 * MINUTE)
        assert ahead(store, end + HOUR) == {}
        ledger_is_whole(store)
        return seen


@settings(max_examples=examples(24), deadline=None)
@given(steps=STEPS)
def test_a_clock_that_jumps_makes_the_wire_that_a_right_one_makes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("time")
    assert live(folder / "wrong", steps, right=False) == live(folder / "right", steps, right=True)


# health, and agreements


def test_health_counts_up_to_a_time_and_says_which(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    for now, articles in ((NOW, 1), (NOW + 7 * DAY, 1), (NOW + 7 * DAY + SECOND, 0)):
        (row,) = store.health(now)
        assert (row["articles_7_days"], row["counted_at"]) == (articles, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    sql = "SELECT articles_7_days, counted_at FROM health"
    assert rows(store, sql) == [(0, None)]  # nobody has counted yet
    maintain(store, NOW + MINUTE)
    assert rows(store, sql) == [(1, "2026-11-22T10:01:00Z")]
    (row,) = store.health()
    assert row["counted_at"] == "2026-11-22T10:01:00Z"


def test_a_source_is_silent_by_the_time_that_is_given(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    with file_of(store) as connection:
        connection.execute("UPDATE sources SET silent_after = '2026-12-01T00:00:00Z'")
    at = datetime(2026, 12, 1, tzinfo=UTC)
    assert [str(store.health(now)[0]["problem"])[:6] for now in (at, at + SECOND)] == ["None", "silent"]


def test_health_says_when_it_counted_and_names_agreements(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G10: one that has ended, one that ends soon; and not one that ends later."""
    of = {"ended": -27, "soon": 30, "later": 31}
    publishers = [
        make_publisher(key, replace(AGREEMENT, expires=(NOW + days * DAY).date())) for key, days in of.items()
    ]
    with Store.open(place) as store:
        sync(store, WIRE, publishers, NOW, NOW.date())
        record(store, publishers[1], make_entry(1))
    options = ("--config", str(make_config(tmp_path / "config")), "--db", as_option(place))
    monkeypatch.setattr("aggregator.cli.health.utc_now", lambda: NOW)
    said = run(*options, "health").out
    assert "counted at 2026-11-22 10:00 UTC" in said
    assert (
        "the agreement with Ended (ended) ended on 2026-10-26: an excerpt is published instead of the full text" in said
    )
    assert "the agreement with Soon (soon) ends on 2026-12-22: after that day an excerpt is published" in said
    assert "(later)" not in said
    found = json.loads(run(*options, "health", "--json").out)
    assert {
        row["source_name"]: (row["agreement_ended"], row["agreement_ends"], row["counted_at"]) for row in found
    } == {
        "ended/feed": ("2026-10-26", None, "2026-11-22T10:00:00Z"),
        "soon/feed": (None, "2026-12-22", "2026-11-22T10:00:00Z"),
        "later/feed": (None, "2026-12-23", "2026-11-22T10:00:00Z"),
    }
    monkeypatch.setattr("aggregator.cli.health.utc_now", lambda: NOW + 40 * DAY)
    said = run(*options, "health").out
    assert "the newest poll is of 2026-11-22 10:00 UTC" in said
