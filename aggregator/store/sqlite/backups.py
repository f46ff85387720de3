"""Backups: a copy of the database in one file, made while others write; and such a file in the database's place."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aggregator.model import Cursor
from aggregator.model.errors import StoreBusy, StoreError, StoreFull
from aggregator.model.picture import PictureCopy
from aggregator.store import picture_backups, private
from aggregator.store.picture_backups import PicturesHeld
from aggregator.store.queries import ledger, pictures, views
from aggregator.store.sqlite import opening
from aggregator.store.sqlite.connection import SQLiteConnection
from aggregator.store.sqlite.sqlite_errors import NO_DATABASE, explained

STEP = 1 << 20  # bytes that are copied between two calls of `moved`
_WAIT_SECONDS = 5  # for a query that ends; a program that stays has the file open for longer
_MOST_NAMES = 1_000
_NOTHING, _ANOTHER = "nothing was changed", "name another file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a file holds."""

    size: int  # bytes
    reports: int | None  # stored, in the wire or not, without those that were purged; None: too old to be counted
    last: Cursor | None  # of its ledger; None: it has no line, or is too old to have cursors
    is_current: bool  # its tables are those of this version
    pictures: PicturesHeld  # that were brought with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was put in the place of the database, and what was there before."""

    facts: Facts
    kept: Path | None  # the file that was there; None: there was none
    lost: tuple[Cursor, Cursor | None] | None  # the last line of that one, and of the new one, which lacks it; None: it
    # has it, or there was none


def create(connection: SQLiteConnection, path: Path, to: Path, *, replace: bool, moved: Callable[[], None]) -> Facts:
    """Copies the database of the connection, as it is at this moment, into the file `to`: mode 0600, written beside it
    and renamed; and beside it the copies of pictures that it names. `moved` is called after each part (STEP). Raises
    StoreError; then `to` is as it was. What is wrong with pictures raises nothing.
    """
    _refuse_target(path, to, replace=replace)
    with _made_beside(to) as new:
        try:
            with explained(path):
                _copy(connection, new, moved)
        except StoreFull as error:
            raise StoreFull(f"{to}: the disk is full; make room; {_NOTHING}") from error
        _check(new, path, "quick_check", f"the database is damaged; load an older backup; {_NOTHING}")
        found, copies = facts(new), _pictures(new)
        held = picture_backups.add(path, to, copies, lambda digest: pictures.is_copied(connection, digest), moved)
        _put(new, to)
        if not held.problem:
            picture_backups.tidy(to, copies)
    return dataclasses.replace(found, pictures=held)


def load(file: Path, database: Path, now: datetime, moved: Callable[[], None]) -> Loaded:
    """Puts a copy of `file` in the place of the database. The caller keeps daemons away (`lock.without_daemon`).
    Raises StoreError; then the database is as it was.
    """
    database = database.resolve()
    if not file.exists():
        raise StoreError(f"{file}: there is no such file; {_NOTHING}")
    if database.exists() and file.samefile(database):
        raise StoreError(f"{file}: this is the database itself; name a backup of it; {_NOTHING}")
    with _made_beside(database) as new:
        with explained(file), _damage_explained(file):
            _take(file, new, moved)
        _check(new, file, "integrity_check", f"the file is damaged; {_ANOTHER}; {_NOTHING}")
        found, lost, kept = facts(new), None, None
        if database.exists():
            _refuse_foreign(database)
            lost = _lost(database, new, found.last)
        with _nobody_else(database):
            held = picture_backups.take(file, database, _pictures(new), moved)
            kept = _keep(database, now)
            _put(new, database)
    return Loaded(facts=dataclasses.replace(found, pictures=held), kept=kept, lost=lost)


