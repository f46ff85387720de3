"""Migration 0010: rights that hold for everything stored, channels, and agreements that end at a moment."""

from __future__ import annotations

IN_FORCE = (
    # those of web, feed, api and email by which a report may be passed on, with a space between; '': by none
    "ALTER TABLE terms ADD COLUMN channels TEXT NOT NULL DEFAULT ''",
    # rights.excerpt_max_words: a stored excerpt of more words does not leave
    "ALTER TABLE terms ADD COLUMN excerpt_max_words INTEGER NOT NULL DEFAULT 0",
    # What the rights said when they were last written; the next command that reads config/ writes it anew.
    """
    UPDATE terms SET
      channels = coalesce((
        SELECT group_concat(c.value, ' ') FROM publishers AS p, json_each(p.rights, '$.redistribute') AS c
        WHERE p.key = terms.publisher
      ), ''),
      excerpt_max_words = coalesce((
        SELECT json_extract(p.rights, '$.excerpt_max_words') FROM publishers AS p WHERE p.key = terms.publisher
      ), 0)
    """,
    """
    CREATE TABLE agreements (         -- publishers whose rights have a last day, and what holds until then and after
      publisher TEXT PRIMARY KEY REFERENCES publishers (key),
      last_day TEXT NOT NULL,         -- rights.expires, such as 2026-12-31
      ends_at TEXT NOT NULL,          -- the first moment after that day; ISO 8601 UTC
      ended INTEGER NOT NULL,         -- 1: `terms` and publishers.rights are those of `after`; 0: those of `during`
      during TEXT NOT NULL,           -- JSON object: `rights`, and `terms`, the rows of the table of that name
      after TEXT NOT NULL             -- the same, once the agreement has ended
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE excerpt_queue (      -- articles whose excerpts wait to be cut anew, because their bound has changed
      article INTEGER PRIMARY KEY REFERENCES articles (id)
    ) STRICT
    """,
    # A bound that changed under an older version left the excerpts as they were.
    """
    INSERT INTO excerpt_queue
    SELECT a.id FROM publishers AS p
    CROSS JOIN articles AS a ON a.publisher = p.key
    CROSS JOIN bodies AS b ON b.article = a.id
    WHERE length(b.excerpt) - length(replace(b.excerpt, ' ', ''))
        >= json_extract(p.rights, '$.excerpt_max_words') + (b.excerpt LIKE '% …')
    """,
)
