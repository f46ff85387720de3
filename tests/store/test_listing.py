"""The order of lists: newest first by listing time, in `search` as in `latest`; without dates, the document's."""

from __future__ import annotations

import random
from datetime import timedelta
from email.utils import format_datetime
from itertools import product
from typing import Any

import pytest

from aggregator.desk.housekeeping import maintain
from aggregator.desk.terms import sync
from aggregator.model import Entry, PollSettings, Publisher, Selection, Text
from aggregator.pipeline.recording import record as record_polls
from aggregator.scheduling.polls import Pace
from aggregator.store import Store
from aggregator.store.queries import reading
from aggregator.text.dates import to_iso
from aggregator.text.query import parse
from tests.conftest import NOW, WIRE, file_of, make_articles, make_entry, make_poll, make_publisher, record, scaled

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANY = Selection()


def undated(number: int, **fields: object) -> Entry:
    return make_entry(number, title=Text(f"Dossier {number}", "text/plain"), **{"published": None, **fields})


def latest(store: Store) -> list[str]:
    return [(report.title or "").removeprefix("Dossier ") for report in store.latest(Selection(limit=1000))]


def found(store: Store, words: str = "dossier", **fields: Any) -> list[str]:
    reports = store.search(parse(words), Selection(**{"limit": 1000, **fields}))
    return [(report.title or "").removeprefix("Dossier ") for report in reports]


def test_the_first_of_a_document_without_dates_is_the_newest(store: Store, publisher: Publisher) -> None:
    record(store, publisher, *map(undated, (1, 2, 3, 4, 5)))
    assert latest(store) == found(store) == list("12345")
    record(store, publisher, *map(undated, (7, 6, 1, 2, 3)), now=NOW + HOUR)
    assert latest(store) == found(store) == list("7612345")


def test_of_one_stated_time_the_first_of_the_document_is_the_newest(store: Store, publisher: Publisher) -> None:
    record(store, publisher, *(undated(number, published="Sat, 21 Nov 2026 00:00:00 GMT") for number in (1, 2, 3)))
    assert latest(store) == found(store) == list("123")


def test_the_last_is_the_newest_where_the_dates_say_so(store: Store, publisher: Publisher) -> None:
    dates = {2: 1, 3: 1, 4: 3, 6: 5}
    entries = [
        undated(n, published=format_datetime(NOW + (dates[n] - 20) * HOUR) if n in dates else None)
        for n in (1, 2, 3, 4, 5, 6)
    ]
    record(store, publisher, *entries)
    assert latest(store) == found(store) == list("516432")  # 5 and 1 have no date: they came now


def test_the_bound_of_a_poll_keeps_the_first_of_the_document(store: Store, publisher: Publisher) -> None:
    """What is kept out of `latest` are the oldest."""
    pace = Pace(settings=PollSettings(most_new_per_poll=2))
    articles = make_articles(publisher, *map(undated, (1, 2, 3, 4)))
    record_polls(store, [(make_poll(publisher.sources[0]), articles)], NOW, pace)
    while store.index():
        pass
    assert latest(store) == ["1", "2"]
    assert found(store) == list("1234")


def test_a_report_that_was_revised_stays_where_it_is_listed(store: Store, publisher: Publisher) -> None:
    dated = [undated(n, published=format_datetime(NOW - n * HOUR)) for n in (1, 2, 3)]
    record(store, publisher, *dated)
    edited = undated(3, published=dated[2].published, summary=Text("<p>Tout autre chose : le fleuve monte.</p>"))
    record(store, publisher, dated[0], edited, now=NOW + 2 * DAY)
    assert store.search(parse("fleuve"), ANY)
    assert latest(store) == found(store) == list("123")
    assert [report.id for report in store.search(parse("dossier"), ANY, ranked=True)] != []


