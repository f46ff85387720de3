"""The wire's own figures by day: reads what they are counted from, and keeps them in `figures`.

The times that subscribers took are in `confirmations` until their day has been counted.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from aggregator.model.figures import DayFacts, DayFigures, Delay, TakenBack
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import settings
from aggregator.store.queries.reading import rows
from aggregator.store.queries.views import is_migrated
from aggregator.text.dates import from_iso, to_iso

_SINCE = "confirmations_since"  # setting: from when on it is recorded when subscribers confirmed
_POLLS = """
    SELECT count(*), sum(l.outcome NOT IN ('ok', 'unchanged', 'not_modified', 'offline', 'pending')), sum(l.entries),
      sum(l.new), sum(l.revised), sum(l.unchanged), sum(l.gap IS NOT NULL), count(*) FILTER (WHERE l.gap = 'closed'),
      json_group_array(l.drops) FILTER (WHERE l.drops IS NOT NULL)
    FROM sources AS s CROSS JOIN polls AS l ON l.source_id = s.source_id AND l.started >= ?1 AND l.started < ?2
"""
_JOINS = (
    "SELECT coalesce(sum(at >= ?1 AND at < ?2), 0), coalesce(sum(undone_at >= ?1 AND undone_at < ?2), 0) FROM merges"
)
# A date that is later than first sight, that has no time of the day, or that is older than the first poll of the source
# says nothing of a delay. `poll_days` has older polls by their day, which as text comes before every time of it.
_IS_COMPARED = """
    a.published IS NOT NULL AND a.published <= a.first_seen AND instr(a.published_stated, ':') > 0
    AND a.published >= coalesce(
      (SELECT min(d.day) FROM poll_days AS d WHERE d.source_id = a.source_id),
      (SELECT l.started FROM polls AS l WHERE l.source_id = a.source_id ORDER BY l.started LIMIT 1))
"""
_SEEN = f"""
    SELECT a.published, a.first_seen FROM changes AS c CROSS JOIN articles AS a ON a.article_id = c.article_id
    WHERE c.at >= ?1 AND c.at < ?2 AND c.change_kind = 'new' AND a.backfill = 0 AND {_IS_COMPARED}
"""  # noqa: S608  (constants)
_CONFIRMED = f"""
    SELECT f.seconds, CASE WHEN {_IS_COMPARED} THEN a.published END, c.at
    FROM changes AS c CROSS JOIN articles AS a ON a.article_id = c.article_id
    CROSS JOIN confirmations AS f ON f.seq = c.seq
    WHERE c.at >= ?1 AND c.at < ?2 AND c.change_kind = 'new' AND a.backfill = 0 AND a.released_seq = c.seq
"""  # noqa: S608  (constants)
_TAKEN_BACK = """
    SELECT c.seq, c.at FROM changes AS c CROSS JOIN articles AS a ON a.article_id = c.article_id
    WHERE c.at >= ?1 AND c.at < ?2 AND c.change_kind IN ('withheld', 'withdrawn', 'deleted')
      AND a.released_seq <= c.seq
    ORDER BY c.at, c.seq
