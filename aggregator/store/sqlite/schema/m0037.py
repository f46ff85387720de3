"""Migration 0037: by what publishers and reports could be chosen before, and up to which line of the ledger."""

from __future__ import annotations

# Whoever follows the ledger by a kind, a group or a channel is to hear of a report that was in it once; and a publisher
# is still found by a key and a name that it had before.
CHOSEN_BY = (
    """
    CREATE TABLE publisher_history (  -- what a publisher was, each time until that changed
      publisher TEXT NOT NULL REFERENCES publishers (publisher),  -- its key now
      former_key TEXT NOT NULL,       -- its key then
      name TEXT NOT NULL,
      country TEXT NOT NULL,
      publisher_kind TEXT NOT NULL,
      publisher_group TEXT NOT NULL,
      channels TEXT NOT NULL,         -- by which its reports could be passed on, with a space between them; '': by none
      until_seq INTEGER NOT NULL      -- the last line of the ledger from before the change; 0: not known
    ) STRICT
    """,
    # the last line of the ledger from before the change; NULL: not known, version 0.6.0 or older noted it
    "ALTER TABLE former_readings ADD COLUMN until_seq INTEGER",
    "DROP TRIGGER former_reading",
    """
    CREATE TRIGGER former_reading AFTER UPDATE OF class, language ON articles
    WHEN old.released_seq IS NOT NULL AND (old.class <> new.class OR old.language IS NOT new.language)
    BEGIN
      INSERT INTO former_readings (article_id, class, language, until_seq)
      VALUES (old.article_id, old.class, old.language, (SELECT coalesce(max(seq), 0) FROM changes));
    END
    """,
    # What is known of the time before: keys, by what was noted of them, and countries, by the reports that have them.
    """
    INSERT INTO publisher_history
    SELECT p.publisher, k.former_key, p.name, k.country, p.publisher_kind, p.publisher_group, '', 0
    FROM publishers AS p CROSS JOIN (
      SELECT publisher, first_key AS former_key, country FROM publishers WHERE first_key IS NOT NULL
      UNION
      SELECT c.publisher, substr(c.note, 15, instr(c.note, ', is ') - 15), o.country
      FROM changes AS c CROSS JOIN publishers AS o ON o.publisher = c.publisher
      WHERE c.publisher IS NOT NULL AND c.change_kind = 'terms_changed' AND c.note LIKE 'publisher was _%, is %'
      UNION
      SELECT o.publisher, o.publisher, a.country
      FROM (SELECT DISTINCT publisher, country FROM articles) AS a CROSS JOIN publishers AS o
        ON o.publisher = a.publisher AND o.country <> a.country
    ) AS k ON k.publisher = p.publisher
    """,
)
