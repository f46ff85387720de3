"""How a connection is set up: for writing, and with the functions that SQL here may call."""

from __future__ import annotations

import sqlite3

from aggregator.text import fold, opening

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


def register(connection: sqlite3.Connection) -> None:
    """The functions `fold` and `opening` of `text`, for SQL."""
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.create_function("opening", 1, opening, deterministic=True)
