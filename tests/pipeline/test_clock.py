"""A clock that jumps neither stops a source nor makes the daemon ask without end."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Config, Publisher
from aggregator.model.place import Place
from aggregator.pipeline.clock import Job, run_until
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from tests import ROOT, commands
from tests.brisk import brisk
from tests.cli.test_cli import Desk
from tests.conftest import NOW, WIRE, make_publisher
from tests.test_trip import HOST, Trip, feed
from tests.waiting import until

FIXTURES = ROOT / "tests" / "fixtures" / "clock"
HOUR = timedelta(hours=1)
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, and sets a clock as Linux lets it")


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def trip(press: Press, place: Place, publisher: Publisher) -> Trip:
    press.set_document(HOST, "/feed", feed(1, 2, 3))
    return Trip(press, place, [publisher])


@pytest.fixture
def desk(press: Press, tmp_path: Path) -> Desk:
    return Desk(tmp_path, press)


def asked(press: Press, path: str = "/feed") -> int:
    return sum(seen.path == path for seen in press.requests)


def test_a_clock_that_jumps_forward_makes_every_source_due_once(trip: Trip) -> None:
    trip()
    trip.now += HOUR
    assert len(trip(due_only=True)) == 1
    assert trip(due_only=True) == []
    assert asked(trip.press) == 2
    assert asked(trip.press, "/robots.txt") == 1


HALF_HOUR, LATE = timedelta(minutes=30), timedelta(minutes=3)  # by which chance may delay a poll


def half_hourly(publisher: Publisher) -> Publisher:
    return replace(publisher, sources=tuple(replace(source, every=HALF_HOUR) for source in publisher.sources))


def test_a_clock_that_jumps_back_makes_no_source_wait_longer_than_its_interval(trip: Trip) -> None:
    trip.config = Config(wire=WIRE, publishers=tuple(map(half_hourly, trip.config.publishers)))
    trip.now += HOUR
    trip()
    trip.now -= HOUR
    assert trip(due_only=True) == []
    assert trip.rows("SELECT last_poll, last_success FROM sources") == [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z")
    ]
    trip.now += HALF_HOUR + LATE
    (poll,) = trip(due_only=True)
    assert poll.outcome == "not_modified"
    assert trip(due_only=True) == []
    assert asked(trip.press, "/robots.txt") <= 2


def test_a_clock_that_was_years_ahead_stops_no_source(trip: Trip, publisher: Publisher) -> None:
    """A machine that starts before it has asked a time server may believe anything."""
    publisher, new = half_hourly(publisher), half_hourly(make_publisher("other-example"))
    trip.press.set_document("other-example.example", "/feed", feed(9))
    trip.now = datetime(2031, 1, 1, tzinfo=UTC)
    trip.press.misbehave(HOST, "/feed", "status", status=500)
    trip()
    with Store.open(trip.place) as store:
        sync(store, WIRE, [publisher, new], trip.now, trip.now.date())
    trip.config = Config(wire=WIRE, publishers=(publisher, new))
    trip.now = NOW
    assert [poll.source.publisher for poll in trip(due_only=True)] == ["other-example"]
    trip.press.behave(HOST, "/feed")
    trip.now += HALF_HOUR + LATE
    assert {poll.source.publisher: poll.outcome for poll in trip(due_only=True)} == {
        "daily-example": "ok",
        "other-example": "not_modified",
    }


@pytest.mark.parametrize("asks", [7200, "Sun, 22 Nov 2026 12:00:00 GMT"])
def test_what_a_server_asked_for_outlives_a_clock_that_jumps(trip: Trip, asks: object) -> None:
    trip.press.misbehave(HOST, "/feed", "busy", retry_after=asks)
    trip.now += HOUR
    trip()
    trip.now -= HOUR
    trip(due_only=True)
    trip.now = datetime(2026, 11, 22, 11, 59, tzinfo=UTC)
    assert trip(due_only=True) == []
    trip.now += timedelta(hours=25)
    assert len(trip(due_only=True)) == 1


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_pages_are_visited_no_oftener_for_a_clock_that_jumps(trip: Trip, jump: timedelta) -> None:
    now = NOW

    async def story(store: Store) -> list[int]:
        nonlocal now
        visits = []
        async with Pipeline(trip.config, store, lambda: now, lambda host: trip.press.address) as pipeline:
            await pipeline.run(store.due(None))
            for passing in (timedelta(minutes=30), jump, timedelta(minutes=30), HOUR, timedelta(hours=7)):
                now += passing
                visits.append(len(await pipeline.recheck(20, 20)))
                assert await pipeline.recheck(20, 20) == []
        return visits

    for number in (1, 2, 3):
        trip.press.set_document(HOST, f"/{number}", Resource(b"<p>It stands there.</p>", "text/html"))
    with Store.open(trip.place) as store:
        sync(store, WIRE, trip.config.publishers, NOW, NOW.date())
        visits = asyncio.run(story(store))
    # three pages: the visit an hour after first sight, and the one after six
    assert visits == ([0, 3, 0, 0, 3] if jump > timedelta(0) else [0, 0, 0, 3, 3])


@pytest.mark.long
@linux
def test_a_daemon_whose_clock_is_set_polls_on_and_does_not_storm(desk: Desk, tmp_path: Path) -> None:
    """APScheduler waited until the clock had caught up: for an hour."""
    library, shift = tmp_path / "shifted.so", tmp_path / "shift"
    try:
        command = ["cc", "-shared", "-fPIC", "-o", str(library), str(FIXTURES / "shifted.c")]
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no compiler that makes a clock which can be set")
    shift.write_text("0")
    environment = {**os.environ, "LD_PRELOAD": str(library), "SHIFTED_BY": str(shift), "PYTHONPATH": str(ROOT)}
    wire = desk.config / "wire.toml"
    wire.write_text(wire.read_text().replace("shortest_minutes = 0.01", "shortest_minutes = 0.001"))
    for key in ("one", "two"):
        desk.add(f"{key}.example", every=0.001)  # due at every tick, and oftener where it storms
    log = tmp_path / "log"
    with log.open("w") as errors:
        process = commands.Popen(brisk(desk.command("run")), stderr=errors, cwd=desk.config, env=environment)
    try:
        until(lambda: _polls(desk.database) >= 2)
        for seconds in (-3600, 3600):
            before = _polls(desk.database)
            shift.write_text(str(seconds))
            began = time.monotonic()
            until(lambda before=before: _polls(desk.database) >= before + 4, seconds=60)
            # two sources, a tick every half second, and one more poll of each for the jump
            assert _polls(desk.database) - before <= 2 * (1 + (time.monotonic() - began) / 0.5) + 2
    finally:
        process.terminate()
        process.wait(20)
    assert process.returncode == 0
    assert "ERROR" not in log.read_text()
    assert all(at > "2026" for (at,) in desk.rows("SELECT next_at FROM sources"))


def _polls(database: Path) -> int:
    return _count(database, "SELECT count(*) FROM polls")


def _count(database: Path, sql: str) -> int:
    try:
        with closing(sqlite3.connect(database)) as connection:
            return int(connection.execute(sql).fetchone()[0])
    except sqlite3.DatabaseError:  # not made yet, or copied while it was written
        return 0


@pytest.mark.parametrize("has_begun", [False, True])
def test_the_end_of_the_clock_is_no_fault_of_a_job(caplog: pytest.LogCaptureFixture, has_begun: bool) -> None:
    """SIGHUP or SIGTERM while a job runs: the job is cancelled, and nothing is logged of it."""
    ended: list[bool] = []

    async def story() -> None:
        begun, stop = asyncio.Event(), asyncio.Event()

        async def long() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        clock = asyncio.create_task(run_until(stop, [Job("maintain", HOUR, long)]))
        if has_begun:
            await begun.wait()
        else:
            await asyncio.sleep(0)
        stop.set()
        await clock
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)

    with caplog.at_level("WARNING"):
        for _ in range(5):
            asyncio.run(story())
    assert caplog.text == ""
    assert not has_begun or len(ended) == 5


def test_no_job_begins_once_the_end_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    """APScheduler's own end comes an iteration of the event loop later: a poll begun in it met a closed store."""
    late: list[bool] = []

    async def story() -> None:
        stop = asyncio.Event()

        async def job() -> None:
            late.append(stop.is_set())

        asyncio.get_running_loop().call_later(0.002, stop.set)
        await run_until(stop, [Job(str(number), timedelta(milliseconds=1), job) for number in range(4)])
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)

    with caplog.at_level("WARNING", "aggregator"):
        for _ in range(100):
            asyncio.run(story())
    assert not any(late)
    assert not [record for record in caplog.records if "Error running job" in record.message]
