"""The tables of migration 0001: what is configured, held, has happened, and is searched."""

from __future__ import annotations

# Written from config/ at every start; a row outlives its file, because articles point to it.
CONFIGURED = (
    """
    CREATE TABLE publishers (
      key TEXT PRIMARY KEY,           -- the name of the publisher's file
      name TEXT NOT NULL,             -- as it stands above every report
      place TEXT NOT NULL,            -- the city beside the name
      country TEXT NOT NULL,          -- ISO 3166-1 alpha-2; XA all of Africa, XW the world
      kind TEXT NOT NULL,             -- newspaper, government, ngo ...
      "group" TEXT NOT NULL,          -- news_organization, institution, individual, own
      languages TEXT NOT NULL,        -- JSON array of BCP 47 tags
      homepage TEXT NOT NULL,
      corrections TEXT,               -- where its corrections desk is reached; NULL: only the homepage is known
      rights TEXT NOT NULL,           -- JSON object, the rights in force
      configured INTEGER NOT NULL     -- 1: has a file in config/; 0: had one once
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE sources (
      id INTEGER PRIMARY KEY,
      publisher TEXT NOT NULL REFERENCES publishers (key),
      key TEXT NOT NULL,
      url TEXT NOT NULL,
      kind TEXT NOT NULL,             -- feed, jsonfeed
      class TEXT NOT NULL,            -- of the articles it brings: news, opinion, press_release ...
      every_minutes REAL,             -- NULL: the wire's own interval
      enabled INTEGER NOT NULL,       -- 0: switched off, or no longer in config/
      next_at TEXT NOT NULL,          -- when it is due; the schedule is this column
      next_reason TEXT NOT NULL,      -- why then: first, interval, backoff, retry_after
      etag TEXT,                      -- byte for byte; NULL: the server gave none
      last_modified TEXT,             -- byte for byte; NULL: the server gave none
      body_hash BLOB,                 -- SHA-256 of the last body read; NULL: none yet
      last_poll TEXT,                 -- NULL: never polled
      last_success TEXT,              -- NULL: never answered well
      failures INTEGER NOT NULL DEFAULT 0,  -- in a row
      last_error TEXT,                -- NULL: the last poll went well
      UNIQUE (publisher, key)
    ) STRICT
    """,
    "CREATE INDEX sources_due ON sources (next_at) WHERE enabled",
    """
    CREATE TABLE terms (              -- what must stand beside a publisher's reports of one class
      publisher TEXT NOT NULL REFERENCES publishers (key),
      class TEXT NOT NULL,
      credit TEXT NOT NULL,
      disclaimer TEXT NOT NULL,       -- {original_url} is filled in by the view `wire`
      text_scope TEXT NOT NULL,       -- none, headline_only, excerpt, full_text
      licence TEXT,                   -- SPDX id; NULL: none
      copyright_notice TEXT,          -- NULL: none
      complaints_url TEXT NOT NULL,
      PRIMARY KEY (publisher, class)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)

# `articles` is what people list, so its rows are narrow; the words stand in `bodies`.
HELD = (
    """
    CREATE TABLE articles (
      id INTEGER PRIMARY KEY,         -- rises with the time of first sight
      public_id TEXT NOT NULL UNIQUE, -- the same on every machine for the same publisher and key
      publisher TEXT NOT NULL REFERENCES publishers (key),
      source INTEGER NOT NULL REFERENCES sources (id),  -- which listed it first
      country TEXT NOT NULL,          -- of the publisher
      language TEXT,                  -- BCP 47; NULL: not stated
      class TEXT NOT NULL,
      title TEXT NOT NULL,            -- plain; '' where the publisher gave none
      url TEXT,                       -- the original; NULL: the publisher gave none
      byline TEXT,                    -- as stated; NULL: none
      published TEXT,                 -- NULL: not stated, or not readable
      published_stated TEXT,          -- the literal; NULL: not stated
      updated TEXT,                   -- NULL: not stated, or not readable
      updated_stated TEXT,            -- the literal; NULL: not stated
      listed_at TEXT NOT NULL,        -- its place in lists: published, or first_seen if unknown or ahead
      first_seen TEXT NOT NULL,
      revision INTEGER NOT NULL,      -- the number of the newest
      status TEXT NOT NULL            -- IPTC pubStatus: usable, withheld, canceled
    ) STRICT
    """,
    "CREATE INDEX articles_listed ON articles (listed_at)",
    "CREATE INDEX articles_by_publisher ON articles (publisher, listed_at)",
    "CREATE INDEX articles_by_country ON articles (country, listed_at)",
    """
    CREATE TABLE bodies (             -- plain readings of an article's newest revision
      article INTEGER PRIMARY KEY REFERENCES articles (id),
      summary TEXT NOT NULL,
      text TEXT NOT NULL,             -- the whole text, or the summary where the source carries no more
      excerpt TEXT NOT NULL,          -- whole sentences, at most rights.excerpt_max_words
      categories TEXT                 -- JSON array, the publisher's own; NULL: none
    ) STRICT
    """,
    """
    CREATE TABLE revisions (          -- every version of an article's words; never updated, never deleted
      id INTEGER PRIMARY KEY,
      article INTEGER NOT NULL REFERENCES articles (id),
      number INTEGER NOT NULL,        -- 1, 2, 3 ...
      source INTEGER NOT NULL REFERENCES sources (id),
      seen_at TEXT NOT NULL,
      title TEXT NOT NULL,            -- plain
      words_hash BLOB NOT NULL,       -- SHA-256 of headline, summary, body, authors and link
      raw_hash BLOB NOT NULL,         -- SHA-256 of everything the entry said
      raw BLOB NOT NULL,              -- everything it said, as JSON, zstd; read it with raw_words(raw, dictionary)
      dictionary INTEGER REFERENCES dictionaries (id),  -- NULL: compressed without one
      UNIQUE (article, number)
    ) STRICT
    """,
    "CREATE TABLE dictionaries (id INTEGER PRIMARY KEY, content BLOB NOT NULL, trained_at TEXT NOT NULL) STRICT",
    """
    CREATE TABLE article_keys (       -- every key an article was ever known by
      publisher TEXT NOT NULL,
      key TEXT NOT NULL,
      article INTEGER NOT NULL REFERENCES articles (id),
      PRIMARY KEY (publisher, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE sightings (          -- what each source last said of an article
      source INTEGER NOT NULL REFERENCES sources (id),
      article INTEGER NOT NULL REFERENCES articles (id),
      entry_hash BLOB NOT NULL,
      PRIMARY KEY (source, article)
    ) STRICT, WITHOUT ROWID
    """,
)

HAPPENED = (
    """
    CREATE TABLE changes (            -- the ledger that subscribers follow
      seq INTEGER PRIMARY KEY,        -- rises by one, without a gap
      article INTEGER NOT NULL REFERENCES articles (id),
      revision INTEGER NOT NULL,
      kind TEXT NOT NULL,             -- new, revised, corrected, withheld, withdrawn, restored
      at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX changes_of_article ON changes (article)",
    "CREATE INDEX changes_by_time ON changes (at)",
    """
    CREATE TABLE polls (
      id INTEGER PRIMARY KEY,
      source INTEGER NOT NULL REFERENCES sources (id),
      started TEXT NOT NULL,
      seconds REAL NOT NULL,
      outcome TEXT NOT NULL,          -- ok, unchanged (the same body), not_modified (304), failed
      status INTEGER,                 -- of HTTP; NULL: no answer
      error TEXT,                     -- NULL: none; on `ok`, a warning about the document
      format TEXT,                    -- rss20, atom10, jsonfeed11 ...; NULL: not parsed
      bytes INTEGER NOT NULL,         -- of the body, decompressed
      entries INTEGER NOT NULL,       -- in the document, dropped ones included
      new INTEGER NOT NULL,
      revised INTEGER NOT NULL,
      unchanged INTEGER NOT NULL,
      drops TEXT,                     -- JSON object, entries left out by reason; NULL: none
      next_at TEXT NOT NULL,
      next_reason TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX polls_of_source ON polls (source, started)",
    """
    CREATE TABLE daily (              -- articles of a publisher by the day they are listed under
      publisher TEXT NOT NULL,
      day TEXT NOT NULL,
      articles INTEGER NOT NULL,
      PRIMARY KEY (publisher, day)
    ) STRICT, WITHOUT ROWID
    """,
)

# The index holds no words of its own (content=''), and a row a revision: a new version is a new row, so nothing is
# ever deleted from it, and whoever searches keeps the rows of newest revisions. It indexes what `fold` returns;
# the categories keep the vowel signs of Indic scripts inside their words.
SEARCHED = (
    """
    CREATE VIRTUAL TABLE article_search USING fts5(
      title, summary, text, content='', tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
    )
    """,
    "CREATE TABLE search_queue (revision INTEGER PRIMARY KEY REFERENCES revisions (id)) STRICT",
)
