"""The files of copies of pictures: `ab/cdef….WIDTH.jpg` by digest, in a folder beside the database."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from aggregator.model.picture import EncodedPicture, PictureCopy
from aggregator.store import private

_NAME = re.compile(r"([0-9a-f]{62})\.([1-9][0-9]{0,4})\.jpg")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_UNFINISHED = ".new-"  # how names begin of files that are being written
_ABANDONED = timedelta(hours=1)  # after which such a file is nobody's
_CHECKED = ".checked"  # its time is when files and rows were compared last


def folder_of(database: Path) -> Path:
    """`pictures`, of a database that is called wire.db; each other one has its own."""
    database = database.resolve()  # a link to it may be in another folder
    return database.with_name("pictures" if database.name == "wire.db" else f"{database.name}.pictures")


def name_of(digest: str, width: int) -> str:
    """Of the file within the folder."""
    return f"{digest[:2]}/{digest[2:]}.{width}.jpg"


def path_of(database: Path, digest: str, width: int) -> Path:
    return folder_of(database) / name_of(digest, width)


@contextmanager
def written(database: Path, made: EncodedPicture) -> Iterator[Callable[[], None]]:
    """Writes the files of a picture under other names. What is yielded gives them their own: a file is there whole or
    not at all. At the end of the block what has not got its name is gone. Raises OSError.
    """
    folder, mode = folder_of(database), private.mode_beside(database)
    of_digest = folder / made.digest[:2]
    make_folder(folder, mode)
    make_folder(of_digest, mode)
    waiting: dict[Path, Path] = {}
    try:
        for size, content in made.files:
            new = folder / f"{_UNFINISHED}{os.getpid()}-{made.digest[:16]}.{size.width}"
            waiting[new] = path_of(database, made.digest, size.width)
            write(new, content, mode)

        def give_names() -> None:
            for new, path in waiting.items():
                new.replace(path)
            sync(of_digest)

        yield give_names
    finally:
        for new in waiting:
            new.unlink(missing_ok=True)


def remove(database: Path, digest: str) -> None:
    """Removes all files of a picture. Raises OSError."""
    of_digest = folder_of(database) / digest[:2]
    for path in of_digest.glob(f"{digest[2:]}.*.jpg"):
        path.unlink(missing_ok=True)
    with suppress(OSError):  # others are in it
        of_digest.rmdir()


def found(database: Path) -> dict[str, set[int]]:
    """The widths of the files that are there, by digest."""
    there: dict[str, set[int]] = {}
    with suppress(FileNotFoundError):
        for folder in folder_of(database).iterdir():
            if _FOLDER.fullmatch(folder.name) and folder.is_dir():
                for path in folder.iterdir():
                    if named := _NAME.fullmatch(path.name):
                        there.setdefault(folder.name + named[1], set()).add(int(named[2]))
    return there


def missing(copies: Collection[PictureCopy], there: dict[str, set[int]]) -> list[str]:
    """The digests of those that lack a file."""
    return [copy.digest for copy in copies if not {size.width for size in copy.sizes} <= there.get(copy.digest, set())]


def remove_abandoned(database: Path, now: datetime) -> None:
    """Removes what programs left that ended while they wrote. Raises OSError."""
    for path in folder_of(database).glob(f"{_UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if abs(now.timestamp() - path.stat().st_mtime) > _ABANDONED.total_seconds():
                path.unlink()


def is_checked(database: Path, now: datetime, within: timedelta) -> bool:
    """Whether files and rows were compared lately; where there is no folder, they were not."""
    folder = folder_of(database)
    try:
        return abs(now.timestamp() - (folder / _CHECKED).stat().st_mtime) < within.total_seconds()
    except FileNotFoundError:
        return False


def note_checked(database: Path, now: datetime) -> None:
    """Raises OSError."""
    folder = folder_of(database)
    if folder.is_dir():
        path = folder / _CHECKED
        path.touch(mode=private.mode_beside(database))
        os.utime(path, (now.timestamp(), now.timestamp()))


def forget_checked(database: Path) -> None:
    """Files and rows are compared at the next opportunity: the database is another one."""
    with suppress(OSError):
        (folder_of(database) / _CHECKED).unlink(missing_ok=True)


def make_folder(folder: Path, mode: int) -> None:
    """Who may read the files may enter. One that is there stays as it is. Raises OSError."""
    try:
        folder.mkdir(mode=mode | (mode & 0o444) >> 2)
    except FileExistsError:
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        private.give_to_owner(descriptor, folder.parent)
    finally:
        os.close(descriptor)


def write(path: Path, content: bytes, mode: int, *, synced: bool = True) -> None:
    """A new file; where it is `synced`, it is there after a power cut too. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        private.give_to_owner(descriptor, path.parent)
        file.write(content)
        file.flush()
        if synced:
            os.fsync(descriptor)


def sync(folder: Path) -> None:
    """The names in it are there after a power cut too. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
