"""Migration 0045: complaints that come by the form, and letters about them."""

from __future__ import annotations

COMPLAINTS = (
    """
    CREATE TABLE letters (                 -- e-mails about complaints: to the desk, and to those who complained
      letter_id INTEGER PRIMARY KEY,
      letter_kind TEXT NOT NULL,           -- matter or more: to the desk; receipt or outcome: to who complained
      complaint_id INTEGER NOT NULL REFERENCES complaints (complaint_id),  -- the first that it is about
      recipient TEXT,                      -- NULL: it is over
      subject TEXT,                        -- NULL: it is over
      text TEXT,                           -- NULL: it is over
      token TEXT NOT NULL,                 -- of its Message-ID
      letter_state TEXT NOT NULL,          -- waiting, sent, given_up
      made_at TEXT NOT NULL,
      attempts INTEGER NOT NULL,           -- that were begun
      attempted_at TEXT,                   -- the last of them; NULL: none was
      error TEXT,                          -- of the last; NULL: there was none
      ended_at TEXT                        -- when it was sent or given up; NULL: it waits
    ) STRICT
    """,
    "CREATE INDEX letters_waiting ON letters (letter_id) WHERE ended_at IS NULL",
    "ALTER TABLE complaints ADD COLUMN came_by TEXT NOT NULL DEFAULT 'desk'",  # desk or form
    "ALTER TABLE complaints ADD COLUMN reference_hash TEXT",  # SHA-256 of its reference; NULL: the desk recorded it
    "ALTER TABLE complaints ADD COLUMN email TEXT",  # of who complained; NULL: not given, or erased
    "ALTER TABLE complaints ADD COLUMN answer TEXT",  # what whoever has the reference reads; NULL: none, or erased
    # By which the desk was told; NULL: it was not yet, or it recorded the complaint itself.
    "ALTER TABLE complaints ADD COLUMN letter_id INTEGER REFERENCES letters (letter_id)",
    # When a letter was made that says that it is resolved; NULL: none was.
    "ALTER TABLE complaints ADD COLUMN told_at TEXT",
    "CREATE UNIQUE INDEX complaints_by_reference ON complaints (reference_hash) WHERE reference_hash IS NOT NULL",
    "CREATE INDEX complaints_open ON complaints (article_id) WHERE resolved_at IS NULL",
    "CREATE INDEX complaints_of_form ON complaints (received_at, article_id) WHERE came_by = 'form'",
    "CREATE INDEX complaints_untold ON complaints (complaint_id) WHERE came_by = 'form' AND letter_id IS NULL"
    " AND resolved_at IS NULL AND erased_at IS NULL",
    "CREATE INDEX complaints_to_tell ON complaints (complaint_id) WHERE email IS NOT NULL AND told_at IS NULL"
    " AND resolved_at IS NOT NULL",
)
