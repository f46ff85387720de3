"""Writers at the same time, each with a connection of its own, in both stores: nothing is stored twice, nothing is
lost, the ledger has no gap and nobody waits for ever; and one that is killed in the middle leaves nothing behind.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier, Event

import pytest
from msgspec.structs import replace

from aggregator.desk import rules
from aggregator.desk.purging import purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Cursor, Document, Entry, Publisher, Source, Tags, Text
from aggregator.model.place import Place
from aggregator.model.selection import Selection
from aggregator.model.snapshots import Extent
from aggregator.normalise import normalise
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from tests import killed
from tests.conftest import NOW, WIRE, file_of, make_articles, make_entry, make_poll, make_publisher, scaled

HOUR = timedelta(hours=1)
TOGETHER = 120  # seconds; a writer that waits for longer waits for ever
ROUNDS = scaled(80)
STARTED = multiprocessing.get_context("spawn")
PERSON = Cause(actor="person:ama", reason="a mistake")

DAILY = make_publisher("daily-example")
SISTER = Source(publisher=DAILY.key, key="sister", url="http://daily-example.example/sister")
PUBLISHERS = [
    replace(DAILY, sources=(*DAILY.sources, SISTER)),
    make_publisher("gazeti", languages=("sw",), country="TZ"),
    make_publisher("sahifa", languages=("ar",), country="SD"),
]


# Each idea of a store of its own is run over every kind in `make test`: polls, a configuration, one that is killed.
pytestmark = pytest.mark.stores("soak")


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """It knows three publishers, of which the first has two sources."""
    with Store.open(place) as opened:
        sync(opened, WIRE, PUBLISHERS, NOW, NOW.date())
        yield opened


def together(place: Place, *doings: Callable[[Store], None]) -> None:
    """Each in a thread and with a connection of its own, all at once; raises what the first one raised."""
    ready = Barrier(len(doings))

    def with_its_own(doing: Callable[[Store], None]) -> None:
        with Store.open(place) as opened:
            ready.wait(TOGETHER)
            doing(opened)

    with ThreadPoolExecutor(len(doings)) as threads:
        for done in [threads.submit(with_its_own, doing) for doing in doings]:
            done.result(TOGETHER)


def entries_of(number: int) -> list[Entry]:
    """What a document lists at the poll of this number: two new reports, and the one before in other words."""
    edited = make_entry(2 * number - 1, title=Text(f"Le pont numéro {2 * number - 1} ferme", "text/plain"))
    return [make_entry(2 * number), make_entry(2 * number + 1), *([edited] if number else [])]


def polls_of(publisher: Publisher, source: Source, store: Store) -> None:
    for number in range(ROUNDS):
        now = NOW + number * HOUR
        articles = normalise(Document(format="rss20", entries=tuple(entries_of(number))), source, publisher).articles
        record_polls(store, [(make_poll(source, now), articles)], now)


def lines(store: Store) -> list[tuple[int, str]]:
    """Number and kind of every line of the ledger, as they are stored; there is no gap."""
    with file_of(store) as connection:
        found = connection.execute("SELECT seq, change_kind FROM changes ORDER BY seq").fetchall()
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
    return [(int(seq), str(kind)) for seq, kind in found]


def counts(store: Store, sql: str) -> dict[object, object]:
    with file_of(store) as connection:
        return dict(connection.execute(sql).fetchall())


def follow(place: Place, ends: Event) -> list[int]:
    """The numbers of all lines, as a subscriber reads them: what is behind the last one read, again and again."""
    seen: list[int] = []
    after: Cursor | None = None
    with Store.read(place) as reader:
        is_last = False
        while not is_last:
            is_last = ends.is_set()
            for line in reader.changes(after, Selection()):
                seen.append(line["seq"])
                after = Cursor.read(line["cursor"])
    return seen


@pytest.mark.stores
def test_polls_of_several_publishers_and_nobody_who_follows_misses_a_line(store: Store) -> None:
    ends = Event()
    with ThreadPoolExecutor(1) as threads:
        following = threads.submit(follow, store.place, ends)
        try:
            together(store.place, *(partial(polls_of, each, each.sources[0]) for each in PUBLISHERS))
        finally:
            ends.set()
        assert following.result(TOGETHER) == [seq for seq, _ in lines(store)]
    each = {publisher.key: 2 * ROUNDS for publisher in PUBLISHERS}
    assert counts(store, "SELECT publisher, count(*) FROM articles GROUP BY publisher") == each
    versions = "SELECT a.publisher, count(*) FROM articles AS a JOIN revisions AS r ON r.article_id = a.article_id"
    assert counts(store, f"{versions} GROUP BY a.publisher") == dict.fromkeys(each, 3 * ROUNDS - 1)


@pytest.mark.stores
def test_polls_of_one_publisher_that_list_the_same_reports_store_each_once(store: Store) -> None:
    both = PUBLISHERS[0]
    together(store.place, *(partial(polls_of, both, source) for source in both.sources))
    assert counts(store, "SELECT publisher, count(*) FROM articles GROUP BY publisher") == {both.key: 2 * ROUNDS}
    assert {kind for _, kind in lines(store)} <= {"new", "revised", "corrected"}
    assert counts(store, "SELECT source_id, count(*) FROM polls GROUP BY source_id") == {1: ROUNDS, 2: ROUNDS}
    sighted = counts(store, "SELECT article_id, count(*) FROM sightings GROUP BY article_id")
    assert set(sighted.values()) == {2}


def test_what_a_person_decides_while_polls_are_decided_is_neither_lost_nor_undone(store: Store) -> None:
    publisher = PUBLISHERS[1]
    record_polls(store, [(make_poll(publisher.sources[0]), make_articles(publisher, make_entry(1)))], NOW)
    (report,) = [each.id for each in store.latest(Selection())]
    done: list[str] = []

    def edit(writer: Store) -> None:
        for number in range(ROUNDS):
            now = NOW + (1 + number) * HOUR
            entry = make_entry(1, title=Text(f"Daraja la {number} limefungwa", "text/plain"))
            record_polls(writer, [(make_poll(publisher.sources[0], now), make_articles(publisher, entry))], now)

    def decide(desk: Store) -> None:
        for number in range(ROUNDS):
            state = desk.report_state(report)
            assert state is not None
            decision = rules.restore(state, PERSON) if number % 2 else rules.withhold(state, PERSON, NOW)
            if desk.act(decision, NOW + HOUR):
                done.append(decision.acts[-1].act)

    together(store.place, edit, decide)
    assert (
        [act["act"] for act in store.acts(report)]
        == done
        == ["withhold", "restore"] * (ROUNDS // 2) + (["withhold"] if ROUNDS % 2 else [])
    )
    state = store.report_state(report)
    assert state is not None
    assert (state.status == "withheld") == bool(ROUNDS % 2)
    assert [kind for _, kind in lines(store) if kind in ("withheld", "restored")] == [
        "withheld" if act == "withhold" else "restored" for act in done
    ]
    (versions,) = [row["number"] for row in store.revisions(report)[-1:]]
    assert versions == ROUNDS + 1


@pytest.mark.stores
def test_who_reads_a_snapshot_reads_one_moment_and_keeps_nobody_from_purging(store: Store) -> None:
    for publisher in PUBLISHERS:
        polls_of(publisher, publisher.sources[0], store)
    reports = sorted(map(str, counts(store, "SELECT id, revision FROM articles")))
    newest = store.last_cursor()
    assert newest is not None
    extent = Extent(selection=Selection(), is_public=False, up_to=newest, time=NOW)
    with Store.read(store.place) as reader, reader.one_state():
        rows = reader.rows_of_snapshot("reports", extent)
        first = next(rows)
        with Store.open(store.place) as desk:
            purge(desk, reports, PERSON, NOW + HOUR)
        read = [first, *rows]
        assert {row["id"] for row in read} == set(reports)
        assert all(row["title"] and row["status"] == "usable" for row in read)
        assert all(row["words"] for row in reader.rows_of_snapshot("versions", extent))
    assert store.latest(Selection()) == []
    assert [kind for _, kind in lines(store)].count("deleted") == len(reports)


@pytest.mark.stores
def test_of_two_configurations_written_at_once_one_holds_whole(store: Store) -> None:
    def configure(name: str, writer: Store) -> None:
        for number in range(ROUNDS):
            renamed = [
                replace(each, name=f"{each.name} {name}", homepage=f"http://{name}.example/") for each in PUBLISHERS
            ]
            sync(writer, replace(WIRE, name=f"Wire {name}"), renamed[: 2 + number % 2], NOW, NOW.date())

    together(store.place, partial(configure, "one"), partial(configure, "two"), partial(configure, "three"))
    held = counts(store, "SELECT publisher, homepage FROM publishers WHERE configured = 1")
    assert len(held) in (2, 3)
    (homepage,) = set(held.values())
    name = str(homepage).removeprefix("http://").removesuffix(".example/")
    before = store.config_digest()
    renamed = [replace(each, name=f"{each.name} {name}", homepage=str(homepage)) for each in PUBLISHERS]
    assert not sync(store, replace(WIRE, name=f"Wire {name}"), renamed[: len(held)], NOW, NOW.date())
    assert store.config_digest() == before


def test_two_that_tag_what_waits_tag_all_of_it_and_nothing_twice(store: Store) -> None:
    for publisher in PUBLISHERS:
        polls_of(publisher, publisher.sources[0], store)
    changed: list[int] = []
    found = Tags(by="tables", language="pt", language_from="words")

    def tag(writer: Store) -> None:
        while waiting := writer.to_tag(3):
            changed.append(writer.save_tags([(each, found) for each in waiting], NOW + HOUR))

    together(store.place, tag, tag)
    assert store.to_tag(1) == []
    assert sum(changed) == len(counts(store, "SELECT id, revision FROM articles"))
    assert [kind for _, kind in lines(store)].count("retagged") == sum(changed)


# One that is killed


@pytest.mark.stores
def test_a_writer_that_is_killed_leaves_nothing_and_keeps_nobody_waiting(store: Store) -> None:
    for number in range(scaled(20)):
        before = lines(store)
        doomed = PUBLISHERS[1 + number % 2]
        polled = [
            (make_poll(doomed.sources[0], NOW + poll * HOUR), make_articles(doomed, *entries_of(poll)))
            for poll in range(number + 1)
        ]
        process = STARTED.Process(target=killed.record, args=(store.place, polled, NOW + number * HOUR))
        process.start()
        process.join(TOGETHER)
        assert process.exitcode == -signal.SIGKILL
        assert lines(store) == before
        publisher = PUBLISHERS[0]
        now = NOW + number * HOUR
        record_polls(store, [(make_poll(publisher.sources[0], now), make_articles(publisher, make_entry(number)))], now)
        assert len(lines(store)) == len(before) + 1
