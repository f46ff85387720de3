"""The tables of migration 0047: the wire's own figures."""

from __future__ import annotations

FIGURES = (
    """
    CREATE TABLE figures (              -- what was counted of a day once it was over; a row does not change any more
      day TEXT PRIMARY KEY,             -- of UTC, 2026-11-22
      counted_at TEXT NOT NULL,
      polls INTEGER NOT NULL,           -- that began on this day
      polls_failed INTEGER NOT NULL,    -- of these; without those that nobody answered at all
      entries INTEGER NOT NULL,         -- of the documents that were read, each time that one was listed
      new INTEGER NOT NULL,             -- of these, new reports
      revised INTEGER NOT NULL,         -- of these, new versions of known reports
      unchanged INTEGER NOT NULL,       -- of these, known ones that said nothing new
      left_out TEXT,                    -- JSON object, the others by reason; NULL: none
      gaps INTEGER NOT NULL,            -- polls whose document did not reach back to the one before
      gaps_closed INTEGER NOT NULL,     -- of these, by reading older pages
      joins INTEGER NOT NULL,           -- entries that were taken for a report that was known by another key
      joins_undone INTEGER NOT NULL,    -- that were undone on this day
      to_wire_reports INTEGER NOT NULL,       -- new reports of which the publisher's date can be compared
      to_wire_median REAL,              -- seconds from that date to first sight; NULL: of no report
      to_wire_99 REAL,                  -- 99 of 100 took no longer; NULL: of no report
      to_subscriber_messages INTEGER,   -- confirmed messages about new reports; NULL: not recorded
      to_subscriber_median REAL,        -- seconds from the ledger's line to the confirmation; NULL: of no message
      to_subscriber_99 REAL,            -- 99 of 100 took no longer; NULL: of no message
      in_all_messages INTEGER,          -- of these, where the publisher's date can be compared; NULL: not recorded
      in_all_median REAL,               -- seconds from that date to the confirmation; NULL: of no message
      in_all_99 REAL,                   -- 99 of 100 took no longer; NULL: of no message
      taken_back INTEGER NOT NULL,      -- lines of the ledger by which reports left the wire
      taken_back_messages INTEGER,      -- that subscribers were owed about these; NULL: not recorded
      taken_back_in_2_seconds INTEGER,  -- of these, confirmed within two seconds; NULL: not recorded
      taken_back_unconfirmed INTEGER    -- of these, not confirmed within a quarter of an hour; NULL: not recorded
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE confirmations (        -- messages that subscribers confirmed, until their day's figures are counted
      seq INTEGER NOT NULL REFERENCES changes (seq),  -- the line that the message was about
      subscriber TEXT NOT NULL,         -- its name
      seconds REAL NOT NULL,            -- from the line to the confirmation
      PRIMARY KEY (seq, subscriber)
    ) STRICT, WITHOUT ROWID
    """,
)