@pytest.mark.parametrize("seed", range(scaled(60)))
def test_a_search_finds_the_newest_whatever_was_written_when(store: Store, seed: int) -> None:
    """As sorting all matches would."""
    chance = random.Random(seed)
    publishers = [make_publisher("one"), make_publisher("two", country="KE")]
    sync(store, WIRE, publishers, NOW, NOW.date())
    for poll in range(30):
        now = NOW + poll * HOUR
        entries = []
        for number in chance.sample(range(120), chance.randrange(1, 8)):
            back = chance.choice([0, 0, 1, 2, 5, 24, 24 * 40]) * HOUR - chance.randrange(-20, 60) * HOUR / 60
            published = chance.choice([None, format_datetime(now - back)])
            word = chance.choice(["rare"] + ["common"] * 5)
            entries.append(undated(number, published=published, summary=Text(f"<p>{word} {poll} {number}</p>")))
        record(store, chance.choice(publishers), *entries, now=now)
    now = NOW + 31 * HOUR
    every = {
        word: {report.id for report in store.search(parse(word), Selection(limit=1000), ranked=True)}
        for word in ("dossier", "rare", "common")
    }
    for fields in (
        {},
        {"publishers": ("two",)},
        {"since": now - 9 * HOUR},
        {"countries": ("ML",), "since": NOW},
        {"publishers": ("two", "one")},
    ):
        listed = _listed(store, **fields)
        for word, limit in product(every, (1, 2, 5, 20, 1000)):
            selected = store.search(parse(word), Selection(limit=limit, **fields))  # type: ignore[arg-type]
            assert [report.id for report in selected] == [row for row in listed if row in every[word]][:limit]


def _listed(store: Store, publishers: Any = (), countries: Any = (), since: Any = None) -> list[str]:
    said = "SELECT id, publisher, country, sort_time FROM wire ORDER BY sort_time DESC, first_seen DESC, article_id"
    return [
        id_
        for id_, of, where, at in store.query(said)[1]
        if (not publishers or of in publishers)
        and (not countries or where in countries)
        and (since is None or at >= to_iso(since))
    ]


def test_a_change_that_waited_does_not_end_the_search(store: Store, publisher: Publisher) -> None:
    """Its words were seen before those of reports that are older in the index."""
    record(store, publisher, undated(1), now=NOW)
    record(store, publisher, undated(2), now=NOW + 5 * HOUR)
    record(store, publisher, undated(3), now=NOW + 6 * HOUR)
    record(store, publisher, undated(1, summary=Text("<p>Le fleuve monte encore.</p>")), now=NOW + 2 * DAY)
    with file_of(store) as connection:
        connection.execute("UPDATE revisions SET seen_at = '2020-01-01T00:00:00Z' WHERE number = 2")
    assert found(store, limit=1) == ["3"]
    assert found(store, limit=2) == ["3", "2"]


# What it costs


@pytest.mark.parametrize(
    "selection",
    [
        ANY,
        Selection(publishers=("daily-example",)),
        Selection(countries=("ML",)),
        Selection(since=NOW),
        Selection(languages=("fr",)),
    ],
)
def test_lists_are_read_by_an_index_and_sort_nothing_but_what_they_print(
    store: Store, publisher: Publisher, selection: Selection
) -> None:
    record(store, publisher, *map(undated, range(30)))
    maintain(store, NOW)
    said: list[str] = []
    with file_of(store) as connection:
        connection.set_trace_callback(said.append)
        assert list(reading.listed(connection, None, selection)) == store.latest(selection)
        assert list(reading.listed(connection, parse("dossier"), selection)) == store.search(
            parse("dossier"), selection
        )
    queries = [sql for sql in said if sql.lstrip().startswith("SELECT w.")]
    assert len(queries) >= 3  # the second of a search prints those that the first found
    for sql in queries:
        with file_of(store) as connection:
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        scans = [step for step in plan if step.startswith("SCAN")]
        assert all("USING INDEX articles_" in step or "VIRTUAL TABLE INDEX" in step for step in scans), plan
        if "json_each" not in sql:
            # Sorted are those of one and the same time, as they come from the index; versions of SQLite say so with
            # "LAST 2 TERMS OF ORDER BY" or "RIGHT PART OF ORDER BY".
            assert not any("TEMP B-TREE FOR ORDER BY" in step for step in plan), plan


def test_a_search_ends_where_what_is_left_must_be_older(store: Store, publisher: Publisher) -> None:
    def steps() -> int:
        taken: list[int] = []
        with file_of(store) as connection:
            connection.set_progress_handler(lambda: taken.append(1), 1)
            assert len(list(reading.listed(connection, parse("dossier"), Selection(limit=5)))) == 5
            connection.set_progress_handler(None, 1)
        return len(taken)

    for poll in range(10):
        record(store, publisher, *(undated(poll * 10 + n) for n in range(10)), now=NOW + poll * HOUR)
    before = steps()
    for poll in range(10, 40):
        record(store, publisher, *(undated(poll * 10 + n) for n in range(10)), now=NOW + poll * HOUR)
    assert steps() <= before * 1.2
