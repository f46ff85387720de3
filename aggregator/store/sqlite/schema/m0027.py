"""Migration 0027: the search index finds words with accents in every program that opens the file."""

from __future__ import annotations

import sqlite3

_BEFORE, _AFTER = "remove_diacritics 0", "remove_diacritics 2"


def search_without_accents(connection: sqlite3.Connection) -> None:
    """Lets the tokenizer take accents from what is searched for. Nothing is indexed anew: what stands in the index is
    what `fold` returns, and of that both settings make the same words (tests/store/test_plain_sqlite.py; for every
    character of Unicode on 2026-11-29, SQLite 3.40.1). The declaration is all that is written
    (https://sqlite.org/fts5.html#unicode61_tokenizer; the way is that of migration 0020). Within a transaction.
    """
    (version,) = connection.execute("PRAGMA schema_version").fetchone()
    connection.execute("PRAGMA writable_schema = ON")
    changed = connection.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2)"
        " WHERE type = 'table' AND name = 'article_search' AND instr(sql, ?1) > 0",
        (_BEFORE, _AFTER),
    )
    assert changed.rowcount == 1, "the table is as migration 0001 made it"
    connection.execute(f"PRAGMA schema_version = {version + 1}")
    connection.execute("PRAGMA writable_schema = RESET")
