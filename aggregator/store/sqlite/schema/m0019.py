"""Migration 0019: polls that brought nothing are kept for some time, and then as one row a source and day."""

from __future__ import annotations

COUNTED = (
    """
    CREATE TABLE poll_days (          -- polls that brought nothing and are no longer in `polls`, by the day they began
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      day TEXT NOT NULL,              -- of UTC, 2026-11-22
      polls INTEGER NOT NULL,
      seconds REAL NOT NULL,          -- of all of them together
      bytes INTEGER NOT NULL,         -- of their bodies, decompressed
      drops TEXT,                     -- JSON object, entries left out by reason; NULL: none
      PRIMARY KEY (source_id, day)
    ) STRICT, WITHOUT ROWID
    """,
    # What `health` counts of the last seven days; a poll that is answered by 304 writes no row here.
    "CREATE INDEX polls_that_were_read ON polls (source_id, started, new) WHERE outcome = 'ok'",
)
