"""The tables of migration 0005: where sources' documents came from, and what was decided about it."""

from __future__ import annotations

REDIRECTS = (
    """
    CREATE TABLE redirects (          -- addresses other than a source's own that its documents came from
      source INTEGER NOT NULL REFERENCES sources (id),
      url TEXT NOT NULL,              -- where the chain of redirects ended
      state TEXT NOT NULL,            -- accepted; held: it waits for a person; refused: it is another publisher's
      accepted_by TEXT,               -- person; in_force: it was so before redirects were checked; NULL: not accepted
      said TEXT,                      -- the address, and why it is held or refused, for people; NULL: it is accepted
      at TEXT NOT NULL,               -- when it was accepted, or first held or refused
      listed_at TEXT,                 -- in_force: when `health` listed it; NULL: not yet, or not in_force
      PRIMARY KEY (source, url)
    ) STRICT, WITHOUT ROWID
    """,
    # 1: polled before redirects were checked, and no answer since: the redirect of its next answer was in force already
    "ALTER TABLE sources ADD COLUMN redirect_unchecked INTEGER NOT NULL DEFAULT 0",
    "UPDATE sources SET redirect_unchecked = 1 WHERE last_success IS NOT NULL",
    """
    INSERT INTO redirects (source, url, state, accepted_by, at)
    SELECT id, url, 'accepted', 'in_force', coalesce(last_success, next_at) FROM sources WHERE old_url IS NOT NULL
    """,
    """
    INSERT OR IGNORE INTO redirects (source, url, state, accepted_by, at)
    SELECT id, moved_to, 'accepted', 'in_force', coalesce(moved_since, next_at) FROM sources WHERE moved_to IS NOT NULL
    """,
)
