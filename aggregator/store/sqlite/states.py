"""The states of sources: what changed since the last look at them becomes events, which wait here to be sent."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from aggregator.store.sqlite import reading
from aggregator.text.dates import to_iso

_COUNTED = timedelta(days=7)  # as in `health`
_PASSING = frozenset({"gaps"})  # ends with time alone, and no event says so

# As the view `health` has them. A site whose feed is still sought is not failing.
_STATES = """
SELECT s.source_id, 'failing' AS state FROM sources AS s WHERE s.enabled AND s.failures > 0 AND s.paused_at IS NULL
  AND NOT (s.source_kind = 'discover' AND s.last_success IS NULL)
UNION ALL
SELECT s.source_id, 'paused' FROM sources AS s WHERE s.enabled AND s.paused_at IS NOT NULL
UNION ALL
SELECT s.source_id, 'silent' FROM sources AS s WHERE s.enabled AND s.silent_after < :now
UNION ALL
SELECT DISTINCT s.source_id, 'gaps' FROM polls AS l INDEXED BY polls_with_gap CROSS JOIN sources AS s
  ON s.source_id = l.source_id
WHERE l.gap IS NOT NULL AND l.gap = 'open' AND l.started >= :since AND l.started <= :now AND s.enabled
UNION ALL
SELECT s.source_id, 'held' FROM sources AS s WHERE s.enabled AND (
  EXISTS (SELECT 1 FROM pending_changes AS c
    WHERE c.source_id = s.source_id AND c.reason = 'mass' AND c.refused_at IS NULL)
  OR EXISTS (SELECT 1 FROM redirects AS r WHERE r.source_id = s.source_id AND r.state = 'pending'))
"""
_EVENT = """
SELECT h.source_name, s.publisher, h.publisher_name, h.url, h.problem, h.advice, h.last_success, h.next_at
FROM health AS h JOIN sources AS s ON h.source_name = s.publisher || '/' || s.source_key
WHERE s.source_id = ? AND s.enabled
"""


def have_changed(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether `note` would write anything."""
    return _found(connection, now) != _noted(connection)


def note(connection: sqlite3.Connection, now: datetime) -> int:
    """Remembers the states of now, and puts an event into the queue for each that has changed; returns how many. Within
    a transaction. Of a source that is polled no more nothing is told.
    """
    found, noted = _found(connection, now), _noted(connection)
    events = 0
    for source_id in sorted(found.keys() | noted.keys()):
        states, before = found.get(source_id, frozenset()), noted.get(source_id, frozenset())
        if states == before:
            continue
        connection.executemany(
            "DELETE FROM source_states WHERE source_id = ? AND state = ?",
            [(source_id, each) for each in before - states],
        )
        connection.executemany(
            "INSERT INTO source_states (source_id, state, since) VALUES (?, ?, ?)",
            [(source_id, each, to_iso(now)) for each in states - before],
        )
        for event in _events(connection, source_id, states, before, now):
            connection.execute("INSERT INTO notifications (event) VALUES (?)", (json.dumps(event),))
            events += 1
    return events


def take(connection: sqlite3.Connection) -> dict[str, Any] | None:
    """The event that has waited longest, taken out of the queue; None: none waits. Within a transaction."""
    row = connection.execute(
        "SELECT notification_id, event FROM notifications ORDER BY notification_id LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM notifications WHERE notification_id = ?", (row[0],))
    event: dict[str, Any] = json.loads(row[1])
    return event


def waits(connection: sqlite3.Connection) -> bool:
    """Whether an event waits to be sent."""
    return connection.execute("SELECT 1 FROM notifications LIMIT 1").fetchone() is not None


def _found(connection: sqlite3.Connection, now: datetime) -> dict[int, frozenset[str]]:
    return _by_source(connection.execute(_STATES, {"now": to_iso(now), "since": to_iso(now - _COUNTED)}).fetchall())


def _noted(connection: sqlite3.Connection) -> dict[int, frozenset[str]]:
    return _by_source(connection.execute("SELECT source_id, state FROM source_states").fetchall())


def _by_source(rows: Collection[tuple[int, str]]) -> dict[int, frozenset[str]]:
    states: dict[int, set[str]] = defaultdict(set)
    for source_id, state in rows:
        states[source_id].add(state)
    return {source_id: frozenset(each) for source_id, each in states.items()}


def _events(
    connection: sqlite3.Connection, source_id: int, states: frozenset[str], before: frozenset[str], now: datetime
) -> Iterator[dict[str, Any]]:
    changed = sorted(states - before)
    if before - _PASSING and not states - _PASSING:
        changed.append("recovered")
    if not changed:
        return
    for row in reading.dictionaries(connection.execute(_EVENT, (source_id,))):
        for state in changed:
            yield {"at": to_iso(now), "state": state, "states": sorted(states), "before": sorted(before), **row}
