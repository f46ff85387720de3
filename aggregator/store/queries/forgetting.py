"""What the database need not keep for ever: polls that brought nothing, and what is known of how documents list reports
that no document lists any more. No word of a publisher is among it, and no key by which a report is found again.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime

from msgspec import Struct, field

from aggregator.store.connection import Connection
from aggregator.store.queries import settings
from aggregator.text.dates import to_iso

_COUNTED_UP_TO = "polls_counted_up_to"  # in `settings`: the last poll that was looked at
_BATCH = 1_000  # rows that are looked at in one transaction
# Polls that say nothing of what was held, lost or changed.
_IS_QUIET = """
    outcome IN ('ok', 'unchanged', 'not_modified') AND new = 0 AND revised = 0 AND gap IS NULL AND pending = 0
    AND over_limit = 0 AND pages = 0
"""


class _Day(Struct):
    polls: int = 0
    seconds: float = 0.0
    body_bytes: int = 0
    drops: Counter[str] = field(default_factory=Counter)


def count_polls_by_day(connection: Connection, before: datetime, now: datetime) -> int:
    """Counts polls that began before `before` and brought nothing into the row of their source and day; returns how
    many polls it looked at, 0: none is left. Within a transaction.

    Polls are looked at once each, in the order in which they were stored. One that seems to come later than `now` was
    stored by a clock that was wrong; it stays, and keeps no other. So does the newest, by which the clock is judged.
    """
    begin = int(settings.read(connection, _COUNTED_UP_TO) or 0)
    rows = connection.execute(
        f"""
        SELECT poll_id, source_id, started, {_IS_QUIET} AND poll_id < (SELECT max(poll_id) FROM polls),
          seconds, bytes, drops
        FROM polls WHERE poll_id > ? ORDER BY poll_id LIMIT ?
        """,  # noqa: S608  (constants)
        (begin, _BATCH),
    ).fetchall()
    days: defaultdict[tuple[int, str], _Day] = defaultdict(_Day)
    quiet: list[tuple[int]] = []
    looked_at = 0
    for poll_id, source_id, started, is_quiet, seconds, body_bytes, drops in rows:
        if to_iso(before) <= started <= to_iso(now):
            break
        looked_at, begin = looked_at + 1, poll_id
        if is_quiet and started < to_iso(before):
            quiet.append((poll_id,))
            day = days[source_id, started[:10]]
            day.polls, day.seconds, day.body_bytes = day.polls + 1, day.seconds + seconds, day.body_bytes + body_bytes
            day.drops.update(json.loads(drops or "{}"))
    for (source_id, date), day in days.items():
        _add(connection, source_id, date, day)
    connection.executemany("DELETE FROM polls WHERE poll_id = ?", quiet)
    if looked_at:
        settings.write(connection, _COUNTED_UP_TO, str(begin))
    return looked_at


def _add(connection: Connection, source_id: int, date: str, day: _Day) -> None:
    before = connection.execute(
        "SELECT drops FROM poll_days WHERE source_id = ? AND day = ?", (source_id, date)
    ).fetchone()
    if before and before[0]:
        day.drops.update(json.loads(before[0]))
    connection.execute(
        """
        INSERT INTO poll_days (source_id, day, polls, seconds, bytes, drops) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (source_id, day) DO UPDATE SET polls = poll_days.polls + excluded.polls,
          seconds = poll_days.seconds + excluded.seconds, bytes = poll_days.bytes + excluded.bytes,
          drops = excluded.drops
        """,
        (
            source_id,
            date,
            day.polls,
            round(day.seconds, 3),
            day.body_bytes,
            json.dumps(day.drops) if day.drops else None,
        ),
    )


class _Table(Struct, frozen=True):
    """A table that is walked in the order of its key, a batch at a time, and then from its beginning again."""

    name: str
    key: tuple[str, ...]
    is_over: str  # SQL, of a row `k` and its article `a`


# A source whose list of entries is known in full lists no other. Of a very long document only both ends are known
# (`scheduling.gaps.ends`), and whatever such a source listed once it may still list.
_IS_LISTED = """
    EXISTS (SELECT 1 FROM sources AS s WHERE s.source_id = k.source_id
      AND (s.last_listed IS NULL OR json_array_length(s.last_listed) >= :most
        OR EXISTS (SELECT 1 FROM json_each(s.last_listed) AS named WHERE CAST(named.value AS INTEGER) = k.article_id)))
"""
_IS_SIGHTED = """
    EXISTS (SELECT 1 FROM sources AS s CROSS JOIN sightings AS g ON g.source_id = s.source_id
      AND g.article_id = k.article_id WHERE s.publisher = k.publisher)
"""
_TABLES = (
    _Table("sightings", ("source_id", "article_id"), f"NOT {_IS_LISTED}"),
    _Table("near_keys", ("publisher", "article_key"), f"NOT {_IS_SIGHTED}"),
)


def forget_listings(connection: Connection, before: datetime, most_listed: int) -> int:
    """Looks at the next rows of `sightings` and `near_keys`, and deletes those of reports first seen before `before`
    that no document lists any more; returns how many it deleted. Within a transaction. When such a report is listed
    again it is found by `article_keys`, which are kept for ever.

    `most_listed`: so many entries are kept of a document whose list is not known in full.
    """
    first = "SELECT first_seen FROM articles WHERE article_id = (SELECT min(article_id) FROM articles)"
    oldest = connection.execute(first).fetchone()
    if oldest is None or oldest[0] >= to_iso(before):  # a wire that is younger has none of them
        return 0
    return sum(_forget(connection, table, before, most_listed) for table in _TABLES)


def _forget(connection: Connection, table: _Table, before: datetime, most_listed: int) -> int:
    key = ", ".join(f"k.{name}" for name in table.key)
    name = f"forgotten_up_to/{table.name}"
    last = json.loads(settings.read(connection, name) or "null")
    after = f"WHERE ({key}) > ({', '.join(f':{name}' for name in table.key)})" if last else ""
    rows = connection.execute(
        f"""
        SELECT {key}, a.first_seen < :before AND {table.is_over}
        FROM (SELECT * FROM {table.name} AS k {after} ORDER BY {key} LIMIT :batch) AS k
        CROSS JOIN articles AS a ON a.article_id = k.article_id
        """,  # noqa: S608  (constants)
        {
            "before": to_iso(before),
            "most": most_listed,
            "batch": _BATCH,
            **dict(zip(table.key, last or (), strict=False)),
        },
    ).fetchall()
    over = [row[:-1] for row in rows if row[-1]]
    which = " AND ".join(f"{name} = ?" for name in table.key)
    connection.executemany(f"DELETE FROM {table.name} WHERE {which}", over)  # noqa: S608  (constants)
    reached = json.dumps(rows[-1][:-1]) if len(rows) == _BATCH else None
    if reached or last:
        settings.write(connection, name, reached)
    return len(over)
