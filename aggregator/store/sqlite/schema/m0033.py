"""Migration 0033: what publishers say to machines of their reports, each time that it changed."""

from __future__ import annotations

SIGNALS = (
    """
    CREATE TABLE rights_signals (
      signal_id INTEGER PRIMARY KEY,
      publisher TEXT NOT NULL,          -- its key
      article_id INTEGER REFERENCES articles (article_id),  -- whose page said it; NULL: it is of a site or a feed
      signal_form TEXT NOT NULL,        -- content-usage, content-signal, tdmrep, rsl, licence, noai, ai-tokens
      signal_place TEXT NOT NULL,       -- robots, header, file, meta
      url TEXT NOT NULL,                -- where it stood
      about TEXT NOT NULL,              -- the address that it speaks of; of a whole site without a path
      path_pattern TEXT NOT NULL,       -- which paths of the site, as in robots.txt; '': all
      rank INTEGER NOT NULL,            -- its number in the document
      literal TEXT NOT NULL,            -- as it stood, in one line, at most 300 characters
      policy TEXT,                      -- the address of the publisher's terms; NULL: it names none
      origin TEXT NOT NULL,             -- publisher; cdn: Cloudflare wrote it for its customer
      train TEXT NOT NULL,              -- allowed, refused or unstated, like the next two
      input TEXT NOT NULL,
      search TEXT NOT NULL,
      first_seen TEXT NOT NULL,
      last_seen TEXT NOT NULL,          -- to the day
      ended_at TEXT                     -- when it was no longer there; NULL: it was, at the last look
    ) STRICT
    """,
    "CREATE INDEX rights_signals_of_publisher ON rights_signals (publisher) WHERE article_id IS NULL",
    "CREATE INDEX rights_signals_of_article ON rights_signals (article_id) WHERE article_id IS NOT NULL",
    """
    CREATE TABLE signal_files (         -- documents in which sites say such things: tdmrep.json, RSL
      url TEXT PRIMARY KEY,
      fetched_at TEXT NOT NULL,
      http_status INTEGER,              -- NULL: it did not answer, or robots.txt did not let us ask
      body BLOB NOT NULL                -- as it came, at most 256 kB
    ) STRICT
    """,
)
