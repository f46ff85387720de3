"""Migration 0023: publishers may be renamed; what is made of a key keeps the first one."""

from __future__ import annotations

RENAMED = (
    # the key of which ids, digests of `tombstones` and words of the search index are made: the first one that the
    # publisher had; NULL: `publisher`
    "ALTER TABLE publishers ADD COLUMN first_key TEXT",
    # of a line about a publisher, the key that `hash` is of; NULL: `publisher`, or the line is about an article
    "ALTER TABLE changes ADD COLUMN hashed_publisher TEXT",
    # A publisher is renamed in all its rows, those of `daily` among them: then nothing is counted anew.
    "DROP TRIGGER daily_report_changes",
    """
    CREATE TRIGGER daily_report_changes
    AFTER UPDATE OF class, sort_time, status, embargoed_until, backfill ON articles
    WHEN old.class <> new.class OR old.sort_time <> new.sort_time
      OR old.status <> new.status OR old.embargoed_until IS NOT new.embargoed_until OR old.backfill <> new.backfill
    BEGIN
      UPDATE daily SET articles = articles - 1, backfill = backfill - old.backfill
      WHERE publisher = old.publisher AND day = substr(old.sort_time, 1, 10) AND old.status = 'usable'
        AND old.embargoed_until IS NULL AND EXISTS (
          SELECT 1 FROM terms AS t
          WHERE t.publisher = old.publisher AND t.class = old.class AND t.text_scope <> 'none');
      DELETE FROM daily WHERE publisher = old.publisher AND day = substr(old.sort_time, 1, 10) AND articles = 0;
      INSERT INTO daily (publisher, day, articles, backfill)
      SELECT new.publisher, substr(new.sort_time, 1, 10), 1, new.backfill
      WHERE new.status = 'usable' AND new.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = new.publisher AND t.class = new.class AND t.text_scope <> 'none')
      ON CONFLICT (publisher, day) DO UPDATE SET articles = articles + 1, backfill = backfill + excluded.backfill;
    END
    """,
)
