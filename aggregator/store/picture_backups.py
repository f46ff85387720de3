"""The copies of pictures in a backup: their files beside it, with the digest of each, and back from there.

Files that an older backup in the same folder has too are hard links to it, so that a backup a day takes no more room
than its new pictures do. `SHA256SUMS` names each file with its digest, as `sha256sum --check` reads it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from aggregator.model.picture import PictureCopy
from aggregator.store import private
from aggregator.store.picture_files import folder_of, make_folder, name_of, sync, write

_SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  ([0-9a-f]{2}/[0-9a-f]{62}\.[1-9][0-9]{0,4}\.jpg)")
_UNFINISHED = ".part"
_STEP = 1 << 20  # bytes that are read between two calls of `moved`

Sums = dict[str, str]  # SHA-256 of the content by the name of the file


class PicturesHeld(Struct, frozen=True, kw_only=True):
    """What became of the pictures of a backup. Paths are of single files; a picture has up to three."""

    pictures: int = 0  # that are whole where they were brought
    size: int = 0  # bytes of their files
    lost: tuple[Path, ...] = ()  # files that are missing or damaged, and that no other place has
    replaced: tuple[Path, ...] = ()  # files that are missing or damaged, and were taken from another place
    problem: str = ""  # why the others could not be brought; '': all could


# Into a backup


def add(
    database: Path,
    to: Path,
    copies: Collection[PictureCopy],
    is_wanted: Callable[[str], bool],
    moved: Callable[[], None],
) -> PicturesHeld:
    """Brings the files of these pictures beside the backup `to`, before that gets its name. What the folder has of a
    backup that is replaced stays until `tidy`. `is_wanted`: whether the wire still has the picture, by digest; what was
    let go in the meantime is left out and is not lost.
    """
    folder = folder_of(to)
    own = _sums(folder)
    if not copies and not own:
        return PicturesHeld()
    sources = _Sources(live=folder_of(database), older=((folder, own), _newest_other(folder)))
    bringing, sums = _Bringing(moved), Sums()
    try:
        make_folder(folder, private.MODE)
        for copy in copies:
            found = {name: sources.find(name) for name in names_of(copy)}
            if any(each.fault for each in found.values()) and not is_wanted(copy.digest):
                continue
            for name, each in found.items():
                if each.content:
                    bringing.put(each.path, each.content, folder / name, None)
                    sums[name] = _digest(each.content)
            bringing.count(list(found.values()))
        os.sync()  # once for all: one for each file takes many times as long
        _write_sums(folder, own | sums)
    except OSError as error:
        bringing.problem = f"{error.filename or folder}: {error.strerror}"
    return bringing.held()


def tidy(to: Path, copies: Collection[PictureCopy]) -> None:
    """Removes what a backup that was replaced had and this one has not. What cannot be removed stays in the list, for
    the next time.
    """
    folder = folder_of(to)
    own, names = _sums(folder), {name for copy in copies for name in names_of(copy)}
    with suppress(OSError):
        if surplus := own.keys() - names:
            for name in surplus:
                (folder / name).unlink(missing_ok=True)
                with suppress(OSError):  # others are in it
                    (folder / name).parent.rmdir()
            _write_sums(folder, {name: digest for name, digest in own.items() if name in names})


class _Found(Struct, frozen=True):
    path: Path  # of the file, or where it should be
    content: bytes  # empty: there is none
    fault: Path | None = None  # the file that is missing or damaged


class _Sources(Struct, frozen=True):
    """Where the files of a backup may come from."""

    live: Path
    older: tuple[tuple[Path, Sums], ...]  # backups: the one that is replaced, and the newest other one

    def find(self, name: str) -> _Found:
        path, older = self.live / name, self._in_older(name)
        if older and _size(path) == len(older.content):
            return older
        content = _content(path)
        if _is_whole(content) and not self._has_changed(name, path, content):
            return _Found(path, content)
        return _Found(older.path, older.content, path) if older else _Found(path, b"", path)

    def _in_older(self, name: str) -> _Found | None:
        """The file as an older backup has it, where it is what that one says."""
        for folder, sums in self.older:
            if name in sums and (content := _verified(folder / name, sums[name])):
                return _Found(folder / name, content)
        return None

    def _has_changed(self, name: str, path: Path, content: bytes) -> bool:
        """Whether it is the very file that an older backup links to, and no longer what it was then: damaged. Another
        file of this name may be the same picture, fetched and made again.
        """
        return any(
            name in sums
            and (folder / name).exists()
            and (folder / name).samefile(path)
            and _digest(content) != sums[name]
            for folder, sums in self.older
        )


def _newest_other(folder: Path) -> tuple[Path, Sums]:
    """The pictures of the newest other backup in the same place."""
    found = [path for path in folder.parent.glob(f"*pictures/{_SUMS}") if path.parent != folder]
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    return (newest.parent, _sums(newest.parent)) if newest else (folder, {})


# Out of a backup


def take(file: Path, database: Path, copies: Collection[PictureCopy], moved: Callable[[], None]) -> PicturesHeld:
    """Brings the files of these pictures from the backup `file` beside a database, before that is put in its place.
    Each is compared with its digest first. A file of that name that is there already is replaced where it is another.
    """
    folder, target, mode = folder_of(file), folder_of(database), private.mode_beside(database)
    sums, bringing = _sums(folder), _Bringing(moved)
    try:
        if sums and copies:
            make_folder(target, mode)
        for copy in copies:
            found = [_in_backup(folder, name, sums.get(name, ""), target) for name in names_of(copy)]
            for name, each in zip(names_of(copy), found, strict=True):
                if each.content and each.path != target / name:
                    bringing.put(each.path, each.content, target / name, mode)
            bringing.count(found)
        if sums:
            os.sync()
    except OSError as error:
        bringing.problem = f"{error.filename or target}: {error.strerror}"
    return bringing.held()


def _in_backup(folder: Path, name: str, digest: str, target: Path) -> _Found:
    """The file as the backup has it, or else as it is beside the database."""
    if content := _verified(folder / name, digest):
        return _Found(folder / name, content)
    there = _content(target / name)
    return _Found(target / name, there if _is_whole(there) else b"", folder / name)


def size_of(file: Path) -> int:
    """The bytes of the pictures that a backup has."""
    folder = folder_of(file)
    return sum(_size(folder / name) or 0 for name in _sums(folder))


# Files


def names_of(copy: PictureCopy) -> list[str]:
    return [name_of(copy.digest, each.width) for each in copy.sizes]


class _Bringing:
    """Puts files in their places, and counts."""

    def __init__(self, moved: Callable[[], None]) -> None:
        self.problem = ""
        self._moved, self._read, self._pictures, self._size = moved, 0, 0, 0
        self._lost, self._replaced = list[Path](), list[Path]()

    def put(self, source: Path, content: bytes, target: Path, mode: int | None) -> None:
        _place(source, content, target, mode)
        before, self._read = self._read, self._read + len(content)
        for _ in range(self._read // _STEP - before // _STEP):
            self._moved()

    def count(self, files: Sequence[_Found]) -> None:
        """One picture."""
        self._pictures += all(each.content for each in files)
        self._size += sum(len(each.content) for each in files)
        for each in files:
            if each.fault:
                (self._replaced if each.content else self._lost).append(each.fault)

    def held(self) -> PicturesHeld:
        return PicturesHeld(
            pictures=self._pictures,
            size=self._size,
            lost=tuple(self._lost),
            replaced=tuple(self._replaced),
            problem=self.problem,
        )


def _place(source: Path, content: bytes, target: Path, mode: int | None) -> None:
    """The file `source`, which has this content, under another name: as a link where the disk allows it and, with a
    mode, the file has that mode and the owner of the folder. At every moment there is a whole file, or none.
    """
    if target.exists() and (target.samefile(source) or (mode is not None and target.read_bytes() == content)):
        return
    make_folder(target.parent, private.MODE if mode is None else mode)
    new = target.with_name(target.name + _UNFINISHED)
    new.unlink(missing_ok=True)
    try:
        if not _linked(source, new, mode):
            write(new, content, private.MODE if mode is None else mode, synced=False)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _linked(source: Path, new: Path, mode: int | None) -> bool:
    found = source.stat()
    if mode is not None and (found.st_mode & 0o777 != mode or found.st_uid != new.parent.stat().st_uid):
        return False
    try:
        new.hardlink_to(source)
    except OSError:  # another disk, one without links, another's file, or too many links
        return False
    return True


def _sums(folder: Path) -> Sums:
    """Empty where there are none."""
    try:
        lines = (folder / _SUMS).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    return {named[2]: named[1] for line in lines if (named := _LINE.fullmatch(line))}


def _write_sums(folder: Path, sums: Sums) -> None:
    new = folder / (_SUMS + _UNFINISHED)
    new.unlink(missing_ok=True)
    write(new, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode(), private.MODE)
    new.replace(folder / _SUMS)
    sync(folder)


def _content(path: Path) -> bytes:
    """Empty where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _verified(path: Path, digest: str) -> bytes:
    """Empty where it cannot be read, or is not what it was."""
    content = _content(path)
    return content if _digest(content) == digest else b""


def _is_whole(content: bytes) -> bool:
    """Whether it begins and ends as a JPEG file does (ITU-T T.81, B.1.1.3: SOI, EOI): it is not cut off nor emptied."""
    return content.startswith(b"\xff\xd8\xff") and content.endswith(b"\xff\xd9")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
