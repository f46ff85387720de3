"""Several workers share one wire: each report is stored once, no site is asked more than one program would ask it."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import __version__
from aggregator.demo import Press
from aggregator.text.dates import utc_now
from bench.postgres import Server, installed
from tests.conftest import only_soak
from tests.engine.workers import Wire
from tests.hostile import run
from tests.waiting import until

SLOW = 0.9  # seconds until the press answers


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=utc_now()) as opened:
        yield opened


@pytest.mark.long
def test_two_workers_poll_each_source_once_as_gently_as_one_and_one_that_is_killed_leaves_nothing_undone(
    tmp_path: Path, press: Press
) -> None:
    wire = Wire(tmp_path, press, hosts=3, feeds=2)
    for host in range(3):
        press.misbehave(f"h{host}.example", "*", "slow", seconds=SLOW)
    try:
        first, second = wire.start(), wire.start()
        wire.stored(4)
        # By their names a new version sees which others are connected: those of its own are not in its way.
        others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        names = wire.rows(f"SELECT DISTINCT application_name FROM pg_stat_activity WHERE {others}")  # noqa: S608
        assert names == [(f"aggregator {__version__}",)]
        os.killpg(first.pid, signal.SIGKILL)  # its process, and those that read documents
        first.wait()
        wire.stored(len(wire.articles))
        # Its place, and its tasks, are given back as soon as it is lost.
        until(lambda: wire.count("engine.procrastinate_jobs WHERE task_name = 'poll'") == 0)
        assert second.poll() is None
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0, wire.said()
        assert wire.faults() + wire.crowds(SLOW) == []
        assert all(count <= 2 for count in wire.polls_of_source().values())  # what was under way is asked again
        assert wire.count("engine.places") == 0
        assert "Traceback" not in wire.said()
    finally:
        wire.kill()


@only_soak
@pytest.mark.skipif(installed() is None, reason="PostgreSQL is not installed (apt-get install postgresql)")
@pytest.mark.soak
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_that_are_killed_and_a_server_that_is_started_anew_lose_nothing_and_double_nothing(
    tmp_path: Path, press: Press, workers: int
) -> None:
    kills, restarts = 50, 5
    with Server() as server:
        wire = Wire(tmp_path, press, hosts=6, feeds=2, every=0.1, server=server.url)
        try:
            endure(wire, server, workers, kills, restarts, random.Random(workers))
            wire.stored(len(wire.articles), seconds=180)
            assert wire.end() == {0}
            assert wire.faults() == []
            assert wire.count("engine.places") == 0
            assert "internal error" not in wire.said()
        finally:
            wire.kill()


def endure(wire: Wire, server: Server, workers: int, kills: int, restarts: int, chance: random.Random) -> None:
    """Kills one worker after the other, each of which another one follows, while new articles are published; and starts
    the server anew now and then, as often as a crash would.
    """
    for _ in range(workers):
        wire.start()
    for kill in range(kills):
        before = wire.polls()
        until(lambda before=before: wire.polls() > before + chance.randrange(4), seconds=120)  # type: ignore[misc]
        if kill * restarts // kills != (kill + 1) * restarts // kills:
            server.stop(chance.choice(("fast", "immediate")))
            server.start()
        doomed = chance.choice([each for each in wire.processes if each.poll() is None])
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.wait()
        wire.start()
        wire.publish(*chance.choice(sorted(wire.documents)))


def test_one_daemon_and_workers_share_a_wire_and_a_second_daemon_is_refused(tmp_path: Path, press: Press) -> None:
    """`run` over PostgreSQL is one program as over SQLite; workers may begin before it has ended."""
    wire = Wire(tmp_path, press, hosts=2)
    try:
        daemon = wire.begin("run")
        wire.stored(4)
        second = run("--config", str(wire.config), "--db", wire.url, "run")
        assert (second.code, second.out) == (1, "")
        assert f"another daemon, process {daemon.pid}" in " ".join(second.err.split())
        wire.start()
        until(lambda: wire.rows("SELECT count(*) FROM engine.workers") == [(2,)])
        wire.publish("h0.example", "/feed", 2)
        wire.publish("h1.example", "/feed", 2)
        wire.rows("UPDATE sources SET next_at = '2026-01-01T00:00:00Z' RETURNING 1")
        wire.stored(8)
        assert wire.end() == {0}
        assert wire.faults() == []
        assert max(wire.polls_of_source().values()) == 2
        assert wire.count("engine.places") == 0
        assert "Traceback" not in wire.said()
    finally:
        wire.kill()


def test_a_worker_refuses_a_file_of_sqlite(tmp_path: Path, press: Press) -> None:
    wire = Wire(tmp_path, press, hosts=1)
    ended = run("--config", str(wire.config), "--db", str(tmp_path / "wire.db"), "worker")
    assert ended.code == 1
    assert ended.err.count("\n") <= 3
    assert "workers share a database of PostgreSQL, and this is a file of SQLite" in " ".join(ended.err.split())
    assert not (tmp_path / "wire.db").exists()
