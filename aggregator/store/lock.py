"""Keeps a second daemon off a database: a lock of the operating system's, which no crash leaves behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from aggregator.errors import DaemonRunning, StoreError

_ONE_DAEMON = (
    "another daemon, process {holder}, or a `purge --vacuum`, uses this database; end it first, or give this one"
    " another with --db"
)
_NO_DAEMON = (
    "a daemon, process {holder}, or another `purge --vacuum`, uses this database; stop it, run this again, then start"
    " the daemon; nothing was changed"
)


def only_daemon(database: Path) -> AbstractContextManager[None]:
    """Holds FILE.lock beside the database; raises DaemonRunning when another process does."""
    return _alone(database, _ONE_DAEMON)


def without_daemon(database: Path) -> AbstractContextManager[None]:
    """Holds FILE.lock too, so that no daemon begins meanwhile; raises DaemonRunning where there is one."""
    return _alone(database, _NO_DAEMON)


@contextmanager
def _alone(database: Path, refusal: str) -> Iterator[None]:
    path = database.with_name(database.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; can this user write the folder?") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise DaemonRunning(f"{database}: {refusal.format(holder=holder)}") from error
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
