"""`reports_per_day` says what a plain count of the wire says, after every kind of act, whoever does it."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.housekeeping import maintain, release_embargoes
from aggregator.desk.merges import split
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Entry, Link, PollSettings, Publisher, Selection, Text
from aggregator.model.errors import DeskError, StoreError
from aggregator.pipeline.recording import record as record_polls
from aggregator.revisions import withdrawals
from aggregator.scheduling.polls import Pace
from aggregator.store import Store
from tests.conftest import (
    NOW,
    QUOTATION,
    SOAK,
    WIRE,
    examples,
    file_of,
    make_articles,
    make_entry,
    make_poll,
    make_publisher,
    record,
    some,
)
from tests.make_database import DATABASES
from tests.rows import every_row
from tests.store.test_store import rows

pytestmark = pytest.mark.stores("soak")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAR = datetime(2099, 1, 1, tzinfo=UTC)
CAUSE = Cause(actor="person:test", reason="a test")
CLOSED = replace(QUOTATION, text_scope="none")

_PLAIN = """
    SELECT publisher, substr(sort_time, 1, 10) AS day, count(*), sum(backfill) FROM wire GROUP BY publisher, day
    ORDER BY publisher, day
"""
_HELD = """
    SELECT a.publisher, substr(a.sort_time, 1, 10) AS day, count(*), count(w.id),
      count(*) FILTER (WHERE a.notice = 'withdrawn')
    FROM articles AS a LEFT JOIN wire AS w ON w.id = a.id WHERE a.notice IS DISTINCT FROM 'removed'
    GROUP BY a.publisher, day ORDER BY a.publisher, day
