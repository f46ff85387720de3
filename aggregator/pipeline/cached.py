"""The checked configuration in a form that is read back at once, and the digest that says whether it still holds.

Reading and checking a thousand TOML files takes a quarter of a second, comparing their digest and reading this form a
tenth of that (bench/README.md). msgspec makes nothing but what the types say.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from pathlib import Path

import msgspec

from aggregator.model import Config, Wire

# The rooms and files whose code decides what comes out.
_CHECKED_BY = ("config", "rights", "model", "text/urls.py", "text/query.py", "pipeline/cached.py")


# A file system's times may be a second apart, and between a look at the files and `now` they are read and checked.
_SETTLED = timedelta(seconds=10)

# Beside wire.toml: what `config` reads, also through a country's folder that is a link, and what it finds too deep.
_FOLDERS, _DEPTHS = ("publishers", "subscribers", "searches"), ("", "*/", "*/*/**/")
_FILES = ("rights.toml", *(f"{of}/{depth}*.[tT][oO][mM][lL]" for of in _FOLDERS for depth in _DEPTHS))


def digest(folder: Path) -> str:
    """SHA-256 over the files of a configuration folder and the program that checks them. Raises OSError, also where the
    folder is none of a configuration.
    """
    hashed = hashlib.sha256(program().encode())
    files = (path for pattern in _FILES for path in folder.glob(pattern))
    for path in (folder / "wire.toml", *sorted(path for path in files if not path.is_dir())):
        try:
            content = path.read_bytes()
        except OSError as error:
            if path.parent == folder:
                raise
            content = f"unreadable: {error.errno}".encode()  # which is a fault of one publisher, or subscriber
        hashed.update(f"{path.relative_to(folder)}\n{len(content)}\n".encode("utf-8", "surrogateescape"))
        hashed.update(content)
    return hashed.hexdigest()


def signature(folder: Path) -> str:
    """`TIME-SHA256` over the names, sizes and times of the files of a configuration folder, a third of the work of
    `digest`; TIME is when the last of them changed, in nanoseconds since 1970. Where two are the same, and
    `is_settled` says so of one, the files are. Raises OSError where there is no wire.toml.
    """
    hashed, newest = hashlib.sha256(), 0
    below = chain.from_iterable(_below(folder / name, 0) for name in _FOLDERS)
    others = (*_looked_at(folder / "rights.toml"), *below)
    start = len(os.fspath(folder / "_")) - 1  # of a file's path, where its name within the folder begins
    for path, status in ((os.fspath(folder / "wire.toml"), (folder / "wire.toml").stat()), *others):
        said = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino) if status else None
        newest = max(newest, status.st_ctime_ns if status else 0)
        hashed.update(f"{path[start:]} {said}\n".encode("utf-8", "surrogateescape"))
    return f"{newest}-{hashed.hexdigest()}"


def is_settled(signature: str, now: datetime) -> bool:
    """Whether the last of the files changed so long before `now` that another change would have another time."""
    newest, _, _ = signature.partition("-")
    return bool(newest) and int(newest) / 1e9 <= (now - _SETTLED).timestamp()


_Status = tuple[str, os.stat_result | None]  # None: it cannot be looked at


def _looked_at(path: Path | os.DirEntry[str]) -> Iterator[_Status]:
    try:
        yield os.fspath(path), path.stat()
    except OSError:
        yield os.fspath(path), None


def _below(folder: Path | os.DirEntry[str], depth: int) -> Iterator[_Status]:
    """All that `digest` reads below a folder, and the folders themselves."""
    yield from _looked_at(folder)
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=depth == 0):
            yield from _below(entry, depth + 1)
        elif entry.name.lower().endswith(".toml"):
            yield from _looked_at(entry)


@cache
def program() -> str:
    """SHA-256 over the code that checks a configuration, as it was when this process first asked: a daemon goes on with
    the code that it has when another version is put in its place.
    """
    hashed = hashlib.sha256()
    for path in _program():
        hashed.update(f"{path.relative_to(Path(__file__).parents[1])}\n".encode() + path.read_bytes())
    return hashed.hexdigest()


def _program() -> Iterator[Path]:
    here = Path(__file__).parents[1]
    for name in _CHECKED_BY:
        yield from sorted((here / name).glob("*.py")) if "." not in name else [here / name]


def pack(config: Config) -> str:
    """The configuration as JSON."""
    return msgspec.json.encode(config).decode()


def unpack(kept: str) -> Config | None:
    """What `pack` was given; None for anything else."""
    try:
        return msgspec.json.decode(kept, type=Config)
    except msgspec.MsgspecError:
        return None


def pack_wire(wire: Wire) -> str:
    """The wire's own settings alone, as JSON."""
    return msgspec.json.encode(wire).decode()


def unpack_wire(kept: str) -> Wire | None:
    """What `pack_wire` was given; None for anything else."""
    try:
        return msgspec.json.decode(kept, type=Wire)
    except msgspec.MsgspecError:
        return None
