"""The tables and columns of migration 0014: words that are held back for a day are kept."""

from __future__ import annotations

# What a publisher says of a known report, where its source changes something at every poll and the change touches no
# headline and no sentence. One row an article, the newest words; housekeeping stores them as a revision.
HELD = (
    """
    CREATE TABLE held_words (
      article INTEGER PRIMARY KEY REFERENCES articles (id),
      source INTEGER NOT NULL REFERENCES sources (id),  -- which said so
      key TEXT NOT NULL,              -- the first key of its entry
      kind TEXT NOT NULL,             -- of the change: revised, refile
      changed TEXT NOT NULL,          -- JSON array, as in `revisions`
      received_at TEXT NOT NULL,      -- when these words came
      gone INTEGER NOT NULL DEFAULT 0,  -- 1: its source listed other reports since, and not this one
      title TEXT NOT NULL,            -- this and what follows as in `articles`
      url TEXT,                       -- NULL: it has none
      byline TEXT,                    -- NULL: not stated
      language TEXT,                  -- NULL: not stated
      class TEXT NOT NULL,
      published TEXT,                 -- NULL: not stated, or not readable
      published_stated TEXT,          -- NULL: not stated
      updated TEXT,                   -- NULL: not stated, or not readable
      updated_stated TEXT,            -- NULL: not stated
      categories TEXT,                -- JSON array; NULL: none
      words_hash BLOB NOT NULL,       -- as in `revisions`
      entry_hash BLOB NOT NULL,       -- SHA-256 of everything the entry said
      raw BLOB NOT NULL,              -- everything the entry said, as in `revisions`
      dictionary INTEGER REFERENCES dictionaries (id)  -- NULL: compressed without one
    ) STRICT
    """,
    "CREATE INDEX held_of_source ON held_words (source)",
    # when it was stored, where that was later than `seen_at`: it was held back, or a person accepted it; NULL: at once
    "ALTER TABLE revisions ADD COLUMN stored_at TEXT",
    # JSON array, when the last polls in a row changed most of what they listed, three at most; NULL: the last did not
    "ALTER TABLE sources ADD COLUMN changing TEXT",
    # Until now such words were kept nowhere, and the validators of their document were: it is asked for again.
    "UPDATE sources SET etag = NULL, last_modified = NULL, body_hash = NULL WHERE restless >= 3",
    "ALTER TABLE sources DROP COLUMN restless",  # polls in a row, however far apart
)
