"""Migration 0028: reports that a person joins, and reports a day as people count them."""

from __future__ import annotations

JOINED = (
    # What a person joined was a report with versions of its own, which stays, out of the wire.
    "ALTER TABLE merges ADD COLUMN joined_article_id INTEGER REFERENCES articles (article_id)",  # NULL: an entry
    # JSON array: the keys that led to that report, and lead to the other one while this is in force; NULL: an entry
    "ALTER TABLE merges ADD COLUMN joined_keys TEXT",
    # Few merges are of persons; a report is looked up here before an act upon it.
    "CREATE INDEX merges_of_joined ON merges (joined_article_id) WHERE joined_article_id IS NOT NULL",
)
