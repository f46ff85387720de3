"""What the polls of sources brought, lost and left out, by day: reads `polls`, and `poll_days` behind them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from aggregator.model import OpenGap, PolledDay, PolledSource, Selection
from aggregator.store.connection import Connection
from aggregator.store.queries import pauses
from aggregator.store.queries.habits import rhythm_of
from aggregator.store.queries.selections import publishers
from aggregator.text.dates import from_iso, to_iso

_WELL = "('ok', 'unchanged', 'not_modified')"
_MONTH = timedelta(days=30)
_COUNTS = ("polls", "well", "failed", "offline", "held", "gaps", "gaps_closed", "received")
# Each poll by itself; behind them those of a source and day that went well, brought nothing and are older.
_POLLED = f"""
    SELECT l.source_id, substr(l.started, 1, 10) AS day, count(*) AS polls, sum(l.outcome IN {_WELL}) AS well,
      sum(l.outcome NOT IN ('ok', 'unchanged', 'not_modified', 'offline', 'pending')) AS failed,
      sum(l.outcome = 'offline') AS offline, sum(l.outcome = 'pending') AS held, sum(l.gap IS NOT NULL) AS gaps,
      count(*) FILTER (WHERE l.gap = 'closed') AS closed, sum(l.new) AS received, group_concat(l.drops, ',') AS drops
    FROM sources AS s CROSS JOIN polls AS l ON l.source_id = s.source_id AND l.started >= :since
      AND l.started <= :until
    WHERE CAST(:publisher AS TEXT) IS NULL OR s.publisher = :publisher GROUP BY 1, 2
"""  # noqa: S608  (constants)
_BY_DAY = """
    UNION ALL
    SELECT d.source_id, d.day, d.polls, d.polls, 0, 0, 0, 0, 0, 0, d.drops
    FROM sources AS s CROSS JOIN poll_days AS d ON d.source_id = s.source_id AND d.day >= substr(:since, 1, 10)
      AND d.day || 'T00:00:00Z' <= :until
    WHERE CAST(:publisher AS TEXT) IS NULL OR s.publisher = :publisher
"""
_GAPS = f"""
    SELECT s.source_id, l.started, l.new,
      (SELECT started FROM polls WHERE source_id = s.source_id AND started < l.started AND outcome IN {_WELL}
        ORDER BY started DESC LIMIT 1),
      {{day_before}}
    FROM sources AS s CROSS JOIN polls AS l ON l.source_id = s.source_id
      AND l.started >= :since AND l.started <= :until
    WHERE l.gap IS NOT NULL AND l.gap = 'open' AND (CAST(:publisher AS TEXT) IS NULL OR s.publisher = :publisher)
    ORDER BY l.started
"""  # noqa: S608  (constants)
_ARRIVALS = """
    SELECT s.source_id, l.started FROM sources AS s CROSS JOIN polls AS l ON l.source_id = s.source_id
      AND l.started >= :since AND l.started <= :until
    WHERE l.outcome = 'ok' AND l.new > 0 AND (CAST(:publisher AS TEXT) IS NULL OR s.publisher = :publisher)
    ORDER BY l.started
"""
# A site whose feed is sought, and was never polled, has nothing to be complete.
_DAY_BEFORE = "(SELECT max(day) FROM poll_days WHERE source_id = s.source_id AND day <= substr({time}, 1, 10))"
_FIRST_DAY = "(SELECT min(day) FROM poll_days WHERE source_id = s.source_id)"
_SOURCES = f"""
    SELECT s.source_id, s.publisher || '/' || s.source_key, s.publisher, p.name, s.enabled, s.rhythm,
      s.silent_after, f.started, f.new,
      (SELECT started FROM polls WHERE source_id = s.source_id AND started <= :until AND outcome IN {_WELL}
        ORDER BY started DESC LIMIT 1),
      (SELECT outcome FROM polls WHERE source_id = s.source_id AND started <= :until ORDER BY started DESC LIMIT 1),
      (SELECT max(started) FROM polls
        WHERE source_id = s.source_id AND gap IS NOT NULL AND gap = 'open' AND started <= :until),
      {{first_day}}, {{day_before}}
    FROM sources AS s JOIN publishers AS p ON p.publisher = s.publisher
    LEFT JOIN polls AS f ON f.poll_id = (
      SELECT poll_id FROM polls WHERE source_id = s.source_id ORDER BY started LIMIT 1
    )
    WHERE (s.source_kind <> 'discover' OR s.last_success IS NOT NULL)
      AND (CAST(:publisher AS TEXT) IS NULL OR s.publisher = :publisher)
    ORDER BY 2
