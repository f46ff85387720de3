"""The connections by which one process reads a database: as many as are used at once, and few.

A server of pages has many threads, each of which keeps a store open for its next request; PostgreSQL has a process for
each connection, a hundred at most where nobody has set another number. So a store that only reads has a connection for
as long as it asks something, and gives it back. psycopg's own pool opens connections in threads of its own and tries
for minutes: what is wrong with an address would be said too late, as that it took too long.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from aggregator.model.errors import StoreBusy
from aggregator.model.place import PostgresPlace

MOST = 8  # connections of a process by which it reads a database; more do not make one process of Python answer sooner

Opened = psycopg.Connection[tuple[Any, ...]]


class Rows:
    """What a statement returned, read to its end: its connection may be another's already."""

    def __init__(self, cursor: psycopg.Cursor[tuple[Any, ...]]) -> None:
        self.rowcount = cursor.rowcount
        self.description = cursor.description
        self._rows = iter(cursor.fetchall() if cursor.description else [])

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def __next__(self) -> Any:
        return next(self._rows)


class Readers:
    """It may be used by several threads."""

    def __init__(self, place: PostgresPlace, connect: Callable[[], Opened]) -> None:
        self._place = place
        self._connect = connect
        self._users = 0  # stores that are open
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(MOST)
        self._idle: list[Opened] = []

    def begin(self) -> None:
        """One more store uses them."""
        with self._lock:
            self._users += 1

    def end(self) -> None:
        """One less. The last one closes what is idle."""
        with self._lock:
            self._users -= 1
            closing, self._idle = (self._idle, []) if self._users == 0 else ([], self._idle)
        for each in closing:
            each.close()

    def take(self, seconds: float) -> Opened:
        """A connection that nobody else has. Raises StoreBusy where none is given back in this time, psycopg.Error."""
        if not self._free.acquire(timeout=seconds):
            raise StoreBusy(f"{self._place}: all {MOST} connections by which this program reads are in use; try again")
        try:
            with self._lock:
                found = self._idle.pop() if self._idle else None
            return found or self._connect()
        except BaseException:
            self._free.release()
            raise

    def renewed(self) -> Opened:
        """One in the place of one that was taken and is lost, as those are that are idle."""
        with self._lock:
            lost, self._idle = self._idle, []
        for each in lost:
            each.close()
        return self._connect()

    def give_back(self, opened: Opened) -> None:
        is_good = not opened.closed and opened.info.transaction_status == TransactionStatus.IDLE
        with self._lock:
            is_kept = is_good and self._users > 0
            if is_kept:
                self._idle.append(opened)
        if not is_kept:
            opened.close()
        self._free.release()


# By process and address: connections are of the process, whoever opens a store in it.
_made: dict[tuple[int, str], Readers] = {}
_making = threading.Lock()


def readers_of(place: PostgresPlace, connect: Callable[[], Opened]) -> Readers:
    with _making:
        return _made.setdefault((os.getpid(), place.url), Readers(place, connect))
