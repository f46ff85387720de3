"""Who may read the database and the files beside it: the user that runs the wire. Complaints name people."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from aggregator.model.errors import StoreError, StoreFull

MODE = 0o600
_ANYBODY_ELSE = 0o077
_EVERYBODY = 0o007
PARTS = ("-wal", "-shm", "-journal")  # of SQLite's, beside a database; it gives them the database's mode


def create(database: Path) -> None:
    """Makes an empty file where there is none, which SQLite would let everybody read. Raises StoreError."""
    path = database.resolve()
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        give_to_owner(descriptor, path.parent)
        os.close(descriptor)
    except FileExistsError:
        return
    except OSError as error:
        raise unusable(path, error) from error


def give_to_owner(descriptor: int, folder: Path) -> None:
    """What root makes in somebody's folder is theirs: nobody but root could use it from now on. Raises OSError."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def mode_beside(database: Path) -> int:
    """For a file beside it: who may write the database needs it too."""
    try:
        return stat.S_IMODE(database.stat().st_mode) & 0o660 | MODE
    except OSError:
        return MODE


def narrow(database: Path) -> int | None:
    """Takes from others what they may do with the file, where it is this user's; returns the mode that it had. None:
    nobody else could do anything, or it is another user's.
    """
    path = database.resolve()
    found = path.stat()
    if not found.st_mode & _ANYBODY_ELSE or os.geteuid() not in (0, found.st_uid):
        return None
    for part in (path, *(path.with_name(path.name + part) for part in PARTS)):
        if part.exists():
            part.chmod(MODE)
    return stat.S_IMODE(found.st_mode)


def everybody_reads(database: Path) -> bool:
    """Whether every user of this machine may open it; False: there is none."""
    try:
        return bool(database.stat().st_mode & _EVERYBODY)
    except OSError:
        return False


def unusable(path: Path, error: OSError) -> StoreError:
    """What an error of the operating system means here."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"{path}: the disk is full; make room; nothing was changed")
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return StoreError(f"{path}: this is a symbolic link, and nothing is written through one; remove it")
    return StoreError(f"{path}: {error.strerror}; can this user write the folder?")