"""
_DELAYS = ("to_wire_reports", "to_wire_median", "to_wire_99", "to_subscriber_messages", "to_subscriber_median",
           "to_subscriber_99", "in_all_messages", "in_all_median", "in_all_99")  # fmt: skip
_COUNTS = ("polls", "polls_failed", "entries", "new", "revised", "unchanged", "gaps", "gaps_closed", "joins",
           "joins_undone", "taken_back")  # fmt: skip
_MESSAGES = ("taken_back_messages", "taken_back_in_2_seconds", "taken_back_unconfirmed")
_COLUMNS = ("day", "counted_at", "left_out", *_COUNTS, *_DELAYS, *_MESSAGES)
_PLACES = ", ".join(f":{name}" for name in _COLUMNS)
_INSERT = f"INSERT INTO figures ({', '.join(_COLUMNS)}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING"  # noqa: S608  (names of ours)


def confirmed(connection: Connection, subscriber: str, seq: int, now: datetime) -> None:
    """A subscriber has confirmed the message about a line. The first time counts, and lines from before it began do
    not. Within a transaction.
    """
    row = connection.execute(
        """
        SELECT c.at FROM changes AS c CROSS JOIN subscribers AS s ON s.subscriber = ?2 AND c.at >= s.began_at
        WHERE c.seq = ?1 AND c.change_kind IN ('new', 'withheld', 'withdrawn', 'deleted')
        """,
        (seq, subscriber),
    ).fetchone()
    if row is not None and (seconds := (now - from_iso(row[0])).total_seconds()) >= 0:  # else a clock was put right
        sql = "INSERT INTO confirmations (seq, subscriber, seconds) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        connection.execute(sql, (seq, subscriber, round(seconds, 3)))


def recorded_since(connection: Connection, now: datetime) -> datetime:
    """From when on confirmations are recorded: it is written down at the first call. Within a transaction."""
    found = settings.read(connection, _SINCE)
    if found is None:
        found = to_iso(now)
        settings.write(connection, _SINCE, found)
    return from_iso(found)


def bring_back(connection: Connection, now: datetime, limit: datetime) -> None:
    """Forgets what was counted later than `limit`, by a clock that ran ahead: it is counted anew. Within a
    transaction.
    """
    connection.execute("DELETE FROM figures WHERE counted_at > ?", (to_iso(limit),))
    if (found := settings.read(connection, _SINCE)) is not None and found > to_iso(limit):
        settings.write(connection, _SINCE, to_iso(now))


def last_day(connection: Connection) -> date | None:
    """The last day that was counted."""
    (found,) = connection.execute("SELECT max(day) FROM figures").fetchone()
    return date.fromisoformat(found) if found else None


def first_poll(connection: Connection) -> datetime | None:
    """When the first poll began of those that are stored each by itself."""
    row = connection.execute("SELECT started FROM polls WHERE poll_id = (SELECT min(poll_id) FROM polls)").fetchone()
    return from_iso(row[0]) if row else None


def facts(connection: Connection, day: date) -> DayFacts:
    """What is counted of a day of UTC."""
    span = (f"{day}T00:00:00Z", f"{day + timedelta(days=1)}T00:00:00Z")
    *counts, drops = connection.execute(_POLLS, span).fetchone()
    polls, failed, entries, new, revised, unchanged, gaps, closed = (count or 0 for count in counts)
    joins, undone = connection.execute(_JOINS, span).fetchone()
    left_out: Counter[str] = Counter()
    for each in json.loads(drops):
        left_out.update(json.loads(each))
    confirmed_new = connection.execute(_CONFIRMED, span).fetchall()
    lines = tuple((seq, from_iso(at)) for seq, at in connection.execute(_TAKEN_BACK, span))
    return DayFacts(
        polls=polls,
        polls_failed=failed,
        entries=entries,
        new=new,
        revised=revised,
        unchanged=unchanged,
        left_out=dict(left_out),
        gaps=gaps,
        gaps_closed=closed,
        joins=joins,
        joins_undone=undone,
        to_wire=tuple(_seconds(*times) for times in connection.execute(_SEEN, span)),
        to_subscriber=tuple(seconds for seconds, _, _ in confirmed_new),
        in_all=tuple(seconds + _seconds(published, at) for seconds, published, at in confirmed_new if published),
        lines=lines,
        confirmed=_of_lines(connection, [seq for seq, _ in lines]),
    )


def _seconds(first: str, second: str) -> float:
    return (from_iso(second) - from_iso(first)).total_seconds()


def _of_lines(connection: Connection, numbers: list[int]) -> dict[tuple[str, int], float]:
    sql = """
        SELECT f.subscriber, f.seq, f.seconds FROM json_each(?) AS n
        CROSS JOIN confirmations AS f ON f.seq = CAST(n.value AS INTEGER)
    """
    return {(name, seq): seconds for name, seq, seconds in connection.execute(sql, (json.dumps(numbers),))}


def save(connection: Connection, figures: DayFigures) -> None:
    """Keeps the figures of a day, and forgets the times that they were counted from. Within a transaction."""
    connection.execute(_INSERT, _row(figures))
    end = f"{figures.day + timedelta(days=1)}T00:00:00Z"
    connection.execute(
        """
        DELETE FROM confirmations
        WHERE seq <= (SELECT seq FROM changes WHERE at < ? ORDER BY at DESC, seq DESC LIMIT 1)
        """,
        (end,),
    )


def _row(figures: DayFigures) -> dict[str, Any]:
    delays: list[float | None] = []
    for each in (figures.to_wire, figures.to_subscriber, figures.in_all):
        delays += [each.count, each.median, each.most] if each else [None, None, None]
    told = figures.messages
    messages = (told.owed, told.in_two_seconds, told.unconfirmed) if told else (None, None, None)
    return {
        "day": figures.day.isoformat(),
        "counted_at": to_iso(figures.counted_at),
        "left_out": json.dumps(dict(figures.left_out), sort_keys=True) if figures.left_out else None,
        **{name: getattr(figures, name) for name in _COUNTS},
        **dict(zip(_DELAYS, delays, strict=True)),
        **dict(zip(_MESSAGES, messages, strict=True)),
    }


def since(connection: StoreConnection, first: date) -> list[DayFigures]:
    """Those of this day and later ones, the newest first; none in a file that an older version made, and that is only
    read.
    """
    if not is_migrated(connection):
        return []
    found = rows(connection, "SELECT * FROM figures WHERE day >= ? ORDER BY day DESC", first.isoformat())
    return [_figures(row) for row in found]


def _figures(row: dict[str, Any]) -> DayFigures:
    to_wire, to_subscriber, in_all = (
        None if row[count] is None else Delay(count=row[count], median=row[median], most=row[most])
        for count, median, most in (_DELAYS[:3], _DELAYS[3:6], _DELAYS[6:])
    )
    assert to_wire is not None  # that column is never NULL
    owed, in_two_seconds, unconfirmed = (row[name] for name in _MESSAGES)
    messages = TakenBack(owed=owed, in_two_seconds=in_two_seconds, unconfirmed=unconfirmed)
    return DayFigures(
        day=date.fromisoformat(row["day"]),
        counted_at=from_iso(row["counted_at"]),
        left_out=json.loads(row["left_out"] or "{}"),
        **{name: row[name] for name in _COUNTS},
        to_wire=to_wire,
        to_subscriber=to_subscriber,
        in_all=in_all,
        messages=None if owed is None else messages,
    )
