"""Runs SQL that somebody typed: reads only, whatever the SQL says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from aggregator.model.errors import QueryRefused

# Reading a table, calling a function, walking a recursive query. Writing, ATTACH (also inside VACUUM INTO) and
# transactions are not among them.
_READS = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE))
# FTS5 asks for data_version itself; the others tell a person what there is.
_PRAGMAS = frozenset(
    ("data_version", "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
     "foreign_key_list", "function_list", "compile_options")
)  # fmt: skip


def run(connection: sqlite3.Connection, sql: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """The column names and the rows of one statement; raises QueryRefused. The connection is opened `mode=ro`, and
    an authorizer refuses, before anything runs, what is no reading.
    """
    connection.set_authorizer(_only_reading)
    try:
        cursor = connection.execute(sql)
    except (sqlite3.DatabaseError, sqlite3.ProgrammingError, sqlite3.Warning) as error:
        raise QueryRefused(_explained(error)) from error
    if cursor.description is None:
        raise QueryRefused("the SQL returns no rows; only reading is allowed here: begin with SELECT or WITH")
    return [column[0] for column in cursor.description], _rows(cursor)


def _rows(cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    try:
        # Not from the cursor itself, which would be closed when nobody wants more: after its database, perhaps.
        yield from iter(cursor.fetchone, None)
    except sqlite3.DatabaseError as error:
        raise QueryRefused(_explained(error)) from error
    finally:
        with suppress(sqlite3.ProgrammingError):  # the database was closed first, by whoever could not go on
            cursor.connection.set_authorizer(None)


def _only_reading(action: int, first: str | None, second: str | None, _: str | None, __: str | None) -> int:
    if action in _READS or (action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _PRAGMAS):
        return sqlite3.SQLITE_OK
    # So does an authorizer see a virtual table (FTS5, json_each) being connected. A statement that really updates the
    # schema is refused by SQLite itself, and by `mode=ro`.
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _explained(error: Exception) -> str:
    if "not authorized" in str(error) or "prohibited" in str(error) or "readonly" in str(error):
        return f"only reading is allowed here ({error}); copy the database with `sqlite3 wire.db .backup` to change it"
    return f"{error}; the README describes the tables, and `SELECT name, sql FROM sqlite_schema` lists them"  # noqa: S608
