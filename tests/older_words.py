"""Gives a database the names of before migrations 0016 and 0018, for tests that make one of an older version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.store.sqlite.engine import replace_views
from aggregator.store.sqlite.schema.m0016 import RENAMED, TABLES, WORDS
from tests.databases import change_schema, rename


def old_words(connection: sqlite3.Connection) -> None:
    """Undoes both, but for values; views of ours go with it, and are made again by whoever opens the file."""
    for view in ("report_topics", "report_countries", "wire", "health", "notices", "wire_at"):
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    connection.execute("DROP INDEX pending_revisions_of_source")
    change_schema(connection, _rename_back)
    connection.execute("CREATE INDEX held_of_source ON held_words (source)")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name IN ('0016_plain_words', '0018_old_names')")


def _rename_back(connection: sqlite3.Connection) -> None:
    for old, new in TABLES.items():
        connection.execute(f"ALTER TABLE {new} RENAME TO {old}")
    for table, names in reversed(RENAMED.items()):
        for old, new in reversed(names.items()):
            connection.execute(f'ALTER TABLE {table} RENAME COLUMN {new} TO "{old}"')


@contextmanager
def in_old_words(connection: sqlite3.Connection) -> Iterator[None]:
    """For statements of earlier migrations; afterwards the database is of this version again."""
    both = "SELECT * FROM _sqlite_migrations WHERE name IN ('0016_plain_words', '0018_old_names')"
    migrations = connection.execute(both).fetchall()
    old_words(connection)
    yield
    rename(connection)
    for statement in WORDS:
        connection.execute(statement)
    connection.executemany("INSERT INTO _sqlite_migrations VALUES (?, ?, ?, ?)", migrations)
    replace_views(connection)
    connection.commit()
