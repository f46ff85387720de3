"""Finds the articles that a publisher takes back in its feed. Only a person restores them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from aggregator.identity import keys_of
from aggregator.types import Entry, Removal

# Takes an article out of the wire at a time, with the act and the line of the ledger; False: it is out already.
Hold = Callable[[int, Removal, str], bool]

DELETED = Removal(
    act="withdraw", notice="withdrawn", actor="publisher:feed", reason="the publisher's feed lists it as deleted"
)
MARKED = Removal(
    act="withdraw", notice="withdrawn", actor="publisher:feed", reason="the publisher's headline says it is withdrawn"
)


def withdraw_listed(connection: sqlite3.Connection, publisher: str, ids: Sequence[str], at: str, hold: Hold) -> int:
    """Withdraws the publisher's articles with these ids, as its feed said them; returns how many left the wire.

    A tombstone is obeyed once: it stands in the feed for weeks, and what a person restored meanwhile stays restored.
    Ids that nobody here knows are passed over. Within a transaction.
    """
    if not ids:
        return 0
    keys = [keys_of([Entry(id=said)])[0][0] for said in ids]
    rows = connection.execute(
        """
        SELECT DISTINCT k.article FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.key = asked.value
        WHERE NOT EXISTS (SELECT 1 FROM acts AS t WHERE t.article = k.article AND t.actor = ? AND t.reason = ?)
        """,
        (json.dumps(keys), publisher, DELETED.actor, DELETED.reason),
    ).fetchall()
    return sum(hold(article, DELETED, at) for (article,) in rows)
