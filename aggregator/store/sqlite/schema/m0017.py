"""The table and columns of migration 0017: the media of reports."""

from __future__ import annotations

# What stands beside the words in force, as `bodies` holds their texts: replaced with every revision, and let go with
# the words. Everything here is a plain reading; as they came, media stand in the raw words of revisions.
MEDIA = (
    """
    CREATE TABLE media (
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      place INTEGER NOT NULL,         -- among the media of the report, from 0, as its publisher lists them
      url TEXT NOT NULL,              -- http or https
      medium TEXT,                    -- image, audio, video, document, executable; NULL: not stated
      type TEXT,                      -- media type (RFC 6838); NULL: not stated
      width INTEGER,                  -- pixels; NULL: not stated
      height INTEGER,                 -- pixels; NULL: not stated
      length INTEGER,                 -- bytes, as stated; NULL: not stated
      title TEXT,                     -- often a file's name; NULL: none
      caption TEXT,                   -- plain, a line a paragraph; NULL: none
      credit TEXT,                    -- who made it, as stated; NULL: none
      copyright TEXT,                 -- the notice, as stated; NULL: none
      alt TEXT,                       -- what stands for a picture that is not seen; NULL: none
      language TEXT,                  -- of these words, BCP 47; NULL: not stated
      PRIMARY KEY (article_id, place)
    ) STRICT, WITHOUT ROWID
    """,
    # `text.pictures.digest` of what the source last said that does not wait; x'': it said no media; NULL: it was listed
    # before this was kept, or what it said then is not kept
    "ALTER TABLE sightings ADD COLUMN media_hash BLOB",
    # of the entry whose words are held back or wait for a person; NULL: they came before this was kept, or it is none
    "ALTER TABLE pending_revisions ADD COLUMN media_hash BLOB",
    "ALTER TABLE pending_changes ADD COLUMN media_hash BLOB",
    # A document that has not changed since would be read no more, and the media of its reports would not be known.
    "UPDATE sources SET etag = NULL, last_modified = NULL, body_hash = NULL",
)
