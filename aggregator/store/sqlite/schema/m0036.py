"""Migration 0036: what apps for reading feeds are shown, and what each token has read and starred in them."""

from __future__ import annotations

_FEED = """
      INSERT INTO app_feeds (publisher) SELECT new.publisher
      WHERE NOT EXISTS (SELECT 1 FROM app_feeds WHERE publisher = new.publisher);
"""
_FOLDER = """
      INSERT INTO app_folders (folder_kind, name) SELECT 'country', new.country
      WHERE NOT EXISTS (SELECT 1 FROM app_folders WHERE folder_kind = 'country' AND name = new.country);
"""

APPS = (
    # No row of these two is ever deleted, so that no number is used again.
    """
    CREATE TABLE app_feeds (        -- publishers, as apps know them
      feed_id INTEGER PRIMARY KEY,
      publisher TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    """
    CREATE TABLE app_folders (      -- what apps see feeds in
      folder_id INTEGER PRIMARY KEY,
      folder_kind TEXT NOT NULL,    -- country, search
      name TEXT NOT NULL,           -- of a country, its code; of a saved search, its name
      UNIQUE (folder_kind, name)
    ) STRICT
    """,
    "INSERT INTO app_feeds (publisher) SELECT publisher FROM publishers ORDER BY publisher",
    "INSERT INTO app_folders (folder_kind, name) SELECT DISTINCT 'country', country FROM publishers ORDER BY country",
    "INSERT INTO app_folders (folder_kind, name) SELECT 'search', name FROM searches ORDER BY search_id",
    """
    CREATE TRIGGER app_search_comes AFTER INSERT ON searches
    BEGIN
      INSERT INTO app_folders (folder_kind, name) SELECT 'search', new.name
      WHERE NOT EXISTS (SELECT 1 FROM app_folders WHERE folder_kind = 'search' AND name = new.name);
    END
    """,
    f"CREATE TRIGGER app_feed_comes AFTER INSERT ON publishers BEGIN {_FEED}{_FOLDER}    END",
    f"CREATE TRIGGER app_folder_comes AFTER UPDATE OF country ON publishers BEGIN {_FOLDER}    END",
    """
    CREATE TABLE app_readers (      -- tokens by which an app has marked something
      reader_id INTEGER PRIMARY KEY,
      token_hash TEXT NOT NULL UNIQUE REFERENCES tokens (token_hash)
    ) STRICT
    """,
    """
    CREATE TABLE app_marks (        -- up to which report all of a publisher's are read
      reader_id INTEGER NOT NULL REFERENCES app_readers (reader_id),
      publisher TEXT NOT NULL,
      read_up_to INTEGER NOT NULL,  -- an article_id
      PRIMARY KEY (reader_id, publisher)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE app_states (       -- reports that are read or not, whatever the mark says, or are starred
      reader_id INTEGER NOT NULL REFERENCES app_readers (reader_id),
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      is_read INTEGER,              -- 1 or 0; NULL: by the mark
      is_starred INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (reader_id, article_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX app_stars ON app_states (reader_id, article_id) WHERE is_starred = 1",
    "CREATE INDEX app_unread ON app_states (reader_id, article_id) WHERE is_read = 0",
    # Whoever has read a report is to see that it was corrected or taken back.
    """
    CREATE TRIGGER app_unread_again AFTER INSERT ON changes
    WHEN new.change_kind IN ('corrected', 'withheld', 'withdrawn', 'deleted')
    BEGIN
      INSERT INTO app_states (reader_id, article_id, is_read)
      SELECT reader_id, new.article_id, 0 FROM app_readers WHERE true
      ON CONFLICT (reader_id, article_id) DO UPDATE SET is_read = 0;
    END
    """,
    """
    CREATE TABLE closed_channels (  -- channels by which reports of a publisher left before, and leave no longer
      publisher TEXT NOT NULL,
      class TEXT NOT NULL,          -- of the reports
      channel TEXT NOT NULL,        -- web, feed, api, email
      seq INTEGER NOT NULL,         -- the line of the ledger until which they did
      PRIMARY KEY (publisher, class, channel)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX hits_of_search ON hits (search_id, revision_id)",
    # Apps go through the reports of a publisher by number, a page at a time.
    "CREATE INDEX articles_by_number ON articles (publisher)",
)
