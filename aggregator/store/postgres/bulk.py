"""PostgreSQL while a whole wire is copied into or out of it: see `store.bulk`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from aggregator.model.errors import StoreError
from aggregator.store.bulk import ROW, TableShape, text
from aggregator.store.postgres.connection import PostgresConnection

# Who runs, whose turn it is, which migrations there are, the queue of tasks (Procrastinate).
MAY_HAVE_MORE = True

_COLUMNS = """
    SELECT c.relname, a.attname,
      (SELECT array_position(i.indkey::smallint[], a.attnum) FROM pg_index AS i
       WHERE i.indrelid = c.oid AND i.indisprimary)
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace(current_schema()) AND a.attnum > 0
      AND NOT a.attisdropped
    ORDER BY 1, 2
"""
_FOREIGN_KEYS = """
    SELECT quote_ident(t.relname), quote_ident(k.conname), pg_get_constraintdef(k.oid)
    FROM pg_constraint AS k JOIN pg_class AS t ON t.oid = k.conrelid
    WHERE k.contype = 'f' AND t.relnamespace = to_regnamespace(current_schema()) ORDER BY 1, 2
"""
_TRIGGERS = """
    SELECT DISTINCT quote_ident(t.relname) FROM pg_trigger AS g JOIN pg_class AS t ON t.oid = g.tgrelid
    WHERE NOT g.tgisinternal AND t.relnamespace = to_regnamespace(current_schema()) ORDER BY 1
"""
_IDENTITIES = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND is_identity = 'YES'
"""


def shapes(connection: PostgresConnection) -> dict[str, TableShape]:
    columns: dict[str, list[tuple[int | None, str]]] = {}
    for table, column, place in connection.opened.execute(_COLUMNS):
        if table != "article_search":
            columns.setdefault(table, []).append((place, column))
    return {table: _shape(those) for table, those in columns.items()}


def _shape(columns: Sequence[tuple[int | None, str]]) -> TableShape:
    names = sorted(name for _, name in columns)
    key = [name for _, name in sorted((place, name) for place, name in columns if place is not None)]
    return TableShape(key=tuple(key or [name for name in names if name == ROW]), columns=tuple(names))


def begin(connection: PostgresConnection) -> None:
    """A transaction may last for hours, in which it is another database's turn most of the time."""
    connection.opened.execute("SET idle_in_transaction_session_timeout = 0")


def without_rules(connection: PostgresConnection) -> list[str]:
    back: list[str] = []
    for table, name, definition in connection.opened.execute(_FOREIGN_KEYS).fetchall():
        _execute(connection, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        back.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for (table,) in connection.opened.execute(_TRIGGERS).fetchall():
        _execute(connection, f"ALTER TABLE {table} DISABLE TRIGGER USER")
        back.append(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return back


def with_rules(connection: PostgresConnection, statements: Sequence[str]) -> list[str]:
    faults: list[str] = []
    for statement in statements:
        try:
            with connection.opened.transaction():  # a savepoint
                _execute(connection, statement)
        except psycopg.errors.ForeignKeyViolation as error:
            faults.append(
                f"{error.diag.table_name}: {error.diag.constraint_name} does not hold: {error.diag.message_detail}"
            )
    for table, column in connection.opened.execute(_IDENTITIES).fetchall():
        _execute(
            connection,
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), m, true)"  # noqa: S608  (of the schema)
            f" FROM (SELECT max({column}) AS m FROM {table}) AS of_it WHERE m IS NOT NULL",
        )
    _execute(connection, "ANALYZE")
    return faults


def fill(connection: PostgresConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    names = ", ".join(columns)
    try:
        with connection.opened.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row([text(value) for value in row])
    except psycopg.DataError as error:
        said = " ".join((error.diag.message_primary or str(error)).split())
        raise StoreError(f"{connection.place}: PostgreSQL takes a value of the table {table} not: {said}") from error


def _execute(connection: PostgresConnection, statement: str) -> None:
    connection.opened.execute(statement.encode())
