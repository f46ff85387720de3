"""Many rows by one statement: what SQLite is given row by row, which costs it nothing, is given to PostgreSQL as one
JSON document, so that it is planned, its triggers are called and its answer is awaited once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

_NAMES = r"\w+(?:\s*,\s*\w+)*"
_INSERT = re.compile(
    rf"\s*INSERT\s+INTO\s+(?P<table>\w+)\s*\(\s*(?P<names>{_NAMES})\s*\)\s*"
    r"VALUES\s*\(\s*\?(?:\s*,\s*\?)*\s*\)(?P<rest>[^?]*)"
)
_CONFLICT = re.compile(rf"\bON\s+CONFLICT\s*\(\s*(?P<key>{_NAMES})\s*\)\s*DO\s+UPDATE\b")
_SET = r"\w+\s*=\s*(?:\?|\d+|'\w*')"
_KEY = r"\w+\s*=\s*\?"
_UPDATE = re.compile(
    rf"\s*UPDATE\s+(?P<table>\w+)\s+SET\s+(?P<set>{_SET}(?:\s*,\s*{_SET})*)\s+"
    rf"WHERE\s+(?P<key>{_KEY}(?:\s+AND\s+{_KEY})*)\s*"
)
_DELETE = re.compile(rf"\s*DELETE\s+FROM\s+(?P<table>\w+)\s+WHERE\s+(?P<key>{_KEY}(?:\s+AND\s+{_KEY})*)\s*")
_GIVEN = re.compile(r"(\w+)\s*=\s*\?")


class ManyRows(Struct, frozen=True):
    """A statement for many rows."""

    sql: str  # with `?` for all of them
    columns: tuple[str, ...]  # of which each row has the values
    key: tuple[int, ...] = ()  # places of those by which a row is found that is changed; (): none is

    def value(self, rows: Sequence[Sequence[Any]]) -> str | None:
        """All rows as one value. None: two of them are for the same row of the table, which one statement cannot change
        twice (https://www.postgresql.org/docs/15/sql-insert.html).
        """
        if self.key and len({tuple(row[place] for place in self.key) for row in rows}) < len(rows):
            return None
        return json.dumps(
            [dict(zip(self.columns, map(_said, row), strict=True)) for row in rows],
            ensure_ascii=False,
            separators=(",", ":"),
        )


@lru_cache(1_000)
def many_rows(sql: str) -> ManyRows | None:
    """The statement for many rows that does what this one does for each; None: there is none."""
    if found := _INSERT.fullmatch(sql):
        return _inserting(found)
    if found := _UPDATE.fullmatch(sql):
        return _updating(found)
    if found := _DELETE.fullmatch(sql):
        table, key = found["table"], _given(found["key"])
        return ManyRows(
            f"DELETE FROM {table} USING {_rows_of(table)} WHERE {_same(table, key)}",  # noqa: S608  (statements of ours)
            key,
        )
    return None


def _inserting(found: re.Match[str]) -> ManyRows:
    table, columns, rest = found["table"], _names(found["names"]), found["rest"]
    names = ", ".join(columns)
    changes = _CONFLICT.search(rest)
    return ManyRows(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {_rows_of(table)} {rest}",  # noqa: S608  (statements of ours)
        columns,
        tuple(columns.index(name) for name in _names(changes["key"])) if changes else (),
    )


def _updating(found: re.Match[str]) -> ManyRows | None:
    table, key = found["table"], _given(found["key"])
    columns = (*_given(found["set"]), *key)
    if len({*columns}) < len(columns):  # it finds rows by what it changes
        return None
    assignments = _GIVEN.sub(r"\1 = many.\1", found["set"])
    return ManyRows(
        f"UPDATE {table} SET {assignments} FROM {_rows_of(table)} WHERE {_same(table, key)}",  # noqa: S608  (likewise)
        columns,
        tuple(map(columns.index, key)),
    )


def _rows_of(table: str) -> str:
    return f"json_populate_recordset(CAST(NULL AS {table}), ?) AS many"


def _same(table: str, key: Sequence[str]) -> str:
    return " AND ".join(f"{table}.{name} = many.{name}" for name in key)


def _names(said: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in said.split(","))


def _given(said: str) -> tuple[str, ...]:
    return tuple(_GIVEN.findall(said))


def _said(value: Any) -> Any:
    """As JSON has it and the column reads it (https://www.postgresql.org/docs/15/datatype-binary.html)."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return int(value) if isinstance(value, bool) else value
