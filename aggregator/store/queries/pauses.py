"""Sources that are paused: by a person, which `pauses` remembers, or because their server said 410 (`paused_at`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from aggregator.store.connection import Connection
from aggregator.text.dates import to_iso

# Whether a source is paused by a person; `s` is its row of `sources`.
_BY_PERSON = "EXISTS (SELECT 1 FROM pauses WHERE pauses.source_id = s.source_id AND pauses.ended_at IS NULL)"
_NAMED = "s.publisher || '/' || s.source_key IN (SELECT value FROM json_each(?))"


def by_person(connection: Connection) -> str:
    """SQL: whether a person paused the source whose row of `sources` is `s`. In a file of an older version that is only
    read, nobody did.
    """
    return _BY_PERSON if is_kept(connection) else "FALSE"


def is_kept(connection: Connection) -> bool:
    """Whether the file knows of pauses by a person."""
    return connection.has_table("pauses")


def sources(connection: Connection) -> dict[str, bool]:
    """The names of all sources that the database knows, and whether each is switched on."""
    rows = connection.execute("SELECT publisher || '/' || source_key, enabled FROM sources ORDER BY 1")
    return {name: bool(enabled) for name, enabled in rows}


def paused(connection: Connection) -> list[str]:
    """The names of the sources that are switched on and paused, by whomever."""
    rows = connection.execute(
        f"SELECT publisher || '/' || source_key FROM sources AS s"  # noqa: S608  (constants)
        f" WHERE enabled = 1 AND (paused_at IS NOT NULL OR {by_person(connection)}) ORDER BY 1"
    )
    return [name for (name,) in rows]


def pause(
    connection: Connection,
    names: Sequence[str],
    now: datetime,
    until: datetime | None,
    actor: str,
    reason: str | None,
) -> None:
    """Pauses the sources of these names; a pause by a person that was in force ends with it. Within a transaction."""
    _end(connection, names, now, actor)
    connection.execute(
        f"""
        INSERT INTO pauses (source_id, paused_at, paused_until, actor, reason)
        SELECT source_id, ?, ?, ?, ? FROM sources AS s WHERE {_NAMED}
        """,  # noqa: S608  (constants)
        (to_iso(now), to_iso(until) if until else None, actor, reason, json.dumps(names)),
    )


def resume(connection: Connection, names: Sequence[str], now: datetime, actor: str) -> list[str]:
    """Lets those of the sources of these names that are paused be polled again, at once; returns their names. Within a
    transaction.
    """
    those = sorted({*paused(connection)}.intersection(names))
    _end(connection, those, now, actor)
    connection.execute(
        f"""
        UPDATE sources AS s SET failures = CASE WHEN paused_at IS NULL THEN failures ELSE 0 END, paused_at = NULL,
          next_at = ?, next_reason = 'resumed'
        WHERE {_NAMED}
        """,  # noqa: S608  (constants)
        (to_iso(now), json.dumps(those)),
    )
    return those


def _end(connection: Connection, names: Sequence[str], now: datetime, actor: str) -> None:
    connection.execute(
        f"""
        UPDATE pauses SET ended_at = ?, ended_by = ? WHERE ended_at IS NULL
          AND source_id IN (SELECT source_id FROM sources AS s WHERE {_NAMED})
        """,  # noqa: S608  (constants)
        (to_iso(now), actor, json.dumps(names)),
    )


def are_over(connection: Connection, now: datetime) -> bool:
    """Whether a pause is in force whose time has come."""
    sql = "SELECT 1 FROM pauses WHERE ended_at IS NULL AND paused_until <= ?"
    return connection.execute(sql, (to_iso(now),)).fetchone() is not None


def end(connection: Connection, now: datetime) -> None:
    """Ends the pauses whose time has come. Within a transaction."""
    connection.execute(
        "UPDATE pauses SET ended_at = paused_until WHERE ended_at IS NULL AND paused_until <= ?", (to_iso(now),)
    )