def steps(file: Path) -> int:
    """About how often `load` will call `moved`."""
    return -(-(file.stat().st_size + picture_backups.size_of(file)) // STEP) if file.is_file() else 0


@contextmanager
def _damage_explained(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError:  # which is of the disk, of locks, of permissions
        raise
    except sqlite3.DatabaseError as error:
        said = f"{error}; the file is damaged"
        if NO_DATABASE in str(error):
            said = "this is no SQLite database, or its beginning is damaged"
        raise StoreError(f"{file}: {said}; {_ANOTHER}; {_NOTHING}") from error


def parts(connection: SQLiteConnection) -> int:
    """About how often `create` will call `moved`."""
    (pages,), (size,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    taken = pictures.taken(connection) if pictures.is_there(connection) else 0
    return -(-int(pages * size + taken) // STEP)


def _pictures(path: Path) -> list[PictureCopy]:
    """Of which the database has copies."""
    with closing(_opened(path)) as connection, explained(path):
        return list(pictures.copies(connection).values()) if pictures.is_there(connection) else []


def facts(path: Path) -> Facts:
    """Of a file that nobody writes. Raises StoreError."""
    with closing(_opened(path)) as connection, explained(path):
        is_current, reports, last = views.is_migrated(connection), None, None
        with suppress(sqlite3.OperationalError):  # an older version made it, without these columns
            (reports,) = connection.execute(
                "SELECT count(*) FROM articles WHERE coalesce(notice, '') <> 'removed'"
            ).fetchone()
            last = ledger.last_cursor(connection)
    return Facts(size=path.stat().st_size, reports=reports, last=last, is_current=is_current, pictures=PicturesHeld())


# Making files


def _refuse_target(path: Path, to: Path, *, replace: bool) -> None:
    try:
        mode = to.stat().st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise StoreError(f"{to}: {error.strerror}; name another file") from error
    if mode is not None and stat.S_ISDIR(mode):
        raise StoreError(f"{to}: this is a folder; name a file in it, such as {to / path.name}")
    if mode is not None and not stat.S_ISREG(mode):
        raise StoreError(f"{to}: this is a pipe, a device or a socket; name a file")
    database = path.resolve()
    if to.resolve() in {database, *(database.with_name(database.name + part) for part in (*private.PARTS, ".lock"))}:
        raise StoreError(f"{to}: this is the database itself, or a part of it; name another file")
    if mode is not None and not replace:
        raise StoreError(f"{to}: this file is there already; --force replaces it")
    if not to.parent.is_dir():
        raise StoreError(f"{to}: there is no folder {to.parent}; make it, or name another file")


@contextmanager
def _made_beside(target: Path) -> Iterator[Path]:
    """A new empty file in the folder of another, which is removed where it has not been put somewhere."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)  # 0600
    except OSError as error:
        raise private.unusable(target, error) from error
    new = Path(name)
    try:
        private.give_to_owner(descriptor, target.parent)
        os.close(descriptor)
        yield new
    except OSError as error:
        raise private.unusable(target, error) from error
    finally:
        for part in ("", *private.PARTS):
            new.with_name(new.name + part).unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, new: Path, moved: Callable[[], None]) -> None:
    """Of one moment: a snapshot is held while the pages are copied, so that what others write restarts nothing."""
    source.execute("BEGIN")
    try:
        source.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()  # from here on the snapshot is held
        (size,) = source.execute("PRAGMA page_size").fetchone()
        with closing(sqlite3.connect(new, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous = OFF")  # it is synchronised once, at the end
            source.backup(target, pages=max(STEP // size, 1), progress=lambda *_: moved())
    finally:
        source.execute("ROLLBACK")
    # One file, which can be read where nothing can be written; a writer brings the log back.
    with closing(sqlite3.connect(new, isolation_level=None)) as target:
        target.execute("PRAGMA journal_mode = DELETE")


def _check(new: Path, said: Path, pragma: str, what_to_do: str) -> None:
    try:
        with closing(_opened(new)) as connection:
            found = connection.execute(f"PRAGMA {pragma}(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:  # so damaged that it cannot be checked
        found = error
    if found != "ok":
        raise StoreError(f"{said}: {' '.join(str(found).split())}; {what_to_do}")


def _put(new: Path, target: Path) -> None:
    """In its place, for good: after a power cut too."""
    _synchronise(new)
    new.replace(target)
    _synchronise(target.parent)


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# Reading a backup


def _take(file: Path, new: Path, moved: Callable[[], None]) -> None:
    opening.refuse_no_file(file, _ANOTHER)
    with closing(_opened(file)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
            raise StoreError(f"{file}: this database is empty; {_ANOTHER}")
        opening.refuse_foreign(connection, file, views.MIGRATIONS, _ANOTHER)
        _copy(connection, new, moved)


def _opened(path: Path) -> SQLiteConnection:
    """For reading. A file without a log is read as it is: SQLite would make files beside it, and cannot in a folder
    that is read-only.
    """
    has_log = any(path.with_name(path.name + part).exists() for part in ("-wal", "-journal"))
    uri = path.absolute().as_uri() + ("?mode=ro" if has_log else "?mode=ro&immutable=1")
    return sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None, factory=SQLiteConnection)


# The database that is replaced


def _refuse_foreign(database: Path) -> None:
    """One of ours that is damaged, or that a newer version made, may be replaced: it is kept."""
    try:
        with closing(_opened(database)) as connection:
            is_foreign = opening.is_foreign(connection)
    except sqlite3.DatabaseError:
        is_foreign = False
    if is_foreign:
        raise StoreError(f"{database}: this is the database of another program; name another with --db; {_NOTHING}")


def _lost(database: Path, new: Path, last: Cursor | None) -> tuple[Cursor, Cursor | None] | None:
    try:
        with closing(_opened(database)) as connection:
            before = ledger.last_cursor(connection)
    except sqlite3.DatabaseError:
        return None
    if before is None:
        return None
    with closing(_opened(new)) as connection, suppress(sqlite3.OperationalError):
        row = connection.execute("SELECT hash FROM changes WHERE seq = ?", (before.seq,)).fetchone()
        if row and Cursor.of(before.seq, row[0]) == before:
            return None
    return before, last


@contextmanager
def _nobody_else(database: Path) -> Iterator[None]:
    """Within, no other program has the database open. Its log is brought into it, and SQLite removes -wal and -shm."""
    if not database.exists() or not database.stat().st_size:
        yield
        return
    connection = sqlite3.connect(database, timeout=_WAIT_SECONDS, isolation_level=None)
    try:
        try:
            # Only who is alone may do this (https://sqlite.org/wal.html#activating_and_configuring_wal_mode). A program
            # that opened the file a moment ago cannot bring the log back once the file has another name: SQLite refuses
            # (SQLITE_READONLY_DBMOVED). So no log of the old file comes to lie beside the new one.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if "locked" in str(error) or "busy" in str(error):
                said = "another program has the database open (`fetch`, a query, Datasette?); end it and run this again"
                raise StoreBusy(f"{database}: {said}; {_NOTHING}") from error
            connection.close()  # it is damaged: its log is kept with it
        yield
    finally:
        connection.close()


def _keep(database: Path, now: datetime) -> Path | None:
    """Gives the database, and what may lie beside it, a second name; returns that of the database."""
    kept = _free_name(database, now)
    is_there = database.exists()
    if is_there:
        try:
            kept.hardlink_to(database)  # so that there is a database at every moment
        except OSError:  # this kind of disk has no links
            database.rename(kept)
        kept.chmod(private.MODE)
    for part in private.PARTS:
        beside = database.with_name(database.name + part)
        if part == "-shm" or (beside.exists() and not beside.stat().st_size):
            beside.unlink(missing_ok=True)  # SQLite makes the first from the log
        elif beside.exists():
            beside.rename(kept.with_name(kept.name + part))
    return kept if is_there else None


def _free_name(database: Path, now: datetime) -> Path:
    for number in range(_MOST_NAMES):
        name = f"{database.name}.replaced-{now:%Y%m%dT%H%M%SZ}{f'-{number}' if number else ''}"
        if not database.with_name(name).exists():
            return database.with_name(name)
    raise StoreError(f"{database}: the files that it replaced have all names; remove some; {_NOTHING}")
