"""Migration 0035: saved searches, what they find, who is owed what of it and who was told; and events of sources."""

from __future__ import annotations

SEARCHES = (
    """
    CREATE TABLE searches (             -- saved searches: files in config/searches/
      search_id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,        -- of its file, without .toml
      words TEXT NOT NULL,              -- as they are typed
      selection TEXT NOT NULL,          -- JSON object: publishers, countries, kinds, groups, languages, classes
      state TEXT NOT NULL CHECK (state IN ('in_force', 'faulty', 'removed')),  -- of its file
      since_seq INTEGER NOT NULL,       -- the ledger's last line when it became what it is: what is older is not told
      told_seq INTEGER NOT NULL,        -- up to this line it is known whom to tell
      match_from INTEGER,               -- revisions behind this one and up to match_to are yet to be looked for in the
      match_to INTEGER,                 --   search index; NULL: none are
      left_at INTEGER,                  -- the last revision when its file became faulty; NULL: it is not
      paused_at TEXT                    -- by a person; NULL: it is not
    ) STRICT
    """,
    """
    CREATE TABLE hits (                 -- versions of reports whose words a saved search finds
      revision_id INTEGER NOT NULL REFERENCES revisions (revision_id) ON DELETE CASCADE,
      search_id INTEGER NOT NULL REFERENCES searches (search_id) ON DELETE CASCADE,
      PRIMARY KEY (revision_id, search_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE match_queue (          -- versions that no saved search has been tried on yet
      revision_id INTEGER PRIMARY KEY REFERENCES revisions (revision_id) ON DELETE CASCADE
    ) STRICT
    """,
    # What is to be indexed is to be matched; where it was matched already its words have changed. The setting stands
    # there while words are put into the queue that are matched.
    """
    CREATE TRIGGER match_what_is_indexed AFTER INSERT ON search_queue
    WHEN EXISTS (SELECT 1 FROM searches) AND NOT EXISTS (SELECT 1 FROM settings WHERE name = 'are_matched')
    BEGIN
      DELETE FROM hits WHERE revision_id = new.revision_id;
      INSERT OR IGNORE INTO match_queue (revision_id) VALUES (new.revision_id);
    END
    """,
)
TOLD = (
    """
    CREATE TABLE tells (                -- who is told of what a saved search finds
      tell_id INTEGER PRIMARY KEY,
      search_id INTEGER NOT NULL REFERENCES searches (search_id) ON DELETE CASCADE,
      whom TEXT NOT NULL,               -- an e-mail address, or a command as one text
      tell TEXT NOT NULL,               -- JSON object: email or command, when, at, on, zone
      in_force INTEGER NOT NULL,        -- 0: it is in the file no more
      since_seq INTEGER NOT NULL,       -- the ledger's last line when it was added: what is older is not told
      UNIQUE (search_id, whom)
    ) STRICT
    """,
    """
    CREATE TABLE owed (                 -- reports that somebody is to be told of by the next message
      tell_id INTEGER NOT NULL REFERENCES tells (tell_id) ON DELETE CASCADE,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      owed_kind TEXT NOT NULL CHECK (owed_kind IN ('new', 'corrected', 'taken_back', 'restored')),
      seq INTEGER NOT NULL,             -- the line of the ledger by which it is owed
      PRIMARY KEY (tell_id, article_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE told (                 -- who got which report
      tell_id INTEGER NOT NULL REFERENCES tells (tell_id) ON DELETE CASCADE,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      revision INTEGER NOT NULL,        -- the number of the version
      at TEXT NOT NULL,
      taken_back INTEGER NOT NULL,      -- 1: and was told that it was withdrawn or is held back
      PRIMARY KEY (tell_id, article_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE alert_messages (       -- messages that wait to be sent, or were given up
      message_id INTEGER PRIMARY KEY,
      tell_id INTEGER NOT NULL REFERENCES tells (tell_id) ON DELETE CASCADE,
      token TEXT NOT NULL,              -- of its Message-ID, the same at each attempt
      made_at TEXT NOT NULL,
      attempts INTEGER NOT NULL,        -- that were begun
      attempted_at TEXT,                -- the last of them; NULL: none was
      error TEXT,                       -- of the last one; NULL: there was none, or it was not ended
      given_up_at TEXT                  -- NULL: it is tried again
    ) STRICT
    """,
    "CREATE INDEX messages_of_tell ON alert_messages (tell_id)",
    """
    CREATE TABLE alert_items (          -- the reports of a message
      message_id INTEGER NOT NULL REFERENCES alert_messages (message_id) ON DELETE CASCADE,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      owed_kind TEXT NOT NULL,
      PRIMARY KEY (message_id, article_id)
    ) STRICT, WITHOUT ROWID
    """,
)
EVENTS = (
    # States were remembered only where events were queued for a command.
    """
    INSERT INTO settings (name, value) SELECT 'notify_began', '1' WHERE EXISTS (SELECT 1 FROM source_states)
    """,
    """
    CREATE TABLE source_events (        -- changes of the states of sources, for the feed of the wire's health
      event_id INTEGER PRIMARY KEY,
      at TEXT NOT NULL,
      event TEXT NOT NULL               -- JSON object, as docs/notify.md describes it
    ) STRICT
    """,
)
