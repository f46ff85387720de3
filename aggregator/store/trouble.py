"""What SQLite's errors mean to the person at the keyboard: which of ours each is, and what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import StoreBusy, StoreError, StoreFull

BUSY_SECONDS = 30  # how long a lock is waited for


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into ours, which say what to do. Nothing stored is lost by any of them."""
    try:
        yield
    except sqlite3.OperationalError as error:
        said = str(error)
        if "locked" in said or "busy" in said:
            raise StoreBusy(
                f"{path}: another program has kept the database locked for {BUSY_SECONDS} s; "
                "end it (a long query, a copy under way?) and run this again; nothing stored is lost"
            ) from error
        if "full" in said:
            raise StoreFull(
                f"{path}: the disk is full; make room and run this again; nothing stored is lost"
            ) from error
        if "no such column" in said or "no such table" in said:
            raise StoreError(
                f"{path}: {said}; another version of aggregator made this database, or none did; "
                "`aggregator fetch` brings an older one up to date"
            ) from error
        raise StoreError(f"{path}: {said}; can this user write the file and its folder?") from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise  # a bug of ours
        raise StoreError(
            f"{path}: {error}; keep the file, restore a copy, or give another with --db "
            "(`sqlite3 FILE .recover` reads what can be read)"
        ) from error
