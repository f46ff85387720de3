"""Migration 0034: how far each subscriber has been brought, and what could not be delivered."""

from __future__ import annotations

SUBSCRIBERS = (
    # The ledger is the queue: a subscriber is owed the lines of its selection after `seq`.
    """
    CREATE TABLE subscribers (
      subscriber TEXT PRIMARY KEY,    -- its name: that of its file in config/subscribers/
      began_at TEXT NOT NULL,         -- UTC
      began_seq INTEGER NOT NULL,     -- the last line before it, which is not owed; 0: there was none
      seq INTEGER NOT NULL,           -- up to this line all is acknowledged, a dead letter, or not of its selection
      last_seq INTEGER,               -- the last line that was owed and is done with; NULL: there was none
      attempts INTEGER NOT NULL DEFAULT 0,       -- that failed, of the message that is sent now
      attempted_at TEXT,              -- UTC, the last attempt that failed; NULL: there was none
      pause_seconds INTEGER NOT NULL DEFAULT 0,  -- from then to the next attempt
      failing_since TEXT,             -- UTC; NULL: the last message was acknowledged
      error TEXT,                     -- of the last failure, or why nothing can be sent; NULL: all is well
      acknowledged_at TEXT,           -- UTC, the last time; NULL: never
      acknowledged_seq INTEGER,       -- the line that was acknowledged then; NULL: none
      paused_at TEXT,                 -- UTC, by a person; NULL: it is not paused
      ended_at TEXT                   -- UTC, when its server said 410; NULL: it did not
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE dead_letters (       -- lines that could not be delivered within three days
      subscriber TEXT NOT NULL REFERENCES subscribers (subscriber) ON DELETE CASCADE,
      seq INTEGER NOT NULL REFERENCES changes (seq),
      at TEXT NOT NULL,               -- UTC, of the last attempt
      attempts INTEGER NOT NULL,
      error TEXT NOT NULL,            -- of the last attempt
      replay_at TEXT,                 -- UTC, when a person asked to send it again; NULL: nobody did
      PRIMARY KEY (subscriber, seq)
    ) STRICT, WITHOUT ROWID
    """,
)
