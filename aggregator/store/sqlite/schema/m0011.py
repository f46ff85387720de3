"""The columns of migration 0011: what a wrong clock wrote can be put right, and counts are stored with their time."""

from __future__ import annotations

TIME = (
    # the time that the line was written with, of which its hash is, where a clock that ran ahead wrote it and `at` was
    # put right since; NULL: it is that of `at`
    "ALTER TABLE changes ADD COLUMN hashed_at TEXT",
    """
    CREATE TABLE health_counts (      -- of each source, what the view `health` says of the last seven days
      source INTEGER PRIMARY KEY REFERENCES sources (id),
      counted_at TEXT NOT NULL,       -- when these were counted, at which the seven days end
      articles_7_days INTEGER NOT NULL,  -- new reports
      gaps_7_days INTEGER NOT NULL,   -- polls whose document did not reach back to the one before
      over_cap INTEGER NOT NULL,      -- entries beyond the newest that were not read of its last document
      silent INTEGER NOT NULL         -- 1: it has brought nothing new for longer than its rhythm allows
    ) STRICT
    """,
)
