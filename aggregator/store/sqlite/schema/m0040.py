"""Migration 0040: what came of reading reports' own pages."""

from __future__ import annotations

PAGES = (
    """
    CREATE TABLE pages (              -- reports whose own page was read, or could not be
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      mode TEXT NOT NULL,             -- the key `pages` of its source then: metadata, text
      tried_at TEXT NOT NULL,         -- UTC, the last time
      outcome TEXT NOT NULL,          -- of that: read, withheld (its text may not be taken, or there is none), failed
      reason TEXT,                    -- why, in words; NULL: it was read
      read_at TEXT,                   -- UTC, when it was read last, or withheld; NULL: never yet
      read_as TEXT,                   -- `mode` of that time; NULL: never yet
      revision INTEGER,               -- the version that was in force after that; NULL: never yet
      fields TEXT,                    -- JSON array, what of the report is its page's; NULL: nothing
      evidence TEXT                   -- JSON object, by field the rule by which it was found; NULL: nothing
    ) STRICT
    """,
    "CREATE INDEX pages_by_time ON pages (tried_at)",
)
