"""Migration 0025: sources that a person paused, and what the rules of a source leave out."""

from __future__ import annotations

HEALTH = (
    # JSON object of its rules, by the keys of its file; NULL: it has none.
    "ALTER TABLE sources ADD COLUMN rules TEXT",
    """
    CREATE TABLE pauses (               -- a source that a person had the wire leave alone; kept when it has ended
      pause_id INTEGER PRIMARY KEY,
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      paused_at TEXT NOT NULL,
      paused_until TEXT,                -- NULL: until a person ends it
      actor TEXT NOT NULL,              -- person:NAME
      reason TEXT,                      -- NULL: none was given
      ended_at TEXT,                    -- NULL: it is in force
      ended_by TEXT                     -- person:NAME; NULL: it is in force, or ended at paused_until
    ) STRICT
    """,
    "CREATE UNIQUE INDEX pauses_in_force ON pauses (source_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE left_out (             -- entries of a source's last document that a rule of its file left out
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      article_key TEXT NOT NULL,        -- the first key of the entry
      entry_hash BLOB NOT NULL,         -- SHA-256 of all that it said
      rule TEXT NOT NULL,               -- as `polls.drops` names it
      first_seen TEXT NOT NULL,         -- when this rule first left out these words
      sort_time TEXT NOT NULL,          -- the date that it states, or when it was first seen
      is_dated INTEGER NOT NULL,        -- 1: it states one
      PRIMARY KEY (source_id, article_key)
    ) STRICT, WITHOUT ROWID
    """,
)
