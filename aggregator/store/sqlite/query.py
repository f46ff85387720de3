"""Runs SQL that somebody typed: reads only, whatever the SQL says."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
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


def run(
    connection: sqlite3.Connection, sql: str, values: Mapping[str, str]
) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """The column names and the rows of one statement; raises QueryRefused. The connection is opened `mode=ro`, and
    an authorizer refuses, before anything runs, what is no reading. `values`: of its parameters, by name.
    """
    connection.set_authorizer(_only_reading)
    try:
        cursor = connection.execute(sql, values)
    except (sqlite3.DatabaseError, sqlite3.ProgrammingError, sqlite3.Warning) as error:
        connection.set_authorizer(None)
        raise QueryRefused(_explained(connection, sql, error)) from error
    if cursor.description is None:
        raise QueryRefused("the SQL returns no rows; only reading is allowed here: begin with SELECT or WITH")
    return [column[0] for column in cursor.description], _rows(cursor, sql)


def _rows(cursor: sqlite3.Cursor, sql: str) -> Iterator[tuple[Any, ...]]:
    try:
        # Not from the cursor itself, which would be closed when nobody wants more: after its database, perhaps.
        yield from iter(cursor.fetchone, None)
    except sqlite3.DatabaseError as error:
        cursor.connection.set_authorizer(None)
        raise QueryRefused(_explained(cursor.connection, sql, error)) from error
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


def _explained(connection: sqlite3.Connection, sql: str, error: Exception) -> str:
    """SQLite's message, and what to do where that is known."""
    said = str(error).rstrip(".")
    if re.search("not authorized|prohibited|readonly|cannot modify", said):
        return f"only reading is allowed here ({said}); copy the database with `sqlite3 wire.db .backup` to change it"
    found = re.fullmatch(r"no such (table|column): (?:main\.)?(.+?)(?: - .*)?", said)
    if found and found[1] == "column" and found[2].strip('"') not in re.sub("'[^']*'", "", sql):
        hint = _MATCHED  # it stands in what is searched for
    elif found:
        hint = (_of_tables if found[1] == "table" else _of_columns)(connection, sql, found[2].strip('"'))
    else:
        hint = next((hint for pattern, hint in _HINTS.items() if re.search(pattern, said)), "")
    return f"{said}; {hint}" if hint else said


_MATCHED = """the words that MATCH looks for are in two kinds of quotes: WHERE article_search MATCH '"covid-19"'"""
_HINTS = {
    "one statement at a time": "give each statement to a `query` of its own",
    "supply a value for binding": "give each :NAME of the SQL a value with -p NAME VALUE",
    "Binding 1 has no name": "write :NAME in place of each ?, and give it a value with -p NAME VALUE",
    "function MATCH": "words are searched for in `article_search`: WHERE article_search MATCH 'flood'",
    "fts5|unterminated string|special query": _MATCHED,
    "no such function": "there are those of SQLite (sqlite.org/lang_corefunc.html), fold(text)"
    " and raw_words(raw, dictionary_id)",
    "wrong number of arguments": "sqlite.org/lang_corefunc.html says which it takes; fold takes one, raw_words two",
    "ambiguous column": "write the table or its short name before the column, e.g. w.id",
    "syntax error|incomplete input|unrecognized token": "look at the SQL just before this place: a comma, a quote or a"
    " bracket? (sqlite.org/lang_select.html)",
    "malformed JSON|JSON path": "json_valid(column) says which texts are JSON (sqlite.org/json1.html)",
}


def _of_tables(connection: sqlite3.Connection, _: str, name: str) -> str:
    known = [table for table, kind in _tables(connection) if kind in ("table", "view", "virtual")]
    return f"{_meant(name, known)}there are {', '.join(sorted(known))}"


def _of_columns(connection: sqlite3.Connection, sql: str, name: str) -> str:
    """Of those tables and views that the SQL names."""
    words = set(re.findall(r"\w+", sql.lower()))
    here = {
        table: [
            column for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        ]
        for table, _ in _tables(connection)
        if table in words
    }
    before, _, column = name.rpartition(".")
    shown = here.get(before, [each for columns in here.values() for each in columns])
    meant = _meant(column, shown)
    if not here:
        return f"{meant}a text is in single quotes"
    if len(here) == 1:
        ((table, columns),) = here.items()
        return f"{meant}`{table}` has {', '.join(columns)}"
    return f"{meant}`SELECT name FROM pragma_table_info('{min(here)}')` lists the columns of a table"  # noqa: S608


def _tables(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = connection.execute("SELECT DISTINCT name, type FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'")
    return [(name, kind) for name, kind in rows.fetchall() if not name.startswith("_")]


def _meant(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name.lower(), known, n=1)
    return f"did you mean `{close[0]}`? " if close else ""