"""


def assert_counted(store: Store) -> None:
    usable = rows(store, _PLAIN)
    assert rows(store, "SELECT publisher, day, articles, backfill FROM daily ORDER BY publisher, day") == usable
    sums = "sum(held), sum(usable), sum(withdrawn)"
    held = rows(store, _HELD)
    assert rows(store, f"SELECT publisher, day, {sums} FROM reports_per_day GROUP BY 1, 2 ORDER BY 1, 2") == held  # noqa: S608
    assert store.count(Selection()) == sum(count - late for _, _, count, late in usable)
    made: dict[str, Callable[[Any], Selection]] = {
        "publisher": lambda value: Selection(publishers=(value,)),
        "class": lambda value: Selection(item_classes=(value,)),
        "country": lambda value: Selection(countries=(value,)),
    }
    for column, selection in made.items():
        for value, count in rows(store, f"SELECT {column}, count(*) FROM wire WHERE backfill = 0 GROUP BY 1"):  # noqa: S608
            assert store.count(selection(value)) == count
    listed = store.publishers()
    assert sum(row["articles"] for row in listed) == sum(count for _, _, count, _ in usable)
    assert sum(row["held"] for row in listed) == sum(row[2] for row in held)
    assert sum(row["withdrawn"] for row in listed) == sum(row[4] for row in held)


class Wire:
    """Two publishers, and acts upon whatever report chance names."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self.store, self.chance, self.now, self.drifted = store, chance, NOW, 0
        self.publishers = [make_publisher("one"), make_publisher("two")]
        self._sync()

    def do(self, act: str) -> None:
        self.now += HOUR
        with suppress(DeskError, StoreError):
            getattr(self, act)()

    def _sync(self) -> None:
        sync(self.store, WIRE, self.publishers, NOW, NOW.date())

    def _report(self) -> tuple[int, str]:
        found = rows(self.store, "SELECT article_id, id FROM articles")
        if not found:
            raise StoreError("there is none yet")
        article, public_id = self.chance.choice(found)
        return int(str(article)), str(public_id)

    def _poll(self, *entries: Entry) -> None:
        record(self.store, self.chance.choice(self.publishers), *entries, now=self.now)

    def new(self) -> None:
        days = self.chance.choice([0, 0, 1, 30])
        dates = [None, f"{NOW - days * DAY:%d %b %Y %H:%M:%S} GMT"]
        self._poll(*(make_entry(n, published=self.chance.choice(dates)) for n in self.chance.sample(range(20), 3)))

    def edit(self) -> None:
        self._poll(make_entry(self.chance.randrange(20), title=Text(f"Le pont {self.now:%H} ferme", "text/plain")))

    def refile(self) -> None:
        """Listed again by a source of another class."""
        publisher = self.chance.choice(self.publishers)
        source = replace(publisher.sources[0], item_class=self.chance.choice(["news", "opinion"]))
        entry = make_entry(self.chance.randrange(20), title=Text(f"Le pont {self.now:%H} rouvre", "text/plain"))
        articles = make_articles(replace(publisher, sources=(source,)), entry)
        record_polls(self.store, [(make_poll(source, self.now), articles)], self.now)

    def withdrawn_by_feed(self) -> None:
        self._poll(make_entry(self.chance.randrange(20), title=Text("WITHDRAWN: Le pont rouvre", "text/plain")))

    def tombstone(self) -> None:
        publisher = self.chance.choice(self.publishers)
        poll = make_poll(publisher.sources[0], self.now, withdrawn=(make_entry(self.chance.randrange(20)).id,))
        record_polls(self.store, [(poll, ())], self.now)

    def embargoed_by_feed(self) -> None:
        title = Text(f"EMBARGOED UNTIL 1 January 2099 06:00 GMT: Le pont {self.now:%d %H}", "text/plain")
        self._poll(make_entry(100 + self.now.hour, title=title))

    def merge(self) -> None:
        self.drifted += 1
        self._poll(make_entry(self.chance.randrange(20), id=f"drifted-{self.drifted}"))

    def split(self) -> None:
        found = [one["merge_id"] for one in self.store.merges() if one["undone_at"] is None]
        if found:
            split(self.store, self.chance.choice(found), self.now)

    def withhold(self) -> None:
        acts.withhold(self.store, self._report()[1], CAUSE, self.now)

    def legal(self) -> None:
        acts.withhold(self.store, self._report()[1], CAUSE, self.now, legal=True)

    def withdraw(self) -> None:
        acts.withdraw(self.store, self._report()[1], CAUSE, self.now)

    def restore(self) -> None:
        acts.restore(self.store, self._report()[1], CAUSE, self.now)

    def embargo(self) -> None:
        acts.embargo(self.store, self._report()[1], FAR, CAUSE, self.now)

    def release(self) -> None:
        release_embargoes(self.store, FAR + DAY)

    def by_page(self) -> None:
        acts.obey(self.store, self._report()[1], withdrawals.DELETED, self.now)

    def purge(self) -> None:
        purge(self.store, chosen(self.store, [self._report()[1]], None, None), CAUSE, self.now)

    def close_rights(self) -> None:
        self._of_rights(CLOSED)

    def open_rights(self) -> None:
        self._of_rights(QUOTATION)

    def _of_rights(self, rights: object) -> None:
        number = self.chance.randrange(2)
        self.publishers[number] = replace(self.publishers[number], rights=rights)
        self._sync()

    def housekeeping(self) -> None:
        maintain(self.store, self.now)

    def by_hand(self) -> None:
        """Somebody's own SQL."""
        article_id, _ = self._report()
        column, value = self.chance.choice(
            [
                ("sort_time", "2026-01-02T00:00:00Z"),
                ("backfill", 1),
                ("backfill", 0),
                ("publisher", "two"),
                ("class", "x"),
            ]
        )
        with file_of(self.store) as connection:
            connection.execute(f"UPDATE articles SET {column} = ? WHERE article_id = ?", (value, article_id))  # noqa: S608


ACTS = [name for name in vars(Wire) if not name.startswith("_") and name != "do"]


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ACTS), min_size=5, max_size=25), st.integers(0, 2**32))
@example(ACTS, 0)  # each act at least once
def test_daily_is_a_plain_count_after_every_act(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str], seed: int
) -> None:
    with Store.open(tmp_path_factory.mktemp("counts") / "wire.db") as store:
        wire = Wire(store, random.Random(seed))
        wire.new()
        wire.merge()
        for act in acts:
            wire.do(act)
            assert_counted(store)


