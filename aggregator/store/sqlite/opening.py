"""How a connection is set up: for writing, and with the functions that SQL here may call."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from aggregator.model.errors import StoreError
from aggregator.text.html import fold, opening

# Bytes of the log (FILE-wal) that are kept for use again. It grows as long as somebody's query lasts.
_LONGEST_LOG = 64 << 20


def set_up(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    # Keys and ids fall anywhere into their indexes, so a batch touches a thousand pages. With SQLite's own 2 MB of
    # cache, and a checkpoint after every 4 MB written, a million articles cost twice as much (bench/README.md).
    connection.execute("PRAGMA cache_size = -16384")
    connection.execute("PRAGMA wal_autocheckpoint = 8192")
    connection.execute(f"PRAGMA journal_size_limit = {_LONGEST_LOG}")
    connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten, and not only let go. Debian builds its SQLite so; others do not.
    connection.execute("PRAGMA secure_delete = ON")


def refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreError for a file of SQLite that another program made; one without a table is nobody's yet."""
    tables = {
        name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        if not name.startswith("sqlite_")
    }  # fmt: skip
    if not tables or ("_sqlite_migrations" in tables and _is_ours(connection)):
        return
    raise StoreError(f"{path}: this is the database of another program; it was not changed; name another with --db")


def _is_ours(connection: sqlite3.Connection) -> bool:
    try:
        row = connection.execute("SELECT 1 FROM _sqlite_migrations WHERE migration_set = 'aggregator'").fetchone()
    except sqlite3.OperationalError:  # a table of that name, and of another form
        return False
    return row is not None


def register(connection: sqlite3.Connection) -> None:
    """The functions `fold` and `opening` of `text`, for SQL."""
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.create_function("opening", 1, opening, deterministic=True)
