"""What SQLite's errors mean to the person at the keyboard: which of ours each is, and what to do about it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from aggregator.model.errors import StoreBusy, StoreError, StoreFull

NO_DATABASE = "file is not a database"  # SQLITE_NOTADB
BUSY_SECONDS = 30  # how long a lock is waited for
_LITTLE = 1 << 20  # bytes; with less than this free a disk is full


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
                "end it (a long write, a copy under way?); nothing stored is lost, the next poll brings what is missing"
            ) from error
        if "full" in said or ("disk I/O" in said and _is_full(path)):
            raise StoreFull(
                f"{path}: the disk is full; make room, and do this again; "
                "nothing stored is lost, the next poll brings what is missing"
            ) from error
        if "disk I/O" in said:
            why = (
                f"is the disk over its quota, or failing, or was {path.name}-wal removed while a program used the file?"
            )
            raise StoreError(f"{path}: {said}; {why} Nothing stored is lost") from error
        if said.startswith(("no such column", "no such table", "no such index", "no such function", "no such view")):
            raise StoreError(
                f"{path}: {said}; another version of aggregator made this database, or none did; "
                "`aggregator fetch` brings an older one up to date"
            ) from error
        raise StoreError(f"{path}: {said}; can this user write the file and its folder?") from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise  # a bug of ours
        if NO_DATABASE in str(error):
            said = "this is no SQLite database, or its beginning is damaged; it was not changed; name another with --db"
            raise StoreError(
                f"{path}: {said}, or bring back a backup with `aggregator backup load FILE`, which keeps this file"
            ) from error
        raise StoreError(
            f"{path}: {error}; bring back a backup with `aggregator backup load FILE`, which keeps this file, or give "
            "another with --db (`sqlite3 FILE .recover` reads what can be read)"
        ) from error


def _is_full(path: Path) -> bool:
    """SQLite's own word for a full disk is not always that one."""
    try:
        return shutil.disk_usage(path.parent).free < _LITTLE
    except OSError:
        return False


def try_writing(connection: sqlite3.Connection, transaction: Callable[[], AbstractContextManager[None]]) -> None:
    """Writes a megabyte and deletes it again, whose pages the next polls can use; raises StoreError."""
    with transaction():
        connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES ('room', hex(zeroblob(524288)))")
    with transaction():
        connection.execute("DELETE FROM settings WHERE name = 'room'")
