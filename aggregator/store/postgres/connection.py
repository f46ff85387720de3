"""A connection of psycopg's as the queries of the store use one: parameters as in SQLite, rows as tuples, transactions
begun by hand.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import psycopg

from aggregator.model import Source
from aggregator.model.place import PostgresPlace
from aggregator.store.connection import Cursor, WordIndex
from aggregator.store.postgres import search, values
from aggregator.store.postgres.connecting import connected, refuse_server, set_up
from aggregator.store.postgres.errors import explained, said
from aggregator.store.postgres.many_rows import many_rows
from aggregator.store.postgres.readers import Opened, Readers, Rows, readers_of
from aggregator.store.postgres.sql import translated, values_of
from aggregator.store.queries import views

# Who writes holds this lock until the end of the transaction: one writer at a time, so that the numbers of the ledger
# have no gaps and rise in the order in which transactions end.
_WRITER = 0x41676772  # "Aggr"
# Transactions of programs that write plan a query once for all its values: theirs find rows by keys, and those of
# triggers and foreign keys are so small and so many that planning each anew took more time than all else. Several
# commands are one round trip to the server.
_PLANS = "SET LOCAL plan_cache_mode = auto"
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING = f"BEGIN; {_PLANS}; SELECT pg_advisory_xact_lock({_WRITER})"
_CHANNEL = "aggregator_news"  # by which the triggers of the schema notify
_LOOK_AGAIN = 5.0  # seconds
_AT_ONCE = 2_000  # rows that are fetched of those that are streamed


log = logging.getLogger("aggregator.store")

T = TypeVar("T")


def _set_up(place: PostgresPlace, busy_seconds: float, *, reads_only: bool) -> Opened:
    opened = connected(place)
    try:
        refuse_server(place, opened)
        set_up(opened, busy_seconds, reads_only=reads_only)
        values.register(opened)
    except BaseException:
        opened.close()
        raise
    return opened


def connected_to_read(place: PostgresPlace, busy_seconds: float) -> Opened:
    """Raises psycopg.Error, and StoreError for a server or an address that is of no use."""
    opened = _set_up(place, busy_seconds, reads_only=True)
    try:
        values.call_when_read(opened)
    except BaseException:
        opened.close()
        raise
    return opened


class PostgresConnection:
    """As `store.connection.StoreConnection`."""

    index: WordIndex = search

    def __init__(self, place: PostgresPlace, busy_seconds: float, *, reads_only: bool) -> None:
        """Raises psycopg.Error, and StoreError for an address that is none."""
        self.place = place
        self.has_own_views = False  # which are gone with the connection
        self._busy_seconds = busy_seconds
        self._reads_only = reads_only
        self._is_in_transaction = False
        self._schema: str | None = None
        self._streams = 0
        self._looked = 0.0  # when news came last; time.monotonic()
        self._opened: Opened | None = None  # its own; or what it has taken of `_readers`, while it asks something
        self._readers: Readers | None = None
        if reads_only:
            self._readers = readers_of(place, lambda: connected_to_read(place, busy_seconds))
            self._readers.begin()
        else:
            self._connect()

    @property
    def opened(self) -> Opened:
        """psycopg's. Outside of a transaction whoever asks for it gets one that is this connection's alone."""
        if self._opened is None:
            if self._readers is not None:
                self._readers.end()
                self._readers = None
            self._connect()
        assert self._opened is not None
        return self._opened

    def _connect(self) -> None:
        self._opened = _set_up(self.place, self._busy_seconds, reads_only=self._reads_only)
        self._is_listening = False
        self._calls = False  # functions of this program, for what it reads

    @property
    def in_transaction(self) -> bool:
        return self._is_in_transaction

    def _run(self, run: Callable[[], T]) -> T:
        """Where a server that was started anew has ended the connection, another one takes its place: between two
        transactions, of which the second has done nothing yet.
        """
        is_taken = self._opened is None
        if is_taken and self._readers is not None:
            self._opened = self._readers.take(self._busy_seconds)
        try:
            try:
                return run()
            except psycopg.OperationalError as error:
                if self._is_in_transaction or self.has_own_views or not self.opened.closed:
                    raise
                log.warning("%s: the connection was lost (%s); it is made anew", self.place, said(error))
            if self._readers is not None:
                self._opened = self._readers.renewed()
            else:
                self._connect()
            return run()
        finally:
            if is_taken:
                self._give_back()

    def _give_back(self) -> None:
        """To those who read in this process, where it was taken of them and no transaction lasts."""
        if self._readers is not None and self._opened is not None and not self._is_in_transaction:
            opened, self._opened = self._opened, None
            self._readers.give_back(opened)

    def execute(self, sql: str, given: Any = (), /) -> Cursor:
        return self._run(lambda: self._executed(sql, given))

    @contextmanager
    def streamed(self, sql: str, given: Any = ()) -> Iterator[Cursor]:
        self._prepare_calls(sql)
        self._streams += 1  # one may be read within another
        with self.opened.cursor(name=f"rows_{self._streams}") as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(translated(sql).encode(), values_of(given, sql))
            yield cursor

    def _prepare_calls(self, sql: str) -> None:
        if self._readers is None and not self._calls and values.CALLS.search(sql):
            self._calls = True
            values.call_when_read(self.opened)

    def _executed(self, sql: str, given: Any) -> Cursor:
        self._prepare_calls(sql)
        cursor = self.opened.cursor()
        cursor.execute(translated(sql).encode(), values_of(given, sql))
        return cursor if self._readers is None or self._is_in_transaction else Rows(cursor)

    def executemany(self, sql: str, given: Iterable[Any], /) -> psycopg.Cursor[tuple[Any, ...]]:
        cursor = self.opened.cursor()
        rows = [values_of(each, sql) for each in given]
        many = many_rows(sql) if len(rows) > 1 else None
        if many is not None and (value := many.value(rows)) is not None:
            cursor.execute(translated(many.sql).encode(), (value,))
        elif len(rows) > 1:
            cursor.executemany(translated(sql).encode(), rows)
        elif rows:
            cursor.execute(translated(sql).encode(), rows[0])
        return cursor

    def begin(self) -> None:
        self._begin(_READING if self._reads_only else f"{_READING}; {_PLANS}")

    def begin_temporary(self) -> None:
        """Begins to make temporary tables and views, also by a connection that only reads."""
        _ = self.opened  # they are of one connection
        self._begin("BEGIN READ WRITE")

    def begin_writing(self) -> None:
        self._begin(_WRITING)

    def _begin(self, sql: str) -> None:
        def run() -> None:
            try:
                self.opened.execute(sql.encode())
            except BaseException:
                if not self.opened.closed:
                    self.opened.execute("ROLLBACK")  # begun, and then the lock was not to be had
                raise
            self._is_in_transaction = True

        self._run(run)

    def commit(self) -> None:
        if self._is_in_transaction:
            self.opened.execute("COMMIT")
            self._is_in_transaction = False
            self._give_back()

    def rollback(self) -> None:
        if self._is_in_transaction:
            self._is_in_transaction = False
            try:
                if not self.opened.closed:
                    self.opened.execute("ROLLBACK")
            finally:
                self._give_back()

    def version(self) -> tuple[int, int]:
        """Of which transactions what they wrote is seen."""
        seen = self.execute(
            "SELECT CAST(CAST(pg_snapshot_xmax(s.at) AS TEXT) AS INTEGER), hashtextextended(CAST(s.at AS TEXT), 0)"
            " FROM (SELECT pg_current_snapshot() AS at) AS s"
        )
        return seen.fetchone() or (0, 0)

    def versions(self, sources: Sequence[Source]) -> list[tuple[int, int]]:
        """Which transaction wrote the source's row, and how many wrote what is known of its publisher; so polls of
        different publishers do not make each other's old, nor do polls of one publisher that found nothing new.
        """
        rows = self.execute(
            """
            SELECT s.publisher, s.source_key, CAST(CAST(s.xmin AS TEXT) AS INTEGER), coalesce(w.writes, 0)
            FROM unnest(CAST(? AS text[]), CAST(? AS text[])) AS n (publisher, source_key)
            CROSS JOIN sources AS s ON s.publisher = n.publisher AND s.source_key = n.source_key
            LEFT JOIN publisher_writes AS w ON w.publisher = s.publisher
            """,
            ([each.publisher for each in sources], [each.key for each in sources]),
        )
        found = {(publisher, key): (row, writes) for publisher, key, row, writes in rows}
        return [found.get((each.publisher, each.key), (0, 0)) for each in sources]

    @property
    def stored(self) -> str:
        if self._schema is None:
            (self._schema,) = self.execute("SELECT quote_ident(current_schema())").fetchone() or (None,)
        return f"{self._schema}."

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

    def wait_for_news(self, seconds: float) -> bool:
        """Whoever writes notifies those who listen, at the end of the transaction. A notification may be lost, as with
        the connection, or behind a pooler of connections: every few seconds it is looked without one.
        """
        _ = self.opened  # it listens as long as it is there
        if not self._is_listening:
            self.execute(f"LISTEN {_CHANNEL}")
            self._is_listening, self._looked = True, time.monotonic()
            return True
        rest = self._looked + _LOOK_AGAIN - time.monotonic()
        has_come = any(True for _ in self.opened.notifies(timeout=max(0, min(seconds, rest)), stop_after=1))
        if not has_come and rest > seconds:
            return False
        for _ in self.opened.notifies(timeout=0):  # one look is for all that have come
            pass
        self._looked = time.monotonic()
        return True

    def close(self) -> None:
        self._is_in_transaction = False
        if self._opened is not None:  # its own, or in the middle of a transaction
            self._opened.close()
        if self._readers is not None:
            self._give_back()
            self._readers.end()
            self._readers = None

    def explained(self) -> AbstractContextManager[None]:
        return explained(self.place)
