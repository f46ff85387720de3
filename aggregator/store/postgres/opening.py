"""How a connection is set up, and which databases are refused."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model.errors import StoreError
from aggregator.store.postgres import migrations
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.postgres.migrations import Migration

_INSTEAD = "name another with --db"
_NOT_CHANGED = f"it was not changed; {_INSTEAD}"

_STATE = """
SELECT current_schema()::text,
  ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass('migrations') AND attnum > 0)
"""
# What neither an extension nor the queue of tasks has made.
_OF_OTHERS = """
SELECT c.relname::text FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND c.relname NOT LIKE 'procrastinate%' AND NOT EXISTS (
    SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname LIMIT 1
"""


def refuse_foreign(connection: PostgresConnection, known: Sequence[Migration]) -> list[str]:
    """Raises StoreError for a database that another program or a newer version of this one made; one without a table is
    nobody's yet. Returns the names of the migrations that it has; none: it is new.
    """
    place = connection.place
    schema, columns = connection.execute(_STATE).fetchone()
    if schema is None:
        raise StoreError(f"{place}: there is no schema of those in `search_path`; make it: CREATE SCHEMA NAME")
    if {"name", "applied_at"} <= set(columns):
        has = migrations.applied(connection)
        if any(name.startswith("0001_before") for name in has):
            _refuse_newer(connection, has, known)
            return has
    if there := connection.execute(_OF_OTHERS).fetchone():
        raise StoreError(
            f'{place}: the schema {schema} has tables of another program (such as "{there[0]}"), and none of a wire;'
            f" {_NOT_CHANGED}, or another schema: ?options=-csearch_path%3DNAME"
        )
    return []


def _refuse_newer(connection: PostgresConnection, has: Sequence[str], known: Sequence[Migration]) -> None:
    newer = sorted(set(has) - {each.name for each in known})
    taken_away = [name for name in newer if not migrations.is_before(name)]
    if taken_away:
        raise StoreError(
            f"{connection.place}: a newer version of aggregator made this database (it has {taken_away[-1]}, which this"
            f" version does not know); it was not changed; install that version, or {_INSTEAD}"
        )


def refuse_without_rights(connection: PostgresConnection) -> None:
    """Raises StoreError where a new database cannot be given its tables."""
    found = connection.execute(
        "SELECT current_schema()::text, current_user::text, has_schema_privilege(current_schema(), 'CREATE')"
    )
    schema, user, may_create = found.fetchone()
    if not may_create:
        raise StoreError(
            f"{connection.place}: the user {user} may not make tables in the schema {schema}; its owner can allow it:"
            f' GRANT CREATE ON SCHEMA "{schema}" TO "{user}"'
        )


def refuse_older(connection: PostgresConnection, has: Sequence[str], known: Sequence[Migration]) -> None:
    """Raises StoreError where a program that only reads would miss a table."""
    if not has:
        raise StoreError(
            f"{connection.place}: there is no wire in this database yet; `aggregator fetch` makes it; or {_INSTEAD}"
        )
    if not migrations.is_current(has, known):
        raise StoreError(
            f"{connection.place}: an older version of aggregator made this database; `aggregator fetch` brings it up to"
            " date; programs of that version may go on meanwhile"
        )
