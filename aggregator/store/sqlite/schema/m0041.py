"""Migration 0041: where reports say that they were written, by whom, and from which agencies they have parts."""

from __future__ import annotations

# Read beside the words that are in force, which stay as they are. Reports that an older version stored have none until
# they change or are read again (`retag`).
WHO = (
    """
    CREATE TABLE datelines (            -- where and when reports say that they were written
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      literal TEXT NOT NULL,            -- as it stands at the start of the text
      places TEXT NOT NULL,             -- JSON array of the places in it, one at least
      country TEXT,                     -- as stated; NULL: it names none
      date TEXT,                        -- ISO 8601 where the year is stated, else as stated; NULL: it names none
      agency TEXT                       -- as stated: an agency, or the publisher; NULL: it names none
    ) STRICT
    """,
    """
    CREATE TABLE authors (              -- persons and organisations that bylines name
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      place INTEGER NOT NULL,           -- among those of the report, from 0
      name TEXT NOT NULL,               -- as stated, without title
      author_kind TEXT NOT NULL,        -- person or organisation
      role TEXT NOT NULL,               -- author, reporting, editing ...; see `Role` in aggregator/model/who.py
      title TEXT,                       -- what the person is; NULL: not said
      city TEXT,                        -- where the person writes from; NULL: not said
      organisation TEXT,                -- for whom the person works; NULL: not said
      found_in TEXT NOT NULL,           -- byline or text
      PRIMARY KEY (article_id, place)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE agencies (             -- agencies that reports name as their sources, and the evidence
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      place INTEGER NOT NULL,           -- among those of the report, from 0
      name TEXT NOT NULL,               -- in full
      agency_kind TEXT NOT NULL,        -- news, pictures or releases
      stated TEXT NOT NULL,             -- how the report names it
      found_in TEXT NOT NULL,           -- dateline, byline, credit or text
      words TEXT NOT NULL,              -- that dateline, byline or credit
      PRIMARY KEY (article_id, place)
    ) STRICT, WITHOUT ROWID
    """,
)
