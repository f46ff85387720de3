"""Runs SQL that somebody typed: reads only, whatever the SQL says.

It is the query of a cursor in a transaction that cannot write, sent so that the server takes no second statement
behind it. Which files and other servers its functions reach is a matter of the rights of the database's user: one that
is no superuser reaches none (https://www.postgresql.org/docs/15/predefined-roles.html).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

import psycopg
from psycopg import errors

from aggregator.model.errors import QueryRefused
from aggregator.store.postgres import values as kinds
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.postgres.errors import said

_PIECES = re.compile(
    r"""
    '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | (?P<tag>\$\w*\$).*?(?P=tag) | ::
    | [:@$](?P<name>[A-Za-z_]\w*) | (?P<percent>%)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENTS = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*", re.DOTALL)
_OTHER_READS = ("explain", "show")  # which no cursor can be of
_AT_ONCE = 500  # rows


def run(
    connection: PostgresConnection, sql: str, values: Mapping[str, str]
) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """The column names and the rows of one statement; raises QueryRefused. `values`: of its parameters, by name."""
    _check_values(sql, values)
    first = re.match(r"\w*", sql[_COMMENTS.match(sql).end() :])[0].lower()  # type: ignore[index, union-attr]
    connection.begin()
    if kinds.CALLS.search(sql):
        kinds.call_when_read(connection.opened)
    cursor, how = _cursor(connection, first)
    try:
        cursor.execute(_translated(sql), dict(values), **how)
    except BaseException as error:
        _end(connection, cursor)
        if isinstance(error, psycopg.Error) and not isinstance(error, psycopg.OperationalError):
            raise QueryRefused(_explained(connection, first, error)) from error
        raise
    return [column.name for column in cursor.description or ()], _rows(connection, cursor)


def _check_values(sql: str, values: Mapping[str, str]) -> None:
    missing = sorted({found["name"] for found in _PIECES.finditer(sql) if found["name"]} - values.keys())
    if missing:
        raise QueryRefused(f"the SQL has :{missing[0]}, and it has no value: give it one with -p {missing[0]} VALUE")


def _translated(sql: str) -> bytes:
    """With `%(name)s` for a parameter."""

    def written(found: re.Match[str]) -> str:
        return f"%({found['name']})s" if found["name"] else found[0].replace("%", "%%")

    return _PIECES.sub(written, sql).encode()


def _rows(connection: PostgresConnection, cursor: Any) -> Iterator[tuple[Any, ...]]:
    try:
        for row in cursor:
            yield tuple(map(_plain, row))
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise QueryRefused(_explained(connection, "select", error)) from error
    finally:
        _end(connection, cursor)


def _cursor(connection: PostgresConnection, first: str) -> tuple[Any, dict[str, bool]]:
    """With what it is to be executed with, so that one statement is sent as one."""
    if first in _OTHER_READS:
        return connection.opened.cursor(), {"prepare": True}
    cursor = connection.opened.cursor("asked_by_a_person")
    cursor.itersize = _AT_ONCE
    return cursor, {}


def _end(connection: PostgresConnection, cursor: Any) -> None:
    with suppress(psycopg.OperationalError):  # the connection is gone
        cursor.close()
    connection.rollback()


def _plain(value: Any) -> Any:
    """Numbers, texts and bytes, as SQLite has them; others as texts."""
    if value is None or isinstance(value, str | int | float | bytes):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _explained(connection: PostgresConnection, first: str, error: psycopg.Error) -> str:
    """PostgreSQL's message, and what to do where that is known."""
    message = said(error)
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return f"only reading is allowed here ({message})"
    if "multiple commands" in message:
        return f"{message}; give each statement to a `query` of its own"
    if isinstance(error, errors.SyntaxError) and first not in ("select", "with", "values", "table", *_OTHER_READS):
        return f"only reading is allowed here ({message}): begin with SELECT or WITH"
    if isinstance(error, errors.UndefinedTable):
        return f"{message}; {_of_tables(connection, message)}"
    hint = error.diag.message_hint
    return f"{message}; {' '.join(hint.split()).rstrip('.')}" if hint else message


def _of_tables(connection: PostgresConnection, message: str) -> str:
    rows = connection.execute(
        "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))"
        " AND relkind IN ('r', 'v') ORDER BY 1"
    )
    known = [name for (name,) in rows.fetchall()]
    named = re.search(r'"(?:\w+\.)?(\w+)"', message)
    close = get_close_matches(named[1].lower(), known, n=1) if named else []
    meant = f"did you mean `{close[0]}`? " if close else ""
    return f"{meant}there are {', '.join(known)}"
