"""The tables of migration 0002: identity, versions, and the desk."""

from __future__ import annotations

# How far a source's keys can be trusted, which article an entry was taken for and why, what it changed.
TRUSTED = (
    # strongest key that this source's documents can be trusted with: id, url
    "ALTER TABLE sources ADD COLUMN ladder TEXT NOT NULL DEFAULT 'id'",
    "ALTER TABLE sources ADD COLUMN ladder_reason TEXT",  # NULL: nothing speaks against its ids
    "ALTER TABLE sources ADD COLUMN id_conflicts INTEGER NOT NULL DEFAULT 0",  # ids used again for another item
    "ALTER TABLE sources ADD COLUMN restless INTEGER NOT NULL DEFAULT 0",  # polls in a row in which most of it changed
    # 1: first seen long after its date (an archive saved anew), so it is kept out of the front
    "ALTER TABLE articles ADD COLUMN backfill INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE articles ADD COLUMN embargoed_until TEXT",  # NULL: no embargo
    # which notice stands in its place (withheld, withdrawn, legal, gone, removed); NULL: none, it is usable
    "ALTER TABLE articles ADD COLUMN notice TEXT",
    "CREATE INDEX articles_under_embargo ON articles (embargoed_until) WHERE embargoed_until IS NOT NULL",
    "CREATE INDEX articles_with_notice ON articles (notice) WHERE notice IS NOT NULL",
    # JSON array of what differs from the revision before: title, summary, body, byline, url, dates; NULL: the first
    "ALTER TABLE revisions ADD COLUMN changed TEXT",
    "ALTER TABLE sightings ADD COLUMN said_words BLOB",  # words_hash of what it said; NULL: said before this was kept
    "ALTER TABLE changes ADD COLUMN note TEXT",  # the reason of an act; NULL: the publisher's own change
    """
    CREATE TABLE merges (             -- an entry that was taken for an article by another key than its first
      id INTEGER PRIMARY KEY,
      article INTEGER NOT NULL REFERENCES articles (id),
      publisher TEXT NOT NULL,
      source INTEGER NOT NULL REFERENCES sources (id),
      key TEXT NOT NULL,              -- the key that became the article's too
      matched_by TEXT NOT NULL,       -- alt, url, title, opening
      evidence TEXT NOT NULL,         -- what was near-equal, for a person who reviews it
      revision INTEGER NOT NULL,      -- the article's newest before the merge
      at TEXT NOT NULL,
      undone_at TEXT,                 -- NULL: in force
      split_into INTEGER REFERENCES articles (id)  -- NULL: in force
    ) STRICT
    """,
    "CREATE INDEX merges_of_article ON merges (article)",
    """
    CREATE TABLE near_keys (          -- by which an article's twin under other keys is found, as a last resort
      publisher TEXT NOT NULL,
      key TEXT NOT NULL,              -- digest of the folded headline, or of how the text begins
      article INTEGER NOT NULL REFERENCES articles (id),  -- the newest with this key
      PRIMARY KEY (publisher, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE tombstones (         -- keys of purged articles: what was deleted does not come back as new
      publisher TEXT NOT NULL,
      key TEXT NOT NULL,
      public_id TEXT NOT NULL,
      at TEXT NOT NULL,
      PRIMARY KEY (publisher, key)
    ) STRICT, WITHOUT ROWID
    """,
)

# What people and pages decide about an article; append-only.
DESK = (
    """
    CREATE TABLE acts (
      id INTEGER PRIMARY KEY,
      article INTEGER NOT NULL REFERENCES articles (id),
      act TEXT NOT NULL,              -- withhold, restore, withdraw, embargo, release, suspend, purge
      actor TEXT NOT NULL,            -- person:NAME, publisher:feed, publisher:page, wire
      reason TEXT NOT NULL,
      reference TEXT,                 -- a ticket, a letter, a court's file; NULL: none
      complaint INTEGER REFERENCES complaints (id),  -- NULL: nobody complained
      until TEXT,                     -- of an embargo; NULL: no end set
      at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX acts_of_article ON acts (article)",
    """
    CREATE TABLE complaints (
      id INTEGER PRIMARY KEY,
      article INTEGER NOT NULL REFERENCES articles (id),
      kind TEXT NOT NULL,             -- factual, copyright, licence, court_order, statute, privacy, safety ...
      text TEXT NOT NULL,
      complainant TEXT,               -- how to answer; NULL: anonymous
      received_at TEXT NOT NULL,
      resolved_at TEXT,               -- NULL: open
      resolution TEXT                 -- NULL: open
    ) STRICT
    """,
    """
    CREATE TABLE rechecks (           -- visits to an article's own page, to learn of a withdrawal
      article INTEGER PRIMARY KEY REFERENCES articles (id),
      step INTEGER NOT NULL,          -- visits made
      next_at TEXT,                   -- NULL: no more visits
      etag TEXT,                      -- NULL: the page gave none
      last_modified TEXT,             -- NULL: the page gave none
      missing_since TEXT              -- first 404 in a row; NULL: it was there
    ) STRICT
    """,
    "CREATE INDEX rechecks_due ON rechecks (next_at) WHERE next_at IS NOT NULL",
    """
    CREATE TABLE robots (             -- the robots.txt of every site asked; status NULL: it did not answer
      origin TEXT PRIMARY KEY, fetched_at TEXT NOT NULL, status INTEGER, body BLOB NOT NULL
    ) STRICT
    """,
)
