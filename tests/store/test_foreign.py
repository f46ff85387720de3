"""The database of another program is neither changed nor read, whatever command names it with --db."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.model.errors import StoreError
from aggregator.store import Store
from aggregator.store.sqlite.trouble import explained
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.hostile import run

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
