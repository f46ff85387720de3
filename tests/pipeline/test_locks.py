"""A database that cannot be written for a while stops the polls with one message; they go on by themselves."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.cli import run as daemon
from aggregator.demo import Press
from aggregator.demo.sites import generate_feed
from aggregator.desk.terms import sync
from aggregator.model import Config, Publisher
from aggregator.model.errors import StoreBusy, StoreFull
from aggregator.store import Store
from tests.cli.test_cli import Desk
from tests.conftest import NOW, WIRE, make_publisher
from tests.databases import connections
from tests.hostile import Ran, run
from tests.test_trip import HOST, Trip, feed
from tests.waiting import eventually, until

TICK = timedelta(seconds=0.1)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def trip(press: Press, tmp_path: Path, publisher: Publisher) -> Trip:
    press.set_document(HOST, "/feed", feed(1, 2, 3))
    return Trip(press, tmp_path / "wire.db", [publisher])


@pytest.fixture
def desk(press: Press, tmp_path: Path) -> Desk:
    return Desk(tmp_path, press)


def asked(press: Press, path: str = "/feed") -> int:
    return sum(seen.path == path for seen in press.requests)


class Rounds:
    """The daemon over a store that the test can make unusable."""

    def __init__(self, trip: Trip, caplog: pytest.LogCaptureFixture) -> None:
        self.press = trip.press
        self.path = trip.place
        source = replace(trip.config.publishers[0].sources[0], url=f"{trip.press.url}/{HOST}/feed")
        publisher = replace(trip.config.publishers[0], sources=(source,))
        poll = replace(WIRE.poll, every=timedelta(seconds=0.6), shortest=timedelta(seconds=0.6))
        self.config = Config(wire=replace(WIRE, poll=poll), publishers=(publisher,))
        self._caplog = caplog
        self.attempts = 0
        caplog.set_level(logging.INFO, "aggregator")

    def __call__(self, story: Callable[[Store], Coroutine[None, None, None]], patience: float = 30) -> None:
        async def live(store: Store) -> None:
            stop = asyncio.Event()
            running = asyncio.create_task(daemon.poll_until(self.config, store, stop))
            try:
                await asyncio.wait_for(story(store), 90)
            finally:
                stop.set()
                await running

        with connections() as opened, Store.open(self.path, busy_seconds=patience) as store:
            self.connection = opened[-1]
            self.connection.set_trace_callback(self._count)
            sync(store, self.config.wire, self.config.publishers, NOW, NOW.date())
            asyncio.run(live(store))

    def _count(self, sql: str) -> None:
        self.attempts += sql.startswith("BEGIN IMMEDIATE")

    async def tried(self, times: int) -> None:
        """Waits until the daemon has tried so often to write."""
        end = self.attempts + times
        await eventually(lambda: self.attempts >= end)

    def complaints(self) -> list[str]:
        return [record.message for record in self._caplog.records if record.levelno >= logging.WARNING]

    def recoveries(self) -> int:
        return sum("polling is resumed" in record.message for record in self._caplog.records)

    async def stored(self, articles: int) -> None:
        await eventually(lambda: self.rows("SELECT count(*) FROM articles") == [(articles,)])

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def rounds(trip: Trip, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Rounds:
    monkeypatch.setattr(daemon, "TICK", TICK)
    return Rounds(trip, caplog)


@pytest.mark.parametrize(
    ("problem", "repaired", "said"),
    [
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "the disk is full; make room"),
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "can this user write the file and its folder?"),
    ],
    ids=["full", "read-only"],
)
def test_a_daemon_that_cannot_write_says_so_once_asks_nobody_and_goes_on(
    rounds: Rounds, problem: str, repaired: str, said: str
) -> None:
    async def story(store: Store) -> None:
        await rounds.stored(3)
        rounds.connection.execute(problem)
        rounds.press.set_document(HOST, "/feed", generate_feed(1, 50, now=NOW))
        await eventually(rounds.complaints)
        await rounds.tried(5)  # a poll that was under way when another job complained has ended
        before = asked(rounds.press)
        await rounds.tried(5)
        assert asked(rounds.press) == before, "a publisher was asked for what could not be stored"
        assert rounds.rows("SELECT count(*) FROM articles") == [(3,)]
        rounds.connection.execute(repaired)
        await rounds.stored(53)
        await eventually(rounds.recoveries)

    rounds(story)
    (complaint,) = rounds.complaints()
    assert complaint.startswith("polling is paused, and resumes by itself")
    assert said in complaint
    assert rounds.recoveries() == 1
    assert rounds.rows("SELECT name FROM settings WHERE name = 'room'") == []


@pytest.mark.long
def test_a_disk_with_room_for_a_little_does_not_make_the_daemon_ask_without_end(rounds: Rounds) -> None:
    """What it tries is written, what polls bring is not: every attempt asks publishers, so they become rarer."""
    words = "Les camions attendent. " * 4_000
    item = "<item><guid>long-{0}</guid><title>Long {0}</title><description>{1}</description></item>"
    long = "".join(item.format(number, words) for number in range(16))

    async def story(store: Store) -> None:
        await rounds.stored(3)
        (pages,) = rounds.connection.execute("PRAGMA page_count").fetchone()
        rounds.connection.execute(f"PRAGMA max_page_count = {pages + 72}")  # an attempt takes 64
        rounds.press.set_document(HOST, "/feed", feed(extra=long))
        await eventually(rounds.complaints)
        before = asked(rounds.press)
        await eventually(lambda: asked(rounds.press) >= before + 5, 60)  # each reads the document
        at = [seen.at for seen in rounds.press.requests if seen.path == "/feed"][-5:]
        assert at[-1] - at[0] > 7 * TICK.total_seconds()  # of four pauses each is twice the one before
        rounds.connection.execute("PRAGMA max_page_count = 1000000")
        await rounds.stored(19)

    rounds(story)
    assert len(rounds.complaints()) == 1


def test_a_lock_that_is_held_for_long_is_reported_once_and_the_daemon_goes_on(rounds: Rounds) -> None:
    async def story(store: Store) -> None:
        await rounds.stored(3)
        with locked(rounds.path):
            rounds.press.set_document(HOST, "/feed", feed(4, 1, 2, 3))
            await eventually(rounds.complaints)
            await rounds.tried(3)
        await rounds.stored(4)
        await eventually(rounds.recoveries)

    rounds(story, patience=0.3)
    (complaint,) = rounds.complaints()
    assert "another program has kept the database locked" in complaint
    assert rounds.recoveries() == 1


def test_a_lock_that_is_held_for_less_than_our_patience_is_waited_for(rounds: Rounds) -> None:
    async def story(store: Store) -> None:
        await rounds.stored(3)
        with locked(rounds.path):
            rounds.press.set_document(HOST, "/feed", feed(4, 1, 2, 3))
            await rounds.tried(1)
        await rounds.stored(4)

    rounds(story)
    assert rounds.complaints() == []


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock as long as the block lasts."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate()


def test_a_fetch_waits_for_a_lock_and_loses_nothing(desk: Desk) -> None:
    desk.press.misbehave("one.example", "/feed", "slow", seconds=2.0)
    begun = 0

    def count(sql: str) -> None:
        nonlocal begun
        begun += sql.startswith("BEGIN IMMEDIATE")

    def hold(opened: Sequence[sqlite3.Connection]) -> None:
        until(lambda: asked(desk.press) == 2)
        opened[-1].set_trace_callback(count)
        with locked(desk.database):
            until(lambda: begun)

    with connections() as opened, ThreadPoolExecutor(1) as holding:
        held = holding.submit(hold, opened)
        assert run("--config", str(desk.config), "fetch") == Ran(0, "", "")
        held.result()
    assert desk.rows("SELECT count(*) FROM articles") == [(4,)]


@pytest.mark.long
def test_a_pass_over_many_ends_with_the_first_lock_that_outlasts_our_patience(trip: Trip) -> None:
    """It once waited anew for every batch of polls that came behind."""
    publishers = [make_publisher(f"paper-{number}") for number in range(15)]
    for publisher in publishers:
        trip.press.set_document(f"{publisher.key}.example", "/feed", generate_feed(1, 20, now=NOW))
    trip.config = Config(wire=WIRE, publishers=tuple(publishers))
    trip()
    for publisher in publishers:
        trip.press.set_document(f"{publisher.key}.example", "/feed", generate_feed(2, 20, now=NOW))
    patience = 3.0
    with Store.open(trip.place, busy_seconds=patience) as store:
        sync(store, WIRE, publishers, NOW, NOW.date())
        with locked(trip.place):
            waited = time.monotonic()
            with pytest.raises(StoreBusy):
                asyncio.run(trip.poll(store, store.due(None)))
            waited = time.monotonic() - waited
    assert waited < 1.7 * patience
    assert sum(poll.new for poll in trip()) == 300  # two transactions at least


def test_a_long_query_does_not_stop_writing_and_leaves_no_long_log(trip: Trip) -> None:
    trip()
    log = trip.place.with_name("wire.db-wal")
    with Store.open(trip.place) as store, closing(sqlite3.connect(trip.place)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM polls").fetchone()
        for number in range(30):
            store.keep_config(f"long-{number}", str(number % 10) * 4_000_000)
        longest = log.stat().st_size
        assert longest > 100 << 20
        assert reader.execute("SELECT count(*) FROM settings WHERE value LIKE 'long-%'").fetchone() == (0,)
        reader.rollback()
        for number in range(3):
            store.keep_config(f"short-{number}", "0")
        assert log.stat().st_size <= 64 << 20


def test_a_full_disk_ends_the_pass_with_one_message_and_loses_nothing(trip: Trip) -> None:
    trip()
    big = generate_feed(1, 50, now=NOW)
    trip.press.set_document(HOST, "/feed", big)
    with connections() as opened, Store.open(trip.place) as store:
        (pages,) = opened[-1].execute("PRAGMA page_count").fetchone()
        opened[-1].execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreFull):
            asyncio.run(trip.poll(store, store.due(None)))
    assert trip.rows("SELECT count(*) FROM articles") == [(3,)]
    (poll,) = trip()
    assert poll.new == 50
