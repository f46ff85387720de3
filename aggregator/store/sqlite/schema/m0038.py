"""Migration 0038: from which line of the ledger on a saved search has each report that it found; and what a person was
told of lines that subscribers did not confirm in time.
"""

from __future__ import annotations

# Hits are of the words that a search has now, and of versions that are still held. Whoever follows a search is to hear
# of a report that it found once, whatever becomes of both.
FOUND = (
    """
    CREATE TABLE found (                -- reports that saved searches found
      search_id INTEGER NOT NULL REFERENCES searches (search_id) ON DELETE CASCADE,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      seq INTEGER NOT NULL,             -- the line of the ledger by which it was found first: from it on all are its
      PRIMARY KEY (search_id, article_id)
    ) STRICT, WITHOUT ROWID
    """,
    # the last line that was looked at for `found`
    "ALTER TABLE searches ADD COLUMN found_seq INTEGER NOT NULL DEFAULT 0",
)
TOLD = (
    # up to this line a person was told which withdrawals it did not confirm in time
    "ALTER TABLE subscribers ADD COLUMN told_seq INTEGER NOT NULL DEFAULT 0",
)
