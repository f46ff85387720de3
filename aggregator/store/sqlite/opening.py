"""How a connection is set up for writing, and which files are refused."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Sequence
from pathlib import Path

from aggregator.model.errors import StoreError

# Bytes of the log (FILE-wal) that are kept for use again. It grows as long as somebody's query lasts.
_LONGEST_LOG = 64 << 20

# Bytes of a new file's pages. A report's words take two or three thousand, so of smaller pages much stays empty.
_PAGE = 16_384
_CHECKPOINT = 32 << 20  # bytes of the log after which it is brought into the file

# In the file's header, so that everybody can tell whose it is; "Aggr". It stays the same for ever.
APPLICATION_ID = 0x41676772


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


INSTEAD = "name another with --db"


def refuse_no_file(path: Path, instead: str = INSTEAD) -> None:
    """Raises StoreError where no database can be: of a folder SQLite would say that the disk fails, and at a pipe it
    would wait for ever. `instead`: what to do.

    The file is not opened: closing it would end the locks that SQLite holds on it for this process, and another one
    would remove the log that is in use (https://sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; {instead}") from error
    if stat.S_ISDIR(mode):
        raise StoreError(f"{path}: this is a folder, and no file; {instead}")
    if not stat.S_ISREG(mode):
        raise StoreError(f"{path}: this is a pipe, a device or a socket, and no file; {instead}")


def refuse_foreign(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[str], instead: str = INSTEAD
) -> None:
    """Raises StoreError for a file of SQLite that another program or a newer version of this one made; one without a
    table is nobody's yet. `migrations`: the names of those that this version knows; `instead`: what to do.
    """
    application, has_tables, made = _marks(connection)
    if not has_tables and application in (0, APPLICATION_ID):
        if path.stat().st_size == 1:  # for SQLite it is empty (`unixFileSize` in os_unix.c)
            raise StoreError(f"{path}: this is no SQLite database; it was not changed; {instead}")
        return
    if application == APPLICATION_ID and not made:
        raise StoreError(
            f"{path}: this database has no list of its migrations (the table _sqlite_migrations), so another version"
            f" than this one made it, or it is damaged; it was not changed; {instead}"
        )
    if is_foreign(connection):
        raise StoreError(f"{path}: this is the database of another program; it was not changed; {instead}")
    if unknown := sorted(set(made) - set(migrations)):
        said = (
            f"a newer version of aggregator made this database (it has {unknown[-1]}, which this version does not know)"
        )
        raise StoreError(f"{path}: {said}; it was not changed; install that version, or {instead}")


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether another program made the file."""
    application, has_tables, made = _marks(connection)
    return application not in (0, APPLICATION_ID) or (application == 0 and has_tables and not made)


def _marks(connection: sqlite3.Connection) -> tuple[int, bool, list[str]]:
    """The number in the header, 0 for none; whether there are tables; and the migrations of ours."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    tables = {
        name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        if not name.startswith("sqlite_")
    }  # fmt: skip
    made = _migrations_of(connection) if "_sqlite_migrations" in tables else []
    return application, bool(tables), made


def _migrations_of(connection: sqlite3.Connection) -> list[str]:
    """The names of the migrations of ours that the file has."""
    try:
        rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'aggregator'").fetchall()
    except sqlite3.OperationalError:  # a table of that name, and of another form
        return []
    return [str(name) for (name,) in rows]
