"""Migration 0022: the file says whose it is, and a complaint may be about the wire as a whole, and be erased."""

from __future__ import annotations

import sqlite3

from aggregator.store.sqlite.opening import APPLICATION_ID

_CHANGES = (
    (
        "article_id INTEGER NOT NULL REFERENCES articles (article_id),",
        "article_id INTEGER REFERENCES articles (article_id),  -- NULL: about the wire as a whole",
    ),
    (
        "-- factual, copyright, licence, court_order, statute, privacy, safety ...",
        "-- factual, copyright, licence, court_order, statute, privacy, safety,\n"
        "                                      -- publisher_request, own_content, comment, about_the_wire",
    ),
    ("text TEXT NOT NULL,", "text TEXT,                      -- what was written; NULL: erased"),
    ("-- how to answer; NULL: anonymous", "-- how to answer; NULL: anonymous, or erased"),
    (
        "resolution TEXT                 -- NULL: open",
        "resolution TEXT,                -- how it was resolved; NULL: open, or erased\n"
        "      erased_at TEXT                  -- when the words of all columns were; NULL: they are stored",
    ),
)


def name_the_file(connection: sqlite3.Connection) -> None:
    """Within a transaction."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def change_complaints(connection: sqlite3.Connection) -> None:
    """Takes NOT NULL from two columns, and adds one. No row is written anew: what is stored fits the new definition
    (https://sqlite.org/lang_altertable.html#otheralter, the simpler procedure), and a column that a row is too short
    for is NULL (https://sqlite.org/fileformat2.html#record_format). Within a transaction.
    """
    (version,) = connection.execute("PRAGMA schema_version").fetchone()
    connection.execute("PRAGMA writable_schema = ON")
    for before, after in _CHANGES:
        changed = connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2)"
            " WHERE type = 'table' AND name = 'complaints' AND instr(sql, ?1) > 0",
            (before, after),
        )
        assert changed.rowcount == 1, f"the table is as the migrations before made it, with {before!r}"
    connection.execute(f"PRAGMA schema_version = {version + 1}")
    connection.execute("PRAGMA writable_schema = RESET")
