"""Migration 0029: what a report is given on its way out, and which reports left."""

from __future__ import annotations

CONTACTS = (
    "ALTER TABLE publishers ADD COLUMN permissions TEXT",  # an e-mail address or a page; NULL: not known
)

TAKEN_BACK = (
    # What a feed says of reports that are out of the wire; few lines of the ledger are of these kinds.
    "CREATE INDEX changes_taken_back ON changes (seq) WHERE change_kind IN ('withheld', 'withdrawn', 'deleted')",
)
