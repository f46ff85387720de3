"""The tables of migration 0044: who took which report, to publish it elsewhere."""

from __future__ import annotations

# A row has no word of a report. Who took a report that its publisher withdraws later is asked to take it down.
TAKEN = (
    """
    CREATE TABLE taken (
      taken_id INTEGER PRIMARY KEY,
      taken_key TEXT NOT NULL UNIQUE,   -- 80 random bits, of the address where its words are copied from
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      revision INTEGER NOT NULL,        -- the number of the version
      format TEXT NOT NULL,             -- html, text or ninjs
      medium TEXT NOT NULL,             -- who takes it, as written there
      contact TEXT NOT NULL,            -- e-mail or page, as written there
      published_in TEXT,                -- where it will be published, as written there; NULL: not said
      at TEXT NOT NULL,
      told_at TEXT                      -- when its publisher was told by e-mail; NULL: it was not
    ) STRICT
    """,
    "CREATE INDEX taken_of_article ON taken (article_id)",
    "CREATE INDEX taken_by_time ON taken (at)",
    """
    CREATE TABLE taken_letters (        -- e-mails to publishers about what was taken of theirs
      publisher TEXT PRIMARY KEY REFERENCES publishers (publisher),
      attempted_at TEXT NOT NULL,       -- when the last one was sent, or tried
      attempts INTEGER NOT NULL,        -- that failed since one was sent
      error TEXT                        -- why the last one failed; NULL: it was sent, or is being sent
    ) STRICT, WITHOUT ROWID
    """,
)
