"""Writes a file of the configuration whole or not at all, and never through a symbolic link."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from aggregator.model.errors import ConfigError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_Place = Callable[[str, str, int], None]  # gives a file of a folder its name there
_LINK = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)  # what open(2) of Linux and macOS says of a link with O_NOFOLLOW


def save(folder: Path, name: str, content: str | bytes) -> None:
    """Writes `content`, text in UTF-8, to the file `name` below `folder`, and makes its folder where that is missing.

    The new file is on the disk before it takes the place of the old one, so that a crash at any moment leaves the one
    or the other, and beside it at most a file whose name begins with a dot, which the loader overlooks. ConfigError: it
    cannot be written, or the file, or a folder between it and `folder`, is a symbolic link; then nothing has changed.
    """
    _write(folder, name, content, _over)


def save_new(folder: Path, name: str, content: str | bytes) -> None:
    """As `save`. ConfigError also where there is a file of this name, whoever made it, and be it in this moment."""
    _write(folder, name, content, _beside)


def _write(folder: Path, name: str, content: str | bytes, put: _Place) -> None:
    path = PurePosixPath(name)
    try:
        with _opened(folder, path.parent) as at:
            _replace(at, path.name, content.encode() if isinstance(content, str) else content, put)
    except FileExistsError:
        raise ConfigError([f"{name}: found a file of this name, expected none; it stays as it is"]) from None
    except OSError as error:
        why = "a symbolic link on the way" if error.errno in _LINK else str(error.strerror)
        expected = "expected a file that can be written in its own folder"
        raise ConfigError([f"{name}: found a file that cannot be written ({why}), {expected}"]) from None


def _over(new: str, name: str, folder: int) -> None:
    os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)


def _beside(new: str, name: str, folder: int) -> None:
    """Raises FileExistsError where there is one of this name."""
    os.link(new, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    with suppress(OSError):  # the loader overlooks it
        os.unlink(new, dir_fd=folder)


@contextmanager
def _opened(folder: Path, below: PurePosixPath) -> Iterator[int]:
    """A folder below `folder`, which was reached through no link. Raises OSError."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in below.parts:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=at)
            inner = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = inner
        yield at
    finally:
        os.close(at)


def _replace(folder: int, name: str, content: bytes, put: _Place) -> None:
    mode = _mode(folder, name)
    new = f".{name}.{secrets.token_hex(4)}.new"
    file = os.open(new, _NEW, 0o666, dir_fd=folder)
    try:
        with open(file, "wb") as opened:
            if mode is not None:
                os.fchmod(file, mode)
            opened.write(content)
            opened.flush()
            os.fsync(file)
        put(new, name, folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(new, dir_fd=folder)
        raise
    os.fsync(folder)


def _mode(folder: int, name: str) -> int | None:
    """The permissions of the file that is there; None: there is none. Raises OSError for a link."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return stat.S_IMODE(found.st_mode)


def remove(folder: Path, name: str) -> None:
    """Takes away the file `name` below `folder`, which was reached through no link below it. Raises ConfigError."""
    path = PurePosixPath(name)
    try:
        with _opened(folder, path.parent) as at:
            os.unlink(path.name, dir_fd=at)
            os.fsync(at)
    except OSError as error:
        raise ConfigError([f"{name}: found a file that cannot be deleted ({error.strerror})"]) from None
