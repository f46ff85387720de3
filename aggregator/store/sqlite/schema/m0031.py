"""Migration 0031: the tokens by which programs read the API."""

from __future__ import annotations

TOKENS = (
    """
    CREATE TABLE tokens (
      token_hash TEXT PRIMARY KEY,  -- SHA-256 of the token, hexadecimal; the token itself is stored nowhere
      name TEXT NOT NULL,  -- of the client
      channels TEXT NOT NULL,  -- with spaces between them: web, feed, api, email
      rate INTEGER NOT NULL CHECK (rate > 0),  -- requests a minute
      created_at TEXT NOT NULL,  -- UTC
      revoked_at TEXT  -- NULL: it is in force
    ) STRICT, WITHOUT ROWID
    """,
    # A client has one token; those that are revoked stay, so that it is known who had one.
    "CREATE UNIQUE INDEX tokens_in_force ON tokens (name) WHERE revoked_at IS NULL",
)
