"""Generates the tables of a new database from the migrations: `python -m tests.make_schema`, or `make schema`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from aggregator.store.sqlite import new_database
from aggregator.store.sqlite.connection import register
from aggregator.store.sqlite.schema.migrations import migrate
from tests import ROOT

FILE = ROOT / "aggregator" / "store" / "sqlite" / new_database.FILE
HEAD = "-- Generated from the migrations by `make schema`; a database that is there already gets them one by one.\n"


def main() -> None:
    FILE.write_text(generated(), "utf-8")


def generated() -> str:
    """The script as the migrations of this version ask for it."""
    with closing(migrated(":memory:")) as connection:
        return script(connection)


def script(connection: sqlite3.Connection) -> str:
    """What makes a database like this one, but for rows that are no names of migrations."""
    # SQLite makes others by itself: indexes of constraints, tables behind a virtual one.
    made = connection.execute(
        """
        SELECT sql FROM sqlite_schema
        WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
          AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
        ORDER BY rowid
        """
    ).fetchall()
    names = connection.execute("SELECT migration_set, name FROM _sqlite_migrations ORDER BY id").fetchall()
    pragmas = [
        (name, value)
        for name in ("application_id", "user_version")
        for (value,) in connection.execute(f"PRAGMA {name}")
        if value
    ]
    lines = [
        *(sql for (sql,) in made),
        *(f"INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('{of}', '{name}')" for of, name in names),  # noqa: S608  (names of ours)
        *(f"PRAGMA {name} = {value}" for name, value in pragmas),
    ]
    return HEAD + "".join(f"{line};\n" for line in lines)


def migrated(database: Path | str) -> sqlite3.Connection:
    """A new database that has run every migration."""
    connection = sqlite3.connect(database, isolation_level=None)
    register(connection)
    migrate(connection)
    return connection


if __name__ == "__main__":
    main()
