"""Migration 0024: which state each source was in when it was looked at last, and the events that wait to be sent."""

from __future__ import annotations

NOTIFIED = (
    """
    CREATE TABLE source_states (      -- states of sources that `[notify] command` was told of, or is about to be
      source_id INTEGER NOT NULL REFERENCES sources (source_id) ON DELETE CASCADE,
      state TEXT NOT NULL,            -- failing, paused, silent, gaps, held
      since TEXT NOT NULL,            -- when a look first found it so
      PRIMARY KEY (source_id, state)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE notifications (      -- events for `[notify] command`; one is deleted before its command is started
      notification_id INTEGER PRIMARY KEY,
      event TEXT NOT NULL             -- JSON object, as docs/notify.md describes it
    ) STRICT
    """,
)
