"""Tombstones: what a purged report was known by, as digests, so that it does not come back as new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from aggregator.store.connection import Connection
from aggregator.store.queries.renaming import first_key


def digest(publisher: str, key: str) -> str:
    """Of the publisher's first key, so that a purged report stays so when it is renamed, and a report's key:
    32 hexadecimal digits in the place of a key. A key is often an address, and in it stands a headline."""
    return hashlib.sha256(f"{publisher}\n{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def buried(connection: Connection, publisher: str, keys: Iterable[str]) -> dict[str, int]:
    """Those of a publisher's keys, near keys included, that belonged to purged reports, and the articles."""
    if not connection.execute("SELECT 1 FROM tombstones LIMIT 1").fetchone():
        return {}
    first = first_key(connection, publisher)
    asked = {digest(first, key): key for key in keys}
    rows = connection.execute(
        """
        SELECT t.key_digest, a.article_id FROM json_each(?) AS asked
        CROSS JOIN tombstones AS t ON t.publisher = ? AND t.key_digest = asked.value
        CROSS JOIN articles AS a ON a.id = t.id
        """,
        (json.dumps(list(asked)), publisher),
    )
    return {asked[found]: article_id for found, article_id in rows}


def bury(connection: Connection, rows: Iterable[tuple[str, str, str]], at: str) -> None:
    """Makes tombstones; a row: publisher, key, public id of the report."""
    rows = list(rows)
    first = {publisher: first_key(connection, publisher) for publisher in {row[0] for row in rows}}
    connection.executemany(
        "INSERT INTO tombstones (publisher, key_digest, id, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(publisher, digest(first[publisher], key), public_id, at) for publisher, key, public_id in rows],
    )
