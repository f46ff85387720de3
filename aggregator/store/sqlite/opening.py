"""How a connection is set up: for writing, and with the functions that SQL here may call."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from aggregator.model.errors import StoreError
from aggregator.text.folding import fold, opening

# Bytes of the log (FILE-wal) that are kept for use again. It grows as long as somebody's query lasts.
_LONGEST_LOG = 64 << 20


# Bytes of a new file's pages. A report's words take two or three thousand, so of smaller pages much stays empty.
_PAGE = 16_384
_CHECKPOINT = 32 << 20  # bytes of the log after which it is brought into the file


def set_up(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE}")  # says nothing to a file that has its pages
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    # Keys and ids fall anywhere into their indexes, so a batch touches a thousand pages. With SQLite's own 2 MB of
    # cache, and a checkpoint after every 4 MB written, a million articles cost twice as much (bench/README.md).
    connection.execute("PRAGMA cache_size = -16384")
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT // page}")
    connection.execute(f"PRAGMA journal_size_limit = {_LONGEST_LOG}")
    connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten, and not only let go. Debian builds its SQLite so; others do not.
    connection.execute("PRAGMA secure_delete = ON")


def refuse_foreign(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Raises StoreError for a file of SQLite that another program or a newer version of this one made; one without a
    table is nobody's yet. `migrations`: the names of those that this version knows.
    """
    tables = {
        name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        if not name.startswith("sqlite_")
    }  # fmt: skip
    if not tables:
        return
    made = _migrations_of(connection) if "_sqlite_migrations" in tables else []
    if not made:
        raise StoreError(f"{path}: this is the database of another program; it was not changed; name another with --db")
    if unknown := sorted(set(made) - set(migrations)):
        said = (
            f"a newer version of aggregator made this database (it has {unknown[-1]}, which this version does not know)"
        )
        raise StoreError(f"{path}: {said}; it was not changed; install that version, or name another with --db")


def _migrations_of(connection: sqlite3.Connection) -> list[str]:
    """The names of the migrations of ours that the file has."""
    try:
        rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'aggregator'").fetchall()
    except sqlite3.OperationalError:  # a table of that name, and of another form
        return []
    return [str(name) for (name,) in rows]


def register(connection: sqlite3.Connection) -> None:
    """The functions `fold` and `opening` of `text`, for SQL."""
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.create_function("opening", 1, opening, deterministic=True)
