"""Migrations are never edited once they have been on main, and every way through them ends with the same tables."""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlite_utils import Database

from aggregator.store import Store
from aggregator.store.queries import views
from aggregator.store.sqlite import new_database
from aggregator.store.sqlite.schema import m0001, m0002, m0003
from aggregator.store.sqlite.schema.migrations import migrations
from tests import ROOT, make_schema
from tests.conftest import some
from tests.databases import by_number
from tests.make_database import DATABASES

pytestmark = pytest.mark.usefixtures("started_anew")

SCHEMA = ROOT / "aggregator" / "store" / "sqlite" / "schema"
DIGESTS = ROOT / "tests" / "fixtures" / "migrations.txt"
VERSIONS = by_number(path.name.removesuffix(".db.gz") for path in DATABASES.glob("*.db.gz"))
# Three commits had three migrations of the name 0003: with a column, with twelve, and whole.
EARLY = (m0003.LEARNED[:1], tuple(sql for sql in m0003.LEARNED if "proposed" not in sql))


_COLUMNS = 'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)'


def digests() -> dict[str, str]:
    return {path.name: _digest(path) for path in sorted(SCHEMA.glob("m[0-9]*.py"))}


def _digest(migration: Path) -> str:
    """Of all but its imports, which follow the rooms."""
    lines = (line for line in migration.read_text().splitlines() if not line.startswith(("from ", "import ")))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def test_no_migration_was_edited() -> None:
    """A database that has run it would never get what was added. A change is a new migration and a line in the list."""
    written = dict(line.split() for line in DIGESTS.read_text().splitlines())
    assert digests() == written


def shape(database: Path) -> dict[str, object]:
    """The columns of every table, and the text of every index, trigger and virtual table."""
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        columns = {
            name: sorted(connection.execute(_COLUMNS, (name,)))
            for (name,) in tables
            if not name.startswith("sqlite_stat")
        }  # fmt: skip
        others = "SELECT name, sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL"
        return columns | dict(connection.execute(others).fetchall())


@pytest.fixture
def fresh() -> dict[str, object]:
    return _fresh()


@cache
def _fresh() -> dict[str, object]:
    with TemporaryDirectory() as folder:
        Store.open(Path(folder) / "fresh.db").close()
        return shape(Path(folder) / "fresh.db")


@pytest.mark.soak
@pytest.mark.parametrize("version", some(VERSIONS[::-1], 1))  # tests.test_upgrade has each
def test_a_database_of_every_version_gets_the_tables_of_a_new_one(
    version: str, fresh: dict[str, object], tmp_path: Path
) -> None:
    """By each migration as the product makes it; `test_upgrade` has all versions, upgraded in less time."""
    database = tmp_path / "wire.db"
    database.write_bytes(gzip.decompress((DATABASES / f"{version}.db.gz").read_bytes()))
    Store.open(database).close()
    assert shape(database) == fresh


@pytest.mark.soak
@pytest.mark.parametrize("learned", some(EARLY, 1))
def test_a_database_with_an_early_migration_gets_what_it_lacks(
    learned: tuple[str, ...], fresh: dict[str, object], tmp_path: Path
) -> None:
    """Of sixteen commits; no command could open it."""
    database = tmp_path / "wire.db"
    with closing(sqlite3.connect(database)) as connection:
        early = Database(connection, execute_plugins=False)
        for statement in (
            *m0001.CONFIGURED, *m0001.HELD, *m0001.HAPPENED, *m0001.SEARCHED, *m0002.TRUSTED, *m0002.DESK, *learned,
        ):  # fmt: skip
            connection.execute(statement)
        migrations.ensure_migrations_table(early)
        names = [(name,) for name in ("0001_the_wire_runs", "0002_one_of_each", "0003_the_poller")]
        ran = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('aggregator', ?, '2026-11-20')"
        connection.executemany(ran, names)
        connection.commit()
    Store.open(database).close()
    assert shape(database) == fresh


def migrated(folder: Path) -> sqlite3.Connection:
    """A database in that folder that ran every migration."""
    (folder / "old.db").write_bytes(_migrated())
    return sqlite3.connect(folder / "old.db")


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        make_schema.migrated(Path(folder) / "old.db").close()
        return (Path(folder) / "old.db").read_bytes()


def test_a_new_database_is_what_the_migrations_make_of_it(tmp_path: Path) -> None:
    """The script is generated, so that a new database need not run them."""
    said = "aggregator/store/sqlite/new_database.sql is not what the migrations make: run `make schema`"
    with closing(migrated(tmp_path)) as old, closing(sqlite3.connect(tmp_path / "new.db")) as new:
        assert make_schema.FILE.read_text("utf-8") == make_schema.script(old), said
        new_database.fill(new)
        assert _all_of(new) == _all_of(old)
        names = [[name for (name,) in each.execute("SELECT name FROM _sqlite_migrations")] for each in (new, old)]
        assert names[0] == names[1] == [*views.MIGRATIONS]


def test_a_database_whose_script_is_older_than_the_migrations_gets_the_others(tmp_path: Path) -> None:
    """Whoever adds a migration, and forgets the script, breaks no database."""
    with (
        closing(migrated(tmp_path)) as old,
        closing(sqlite3.connect(tmp_path / "new.db")) as new,
        closing(sqlite3.connect(":memory:")) as before,
    ):
        migrations.apply(Database(before, execute_plugins=False), stop_before=views.MIGRATIONS[-1])
        for statement in new_database.statements(make_schema.script(before)):
            new.execute(statement)
        migrations.apply(Database(new, execute_plugins=False))
        assert _all_of(new) == _all_of(old)


@pytest.mark.parametrize("version", ["0.7.0", "0.8.0"])
def test_what_pages_of_purged_reports_said_to_machines_goes(version: str, tmp_path: Path) -> None:
    """Beside it stand their addresses. What other pages and whole sites said stays."""
    database = tmp_path / "wire.db"
    database.write_bytes(gzip.decompress((DATABASES / f"{version}.db.gz").read_bytes()))
    with closing(sqlite3.connect(database)) as connection:
        of = "SELECT article_id, publisher FROM articles WHERE notice IS {} 'removed' ORDER BY article_id LIMIT 1"
        purged = connection.execute(of.format("")).fetchone()
        other = connection.execute(of.format("NOT")).fetchone()
        said = [(*purged, "noai"), (*purged, "licence"), (*other, "noai"), (None, purged[1], "tdmrep")]
        connection.executemany(
            """
            INSERT INTO rights_signals (article_id, publisher, signal_form, signal_place, url, about, path_pattern,
              rank, literal, origin, train, input, search, first_seen, last_seen)
            VALUES (?, ?, ?, 'meta', 'https://a.example/headline', 'https://a.example/headline', '', 0, 'noai',
              'publisher', 'refused', 'unstated', 'unstated', '2026-11-20T10:00:00Z', '2026-11-20T10:00:00Z')
            """,
            said,
        )
        connection.commit()
    Store.open(database).close()
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT article_id, signal_form FROM rights_signals ORDER BY signal_id").fetchall()
    assert rows == [(other[0], "noai"), (None, "tdmrep")]


def _all_of(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Whatever a database says of itself and holds, but for the times at which migrations ran."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    held = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}  # noqa: S608
    held["_sqlite_migrations"] = [row[:3] for row in held["_sqlite_migrations"]]
    pragmas = ("application_id", "auto_vacuum", "encoding", "page_size", "user_version")
    held |= {name: connection.execute(f"PRAGMA {name}").fetchall() for name in pragmas}
    held["sqlite_schema"] = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return held
