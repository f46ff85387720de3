"""Migration 0046: people of the desk, who act in a browser, and where they are signed in."""

from __future__ import annotations

PEOPLE = (
    # `act`: a person may look and act at the desk; `read`: look alone; NULL: it is a program, which may do neither.
    "ALTER TABLE tokens ADD COLUMN desk TEXT CHECK (desk IN ('act', 'read'))",
    """
    CREATE TABLE desk_sessions (
      session_hash TEXT PRIMARY KEY,     -- SHA-256 of what the browser sends, hexadecimal
      token_hash TEXT NOT NULL REFERENCES tokens (token_hash),  -- of the person
      began_at TEXT NOT NULL,            -- UTC
      ends_at TEXT NOT NULL,             -- UTC; it may end sooner: then the row is deleted
      is_by_proxy INTEGER NOT NULL       -- 1: a proxy said who it is, and says so at every request; 0: by the token
    ) STRICT, WITHOUT ROWID
    """,
)
