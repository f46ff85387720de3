"""What a database lacks whose migration 0003 was that of an early commit: the same name stood for fewer columns."""

from __future__ import annotations

import re
import sqlite3

from aggregator.store.sqlite.schema.m0003 import LEARNED

_COLUMN = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+)")
_INDEX = re.compile(r"CREATE INDEX (\w+)")


def add_missing(connection: sqlite3.Connection) -> None:
    """Runs those statements of 0003 that have not been run; none, where its migration was whole."""
    for statement in LEARNED:
        if not _is_there(connection, statement):
            connection.execute(statement)


def _is_there(connection: sqlite3.Connection, statement: str) -> bool:
    if column := _COLUMN.match(statement):
        query = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?"
        return connection.execute(query, column.groups()).fetchone() is not None
    index = _INDEX.match(statement)
    assert index is not None
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", index.groups()).fetchone() is not None
