"""Who has a token: programs that read the API, with their channels, and people of the desk."""

from __future__ import annotations

from typing import Any

from aggregator.model import Client, DeskPerson
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import apps, desk_sessions
from aggregator.store.queries.reading import rows
from aggregator.store.queries.views import is_migrated


def add(connection: Connection, token_hash: str, client: Client, at: str) -> bool:
    """False: a client of this name has one already."""
    done = connection.execute(
        "INSERT INTO tokens (token_hash, name, channels, rate, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (token_hash, client.name, " ".join(client.channels), client.rate, at),
    )
    return done.rowcount > 0


def add_person(connection: Connection, token_hash: str, person: DeskPerson, at: str) -> bool:
    """The same for a person of the desk, by whose token no program reads the API."""
    done = connection.execute(
        "INSERT INTO tokens (token_hash, name, channels, rate, created_at, desk) VALUES (?, ?, '', 1, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (token_hash, person.name, at, person.right),
    )
    return done.rowcount > 0


def revoke(connection: Connection, name: str, at: str) -> bool:
    """False: nobody of this name has one. What was read and starred by it in apps is deleted; who was signed in by it
    is not any more.
    """
    found = connection.execute(
        "UPDATE tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL RETURNING token_hash", (at, name)
    ).fetchall()
    for (token_hash,) in found:
        apps.forget(connection, token_hash)
        desk_sessions.end_all(connection, token_hash)
    return bool(found)


def listed(connection: StoreConnection) -> list[dict[str, Any]]:
    """All, those in force first: name, channels (a list; of people of the desk none), desk (act, read; None: a
    program), rate, created_at, revoked_at.
    """
    if not is_migrated(connection):  # an older version made the file, and it is only read
        return []
    sql = """
        SELECT name, channels, desk, rate, created_at, revoked_at FROM tokens
        ORDER BY revoked_at IS NOT NULL, name, created_at
    """
    return [{**row, "channels": row["channels"].split()} for row in rows(connection, sql)]


def in_force(connection: Connection) -> list[tuple[str, Client]]:
    """The hash of the token of each program, and which it is."""
    if not is_migrated(connection):
        return []
    sql = "SELECT token_hash, name, channels, rate FROM tokens WHERE revoked_at IS NULL AND desk IS NULL"
    return [
        (token_hash, Client(name=name, channels=tuple(channels.split()), rate=rate))
        for token_hash, name, channels, rate in connection.execute(sql)
    ]
