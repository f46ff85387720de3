"""The tables of migration 0042: copies of pictures."""

from __future__ import annotations

# Files are named by digest, and stand in the folder `pictures` beside the database; rows say which there should be.
# Whatever takes the last use of a picture takes its row, and whatever takes the last row of a digest notes that its
# files are to be removed, in the same transaction: so a crash leaves no file that nobody knows of.
PICTURES = (
    """
    CREATE TABLE pictures (
      publisher TEXT NOT NULL REFERENCES publishers (publisher),
      url TEXT NOT NULL,              -- where its publisher has it, as in `media`
      picture_state TEXT NOT NULL,    -- waiting, copied, failed, no_picture, too_small, over_limit: docs/pictures.md
      next_at TEXT,                   -- when it is fetched, or tried again; NULL: it is not
      attempts INTEGER NOT NULL,      -- that failed
      error TEXT,                     -- what went wrong last; NULL: nothing did
      fetched_at TEXT,                -- when the copy was made; NULL: there is none
      digest TEXT,                    -- SHA-256 of the bytes that were received, hexadecimal; NULL: there is no copy
      sizes TEXT,                     -- of its files: JSON array of [width, height], smallest first; NULL: no copy
      bytes INTEGER,                  -- that its files take; NULL: there is no copy
      PRIMARY KEY (publisher, url)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX pictures_due ON pictures (next_at) WHERE next_at IS NOT NULL",
    "CREATE INDEX pictures_by_digest ON pictures (digest, fetched_at, bytes) WHERE digest IS NOT NULL",
    """
    CREATE TABLE picture_uses (
      article_id INTEGER NOT NULL REFERENCES articles (article_id),  -- which may show the copy
      url TEXT NOT NULL,
      publisher TEXT NOT NULL REFERENCES publishers (publisher),
      PRIMARY KEY (article_id, url),
      FOREIGN KEY (publisher, url) REFERENCES pictures (publisher, url)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX picture_uses_of_picture ON picture_uses (publisher, url)",
    """
    CREATE TABLE picture_removals (
      digest TEXT PRIMARY KEY,        -- of a picture of which no copy is wanted any more
      removed_at TEXT                 -- when its files were removed; NULL: they are to be removed
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX picture_removals_due ON picture_removals (digest) WHERE removed_at IS NULL",
    """
    CREATE TRIGGER picture_uses_end AFTER DELETE ON picture_uses
    WHEN NOT EXISTS (SELECT 1 FROM picture_uses WHERE publisher = OLD.publisher AND url = OLD.url)
    BEGIN
      DELETE FROM pictures WHERE publisher = OLD.publisher AND url = OLD.url;
    END
    """,
    """
    CREATE TRIGGER pictures_end AFTER DELETE ON pictures WHEN OLD.digest IS NOT NULL
    BEGIN
      INSERT OR REPLACE INTO picture_removals (digest, removed_at) VALUES (OLD.digest, NULL);
    END
    """,
    """
    CREATE TRIGGER pictures_change AFTER UPDATE OF digest ON pictures
    WHEN OLD.digest IS NOT NULL AND OLD.digest IS NOT NEW.digest
    BEGIN
      INSERT OR REPLACE INTO picture_removals (digest, removed_at) VALUES (OLD.digest, NULL);
    END
    """,
)
