"""Locks of the operating system's beside a database, which no crash leaves behind: the daemon's, which keeps a second
one off, and those by which programs know of each other whether they still run.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Self

from aggregator.model.errors import DaemonRunning, StoreError, StoreFull
from aggregator.store import private
from aggregator.store.locks import RunningDaemon
from aggregator.store.sqlite.opening import refuse_no_file

_ONE_DAEMON = (
    "another daemon, process {holder}, or a `purge --vacuum` or `backup load`, uses this database; end it first, or"
    " give this one another with --db"
)
_NO_DAEMON = (
    "a daemon, process {holder}, or another `purge --vacuum` or `backup load`, uses this database; stop it, run this"
    " again, then start the daemon; nothing was changed"
)


class DaemonLock:
    """FILE.lock, held: its first line is the process, its second one what that process says of itself."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._write(f"{os.getpid()}\n")

    def note(self, digest: str, since: str) -> None:
        """Says by which configuration the daemon works, and when it read it. Raises StoreError."""
        self._write(f"{os.getpid()}\n{digest} {since}\n")

    def _write(self, said: str) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, said.encode(), 0)
        except OSError as error:
            raise private.unusable(self._path, error) from error


def running_daemon(database: Path) -> RunningDaemon | None:
    """The daemon that uses this database, or a `purge --vacuum`; None: there is none, or it cannot be told."""
    try:
        descriptor = os.open(_lock_of(database), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _said_by(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def _said_by(descriptor: int) -> RunningDaemon:
    first, *others = os.pread(descriptor, 200, 0).decode("ascii", "replace").splitlines() or ["unknown"]
    digest, _, since = others[0].partition(" ") if others else ("", "", "")
    return RunningDaemon(pid=first.strip() or "unknown", digest=digest or None, since=since or None)


def _lock_of(database: Path) -> Path:
    return Path(f"{database.resolve()}.lock")  # a link to it may be in another folder


def only_daemon(database: Path) -> AbstractContextManager[DaemonLock]:
    """Holds FILE.lock beside the database; raises DaemonRunning when another process does."""
    return _alone(database, _ONE_DAEMON)


def without_daemon(database: Path) -> AbstractContextManager[DaemonLock]:
    """Holds FILE.lock too, so that no daemon begins meanwhile; raises DaemonRunning where there is one."""
    return _alone(database, _NO_DAEMON)


@contextmanager
def _alone(database: Path, refusal: str) -> Iterator[DaemonLock]:
    refuse_no_file(database)
    path = _lock_of(database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, private.mode_beside(database))
    except OSError as error:
        raise private.unusable(path, error) from error
    try:
        _lock(file, database, refusal)
        with suppress(OSError):  # a disk that has no owners
            private.give_to_owner(file, path.parent)
        yield DaemonLock(path, file)
    finally:
        os.close(file)


def _lock(file: int, database: Path, refusal: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DaemonRunning(f"{database}: {refusal.format(holder=_said_by(file).pid)}") from error


class Program:
    """One of the programs that poll into a database: `number` is its own as long as it runs, and `is_running` says of
    every number whether its program runs. Each locks a file of its own, FILE.program-NUMBER. The lock ends with the
    program, however that ends, so no clock and no process id has to be believed.
    """

    def __init__(self, database: Path, number: int, descriptor: int) -> None:
        self.number = number
        self._database = database
        self._descriptor = descriptor

    @classmethod
    def begin(cls, database: Path) -> Self:
        """With the smallest number that no running program has. Raises StoreError where files cannot be locked here."""
        database = database.resolve()  # a link to it may be in another folder
        for number in count(1):
            descriptor = _locked(database, number)
            if descriptor is not None:
                return cls(database, number, descriptor)
        raise AssertionError("numbers do not end")

    def holds(self) -> bool:
        """The lock ends with the program alone."""
        return True

    def is_running(self, number: int) -> bool:
        """Whether the program with this number runs. Raises StoreError."""
        if number == self.number:
            return True
        if not _file_of(self._database, number).exists():
            return False
        # Shared, so that two that look at once do not see each other.
        descriptor = _locked(self._database, number, fcntl.LOCK_SH)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def end(self) -> None:
        """Gives the number back."""
        os.close(self._descriptor)


def _file_of(database: Path, number: int) -> Path:
    return database.with_name(f"{database.name}.program-{number}")


def _locked(database: Path, number: int, lock: int = fcntl.LOCK_EX) -> int | None:
    """A descriptor that holds the lock until it is closed; None: another one holds it."""
    path, flags = _file_of(database, number), os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, private.mode_beside(database))
        try:
            fcntl.flock(descriptor, lock | fcntl.LOCK_NB)
            private.give_to_owner(descriptor, path.parent)
        except OSError as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                return None
            raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(f"{path}: the disk is full; make room; nothing stored is lost") from error
        raise StoreError(
            f"{path}: cannot lock this file ({error.strerror}); can this user write the folder?"
        ) from error
    return descriptor
