"""The database of another program is neither changed nor read, whatever command names it with --db."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.model.errors import StoreError
from aggregator.store import Store, only_daemon
from aggregator.store.sqlite.opening import APPLICATION_ID
from aggregator.store.sqlite.sqlite_errors import explained
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.hostile import run
from tests.make_database import DATABASES

FOREIGN = (
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY)",
    "CREATE TABLE articles (id INTEGER PRIMARY KEY)",
    "CREATE TABLE _sqlite_migrations (migration_set TEXT, name TEXT, applied_at TEXT)",
    "CREATE TABLE _sqlite_migrations (x)",
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


@pytest.mark.parametrize("sql", FOREIGN)
def test_the_database_of_another_program_stays_as_it_is(desk: Desk, sql: str) -> None:
    path = desk.config.parent / "other.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)
    before = path.read_bytes()
    for words in (("fetch",), ("run",), ("latest",), ("health",), ("withhold", "x", "--reason", "x"), ("split", "1")):
        ran = run("--config", str(desk.config), "--db", str(path), *words)
        assert (ran.code, ran.err.count("\n")) == (1, 1), ran
        assert "this is the database of another program" in ran.err
    assert path.read_bytes() == before
    assert not path.with_name("other.db-wal").exists()


COMMANDS = (
    ("fetch",), ("run",), ("latest",), ("query", "SELECT 1"), ("withhold", "x", "--reason", "x"),
    ("backup", "create", "copy.db"), ("purge", "--vacuum", "--yes"),
)  # fmt: skip


def _folder(path: Path) -> None:
    path.mkdir()


def _marked_by_another(path: Path) -> None:
    """Without a table yet, as a program leaves it that has just begun."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 252006673")  # a registered one


def _marked_by_us_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; CREATE TABLE accounts (x)")


NO_DATABASE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (_folder, "this is a folder, and no file; name another with --db"),
    "a pipe": (os.mkfifo, "this is a pipe, a device or a socket, and no file; name another with --db"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "this is a pipe, a device or a socket, and no file"),
    "a text": (lambda path: path.write_text("a letter to the editor"), "this is no SQLite database, or its beginning"),
    "a short text": (lambda path: path.write_text("x"), "this is no SQLite database"),
    "a link to itself": (lambda path: path.symlink_to(path), "Too many levels of symbolic links; name another"),
    "another mark": (_marked_by_another, "this is the database of another program; it was not changed"),
    "our mark alone": (_marked_by_us_alone, "this database has no list of its migrations"),
}


@pytest.mark.parametrize("kind", NO_DATABASE)
def test_what_is_no_database_of_ours_is_said_in_one_sentence_and_left_alone(desk: Desk, kind: str) -> None:
    path = desk.config.parent / "named.db"
    make, said = NO_DATABASE[kind]
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for words in COMMANDS:
        ran = run("--config", str(desk.config), "--db", str(path), *words)
        assert (ran.code, ran.err.count("\n")) == (1, 1), ran
        assert f"{path}: {said}" in ran.err
        assert "disk I/O" not in ran.err
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not path.with_name("named.db-wal").exists()


def test_a_folder_that_is_missing_is_named_or_made(desk: Desk) -> None:
    path = desk.config.parent / "none" / "deep" / "wire.db"
    for words in COMMANDS[2:]:
        ran = run("--config", str(desk.config), "--db", str(path), *words)
        assert (ran.code, ran.err.count("\n")) == (1, 1), ran
        assert f"{path}: there is no database yet, and no folder {path.parent}; `aggregator fetch` makes it" in ran.err
        assert not path.parent.exists()
    beneath = desk.config / "wire.toml" / "wire.db"
    for words in COMMANDS[:2]:
        ran = run("--config", str(desk.config), "--db", str(beneath), *words)
        assert (ran.code, ran.err.count("\n")) == (1, 1), ran
        assert str(beneath.parent) in ran.err
    assert run("--config", str(desk.config), "--db", str(path), "fetch").code == 0
    assert path.exists()


@pytest.mark.usefixtures("started_anew")
def test_a_database_says_whose_it_is(tmp_path: Path) -> None:
    """By the number in the header that `file` prints; https://sqlite.org/fileformat2.html#application_id."""
    Store.open(tmp_path / "new.db").close()
    older = tmp_path / "older.db"
    older.write_bytes(gzip.decompress((DATABASES / "0.2.0.db.gz").read_bytes()))
    assert older.read_bytes()[68:72] == bytes(4)
    Store.open(older).close()
    for path in (tmp_path / "new.db", older):
        assert path.read_bytes()[68:72] == b"Aggr"


@pytest.mark.parametrize("content", [b"", None])
def test_an_empty_file_is_nobody_s_yet(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "new.db"
    if content is not None:
        path.write_bytes(content)
    else:  # one in which there was a table
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("CREATE TABLE x (y INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE x")
    Store.open(path).close()
    Store.read(path).close()


def test_an_index_that_an_older_version_lacks_is_no_matter_of_permissions(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE polls (x)")
        said = "another version of aggregator made this database"
        with pytest.raises(StoreError, match=said), explained(tmp_path / "wire.db"):
            connection.execute("SELECT * FROM polls INDEXED BY polls_with_gap")


def test_a_log_that_was_removed_is_named(desk: Desk) -> None:
    run("--config", str(desk.config), "fetch")
    with Store.open(desk.database) as store:
        store.try_writing()
        for part in ("-wal", "-shm"):
            desk.database.with_name(f"wire.db{part}").unlink()
        with pytest.raises(StoreError, match=r"or was wire\.db-wal removed while a program used the file\?"):
            Store.open(desk.database)


def test_looking_at_a_database_ends_no_lock_of_its_other_users(desk: Desk) -> None:
    """A process loses its locks on a file when it closes any descriptor of it."""
    run("--config", str(desk.config), "fetch")
    with Store.open(desk.database) as store:
        store.try_writing()
        Store.read(desk.database).close()
        Store.open(desk.database).close()
        with only_daemon(desk.database):
            pass
        assert desk.database.with_name("wire.db-wal").exists()
        # Another process that closes the file as the last one, for all it sees, would remove the log.
        looking = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM polls'); c.close()"
        subprocess.run([sys.executable, "-c", looking, str(desk.database)], check=True)
        assert desk.database.with_name("wire.db-wal").exists()
        store.try_writing()
