"""The tables, as migrations that are only ever added to. What NULL means stands beside each column that may be it."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("aggregator")


@migrations(name="0001_the_wire_runs")
def _the_wire_runs(db: Database) -> None:
    for statement in (*_CONFIGURED, *_HELD, *_HAPPENED, *_SEARCHED):
        db.execute(statement)


@migrations(name="0002_one_of_each")
def _one_of_each(db: Database) -> None:
    for statement in (*_TRUSTED, *_DESK):
        db.execute(statement)


# Written from config/ at every start; a row outlives its file, because articles point to it.
_CONFIGURED = (
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
_HELD = (
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

_HAPPENED = (
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
_SEARCHED = (
    """
    CREATE VIRTUAL TABLE article_search USING fts5(
      title, summary, text, content='', tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
    )
    """,
    "CREATE TABLE search_queue (revision INTEGER PRIMARY KEY REFERENCES revisions (id)) STRICT",
)

# 0002: how far a source's keys can be trusted, which article an entry was taken for and why, what it changed.
_TRUSTED = (
    # strongest key that this source's documents can be trusted with: id, url
    "ALTER TABLE sources ADD COLUMN ladder TEXT NOT NULL DEFAULT 'id'",
    "ALTER TABLE sources ADD COLUMN ladder_reason TEXT",  # NULL: nothing speaks against its ids
    "ALTER TABLE sources ADD COLUMN id_conflicts INTEGER NOT NULL DEFAULT 0",  # ids used again for another item
    "ALTER TABLE sources ADD COLUMN restless INTEGER NOT NULL DEFAULT 0",  # polls in a row in which most of it changed
    # 1: first seen long after its date (an archive saved anew), so it is kept out of the front
    "ALTER TABLE articles ADD COLUMN backfill INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE articles ADD COLUMN embargoed_until TEXT",  # NULL: no embargo
    # which notice stands in its place (withheld, withdrawn, legal, gone, removed); NULL: none, it is usable
    "ALTER TABLE articles ADD COLUMN notice TEXT",
    "CREATE INDEX articles_under_embargo ON articles (embargoed_until) WHERE embargoed_until IS NOT NULL",
    "CREATE INDEX articles_with_notice ON articles (notice) WHERE notice IS NOT NULL",
    # JSON array of what differs from the revision before: title, summary, body, byline, url, dates; NULL: the first
    "ALTER TABLE revisions ADD COLUMN changed TEXT",
    "ALTER TABLE sightings ADD COLUMN said_words BLOB",  # words_hash of what it said; NULL: said before this was kept
    "ALTER TABLE changes ADD COLUMN note TEXT",  # the reason of an act; NULL: the publisher's own change
    """
    CREATE TABLE merges (             -- an entry that was taken for an article by another key than its first
      id INTEGER PRIMARY KEY,
      article INTEGER NOT NULL REFERENCES articles (id),
      publisher TEXT NOT NULL,
      source INTEGER NOT NULL REFERENCES sources (id),
      key TEXT NOT NULL,              -- the key that became the article's too
      matched_by TEXT NOT NULL,       -- alt, url, title, opening
      evidence TEXT NOT NULL,         -- what was near-equal, for a person who reviews it
      revision INTEGER NOT NULL,      -- the article's newest before the merge
      at TEXT NOT NULL,
      undone_at TEXT,                 -- NULL: in force
      split_into INTEGER REFERENCES articles (id)  -- NULL: in force
    ) STRICT
    """,
    "CREATE INDEX merges_of_article ON merges (article)",
    """
    CREATE TABLE near_keys (          -- by which an article's twin under other keys is found, as a last resort
      publisher TEXT NOT NULL,
      key TEXT NOT NULL,              -- digest of the folded headline, or of how the text begins
      article INTEGER NOT NULL REFERENCES articles (id),  -- the newest with this key
      PRIMARY KEY (publisher, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE tombstones (         -- keys of purged articles: what was deleted does not come back as new
      publisher TEXT NOT NULL,
      key TEXT NOT NULL,
      public_id TEXT NOT NULL,
      at TEXT NOT NULL,
      PRIMARY KEY (publisher, key)
    ) STRICT, WITHOUT ROWID
    """,
)

# 0002: what people and pages decide about an article; append-only.
_DESK = (
    """
    CREATE TABLE acts (
      id INTEGER PRIMARY KEY,
      article INTEGER NOT NULL REFERENCES articles (id),
      act TEXT NOT NULL,              -- withhold, restore, withdraw, embargo, release, suspend, purge
      actor TEXT NOT NULL,            -- person:NAME, publisher:feed, publisher:page, wire
      reason TEXT NOT NULL,
      reference TEXT,                 -- a ticket, a letter, a court's file; NULL: none
      complaint INTEGER REFERENCES complaints (id),  -- NULL: nobody complained
      until TEXT,                     -- of an embargo; NULL: no end set
      at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX acts_of_article ON acts (article)",
    """
    CREATE TABLE complaints (
      id INTEGER PRIMARY KEY,
      article INTEGER NOT NULL REFERENCES articles (id),
      kind TEXT NOT NULL,             -- factual, copyright, licence, court_order, statute, privacy, safety ...
      text TEXT NOT NULL,
      complainant TEXT,               -- how to answer; NULL: anonymous
      received_at TEXT NOT NULL,
      resolved_at TEXT,               -- NULL: open
      resolution TEXT                 -- NULL: open
    ) STRICT
    """,
    """
    CREATE TABLE rechecks (           -- visits to an article's own page, to learn of a withdrawal
      article INTEGER PRIMARY KEY REFERENCES articles (id),
      step INTEGER NOT NULL,          -- visits made
      next_at TEXT,                   -- NULL: no more visits
      etag TEXT,                      -- NULL: the page gave none
      last_modified TEXT,             -- NULL: the page gave none
      missing_since TEXT              -- first 404 in a row; NULL: it was there
    ) STRICT
    """,
    "CREATE INDEX rechecks_due ON rechecks (next_at) WHERE next_at IS NOT NULL",
    """
    CREATE TABLE robots (             -- the robots.txt of every site asked; status NULL: it did not answer
      origin TEXT PRIMARY KEY, fetched_at TEXT NOT NULL, status INTEGER, body BLOB NOT NULL
    ) STRICT
    """,
)
