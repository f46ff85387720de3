"""Keeps a second daemon off a database: a lock of the operating system's, which no crash leaves behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import DaemonRunning, StoreError


@contextmanager
def only_daemon(database: Path) -> Iterator[None]:
    """Holds FILE.lock beside the database; raises DaemonRunning when another process does."""
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
            raise DaemonRunning(
                f"{database}: another daemon, process {file.read().strip() or 'unknown'}, polls into this database; "
                "stop it first, or give this one another with --db"
            ) from error
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
