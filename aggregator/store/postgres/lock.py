"""Advisory locks of PostgreSQL, which no crash leaves behind: the daemon's, which keeps a second one off, and those by
which programs know of each other whether they still run, on whichever machine.

Each is held by a connection of its own and ends with it: at once where the program ends, within a minute where its
machine is gone. The table `programs` says who holds them; that somebody does is said by the locks alone.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from typing import Any, Self

import psycopg

from aggregator.model.errors import DaemonRunning, StoreError
from aggregator.model.place import PostgresPlace
from aggregator.store.locks import RunningDaemon
from aggregator.store.postgres.connecting import connected, lock_session
from aggregator.store.postgres.errors import explained

_OURS = 0x41676772  # "Aggr": the first of the two numbers of each lock; the second is the program's
_ALONE = 0  # of the daemon, or of who keeps daemons away; polling programs begin at 1
_WORKERS = 2**31 - 1  # shared by all workers, and held alone by who keeps them away

_ONE_DAEMON = (
    "another daemon, process {holder}, or a `copy-store`, uses this database; end it first, or give this one another"
    " with --db"
)
_NO_DAEMON = (
    "a daemon, process {holder}, or another `copy-store`, uses this database; stop it, run this again, then start the"
    " daemon; nothing was changed"
)
_NO_WORKER = (
    "workers use this database (`aggregator health` shows on which machines); stop them, run this again, then start the"
    " workers; nothing was changed"
)

_IS_HELD = """
SELECT EXISTS (SELECT 1 FROM pg_locks
               WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s AND objsubid = 2
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""

_Connection = psycopg.Connection[tuple[Any, ...]]


class DaemonLock:
    """Held as long as its connection is there; where that is lost, it is taken again by the next `note`."""

    def __init__(self, place: PostgresPlace, refusal: str) -> None:
        self._place = place
        self._refusal = refusal
        self._connection = _alone(place, refusal)
        _name(self._connection, _ALONE)

    def note(self, digest: str, since: str) -> None:
        """Says by which configuration the daemon works, and when it read it. Raises StoreError, and DaemonRunning where
        the connection was lost and another daemon has begun since.
        """
        with explained(self._place):
            if not _is_open(self._connection):
                self._connection = _alone(self._place, self._refusal)
            _name(self._connection, _ALONE, digest, since)

    def end(self) -> None:
        _end(self._connection, _ALONE)


def only_daemon(place: PostgresPlace) -> AbstractContextManager[DaemonLock]:
    """Raises DaemonRunning when another process is the daemon of this database, on whichever machine."""
    return _held(place, _ONE_DAEMON)


def without_daemon(place: PostgresPlace) -> AbstractContextManager[DaemonLock]:
    """Holds the same lock, so that no daemon begins meanwhile, and that of the workers; raises DaemonRunning where
    there is one of them.
    """
    return _without_daemon(place)


@contextmanager
def _without_daemon(place: PostgresPlace) -> Iterator[DaemonLock]:
    with _held(place, _NO_DAEMON) as lock, explained(place):
        connection = lock_session(place)
        try:
            if not _try(connection, _WORKERS):
                raise DaemonRunning(f"{place}: {_NO_WORKER}")
            yield lock
        finally:
            _free(connection)


@contextmanager
def as_worker(place: PostgresPlace) -> Iterator[None]:
    """Says that a worker is there; raises DaemonRunning where somebody keeps workers away, and StoreError."""
    with explained(place):
        connection = lock_session(place)
    try:
        with explained(place):
            found = connection.execute("SELECT pg_try_advisory_lock_shared(%s, %s)", (_OURS, _WORKERS)).fetchone()
        if found != (True,):
            raise DaemonRunning(f"{place}: a `copy-store` uses this database; start the worker when it has ended")
        yield
    finally:
        _free(connection)


@contextmanager
def _held(place: PostgresPlace, refusal: str) -> Iterator[DaemonLock]:
    with explained(place):
        lock = DaemonLock(place, refusal)
    try:
        yield lock
    finally:
        lock.end()


def _alone(place: PostgresPlace, refusal: str) -> _Connection:
    connection = lock_session(place)
    try:
        if not _try(connection, _ALONE):
            holder = _said_of(connection)
            raise DaemonRunning(f"{place}: {refusal.format(holder=holder.pid)}")
    except BaseException:
        connection.close()
        raise
    return connection


def running_daemon(place: PostgresPlace) -> RunningDaemon | None:
    """The daemon that uses this database, or a `copy-store`; None: there is none, or it cannot be told."""
    with suppress(psycopg.Error, StoreError), connected(place) as connection:
        if _is_held(connection, _ALONE):
            return _said_of(connection)
    return None


class Program:
    """One of the programs that poll into a database, on whichever machine: `number` is its own as long as it runs, and
    `is_running` says of every number whether its program runs.
    """

    def __init__(self, place: PostgresPlace, number: int, connection: _Connection) -> None:
        self.number = number
        self._place = place
        self._connection = connection
        _name(connection, number)

    @classmethod
    def begin(cls, place: PostgresPlace) -> Self:
        """With the smallest number that no running program has. Raises StoreError."""
        with explained(place):
            connection = lock_session(place)
            try:
                for number in count(1):
                    if _try(connection, number):
                        return cls(place, number, connection)
            except BaseException:
                connection.close()
                raise
        raise AssertionError("numbers do not end")

    def holds(self) -> bool:
        """Whether the number is still this program's: where its connection was lost, it is taken again if no other
        program has it. Raises StoreError.
        """
        with explained(self._place):
            if _is_open(self._connection):
                return True
            self._connection = lock_session(self._place)
            if not _try(self._connection, self.number):
                self._connection.close()
                return False
            _name(self._connection, self.number)
            return True

    def is_running(self, number: int) -> bool:
        """Whether the program with this number runs. Raises StoreError."""
        if number == self.number:
            return True
        with explained(self._place):
            return _is_held(self._connection, number)

    def end(self) -> None:
        """Gives the number back."""
        _end(self._connection, self.number)


def _try(connection: _Connection, number: int) -> bool:
    return connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_OURS, number)).fetchone() == (True,)


