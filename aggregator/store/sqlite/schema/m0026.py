"""Migration 0026: cursors of the ledger by name, and what reports had of class and language before."""

from __future__ import annotations

CURSORS = (
    """
    CREATE TABLE cursors (            -- how far a job of somebody's has read the ledger
      cursor_name TEXT PRIMARY KEY,   -- as `--cursor` says it
      seq INTEGER NOT NULL REFERENCES changes (seq)  -- the line up to which it has read
    ) STRICT, WITHOUT ROWID
    """,
)

# Who follows the reports of a language or a class is to hear of one that had it once.
FORMER = (
    """
    CREATE TABLE former_readings (    -- a class and a language that an article had, and no longer has
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      class TEXT NOT NULL,
      language TEXT                   -- NULL: not stated
    ) STRICT
    """,
    "CREATE INDEX former_readings_of_article ON former_readings (article_id)",
    """
    CREATE TRIGGER former_reading AFTER UPDATE OF class, language ON articles
    WHEN old.released_seq IS NOT NULL AND (old.class <> new.class OR old.language IS NOT new.language)
    BEGIN
      INSERT INTO former_readings (article_id, class, language)
      SELECT old.article_id, old.class, old.language
      WHERE NOT EXISTS (SELECT 1 FROM former_readings
        WHERE article_id = old.article_id AND class = old.class AND language IS old.language);
    END
    """,
)
