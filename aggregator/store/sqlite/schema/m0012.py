"""Migration 0012: what a program is doing just now, so that no other does the same."""

from __future__ import annotations

CLAIMS = (
    """
    CREATE TABLE claims (             -- a source that a program is polling, or a publisher whose pages it is visiting
      kind TEXT NOT NULL,             -- poll, visit
      subject TEXT NOT NULL,          -- the source, publisher/key; or the publisher's key
      program INTEGER NOT NULL,       -- as long as it runs it holds a lock on the file NAME-OF-DATABASE.program-NUMBER
      at TEXT NOT NULL,               -- when it was taken or last confirmed; ISO 8601 UTC
      PRIMARY KEY (kind, subject)
    ) STRICT, WITHOUT ROWID
    """,
)
