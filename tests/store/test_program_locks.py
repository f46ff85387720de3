"""The locks by which programs of a database know of each other, in both stores: of one that is killed they are free."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from aggregator.model.errors import DaemonRunning
from aggregator.model.place import Place, PostgresPlace
from aggregator.store import Store, as_worker, only_daemon, running_daemon, without_daemon
from tests import postgres
from tests.commands import Popen
from tests.conftest import STORES
from tests.waiting import until

PLACE = """
import sys, pathlib
from aggregator.model.place import PostgresPlace
from aggregator.store import Store, only_daemon
path = pathlib.Path(sys.argv[1])
place = PostgresPlace('x', sys.argv[2], path) if len(sys.argv) > 2 else path
"""
HOLDS_DAEMON = f"{PLACE}\nwith only_daemon(place): print('held', flush=True); sys.stdin.read()"
CLAIMS = f"{PLACE}\nstore = Store.open(place); print(store.as_program().number, flush=True); sys.stdin.read()"


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    path = tmp_path / "wire.db"
    return path if request.param == "sqlite" else postgres.place_of(path)


@contextmanager
def other_program(script: str, place: Place) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """One that runs this, and the first line that it said."""
    where = [str(place)] if isinstance(place, Path) else [str(place.beside), place.url]
    command = [sys.executable, "-c", script, *where]
    with Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def is_free(place: Place) -> bool:
    return running_daemon(place) is None


def test_one_daemon_at_a_time_also_before_there_are_tables(place: Place) -> None:
    assert running_daemon(place) is None
    with other_program(HOLDS_DAEMON, place) as (other, said):
        assert said == "held"
        assert running_daemon(place) is not None
        for lock in (only_daemon, without_daemon):
            with pytest.raises(DaemonRunning, match="uses this database"), lock(place):
                raise AssertionError("two daemons")
        other.send_signal(signal.SIGKILL)
        other.wait()
        until(lambda: is_free(place))
    with only_daemon(place) as lock:
        lock.note("digest", "2026-11-22T10:00:00Z")
    assert running_daemon(place) is None


def test_workers_are_beside_each_other_and_a_daemon_and_none_where_they_are_kept_away(tmp_path: Path) -> None:
    place = postgres.place_of(tmp_path / "wire.db")
    with as_worker(place), as_worker(place), only_daemon(place):
        pass
    with as_worker(place):
        with pytest.raises(DaemonRunning, match="workers use this database"), without_daemon(place):
            raise AssertionError("a worker is there")
        assert running_daemon(place) is None
    with without_daemon(place), pytest.raises(DaemonRunning, match="when it has ended"), as_worker(place):
        raise AssertionError("workers are kept away")


def test_others_learn_which_process_is_the_daemon_and_what_it_works_by(place: Place) -> None:
    Store.open(place).close()
    with only_daemon(place) as lock:
        before = running_daemon(place)
        lock.note("abc", "2026-11-22T10:00:00Z")
        after = running_daemon(place)
    assert before
    assert after
    assert (before.digest, before.since) == (None, None)
    assert (after.pid, after.digest, after.since) == (before.pid, "abc", "2026-11-22T10:00:00Z")


def test_a_program_that_is_killed_no_longer_runs_and_its_number_is_given_again(place: Place) -> None:
    with Store.open(place) as store, Store.open(place) as third:
        with other_program(CLAIMS, place) as (other, said):
            assert said == "1"
            program = store.as_program()
            assert program.number == 2
            assert [program.is_running(number) for number in (1, 2, 3)] == [True, True, False]
            other.send_signal(signal.SIGKILL)
            other.wait()
            until(lambda: not program.is_running(1))
        assert third.as_program().number == 1
        assert program.is_running(1)
        third.close()
        assert not program.is_running(1)


def test_a_connection_that_is_lost_takes_its_number_and_its_lock_again(tmp_path: Path) -> None:
    place = postgres.place_of(tmp_path / "wire.db")
    with Store.open(place) as store, Store.open(place) as second, only_daemon(place) as lock:
        assert (store.as_program().number, second.as_program().number) == (1, 2)
        end_sessions_with_locks(place)
        until(lambda: is_free(place))
        lock.note("abc", "2026-11-22T10:00:00Z")
        daemon = running_daemon(place)
        assert daemon
        assert daemon.digest == "abc"
        assert second.as_program().number == 2
        assert store.as_program().number == 1
        assert second.as_program().is_running(1)


def test_a_number_that_another_program_took_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    place = postgres.place_of(tmp_path / "wire.db")
    with Store.open(place) as store, Store.open(place) as second, only_daemon(place) as lock:
        assert store.as_program().number == 1
        end_sessions_with_locks(place)
        until(lambda: is_free(place))
        assert second.as_program().number == 1
        assert store.as_program().number == 2
        with without_daemon(place), pytest.raises(DaemonRunning):
            lock.note("abc", "2026-11-22T10:00:00Z")


def end_sessions_with_locks(place: PostgresPlace) -> None:
    """As a server that is started again does."""
    with psycopg.connect(place.url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM (SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS those"
        )
