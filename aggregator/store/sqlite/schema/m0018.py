"""Migration 0018: the names of before version 0.2.0, which stood beside the new ones in that version, are gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress

_BESIDE: Mapping[str, tuple[str, ...]] = {
    "publishers": ("key", "kind", "group"),
    "sources": (
        "id", "key", "kind", "ladder", "ladder_reason", "conditional", "validators_lied", "hints", "listed", "changing",
        "flooded", "flooded_at",
    ),
    "articles": ("public_id", "source", "listed_at", "words_held"),
    "revisions": ("id", "article", "source", "dictionary"),
    "polls": ("id", "source", "status", "waiting", "excess"),
    "changes": ("article", "kind"),
}  # fmt: skip


_VIEWS = ("wire", "wire_at", "notices", "health")  # which use some of them, and are made anew at every start


def drop(connection: sqlite3.Connection) -> None:
    """Drops the columns, which hold nothing of their own, so that no row is written anew. Those that somebody's own
    view, index or trigger may use stay: SQLite refuses to drop them.
    """
    for view in _VIEWS:
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    for table, names in _BESIDE.items():
        for name in names:
            with suppress(sqlite3.OperationalError):
                connection.execute(f'ALTER TABLE {table} DROP COLUMN "{name}"')
