"""The tables and columns of migration 0008: what one poll may change or add at once, and what of it waits."""

from __future__ import annotations

# What a publisher said of a known report that is not in force yet. The words are kept as they came, so that whoever
# accepts them later stores what the publisher said; a row is deleted when its change is accepted, or taken back.
PENDING = (
    """
    CREATE TABLE pending_changes (
      article INTEGER NOT NULL REFERENCES articles (id),
      signal TEXT NOT NULL,           -- entry: its entry says something else; tombstone: its feed lists it as deleted
      source INTEGER NOT NULL REFERENCES sources (id),  -- which said so last
      kind TEXT NOT NULL,             -- withdrawn, moved (another link), same_words (as many others), revised
      reason TEXT NOT NULL,           -- why it waits. mass: one poll changed too much at once, so a person decides
      key TEXT NOT NULL,              -- the first key of its entry, or that of the tombstone's id
      since TEXT NOT NULL,            -- when a change of the report first had to wait
      received_at TEXT NOT NULL,      -- when these words came
      refused_at TEXT,                -- of a tombstone, which stands in its feed for weeks; NULL: it waits
      title TEXT,                     -- plain, of the entry; NULL: a tombstone
      url TEXT,                       -- of the entry; NULL: it has none, or a tombstone
      language TEXT,                  -- of the entry, BCP 47; NULL: not stated, or a tombstone
      words_hash BLOB,                -- as in `revisions`; NULL: a tombstone
      entry_hash BLOB,                -- SHA-256 of everything the entry said; NULL: a tombstone
      raw BLOB,                       -- everything the entry said, as in `revisions`; NULL: a tombstone
      dictionary INTEGER REFERENCES dictionaries (id),  -- NULL: compressed without one, or a tombstone
      PRIMARY KEY (article, signal)
    ) STRICT
    """,
    "CREATE INDEX pending_of_source ON pending_changes (source)",
    # JSON object, the most known reports that one poll changed, by kind, where that is more than any source may; a
    # person's acceptance raises it; NULL: nothing like that happened
    "ALTER TABLE sources ADD COLUMN most_changed TEXT",
    # Of polls before this was kept only the number of their revisions is known.
    """
    UPDATE sources SET most_changed = (
      SELECT iif(max(revised) > 0, json_object('revised', max(revised)), NULL) FROM polls WHERE source = sources.id
    )
    """,
    # new reports of its polls that were more than one poll or day may add, since it last went a week without any
    "ALTER TABLE sources ADD COLUMN flooded INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sources ADD COLUMN flooded_at TEXT",  # when a poll last brought such; NULL: not within a week
    "ALTER TABLE polls ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0",  # changes that wait for a person since this poll
    # of the new reports, those that were more than one poll or day may add, and are stored as backfill
    "ALTER TABLE polls ADD COLUMN excess INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE daily ADD COLUMN backfill INTEGER NOT NULL DEFAULT 0",  # of `articles`, those kept out of `latest`
    """
    UPDATE daily SET backfill = b.articles FROM (
      SELECT publisher, substr(listed_at, 1, 10) AS day, count(*) AS articles FROM articles
      WHERE backfill AND coalesce(notice, '') <> 'removed' GROUP BY publisher, day
    ) AS b
    WHERE b.publisher = daily.publisher AND b.day = daily.day
    """,
)