def _is_held(connection: _Connection, number: int) -> bool:
    return connection.execute(_IS_HELD, (_OURS, number)).fetchone() == (True,)


def _is_open(connection: _Connection) -> bool:
    """Whether the server still has this session."""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        connection.close()
        return False
    return True


def _has_programs(connection: _Connection) -> bool:
    """Of a database that nobody has opened yet there are only the locks."""
    return connection.execute("SELECT to_regclass('programs') IS NOT NULL").fetchone() == (True,)


def _name(connection: _Connection, number: int, digest: str | None = None, since: str | None = None) -> None:
    """Writes down who holds the lock of this number."""
    if _has_programs(connection):
        connection.execute(
            "INSERT INTO programs (number, host, pid, digest, since) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (number)"
            " DO UPDATE SET host = excluded.host, pid = excluded.pid, digest = excluded.digest, since = excluded.since",
            (number, socket.gethostname(), os.getpid(), digest, since),
        )


def _end(connection: _Connection, number: int) -> None:
    with suppress(psycopg.Error):  # with a lost connection its lock has ended too, and the row is another's to replace
        if _has_programs(connection):
            connection.execute("DELETE FROM programs WHERE number = %s", (number,))
    _free(connection)


def _free(connection: _Connection) -> None:
    with suppress(psycopg.Error):
        connection.execute("SELECT pg_advisory_unlock_all()")  # the server takes a moment to see that it is closed
    connection.close()


def _said_of(connection: _Connection) -> RunningDaemon:
    row = None
    if _has_programs(connection):
        found = connection.execute("SELECT host, pid, digest, since FROM programs WHERE number = %s", (_ALONE,))
        row = found.fetchone()
    if row is None:  # it has just begun, and the database is new
        return RunningDaemon(pid="unknown", digest=None, since=None)
    host, pid, digest, since = row
    where = "" if host == socket.gethostname() else f" on {host}"
    return RunningDaemon(pid=f"{pid}{where}", digest=digest or None, since=since or None)
