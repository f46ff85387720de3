"""Migration 0032: how many reports left by which channel."""

from __future__ import annotations

RELEASED = (
    """
    CREATE TABLE released_by_day (    -- reports that left, counted each time that one did
      day TEXT NOT NULL,              -- of UTC, 2026-11-22
      publisher TEXT NOT NULL,        -- its key; it may be in no other table any more
      channel TEXT NOT NULL,          -- web, feed, api or email
      reports INTEGER NOT NULL,
      PRIMARY KEY (day, publisher, channel)
    ) STRICT, WITHOUT ROWID
    """,
)
