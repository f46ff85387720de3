"""Finds the articles that a publisher takes back in its feed. Only a person restores them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from aggregator.identity import keys_of
from aggregator.model import Entry, Removal

DELETED = Removal(
    act="withdraw", notice="withdrawn", actor="publisher:feed", reason="the publisher's feed lists it as deleted"
)
MARKED = Removal(
    act="withdraw", notice="withdrawn", actor="publisher:feed", reason="the publisher's headline says it is withdrawn"
)


def key_of(said: str) -> str:
    """The key of an article whose id the publisher's feed says."""
    return keys_of([Entry(id=said)])[0][0]


def listed(connection: sqlite3.Connection, publisher: str, keys: Sequence[str]) -> dict[int, str]:
    """The publisher's articles that its feed lists as deleted under these keys, and that are to leave the wire for it:
    the key by article, in the feed's order.

    A tombstone is obeyed once: it stands in the feed for weeks, and what a person restored meanwhile stays restored.
    One that waits for a person, or was refused, is not asked for again. Keys that nobody here knows are passed over.
    """
    if not keys:
        return {}
    rows = connection.execute(
        """
        SELECT k.article, k.key FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.key = asked.value
        CROSS JOIN articles AS a ON a.id = k.article
        WHERE coalesce(a.notice, '') NOT IN ('withdrawn', 'removed')
          AND NOT EXISTS (SELECT 1 FROM acts AS t WHERE t.article = k.article AND t.actor = ? AND t.reason = ?)
          AND NOT EXISTS (SELECT 1 FROM pending_changes AS c WHERE c.article = k.article AND c.signal = 'tombstone')
        ORDER BY asked.key
        """,
        (json.dumps(keys), publisher, DELETED.actor, DELETED.reason),
    )
    found: dict[int, str] = {}
    for article, key in rows:
        found.setdefault(article, key)
    return found
