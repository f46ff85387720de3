"""A connection of psycopg's as the queries of the store use one: parameters as in SQLite, rows as tuples, transactions
begun by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from aggregator.model.place import PostgresPlace
from aggregator.store.connection import WordIndex
from aggregator.store.postgres import search, values
from aggregator.store.postgres.connecting import connected
from aggregator.store.postgres.errors import explained
from aggregator.store.postgres.sql import translated, values_of
from aggregator.store.queries import raw

# Who writes holds this lock until the end of the transaction: one writer at a time, so that the numbers of the ledger
# have no gaps and rise in the order in which transactions end.
_WRITER = 0x41676772  # "Aggr"


class PostgresConnection:
    """As `store.connection.StoreConnection`."""

    index: WordIndex = search

    def __init__(self, place: PostgresPlace, opened: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.place = place
        self.opened = opened
        self._written = 0
        self._reads_words = False
        values.register(opened)

    @property
    def in_transaction(self) -> bool:
        return self.opened.info.transaction_status != TransactionStatus.IDLE

    def execute(self, sql: str, given: Any = (), /) -> psycopg.Cursor[tuple[Any, ...]]:
        if not self._reads_words and "raw_words(" in sql:
            self._reads_words = values.register_words(self.opened, raw.reader(self))
        cursor = self.opened.cursor()
        cursor.execute(translated(sql).encode(), values_of(given, sql))
        return cursor

    def executemany(self, sql: str, given: Iterable[Any], /) -> psycopg.Cursor[tuple[Any, ...]]:
        cursor = self.opened.cursor()
        rows = [values_of(each, sql) for each in given]
        if rows:
            cursor.executemany(translated(sql).encode(), rows)
        return cursor

    def begin(self) -> None:
        self.opened.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def begin_writing(self) -> None:
        self.opened.execute("BEGIN")
        self.opened.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITER,))

    def commit(self) -> None:
        if self.in_transaction:
            self.opened.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            self.opened.execute("ROLLBACK")

    def version(self) -> tuple[int, int]:
        """The number of the last transaction of a writer that has ended."""
        (number,) = self.execute("SELECT last_value FROM writes").fetchone()  # type: ignore[misc]
        return int(number), 0

    def close(self) -> None:
        self.opened.close()

    def explained(self) -> AbstractContextManager[None]:
        return explained(self.place)


def opened(place: PostgresPlace) -> PostgresConnection:
    """Raises psycopg.Error, and StoreError for an address that is none."""
    return PostgresConnection(place, connected(place))
