"""A connection of SQLite's module that knows which file it is of, and how this store begins, ends and explains."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

from aggregator.store.connection import WordIndex
from aggregator.store.queries import raw
from aggregator.store.sqlite import search
from aggregator.store.sqlite.sqlite_errors import explained
from aggregator.text.folding import fold, opening


class SQLiteConnection(sqlite3.Connection):
    """As `store.connection.Connection`. Statements begin their transactions themselves."""

    index: WordIndex = search
    path: Path

    def begin(self) -> None:
        self.execute("BEGIN")

    def begin_writing(self) -> None:
        self.execute("BEGIN IMMEDIATE")

    def version(self) -> tuple[int, int]:
        (elsewhere,) = self.execute("PRAGMA data_version").fetchone()
        return elsewhere, self.total_changes

    def explained(self) -> AbstractContextManager[None]:
        return explained(self.path)


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


def register(connection: sqlite3.Connection) -> None:
    """The functions that SQL may call: `fold` and `opening` of `text`, and `raw_words`."""
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.create_function("opening", 1, opening, deterministic=True)
    connection.create_function("raw_words", 2, raw.reader(connection))
