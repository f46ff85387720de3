"""The states of sources: what changed since the last look at them becomes events, which wait here to be sent."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from aggregator.store.connection import Connection
from aggregator.store.queries import reading, settings
from aggregator.text.dates import to_iso

_PASSING = frozenset({"gaps"})  # ends with time alone, and no event says so
_HIDDEN = frozenset({"failing", "silent", "gaps"})  # of a source that is paused nobody can tell
_KEPT = 2_000  # events of the past
_BEGAN = "notify_began"  # setting: events are queued, and what was wrong when that began has been
_COUNTED = timedelta(days=7)  # as in `health`

# The states of `health.listed`, which reads far more than a look every few seconds may; a test holds the two together.
_IS_POLLED = """
s.enabled = 1 AND s.paused_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM pauses AS q WHERE q.source_id = s.source_id AND q.ended_at IS NULL)
  AND NOT (s.source_kind = 'discover' AND (s.next_reason = 'discover'
    OR s.next_reason IN ('first', 'offline') AND s.last_success IS NULL))
"""
_STATES = f"""
SELECT s.source_id, 'failing' FROM sources AS s WHERE s.failures > 0 AND {_IS_POLLED}
UNION ALL
SELECT s.source_id, 'silent' FROM sources AS s WHERE s.silent_after < :now AND {_IS_POLLED}
UNION ALL
SELECT s.source_id, 'gaps' FROM sources AS s WHERE s.source_id IN (
  SELECT l.source_id FROM polls AS l INDEXED BY polls_with_gap
  WHERE l.gap IS NOT NULL AND l.gap = 'open' AND l.started >= :since AND l.started <= :now) AND {_IS_POLLED}
