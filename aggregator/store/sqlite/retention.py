"""Which words a publisher's rights let us hold no longer: `storage = "transient"` after `retention_days`, and
`storage = "metadata_only"` at once, also of what was stored before the rights said so.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from aggregator.store.sqlite.doubt import trusted
from aggregator.store.sqlite.let_go import beyond_headlines
from aggregator.store.sqlite.raw import Pack
from aggregator.text.dates import to_iso

_BATCH = 100  # articles; a transaction of 500 kept other programs waiting for half a second
# So long before their time words are let go: housekeeping comes every ten minutes, and may be late.
_BEFORE = timedelta(minutes=15)

# Articles first seen then or earlier have had their time at ?1. `p` is a row of `publishers`.
_LENT_UNTIL = """strftime('%Y-%m-%dT%H:%M:%SZ', {now}, '-' || json_extract(p.rights, '$.retention_days') || ' days')"""
# CROSS: few publishers lend, and the planner, which cannot know that, would look at every article of the wire.
_OVER = f"""
    SELECT a.id FROM publishers AS p
    CROSS JOIN articles AS a INDEXED BY articles_with_words ON a.publisher = p.key AND a.words_held
      AND a.first_seen <= CASE json_extract(p.rights, '$.storage')
        WHEN 'metadata_only' THEN '9999' WHEN 'transient' THEN {_LENT_UNTIL.format(now="?1")} END
    WHERE json_extract(p.rights, '$.storage') IN ('transient', 'metadata_only')
    LIMIT ?2
"""  # noqa: S608  (constants)


def let_go_by(connection: sqlite3.Connection, now: datetime) -> str:
    """Words whose time is over by then are let go at `now`: a little before it, and not by a clock that is not believed
    yet.
    """
    return to_iso(trusted(connection, now) + _BEFORE)


def let_go(connection: sqlite3.Connection, by: str, pack: Pack) -> int:
    """Lets go of the words of up to 100 articles whose time is over by then; returns how many. Within a transaction."""
    over = connection.execute(_OVER, (by, _BATCH)).fetchall()
    if over:
        beyond_headlines(connection, [article for (article,) in over], pack)
    return len(over)


def has_over(connection: sqlite3.Connection, now: str) -> bool:
    """Whether there are words whose time is over, and which nobody has let go of yet."""
    return connection.execute(_OVER, (now, 1)).fetchone() is not None


def over_sql(article: str, now: str) -> str:
    """SQL that has a row if the words of an article may be held no longer; `article` is SQL, `now` of `to_iso`."""
    until = _LENT_UNTIL.format(now=f"'{now}'")
    return f"""
        SELECT 1 FROM main.articles AS a JOIN main.publishers AS p ON p.key = a.publisher
        WHERE a.id = {article} AND a.words_held AND (json_extract(p.rights, '$.storage') = 'metadata_only'
          OR json_extract(p.rights, '$.storage') = 'transient' AND a.first_seen <= {until})
    """  # noqa: S608  (names of ours, and a time)
