"""SQLite while a whole wire is copied into or out of it: see `store.bulk`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from aggregator.store.bulk import ROW, TableShape

# The tables of the index, and those of SQLite and sqlite-utils.
MAY_HAVE_MORE = False
_OWN = ("sqlite_", "_sqlite_", "article_search")


def shapes(connection: sqlite3.Connection) -> dict[str, TableShape]:
    names = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        if not name.startswith(_OWN)
    ]
    return {name: _shape(connection, name) for name in names}


def _shape(connection: sqlite3.Connection, table: str) -> TableShape:
    columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,)).fetchall()
    key = [name for place, name in sorted((place, name) for name, place in columns) if place]
    names = [name for name, _ in columns]
    return TableShape(key=tuple(key or [ROW]), columns=tuple(sorted(names if key else [*names, ROW])))


def begin(connection: sqlite3.Connection) -> None:
    """Foreign keys are looked at once, at the end: `with_rules`."""
    connection.execute("PRAGMA foreign_keys = OFF")


def without_rules(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid").fetchall()
    for name, _ in rows:
        connection.execute(f'DROP TRIGGER "{name}"')
    return [sql for _, sql in rows]


def with_rules(connection: sqlite3.Connection, statements: Sequence[str]) -> list[str]:
    for sql in statements:
        connection.execute(sql)
    return [
        f"{table}: a row refers to none of {to}"
        for table, to in connection.execute('SELECT DISTINCT "table", parent FROM pragma_foreign_key_check')
    ]


def fill(connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', rows)  # noqa: S608  (of the schema)