UNION ALL
SELECT s.source_id, 'paused' FROM sources AS s WHERE s.enabled = 1 AND s.paused_at IS NOT NULL
UNION
SELECT q.source_id, 'paused' FROM pauses AS q WHERE q.ended_at IS NULL
UNION
SELECT c.source_id, 'held' FROM pending_changes AS c WHERE c.reason = 'mass' AND c.refused_at IS NULL
UNION
SELECT r.source_id, 'held' FROM redirects AS r WHERE r.state IN ('pending', 'refused')
UNION
SELECT s.source_id, 'faulty' FROM settings AS f JOIN sources AS s ON s.publisher = substr(f.name, 7)
WHERE f.name >= 'fault/' AND f.name < 'fault0'
"""  # noqa: S608  (constants)
_SAID = """
SELECT source_name, publisher_name, url, problem, advice, last_success, next_at FROM health
WHERE source_name IN (SELECT value FROM json_each(?))
"""


class _Change(Struct, frozen=True):
    """A source in other states than it was."""

    source_id: int
    publisher: str
    name: str | None  # None: it is polled no more
    before: frozenset[str]
    after: frozenset[str]


def have_changed(connection: Connection, now: datetime, *, queue: bool) -> bool:
    """Whether `note` would write anything."""
    has_begun = settings.read(connection, _BEGAN) is not None
    return has_begun != queue or next(_changes(connection, now), None) is not None


def note(connection: Connection, now: datetime, *, queue: bool) -> int:
    """Remembers the states of now and an event for each that has changed; returns how many. `queue`: they wait to be
    sent, too, and where that is new also what is wrong already. Within a transaction. Of a source that is polled no
    more nothing is told.
    """
    before = dict.fromkeys(connection.execute("SELECT source_id, state FROM source_states").fetchall())
    is_new = queue and settings.read(connection, _BEGAN) is None
    settings.write(connection, _BEGAN, "1" if queue else None)
    if is_new:
        connection.execute("DELETE FROM source_states")
    changes = list(_changes(connection, now))
    connection.executemany(
        "DELETE FROM source_states WHERE source_id = ? AND state = ?",
        [(change.source_id, each) for change in changes for each in change.before - change.after],
    )
    connection.executemany(
        "INSERT INTO source_states (source_id, state, since) VALUES (?, ?, ?)",
        [(change.source_id, each, to_iso(now)) for change in changes for each in change.after - change.before],
    )
    events = list(_events(connection, changes, now))
    said = [(number, event, json.dumps(event)) for number, event in events]
    if queue:
        connection.executemany("INSERT INTO notifications (event) VALUES (?)", [(text,) for _, _, text in said])
    connection.executemany(
        "INSERT INTO source_events (at, event) VALUES (?, ?)",
        [(event["at"], text) for number, event, text in said if (number, event["state"]) not in before],
    )
    connection.execute(
        "DELETE FROM source_events WHERE event_id <= (SELECT max(event_id) FROM source_events) - ?", (_KEPT,)
    )
    return len(events)


def take(connection: Connection) -> dict[str, Any] | None:
    """The event that has waited longest, taken out of the queue; None: none waits. Within a transaction."""
    row = connection.execute(
        "SELECT notification_id, event FROM notifications ORDER BY notification_id LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM notifications WHERE notification_id = ?", (row[0],))
    event: dict[str, Any] = json.loads(row[1])
    return event


def lately(connection: Connection, most: int) -> list[dict[str, Any]]:
    """The last events, the newest first: what `note` remembered of each, and its number."""
    rows = connection.execute("SELECT event_id, at, event FROM source_events ORDER BY event_id DESC LIMIT ?", (most,))
    return [{**json.loads(event), "at": at, "number": number} for number, at, event in rows]


def waits(connection: Connection) -> bool:
    """Whether an event waits to be sent."""
    return connection.execute("SELECT 1 FROM notifications LIMIT 1").fetchone() is not None


def of_sources(connection: Connection, now: datetime) -> dict[int, frozenset[str]]:
    """The states of those sources that have any, by number."""
    return _by_source(connection, _STATES, {"now": to_iso(now), "since": to_iso(now - _COUNTED)})


def _by_source(connection: Connection, sql: str, values: Mapping[str, str]) -> dict[int, frozenset[str]]:
    states: dict[int, set[str]] = defaultdict(set)
    for source_id, state in connection.execute(sql, values):
        states[source_id].add(state)
    return {source_id: frozenset(each) for source_id, each in states.items()}


def _changes(connection: Connection, now: datetime) -> Iterator[_Change]:
    found = of_sources(connection, now)
    noted = _by_source(connection, "SELECT source_id, state FROM source_states", {})
    if not found and not noted:
        return
    sources = connection.execute(
        "SELECT source_id, publisher, publisher || '/' || source_key, enabled FROM sources ORDER BY source_id"
    )
    for source_id, publisher, name, enabled in sources.fetchall():
        before, after = noted.get(source_id, frozenset()), found.get(source_id, frozenset())
        if "faulty" in after:  # what is wrong with its file ends no state that it was in
            continue
        if "paused" in after:
            after |= before & _HIDDEN
        if enabled and after != before:
            yield _Change(source_id, publisher, name, before, after)
        elif not enabled and before:
            yield _Change(source_id, publisher, None, before, frozenset())


def _events(connection: Connection, changes: Sequence[_Change], now: datetime) -> Iterator[tuple[int, dict[str, Any]]]:
    """The events of these changes, each with the number of its source. What `health` says is read once for all: the
    network of a large wire may fail, and with it thousands of sources at a time.
    """
    told = {change.name: (change, states) for change in changes if change.name and (states := _told(change))}
    if not told:
        return
    rows = reading.dictionaries(connection.execute(_SAID, (json.dumps(list(told)),)))
    said = {row["source_name"]: row for row in rows}
    for name, (change, states) in told.items():
        for state in states if name in said else ():
            yield (
                change.source_id,
                {
                    "at": to_iso(now),
                    "state": state,
                    "states": sorted(change.after),
                    "before": sorted(change.before),
                    "publisher": change.publisher,
                    **said[name],
                },
            )


def _told(change: _Change) -> list[str]:
    """What events say of it."""
    new = sorted(change.after - change.before)
    return [*new, "recovered"] if change.before - _PASSING and not change.after - _PASSING else new
