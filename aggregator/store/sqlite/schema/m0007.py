"""Migration 0007: the ledger gets a hash that runs over its lines, and lines about publishers; articles remember from
which line on subscribers are given theirs.
"""

from __future__ import annotations

import sqlite3

from aggregator.store.queries.ledger import START, chained

_BATCH = 10_000

# The table is made anew, because a column that is NOT NULL stays so. With legacy_alter_table a rename leaves views as
# they are, also those that somebody else made: they name the new table afterwards.
MADE_ANEW = (
    # seq of the line of the ledger from which on its lines are listed; NULL: readers never could know of it
    "ALTER TABLE articles ADD COLUMN released_seq INTEGER",
    "PRAGMA legacy_alter_table = ON",
    "ALTER TABLE changes RENAME TO changes_before",
    "PRAGMA legacy_alter_table = OFF",
    """
    CREATE TABLE changes (            -- the ledger that subscribers follow; lines are only ever added
      seq INTEGER PRIMARY KEY,        -- rises by one, without a gap
      article INTEGER REFERENCES articles (id),      -- NULL: the line is about a publisher
      revision INTEGER,               -- the number of the article's newest; NULL: the line is about a publisher
      publisher TEXT REFERENCES publishers (key),    -- NULL: the line is about an article
      kind TEXT NOT NULL,             -- new, revised, corrected, refile, withheld, withdrawn, restored,
                                      -- removed_by_wire, terms_changed (the only one about a publisher)
      at TEXT NOT NULL,
      note TEXT,                      -- the reason of an act; NULL: the publisher's own change
      hash BLOB NOT NULL,             -- SHA-256 of the hash of the line before and what this one says: docs/changes.md
      CHECK ((article IS NULL) = (revision IS NULL) AND (article IS NULL) = (publisher IS NOT NULL))
    ) STRICT
    """,
)

FILLED = (
    "DROP TABLE changes_before",  # and its indexes with it
    "CREATE INDEX changes_of_article ON changes (article)",
    "CREATE INDEX changes_by_time ON changes (at)",
    # Whether an article was out at some time was not kept. In doubt it was, so that a withdrawal is listed: its lines
    # have no words while it is not out. No doubt is left of those that came under an embargo and are still under it:
    # their publisher asked for it with their first version, or (split off another one) nobody ever did.
    """
    UPDATE articles SET released_seq = (SELECT min(seq) FROM changes WHERE article = articles.id)
    WHERE embargoed_until IS NULL
      OR EXISTS (SELECT 1 FROM acts AS k WHERE k.article = articles.id AND k.act IN ('release', 'restore'))
      OR EXISTS (SELECT 1 FROM acts AS k WHERE k.article = articles.id AND k.act = 'embargo') AND NOT EXISTS (
        SELECT 1 FROM acts AS k WHERE k.article = articles.id AND k.act = 'embargo' AND k.actor = 'publisher:feed'
          AND k.at = articles.first_seen)
    """,
)


def fill(connection: sqlite3.Connection) -> None:
    """The lines as they were, each with its hash, some thousands at a time."""
    last, previous = 0, START
    while rows := connection.execute(
        """
        SELECT c.seq, c.article, c.revision, c.kind, c.at, c.note, a.public_id
        FROM changes_before AS c JOIN articles AS a ON a.id = c.article WHERE c.seq > ? ORDER BY c.seq LIMIT ?
        """,
        (last, _BATCH),
    ).fetchall():
        hashed = []
        for seq, article, revision, kind, at, note, public_id in rows:
            last, previous = seq, chained(previous, seq, kind, public_id, at)
            hashed.append((seq, article, revision, kind, at, note, previous))
        connection.executemany(
            "INSERT INTO changes (seq, article, revision, kind, at, note, hash) VALUES (?, ?, ?, ?, ?, ?, ?)", hashed
        )
