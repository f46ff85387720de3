"""Migration 0020: an excerpt that is the summary is stored once."""

from __future__ import annotations

import sqlite3

_BEFORE, _AFTER = (
    "excerpt TEXT NOT NULL,          -- whole",
    "excerpt TEXT,                   -- NULL: the summary is; whole",
)


def let_excerpts_be_null(connection: sqlite3.Connection) -> None:
    """Takes NOT NULL from `bodies.excerpt`. No row is written anew: what is stored fits the new definition
    (https://sqlite.org/lang_altertable.html#otheralter, the simpler procedure). Within a transaction.
    """
    (version,) = connection.execute("PRAGMA schema_version").fetchone()
    connection.execute("PRAGMA writable_schema = ON")
    changed = connection.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2)"
        " WHERE type = 'table' AND name = 'bodies' AND instr(sql, ?1) > 0",
        (_BEFORE, _AFTER),
    )
    assert changed.rowcount == 1, "the table is as migration 0001 made it"
    connection.execute(f"PRAGMA schema_version = {version + 1}")
    connection.execute("PRAGMA writable_schema = RESET")
