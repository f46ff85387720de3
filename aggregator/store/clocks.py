"""What a clock that ran ahead has left behind: times that are brought back once it has been put right.

A source whose last poll lies in the future would otherwise wait until the clock has caught up with it.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from aggregator.dates import from_iso, to_iso

# A clock that is put back by less delays polls by less, and that is not worth a word.
_NOTICED = timedelta(minutes=1)
# A server may have named a moment instead of a pause, so its word is kept for so much longer than the pause was.
_WORD = timedelta(days=1)

_AHEAD = "last_poll > ?1 OR (last_poll IS NULL AND next_at > ?1)"


def are_ahead(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether a source was polled in the future, or is to be polled first in it."""
    found = connection.execute(f"SELECT 1 FROM sources WHERE {_AHEAD} LIMIT 1", (to_iso(now + _NOTICED),))  # noqa: S608
    return found.fetchone() is not None


def bring_back(connection: sqlite3.Connection, now: datetime) -> None:
    """Such a source is polled so long after `now` as it was to be after its last poll: nobody is asked sooner than
    they wished, and nobody later. Within a transaction.
    """
    rows = connection.execute(
        f"SELECT id, last_poll, next_at, next_reason FROM sources WHERE {_AHEAD}",  # noqa: S608
        (to_iso(now + _NOTICED),),
    ).fetchall()
    for source, last_poll, next_at, reason in rows:
        pause = from_iso(next_at) - from_iso(last_poll) if last_poll else timedelta(0)
        following = now + pause
        if reason == "retry_after":
            following = min(from_iso(next_at), following + _WORD)
        connection.execute(
            "UPDATE sources SET next_at = ?2, last_poll = iif(last_poll IS NULL, NULL, ?3),"
            " last_success = min(last_success, ?3) WHERE id = ?1",
            (source, to_iso(following), to_iso(now)),
        )