@pytest.mark.soak
@pytest.mark.parametrize("act", some(ACTS, 3))
def test_daily_is_a_plain_count_after_each_act_alone(store: Store, act: str) -> None:
    """Whatever the property's chance leaves out."""
    wire = Wire(store, random.Random(act))
    for before in ("new", "merge", act, "restore", act, "release", act):
        wire.do(before)
        assert_counted(store)


def test_what_a_split_makes_is_counted(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    record(store, publisher, make_entry(1, id="another"), now=NOW + HOUR)
    assert rows(store, "SELECT sum(articles) FROM daily") == [(1,)]
    (merge,) = store.merges()
    split(store, merge["merge_id"], NOW + 2 * HOUR)
    assert rows(store, "SELECT sum(articles) FROM daily") == [(2,)]


def test_a_day_without_any_has_no_row_and_a_report_that_comes_back_counts_again(
    store: Store, publisher: Publisher
) -> None:
    record(store, publisher, make_entry(1))
    (report,) = store.latest(Selection())
    acts.withhold(store, report.id, CAUSE, NOW)
    assert rows(store, "SELECT * FROM daily") == []
    assert [row["articles"] for row in store.publishers()] == [0]
    acts.restore(store, report.id, CAUSE, NOW)
    assert rows(store, "SELECT articles FROM daily") == [(1,)]


def test_rows_that_are_deleted_are_counted_no_more(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1), make_entry(2))
    with file_of(store) as connection:
        for table in ("bodies", "sightings", "article_keys", "near_keys", "search_queue", "changes", "revisions"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
        connection.execute("DELETE FROM articles WHERE article_id = 1")
    assert rows(store, "SELECT articles FROM daily") == [(1,)]
    with file_of(store) as connection:
        connection.execute("DELETE FROM terms")
    assert rows(store, "SELECT * FROM daily") == []


@every_row(
    "packed", sorted(DATABASES.glob("*.db.gz"))[0 if SOAK else 5 :: 1 if SOAK else 4], ids=lambda path: path.name
)
def test_an_older_database_is_counted_anew(packed: Path, tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    with Store.open(path) as store:
        assert rows(store, "SELECT count(*) > 1 FROM daily") == [(1,)]
        assert_counted(store)


def test_embargoed_reports_count_for_what_a_day_may_add(store: Store, publisher: Publisher) -> None:
    """Else as many as anybody likes could wait behind one hour, and come into `latest` together."""
    pace = Pace(settings=PollSettings(most_new_per_day=5))
    title = "EMBARGOED UNTIL 1 January 2099 06:00 GMT: Le pont"
    for poll in range(3):
        numbers = range(poll * 3, poll * 3 + 3)
        entries = [
            make_entry(n, title=Text(f"{title} {n}", "text/plain"), links=(Link(f"http://x/{n}"),)) for n in numbers
        ]
        articles = make_articles(publisher, *entries)
        record_polls(store, [(make_poll(publisher.sources[0]), articles)], NOW + poll * HOUR, pace)
    assert rows(store, "SELECT count(*), sum(backfill) FROM articles") == [(9, 4)]
    assert rows(store, "SELECT * FROM daily") == []
    release_embargoes(store, FAR + DAY)
    assert rows(store, "SELECT articles, backfill FROM daily") == [(9, 4)]


def test_what_left_is_counted_on_by_the_key_of_today(tmp_path: Path) -> None:
    """Also where a server that did not know of a new key has counted by the former one on the same day."""
    with Store.open(tmp_path / "wire.db") as store:
        publisher = make_publisher("one")
        sync(store, WIRE, [publisher], NOW, NOW.date())
        store.count_released(NOW.date(), {("one", "web"): 3, ("one", "api"): 1})
        store.rename_publishers({"one": "uno"}, NOW)
        store.count_released(NOW.date(), {("one", "web"): 2, ("uno", "web"): 4})
        store.rename_publishers({"uno": "one"}, NOW)
        assert store.released_since(NOW.date()) == {("one", "web"): 9, ("one", "api"): 1}
