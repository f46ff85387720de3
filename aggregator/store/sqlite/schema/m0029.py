"""Migration 0029: whom to ask for permission, which stands beside every report that leaves."""

from __future__ import annotations

CONTACTS = (
    "ALTER TABLE publishers ADD COLUMN permissions TEXT",  # an e-mail address or a page; NULL: not known
)
