"""The tables of a new database in one step: all migrations would take most of a second.

`new_database.sql` is generated from the migrations (`make schema`) and has their names; those that came after it was
generated are run as for any database. Of what it brought, `_sqlite_migrations.applied_at` is NULL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

FILE = "new_database.sql"


def fill(connection: sqlite3.Connection) -> None:
    """Makes the tables, where there are none. Within a transaction."""
    if connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        return
    for statement in statements(files(__package__).joinpath(FILE).read_text("utf-8")):
        connection.execute(statement)


def statements(script: str) -> Iterator[str]:
    """Those of a script, each ending in a line of its own. `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
