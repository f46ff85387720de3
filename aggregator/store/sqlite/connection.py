"""A connection of SQLite's module that knows which file it is of, and how this store begins, ends and explains."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from aggregator.model import Source
from aggregator.store.connection import WordIndex
from aggregator.store.queries import raw
from aggregator.store.sqlite import search
from aggregator.store.sqlite.sqlite_errors import explained
from aggregator.text.folding import fold, opening

# A statement that runs a trigger, or changes what references another table, copies every page before it changes it, in
# case that it fails. So these tables are given ten rows by a statement: a line of the ledger costs half of its time.
_COPIED = ("changes", "near_keys", "revisions", "search_queue")
_ROWS = 10
_INSERT = re.compile(rf"\s*INSERT INTO (?:{'|'.join(_COPIED)})\s*\([^()?]*\)\s*VALUES\s*(?P<row>\([?, ]+\))[^?]*")


class SQLiteConnection(sqlite3.Connection):
    """As `store.connection.Connection`. Statements begin their transactions themselves."""

    index: WordIndex = search
    stored = "main."
    path: Path

    def executemany(self, sql: str, values: Iterable[Any], /) -> sqlite3.Cursor:
        of_many = _of_many(sql)
        if of_many is None:
            return super().executemany(sql, values)
        rows = list(values)
        last = len(rows) - len(rows) % _ROWS
        for start in range(0, last, _ROWS):
            self.execute(of_many, [value for row in rows[start : start + _ROWS] for value in row])
        return super().executemany(sql, rows[last:])

    @contextmanager
    def streamed(self, sql: str, values: Any = ()) -> Iterator[sqlite3.Cursor]:
        """SQLite makes each row when it is asked for."""
        with closing(self.execute(sql, values)) as cursor:
            yield cursor

    def begin(self) -> None:
        self.execute("BEGIN")

    def begin_writing(self) -> None:
        self.execute("BEGIN IMMEDIATE")

    def version(self) -> tuple[int, int]:
        (elsewhere,) = self.execute("PRAGMA data_version").fetchone()
        return elsewhere, self.total_changes

    def versions(self, sources: Sequence[Source]) -> list[tuple[int, int]]:
        """Of all the same: whatever was written."""
        return [self.version()] * len(sources)

    def migrations(self) -> set[str]:
        if not self.has_table("_sqlite_migrations"):
            return set()
        names = self.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'aggregator'").fetchall()
        return {name for (name,) in names}

    def has_table(self, name: str) -> bool:
        found = self.execute("SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?", (name,))
        return found.fetchone() is not None

    def columns_of(self, name: str) -> list[str]:
        return [column for (column,) in self.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchall()]

    def tables_with(self, column: str) -> list[str]:
        found = self.execute(
            """
            SELECT t.name FROM sqlite_schema AS t JOIN pragma_table_xinfo(t.name) AS c
            WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' AND c.name = ? AND c.hidden = 0
            """,
            (column,),
        )
        return [table for (table,) in found.fetchall()]

    def shows_instead(self, name: str) -> bool:
        return self.execute("SELECT 1 FROM temp.sqlite_schema WHERE name = ?", (name,)).fetchone() is not None

    @contextmanager
    def renaming_publishers(self) -> Iterator[None]:
        self.execute("PRAGMA defer_foreign_keys = ON")
        # What triggers count by publisher moves with the other rows; to count each report again takes half a minute for
        # 100,000 of them, and nobody else can write meanwhile.
        counting = self.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'articles'"
            " AND sql LIKE '%UPDATE OF publisher%'"
        ).fetchall()
        for name, _ in counting:
            self.execute(f'DROP TRIGGER "{name}"')
        yield
        for _, sql in counting:
            self.execute(sql)

    def wait_for_news(self, seconds: float) -> bool:
        """A file tells nobody that it was written: whoever follows looks again."""
        time.sleep(seconds)
        return True

    def explained(self) -> AbstractContextManager[None]:
        return explained(self.path)


@lru_cache(1_000)
def _of_many(sql: str) -> str | None:
    """The statement for so many rows at once; None: it is for one."""
    found = _INSERT.fullmatch(sql)
    return found and ", ".join([sql[: found.end("row")], *[found["row"]] * (_ROWS - 1)]) + sql[found.end("row") :]


def to_write(path: Path, busy_seconds: float) -> SQLiteConnection:
    """The writer runs in a thread of its own, one call at a time. Makes the file where there is none. Raises
    sqlite3.Error.
    """
    return _of(
        path,
        sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False, factory=SQLiteConnection
        ),
    )


def to_read(path: Path, busy_seconds: float) -> SQLiteConnection:
    """Of a file that is there; nothing can be written. Raises sqlite3.Error."""
    uri = path.absolute().as_uri() + "?mode=ro"
    return _of(
        path, sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None, factory=SQLiteConnection)
    )


def _of(path: Path, connection: SQLiteConnection) -> SQLiteConnection:
    connection.path = path
    register(connection)
    return connection


def register(connection: Any) -> None:
    """The functions that SQL may call: `fold` and `opening` of `text`, and `raw_words`."""
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.create_function("opening", 1, opening, deterministic=True)
    connection.create_function("raw_words", 2, raw.reader(connection))