"""  # noqa: S608  (constants)


def polled(
    connection: Connection, since: datetime, until: datetime, publisher: str | None = None
) -> list[PolledSource]:
    """Every source (`publisher`: of this one) that is switched on, or was polled since then, with what its polls did
    until then. Of polls that brought nothing and are counted by day, the days at both ends count whole.
    """
    by_day = connection.has_table("poll_days")
    times = {"since": to_iso(since), "until": to_iso(until), "publisher": publisher}
    days = _days(connection, times, by_day=by_day)
    gaps = defaultdict(list)
    day_before = _DAY_BEFORE.format(time="l.started") if by_day else "NULL"
    for source_id, started, new, well, day in connection.execute(_GAPS.format(day_before=day_before), times):
        after = _last_well(well, day, started)
        gaps[source_id].append(
            OpenGap(found_at=from_iso(started), after=from_iso(after) if after else None, received=new)
        )
    arrivals = defaultdict(list)
    for source_id, started in connection.execute(_ARRIVALS, {**times, "since": to_iso(since - _MONTH)}):
        arrivals[source_id].append(from_iso(started))
    paused = {*pauses.paused(connection)}
    found = []
    of_days = (_FIRST_DAY, _DAY_BEFORE.format(time=":until")) if by_day else ("NULL", "NULL")
    sql = _SOURCES.format(first_day=of_days[0], day_before=of_days[1])
    for source_id, *row in connection.execute(sql, times).fetchall():
        source = _source(row, to_iso(until), paused)
        if source.is_enabled or source_id in days:
            found.append(
                replace(
                    source,
                    days=tuple(days.get(source_id, ())),
                    gaps=tuple(gaps[source_id]),
                    arrivals=tuple(arrivals[source_id]),
                )
            )
    return found


def open_gaps(connection: Connection, selection: Selection, since: datetime, most: int) -> list[dict[str, Any]]:
    """By key the publishers of a selection and its channel, of which something may leave, and which polls since a time
    left gaps that no older page closed: `publisher`, `publisher_name`, `gaps` (how many), `first_found`, `last_found`.
    """
    found = connection.execute(
        """
        SELECT s.publisher, p.name, count(*), min(l.started), max(l.started)
        FROM sources AS s CROSS JOIN publishers AS p ON p.publisher = s.publisher
        CROSS JOIN polls AS l ON l.source_id = s.source_id AND l.started >= ?1
        WHERE l.gap IS NOT NULL AND l.gap = 'open'
          AND (CAST(?2 AS TEXT) IS NULL OR s.publisher IN (SELECT value FROM json_each(?2)))
          AND (?3 = '[]' OR p.country IN (SELECT value FROM json_each(?3)))
          AND EXISTS (SELECT 1 FROM terms AS t WHERE t.publisher = s.publisher AND t.text_scope <> 'none')
        GROUP BY s.publisher, p.name ORDER BY s.publisher LIMIT ?4
        """,
        (to_iso(since), _json(publishers(connection, selection)), json.dumps(selection.countries), most),
    )
    names = ("publisher", "publisher_name", "gaps", "first_found", "last_found")
    return [dict(zip(names, row, strict=True)) for row in found]


def _json(keys: Sequence[str] | None) -> str | None:
    return None if keys is None else json.dumps(keys)


def _source(row: Sequence[Any], until: str, paused: set[str]) -> PolledSource:
    name, publisher, publisher_name, enabled, rhythm, silent_after, *of_polls = row
    first, first_new, well, outcome, gap, first_day, last_day = of_polls
    if first_day and (first is None or first_day < first[:10]):
        first, first_new = f"{first_day}T00:00:00Z", 0
    well = _last_well(well, last_day, until)
    return PolledSource(
        name=name,
        publisher=publisher,
        publisher_name=publisher_name,
        is_enabled=bool(enabled),
        is_paused=name in paused,
        rhythm=rhythm_of(rhythm),
        silent_after=from_iso(silent_after) if silent_after else None,
        first_poll=from_iso(first) if first and first <= until else None,
        first_new=first_new or 0,
        last_well=from_iso(well) if well else None,
        last_outcome=outcome or ("ok" if well else None),
        last_gap=from_iso(gap) if gap else None,
    )


def _days(connection: Connection, times: dict[str, str | None], *, by_day: bool) -> dict[int, list[PolledDay]]:
    counts: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * len(_COUNTS))
    drops: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for source_id, day, *found, reasons in connection.execute(_POLLED + (_BY_DAY if by_day else ""), times):
        counts[source_id, day] = [a + b for a, b in zip(counts[source_id, day], found, strict=True)]
        for each in json.loads(f"[{reasons or ''}]"):
            drops[source_id, day].update(each)
    days: defaultdict[int, list[PolledDay]] = defaultdict(list)
    for (source_id, day), found in sorted(counts.items()):
        said = dict(zip(_COUNTS, found, strict=True))
        days[source_id].append(PolledDay(day=day, left_out=dict(drops.get((source_id, day), {})), **said))
    return days


def _last_well(poll: str | None, day: str | None, before: str) -> str | None:
    """When a poll had gone well at the latest: the later of the last one that is kept, and of the last day of those
    that are counted by day, at its end or, where `before` is on that day, at its beginning.
    """
    of_day = day and f"{day}T{'00:00:00' if day == before[:10] else '23:59:59'}Z"
    return max(filter(None, (poll, of_day)), default=None)


def last_well(connection: Connection, name: str, after: datetime, before: datetime) -> datetime | None:
    """When the source was last polled well between two times; None: it was not."""
    (at,) = connection.execute(
        f"""
        SELECT max(started) FROM polls WHERE source_id = (
          SELECT source_id FROM sources WHERE publisher || '/' || source_key = ?
        ) AND started > ? AND started < ? AND outcome IN {_WELL}
        """,  # noqa: S608  (constants)
        (name, to_iso(after), to_iso(before)),
    ).fetchone()
    return from_iso(at) if at else None
