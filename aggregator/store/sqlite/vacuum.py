"""Writes the database file anew, without anything that was deleted from it, and says before what that takes."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from msgspec import Struct

from aggregator.model.errors import StoreError

# Measured on one core of a busy two-core machine (bench/README.md): what is said of time is an estimate.
SECONDS_A_REPORT = 0.0003  # to index it
_BYTES_A_SECOND = 40e6  # to write the file anew
_LOG_BYTES = 64 << 20  # beside what is reckoned: the log of the other steps
# Where SQLite puts its temporary file (https://sqlite.org/tempfiles.html, section 5)
_TEMPORARY = ("SQLITE_TMPDIR", "TMPDIR")
_USUAL = ("/var/tmp", "/usr/tmp", "/tmp", ".")


class Room(Struct, frozen=True):
    """Bytes in a folder: those needed, all at one time, and those that are free."""

    folder: Path
    needed: int
    free: int


class Rewriting(Struct, frozen=True, kw_only=True):
    """What writing the file anew takes."""

    file_bytes: int  # of the database as it is, its log included
    rooms: tuple[Room, ...]  # a disk each: that of the database, and that of temporary files where it is another
    seconds: float  # an estimate

    @property
    def lacking(self) -> Room | None:
        """The first disk that has not enough room; None: all have."""
        return next((room for room in self.rooms if room.free < room.needed), None)


def reckon(connection: sqlite3.Connection, path: Path) -> Rewriting:
    """VACUUM makes a copy in a temporary file, and writes it back by way of the log: each is as large as what the file
    holds (https://sqlite.org/lang_vacuum.html).
    """
    pages, unused, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    (reports,) = connection.execute("SELECT coalesce(sum(usable), 0) FROM reports_per_day").fetchone()
    held = (pages - unused) * size
    path = path.resolve()  # the log lies beside the file, not beside a link to it
    needed = {path.parent: held + _LOG_BYTES}
    temporary = _temporary_folder()
    same = next((folder for folder in needed if os.stat(folder).st_dev == os.stat(temporary).st_dev), temporary)
    needed[same] = needed.get(same, 0) + held
    return Rewriting(
        file_bytes=sum(part.stat().st_size for part in _parts(path)),
        rooms=tuple(Room(folder, count, shutil.disk_usage(folder).free) for folder, count in needed.items()),
        seconds=reports * SECONDS_A_REPORT + held / _BYTES_A_SECOND,
    )


def _parts(path: Path) -> list[Path]:
    return [part for part in (path, path.with_name(path.name + "-wal")) if part.exists()]


def _temporary_folder() -> Path:
    named = [os.environ[name] for name in _TEMPORARY if os.environ.get(name)]
    fit = (Path(name) for name in (*named, *_USUAL) if os.path.isdir(name) and os.access(name, os.W_OK | os.X_OK))
    return next(fit, Path())


def rewrite(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreError when another program reads the database, so that its log cannot be emptied."""
    connection.execute("VACUUM")
    if not empty_log(connection, wait=True):
        raise StoreError(
            f"{path}: the file is written anew, but another program reads the database, and its log ({path.name}-wal) "
            "may still hold what was deleted; end that program, and run `aggregator purge --vacuum` again"
        )


def empty_log(connection: sqlite3.Connection, *, wait: bool = False) -> bool:
    """Cuts the log to nothing, in which pages stand as they were before; False: somebody reads or writes at this
    moment. `wait`: as long as for any lock.
    """
    (milliseconds,) = connection.execute("PRAGMA busy_timeout").fetchone()
    if not wait:
        connection.execute("PRAGMA busy_timeout = 0")
    try:
        (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error) and "busy" not in str(error):
            raise
        return False  # another program is doing the same
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(milliseconds)}")
    return not is_busy
