"""Migration 0016: plain words. Columns are renamed where they stand, whatever the size of the database.

One rule names keys. The number of a row is NOUN_id, and every column that points to it has that name too, so that two
tables are joined by one name: article_id, revision_id, source_id, poll_id, merge_id, act_id, complaint_id,
dictionary_id. `id` is the public id of an article, and nothing else. A publisher is pointed to by its key, so its
column is `publisher` everywhere. Other texts that find a row say of what they are the key: source_key, article_key.
`source_name` is both keys of a source, publisher/source. No column is called kind, key or source.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

# By table as it was called before; the order counts where a new name was another column's old one.
RENAMED: Mapping[str, Mapping[str, str]] = {
    "publishers": {"key": "publisher", "kind": "publisher_kind", "group": "publisher_group"},
    "sources": {
        "id": "source_id",
        "key": "source_key",
        "kind": "source_kind",
        "ladder": "id_trust",  # the strongest key that its documents can be trusted with: id, url
        "ladder_reason": "id_trust_reason",  # NULL: nothing speaks against its ids
        "conditional": "conditional_polls",
        "validators_lied": "validators_ignored",  # why none are sent; NULL: they are sent
        "hints": "poll_hints",  # NULL: its document says nothing about coming back
        "listed": "last_listed",  # NULL: no document was read since this is kept
        "changing": "unstable",  # NULL: the last poll did not change most of what it listed
        "flooded": "over_limit",
        "flooded_at": "over_limit_at",  # NULL: no poll brought too much within a week
    },
    "articles": {
        "id": "article_id",
        "public_id": "id",
        "source": "source_id",
        "listed_at": "sort_time",
        "words_held": "has_text",
    },
    "bodies": {"article": "article_id"},
    "revisions": {
        "id": "revision_id",
        "article": "article_id",
        "source": "source_id",
        "dictionary": "dictionary_id",  # NULL: compressed without one
    },
    "dictionaries": {"id": "dictionary_id"},
    "article_keys": {"key": "article_key", "article": "article_id"},
    "near_keys": {"key": "article_key", "article": "article_id"},
    "sightings": {
        "source": "source_id",
        "article": "article_id",
        "said_words": "words_hash",  # as in `revisions`; NULL: it was listed before this was kept, or is not in force
        "key": "article_key",  # NULL: it was listed before this was kept
    },
    "changes": {
        "article": "article_id",  # NULL: the line is about a publisher
        "kind": "change_kind",
    },
    "polls": {
        "id": "poll_id",
        "source": "source_id",
        "status": "http_status",  # NULL: no answer
        "waiting": "pending",
        "excess": "over_limit",
    },
    "merges": {
        "id": "merge_id",
        "article": "article_id",
        "source": "source_id",
        "key": "article_key",
        "split_into": "split_article_id",  # NULL: in force
    },
    "tombstones": {"key": "key_digest", "public_id": "id"},
    "acts": {
        "id": "act_id",
        "article": "article_id",
        "complaint": "complaint_id",  # NULL: nobody complained
    },
    "complaints": {"id": "complaint_id", "article": "article_id", "kind": "complaint_kind"},
    "rechecks": {"article": "article_id", "step": "visits"},
    "robots": {"status": "http_status"},  # NULL: it did not answer
    "redirects": {
        "source": "source_id",
        "said": "reason",  # NULL: it is accepted
        "listed_at": "reported_at",  # NULL: not yet, or not in_force
    },
    "claims": {"kind": "claim_kind"},
    "health_counts": {"source": "source_id"},
    "pending_changes": {
        "article": "article_id",
        "source": "source_id",
        "kind": "mass_kind",
        "key": "article_key",
        "dictionary": "dictionary_id",  # NULL: compressed without one, or a tombstone
    },
    "held_words": {
        "article": "article_id",
        "source": "source_id",
        "key": "article_key",
        "kind": "change_kind",
        "dictionary": "dictionary_id",  # NULL: compressed without one
    },
    "excerpt_queue": {"article": "article_id"},
    "search_queue": {"revision": "revision_id"},
    "search_removals": {"revision": "revision_id"},
}

# What is changed by itself within a day, and what waits for a person, are both pending.
TABLES: Mapping[str, str] = {"held_words": "pending_revisions"}

WORDS = (
    "DROP INDEX held_of_source",
    "CREATE INDEX pending_revisions_of_source ON pending_revisions (source_id)",
    # The hash of a line of the ledger stays: it runs over the words that stand here on the right (`ledger.chained`).
    "UPDATE changes SET change_kind = 'resent' WHERE change_kind = 'refile'",
    "UPDATE changes SET change_kind = 'deleted' WHERE change_kind = 'removed_by_wire'",
    "UPDATE pending_revisions SET change_kind = 'resent' WHERE change_kind = 'refile'",
    # A redirect that waits for a person, and a poll of which nothing is stored until one has looked.
    "UPDATE redirects SET state = 'pending' WHERE state = 'held'",
    "UPDATE polls SET outcome = 'pending' WHERE outcome = 'held'",
    "UPDATE polls SET next_reason = 'pending' WHERE next_reason = 'held'",
    "UPDATE sources SET next_reason = 'pending' WHERE next_reason = 'held'",
    """
    UPDATE polls SET drops = replace(drops, '"restless_source":', '"unstable_source":')
    WHERE instr(drops, '"restless_source":') > 0
    """,
)

# The old names beside the new ones, for version 0.2.0 only; NULL where the new one is.
BESIDE = (
    'ALTER TABLE publishers ADD COLUMN "key" TEXT AS (publisher)',
    "ALTER TABLE publishers ADD COLUMN kind TEXT AS (publisher_kind)",
    'ALTER TABLE publishers ADD COLUMN "group" TEXT AS (publisher_group)',
    "ALTER TABLE sources ADD COLUMN id INTEGER AS (source_id)",
    'ALTER TABLE sources ADD COLUMN "key" TEXT AS (source_key)',
    "ALTER TABLE sources ADD COLUMN kind TEXT AS (source_kind)",
    "ALTER TABLE sources ADD COLUMN ladder TEXT AS (id_trust)",
    "ALTER TABLE sources ADD COLUMN ladder_reason TEXT AS (id_trust_reason)",
    "ALTER TABLE sources ADD COLUMN conditional INTEGER AS (conditional_polls)",
    "ALTER TABLE sources ADD COLUMN validators_lied TEXT AS (validators_ignored)",
    "ALTER TABLE sources ADD COLUMN hints TEXT AS (poll_hints)",
    "ALTER TABLE sources ADD COLUMN listed TEXT AS (last_listed)",
    "ALTER TABLE sources ADD COLUMN changing TEXT AS (unstable)",
    "ALTER TABLE sources ADD COLUMN flooded INTEGER AS (over_limit)",
    "ALTER TABLE sources ADD COLUMN flooded_at TEXT AS (over_limit_at)",
    # `articles.id` was the number, and is the public id now.
    "ALTER TABLE articles ADD COLUMN public_id TEXT AS (id)",
    "ALTER TABLE articles ADD COLUMN source INTEGER AS (source_id)",
    "ALTER TABLE articles ADD COLUMN listed_at TEXT AS (sort_time)",
    "ALTER TABLE articles ADD COLUMN words_held INTEGER AS (has_text)",
    "ALTER TABLE revisions ADD COLUMN id INTEGER AS (revision_id)",
    "ALTER TABLE revisions ADD COLUMN article INTEGER AS (article_id)",
    "ALTER TABLE revisions ADD COLUMN source INTEGER AS (source_id)",
    "ALTER TABLE revisions ADD COLUMN dictionary INTEGER AS (dictionary_id)",
    "ALTER TABLE polls ADD COLUMN id INTEGER AS (poll_id)",
    "ALTER TABLE polls ADD COLUMN source INTEGER AS (source_id)",
    "ALTER TABLE polls ADD COLUMN status INTEGER AS (http_status)",
    "ALTER TABLE polls ADD COLUMN waiting INTEGER AS (pending)",
    "ALTER TABLE polls ADD COLUMN excess INTEGER AS (over_limit)",
    "ALTER TABLE changes ADD COLUMN article INTEGER AS (article_id)",
    # In the old words, over which the hash runs.
    """
    ALTER TABLE changes ADD COLUMN kind TEXT AS (
      CASE change_kind WHEN 'resent' THEN 'refile' WHEN 'deleted' THEN 'removed_by_wire' ELSE change_kind END)
    """,
)


def rename(connection: sqlite3.Connection) -> None:
    """Renames columns, then tables. Triggers, indexes and views follow, those of the person whose file this is among
    them. A view of theirs that could not be read before stays as it is: `writable_schema` lets SQLite pass over it.
    """
    connection.execute("PRAGMA writable_schema = ON")
    for table, columns in RENAMED.items():
        for old, new in columns.items():
            connection.execute(f'ALTER TABLE {table} RENAME COLUMN "{old}" TO {new}')
    for old, new in TABLES.items():
        connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
    connection.execute("PRAGMA writable_schema = OFF")
