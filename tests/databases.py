"""New databases as copies of one that the migrations made: what they make is the same each time, and takes 20 times as
long as a copy. So are the new names of an older database, and the end of the old ones, for which SQLite reads the whole
schema some hundred times. Tests of the migrations, and of how a database is made, ask for the fixture `started_anew`.
The databases of older versions are upgraded once in a process.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from aggregator.model.place import Place
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.store.sqlite.schema import m0016, m0018
from aggregator.text.dates import utc_now
from tests.make_database import CONFIG, DATABASES

_open = Store.open.__func__  # type: ignore[attr-defined]
_rename, _drop = m0016.rename, m0018.drop

_Schema = tuple[tuple[object, ...], ...]
_changed: dict[tuple[object, _Schema], _Schema] = {}


@contextmanager
def connections() -> Iterator[list[sqlite3.Connection]]:
    """Those that this process opens meanwhile, in their order: for what SQLite does for their owner alone, as to let
    the file grow no further, or to end a statement midway.
    """
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def kept(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options))
        return opened[-1]

    sqlite3.connect = kept  # type: ignore[assignment]
    try:
        yield opened
    finally:
        sqlite3.connect = connect  # type: ignore[misc]


@cache
def upgraded(version: str) -> bytes:
    """The database of that version, opened by this one with the configuration that the demo had then."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wire.db"
        path.write_bytes(gzip.decompress((DATABASES / f"{version}.db.gz").read_bytes()))
        paths = Paths(of_the_demo(version, Path(folder)), path)
        open_wire(paths, load_config(paths), utc_now()).close()
        return path.read_bytes()


@cache
def in_force(version: str) -> bytes:
    """As `upgraded`, and of the demo's configuration of now, which no command then compares with what is stored."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wire.db"
        path.write_bytes(upgraded(version))
        paths = Paths(CONFIG, path)
        open_wire(paths, load_config(paths), utc_now()).close()
        return path.read_bytes()


def by_number(versions: Iterable[str]) -> list[str]:
    """The oldest first."""
    return sorted(versions, key=lambda version: tuple(map(int, version.split("."))))


def of_the_demo(version: str, folder: Path) -> Path:
    """Until 0.8.0 one of the demo's publishers was quoted, with which there is an agreement since."""
    if tuple(map(int, version.split("."))) >= (0, 8, 0):
        return CONFIG
    config = folder / "config"
    shutil.copytree(CONFIG, config)
    difaf = config / "publishers" / "mr" / "difaf.toml"
    before, agreement, after = difaf.read_text().partition(_AGREEMENT)
    assert agreement
    difaf.write_text(f'{before}rights_profile = "quotation"\n{after}')
    return config


_AGREEMENT = 'rights_profile = "agreement"\n\n[rights]\nimages = { scope = "agreement", hotlink = false }\n'


def make_anew(path: Path) -> None:
    """A database as the migrations make it."""
    _open(Store, path).close()


def copy_new_ones() -> None:
    """Lets `Store.open` in this process find a new, empty database where there is none."""
    Store.open = classmethod(_copied_and_opened)  # type: ignore[method-assign, assignment]
    m0016.rename, m0018.drop = rename, drop
    _empty()


def make_new_ones() -> None:
    """Lets it make them, as the product does."""
    Store.open = classmethod(_open)  # type: ignore[method-assign]
    m0016.rename, m0018.drop = _rename, _drop


def rename(connection: sqlite3.Connection) -> None:
    """What migration 0016 begins with."""
    change_schema(connection, _rename)


def drop(connection: sqlite3.Connection) -> None:
    """What migration 0018 is. Views of ours go before, for whatever is left only changes its text."""
    for view in ("wire", "wire_at", "notices", "health"):
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    change_schema(connection, _drop)


def change_schema(connection: sqlite3.Connection, change: Callable[[sqlite3.Connection], None]) -> None:
    """Calls what changes the text of a schema alone, as a new name does; where it met the same schema before, what came
    of that is written instead.
    """
    before = _schema(connection)
    if (change, before) not in _changed:
        change(connection)
        _changed[change, before] = _schema(connection)
        return
    connection.execute("PRAGMA writable_schema = ON")
    connection.executemany(
        "UPDATE sqlite_schema SET name = ?2, tbl_name = ?3, sql = ?4 WHERE rowid = ?1",
        set(_changed[change, before]) - set(before),
    )
    (version,) = connection.execute("PRAGMA schema_version").fetchone()
    connection.execute(f"PRAGMA schema_version = {version + 1}")
    connection.execute("PRAGMA writable_schema = RESET")


def _schema(connection: sqlite3.Connection) -> _Schema:
    return tuple(connection.execute("SELECT rowid, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid"))


def _copied_and_opened(cls: type[Store], path: Place, **given: Any) -> Store:
    # Where that cannot be done, `Store.open` says why.
    with suppress(OSError):
        if isinstance(path, Path):
            _copy_to(path)
    return _open(cls, path, **given)  # type: ignore[no-any-return]


def _copy_to(path: Path) -> None:
    """All at once, or not at all: another process may be making it too."""
    if path.exists() or path.is_symlink():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    number, copy = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(_empty())
        os.link(copy, path)
    finally:
        Path(copy).unlink()


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        _open(Store, path).close()
        return path.read_bytes()
