"""Writes a snapshot as an SQLite file: plain tables that every program reads, with what each column means beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from aggregator.model.snapshots import Column, FieldType, Table, Value

_TYPES: Mapping[FieldType, str] = {"integer": "INTEGER", "number": "REAL"}  # all others are TEXT


def write(path: Path, tables: Iterable[tuple[Table, bool, Iterable[Sequence[Value]]]]) -> None:
    """One transaction. Of the same rows it makes the same bytes. Raises sqlite3.Error."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # nobody reads it before it is whole
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for table, is_public, rows in tables:
            columns = table.columns_of(is_public=is_public)
            connection.execute(_sql(table, columns))
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows)  # noqa: S608  (names of ours)
        connection.execute("COMMIT")


def _sql(table: Table, columns: Sequence[Column]) -> str:
    lines = []
    for column in columns:
        unit = f" ({column.unit})" if column.unit else ""
        lines.append(f'  "{column.name}" {_TYPES.get(column.type, "TEXT")},  -- {column.description}{unit}\n')
    key = ", ".join(f'"{name}"' for name in table.key)
    return f"CREATE TABLE {table.name} (  -- {table.description}\n{''.join(lines)}  PRIMARY KEY ({key})\n) STRICT"
