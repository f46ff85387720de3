"""Copies of robots.txt, so that a site is asked for it once a day, whatever process asks."""

from __future__ import annotations

from aggregator.model import RobotsCopy
from aggregator.store.connection import Connection
from aggregator.text.dates import from_iso, to_iso


def recall(connection: Connection, origin: str) -> RobotsCopy | None:
    row = connection.execute("SELECT fetched_at, http_status, body FROM robots WHERE origin = ?", (origin,)).fetchone()
    return row and RobotsCopy(origin=origin, fetched_at=from_iso(row[0]), http_status=row[1], body=row[2])


def remember(connection: Connection, copy: RobotsCopy) -> None:
    connection.execute(
        "INSERT INTO robots (origin, fetched_at, http_status, body) VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE"
        " SET fetched_at = excluded.fetched_at, http_status = excluded.http_status, body = excluded.body",
        (copy.origin, to_iso(copy.fetched_at), copy.http_status, copy.body),
    )
