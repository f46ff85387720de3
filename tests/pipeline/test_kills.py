"""A kill at any moment, or a bug that one document meets, loses nothing, and the next poll goes on."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.model import Config, Publisher
from aggregator.store import Store
from bench.crash import kill_many
from bench.measuring import members
from tests.conftest import NOW, SOAK, WIRE, make_publisher, only_soak, scaled
from tests.test_trip import HOST, Trip, feed
from tests.waiting import seconds_of, until

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, and sets a clock as Linux lets it")


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def trip(press: Press, tmp_path: Path, publisher: Publisher) -> Trip:
    press.set_document(HOST, "/feed", feed(1, 2, 3))
    return Trip(press, tmp_path / "wire.db", [publisher])


@only_soak
@linux
@pytest.mark.soak
def test_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """In `make test` tests/test_state_machine.py kills polls before any of their writes, test_delivery_kills.py a
    daemon at any moment, and test_pages.py a visit.
    """
    kills = 200
    outcome = kill_many(tmp_path, kills=kills, seed=4, hosts=6)
    assert outcome.all_faults() == []
    assert len(outcome.kills) == kills
    assert outcome.articles >= 6 * 20


@linux
def test_a_worker_whose_process_was_killed_ends_though_its_document_hangs(tmp_path: Path) -> None:
    """Nobody is left who would hold it to its deadline, so the system does."""
    script = """
import asyncio, pickle, sys
from aggregator.pipeline.workers import Workers
from aggregator.model import FetchResult
hostile = b"<rss><channel><item><title>" + b"<a " * 400_000 + b"</rss>"
result = FetchResult(url="http://a.example/", http_status=200, headers={}, body=hostile)
publisher = pickle.load(sys.stdin.buffer)
asyncio.run(Workers(processes=1, seconds=0.6).read(result, publisher.sources[0], publisher, {}))
"""
    command, pipe = [sys.executable, "-c", script], subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        assert process.stdin is not None
        pickle.dump(make_publisher(), process.stdin)
        process.stdin.close()
        until(lambda: any(seconds_of(pid) > 0.2 for pid in members(process.pid) if pid != process.pid))
        (reader,) = set(members(process.pid)) - {process.pid}
        os.kill(reader, signal.SIGSTOP)  # so that it has not ended meanwhile
        process.kill()
        process.wait()
        assert members(process.pid) == [reader]
        os.kill(reader, signal.SIGCONT)
        until(lambda: members(process.pid) == [], seconds=15)
    finally:
        for pid in members(process.pid):
            os.kill(pid, signal.SIGKILL)


def test_programs_that_make_the_same_database_at_once_all_find_it_made(tmp_path: Path) -> None:
    """They did not: each saw no tables and made them, and the second failed."""
    code = (
        "import sys, pathlib, sqlite_utils; from aggregator.store import Store; Store.open(pathlib.Path(sys.argv[1]))"
    )
    for number in range(scaled(20)):
        command = [sys.executable, "-c", code, str(tmp_path / f"{number}.db")]
        started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3 if SOAK else 2)]
        assert {process.communicate()[1] for process in started} == {""}


def test_a_bug_that_one_document_meets_is_a_failed_poll_and_the_others_are_stored(trip: Trip) -> None:
    """It once took all that were polled with it, and its source was asked again at every tick."""
    other = make_publisher("other-example")
    trip.press.set_document("other-example.example", "/feed", feed(9))
    trip.config = Config(wire=WIRE, publishers=(*trip.config.publishers, other))
    with closing(sqlite3.connect(trip.place)) as connection:
        Store.open(trip.place).close()
        connection.execute(
            "CREATE TRIGGER boom BEFORE INSERT ON articles WHEN new.publisher = 'daily-example'"
            " BEGIN SELECT RAISE(ABORT, 'boom'); END"
        )
        with pytest.raises(sqlite3.IntegrityError, match="boom"):
            trip()
        assert trip.rows(
            "SELECT publisher, outcome, error FROM polls JOIN sources AS s ON s.source_id = polls.source_id ORDER BY 1"
        ) == [
            ("daily-example", "failed", "internal error (bug), please report; see the log (IntegrityError: boom)"),
            ("other-example", "ok", None),
        ]
        assert trip(due_only=True) == []
        connection.execute("DROP TRIGGER boom")
    assert {poll.source.publisher: poll.new for poll in trip()} == {"daily-example": 3, "other-example": 0}
