"""A connection of psycopg's as the queries of the store use one: parameters as in SQLite, rows as tuples, transactions
begun by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from aggregator.model.place import PostgresPlace
from aggregator.store.connection import WordIndex
from aggregator.store.postgres import search, values
from aggregator.store.postgres.connecting import connected
from aggregator.store.postgres.errors import explained
from aggregator.store.postgres.sql import translated, values_of
from aggregator.store.queries import views

# Who writes holds this lock until the end of the transaction: one writer at a time, so that the numbers of the ledger
# have no gaps and rise in the order in which transactions end.
_WRITER = 0x41676772  # "Aggr"


class PostgresConnection:
    """As `store.connection.StoreConnection`."""

    index: WordIndex = search

    def __init__(self, place: PostgresPlace, opened: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.place = place
        self.opened = opened
        self._calls = False  # functions of this program, for what it reads
        values.register(opened)

    @property
    def in_transaction(self) -> bool:
        return self.opened.info.transaction_status != TransactionStatus.IDLE

    def execute(self, sql: str, given: Any = (), /) -> psycopg.Cursor[tuple[Any, ...]]:
        if not self._calls and values.CALLS.search(sql):
            self._calls = True
            values.call_when_read(self.opened, self)
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

    def migrations(self) -> Set[str]:
        """All of them: the first database of PostgreSQL came after the last of those that `views` names."""
        return frozenset(views.MIGRATIONS)

    def has_table(self, name: str) -> bool:
        return self._is_there("to_regclass(?) IS NOT NULL", name)

    def columns_of(self, name: str) -> list[str]:
        found = self.execute(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum",
            (name,),
        )
        return [column for (column,) in found.fetchall()]

    def tables_with(self, column: str) -> list[str]:
        found = self.execute(
            "SELECT c.relname::text FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
            " JOIN pg_class AS m ON m.oid = to_regclass('migrations') AND m.relnamespace = c.relnamespace"
            " WHERE c.relkind = 'r' AND a.attname = ? AND NOT a.attisdropped",
            (column,),
        )
        return [table for (table,) in found.fetchall()]

    def shows_instead(self, name: str) -> bool:
        return self._is_there("to_regclass('pg_temp.' || ?) IS NOT NULL", name)

    def _is_there(self, condition: str, name: str) -> bool:
        return bool(self.execute(f"SELECT {condition}", (name,)).fetchone() == (1,))

    @contextmanager
    def renaming_publishers(self) -> Iterator[None]:
        self.opened.execute("SET CONSTRAINTS ALL DEFERRED")
        self.opened.execute("SET LOCAL aggregator.counts = 'off'")  # as `reports_per_day_report` of the schema reads it
        yield
        self.opened.execute("SET LOCAL aggregator.counts = 'on'")

    def close(self) -> None:
        self.opened.close()

    def explained(self) -> AbstractContextManager[None]:
        return explained(self.place)


def opened(place: PostgresPlace) -> PostgresConnection:
    """Raises psycopg.Error, and StoreError for an address that is none."""
    return PostgresConnection(place, connected(place))
