"""Which words a publisher's rights let us hold no longer: `storage = "transient"` after `retention_days`, and
`storage = "metadata_only"` at once, also of what was stored before the rights said so.
"""

from __future__ import annotations

import sqlite3

from aggregator.store.let_go import beyond_headlines
from aggregator.store.raw import Pack

_BATCH = 100  # articles; a transaction of 500 kept other programs waiting for half a second


def let_go(connection: sqlite3.Connection, now: str, pack: Pack) -> int:
    """Lets go of the words of up to 100 articles whose time is over; returns how many. Within a transaction."""
    # CROSS: few publishers lend, and the planner, which cannot know that, would look at every article of the wire.
    over = connection.execute(
        """
        SELECT a.id FROM publishers AS p
        CROSS JOIN articles AS a INDEXED BY articles_with_words ON a.publisher = p.key AND a.words_held
          AND a.first_seen <= CASE json_extract(p.rights, '$.storage')
            WHEN 'metadata_only' THEN '9999'
            WHEN 'transient' THEN
              strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-' || json_extract(p.rights, '$.retention_days') || ' days')
            END
        WHERE json_extract(p.rights, '$.storage') IN ('transient', 'metadata_only')
        LIMIT ?
        """,
        (now, _BATCH),
    ).fetchall()
    if over:
        beyond_headlines(connection, [article for (article,) in over], pack)
    return len(over)
