"""How sources fare: the view `health`, and what a publisher's polls brought, lost and left out (`coverage`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import HealthState
from aggregator.store.connection import Connection
from aggregator.store.queries import pages, pauses, reading
from aggregator.store.queries.views import has_new_names
from aggregator.text.dates import from_iso, to_iso

# The problem that matters most, and the command or the line that ends it; NULL: all is well. Nothing is ever switched
# off silently, so whatever keeps a source from being polled stands here. `search`, of a site whose feed is sought: one
# was found, nothing was, or it is waiting for its first search; NULL: the source has an address, which is polled.
# `pasted` is an address as a shell wants it in a command: what a server wrote may hold `;`, `&` or `$(...)`.
# `redirect`, of the address `redirected_to` that its document came from: held, refused, person (accepted by one) or
# in_force (accepted because it was so before redirects were checked); NULL: there is none that a person should know.
# `fault`: what is wrong with its publisher's file, so that it is not polled; NULL: nothing.
# `since`: when that problem began; NULL: there is none, or that is not known. `silent`: 1: for longer than its rhythm
# allows.
# `gap_at`: when the newest gap was found, `gap_after`: when a poll before that last went well; NULL: no gap in seven
# days, or not known.
# `paused_until`: NULL: it is not paused by a person, or until it is resumed. `paused_by`: person:NAME, or `feed`, which
# said 410; NULL: it is not paused.
# `agreement_ended`: the last day of its publisher's agreement; NULL: there is none, or it is in force.
# `agreement_ends`: the last day of one that is in force; NULL: there is none, or it has ended.
# What is counted of the last seven days is as it was at `counted_at`, because a view holds no clock; NULL: never yet.
# Faults are taken out of the settings at once: beside them stands the configuration as the database keeps it, which may
# be millions of bytes, and which SQLite would read whole for each source, on its way to where a fault would stand.
_SOURCES = """
WITH faults AS MATERIALIZED (
  SELECT substr(name, 7) AS publisher, value FROM settings WHERE name >= 'fault/' AND name < 'fault0'
)
SELECT
  s.publisher || '/' || s.source_key AS source_name,
  p.name AS publisher_name,
  s.url,
  s.enabled,
  s.last_poll,
  s.last_success,
  s.last_new,
  s.failures,
  s.last_error,
  coalesce(n.articles_7_days, 0) AS articles_7_days,
  coalesce(n.gaps_7_days, 0) AS gaps_7_days,
  s.next_at,
  s.next_reason,
  s.id_trust_reason AS ids_not_trusted,
  s.validators_ignored AS validators_not_trusted,
  CASE
    WHEN c.changes > 0 THEN c.changes || ' changes of reports wait for a person since ' || substr(c.since, 1, 16)
      || ', because one poll changed too many: ' || c.kinds
    WHEN f.value IS NOT NULL THEN 'not polled, because its publisher''s file has a fault: ' || f.value
    WHEN q.pause_id IS NOT NULL THEN 'paused by ' || replace(q.actor, 'person:', '')
      || coalesce(' until ' || replace(substr(q.paused_until, 1, 16), 'T', ' ') || ' UTC', '')
      || coalesce(': ' || q.reason, '')
    WHEN s.paused_at IS NOT NULL THEN 'paused: it said 410, gone for good, on ' || substr(s.paused_at, 1, 10)
    WHEN r.state <> 'accepted' THEN r.state || ': its document came from ' || r.reason
    WHEN s.search IS NOT NULL
      THEN coalesce('feed found, waits for you: ' || s.proposed || ' (' || s.proposed_as || ')',
        'no source yet; ' || coalesce(s.last_error, 'it is looked for at the next poll'))
    WHEN s.failures > 0 THEN 'failing: ' || coalesce(s.last_error, '')
    WHEN s.over_limit > 0 THEN 'too much at once: ' || s.over_limit
      || ' new reports up to ' || substr(s.over_limit_at, 1, 16)
      || ' are kept out of latest'
    WHEN s.old_url IS NOT NULL THEN 'moved for good from ' || s.old_url
    WHEN n.silent = 1
      THEN 'silent since ' || coalesce(substr(s.last_new, 1, 16), 'ever') || ', longer than its rhythm allows'
    WHEN n.gaps_7_days > 0
      THEN n.gaps_7_days || CASE n.gaps_7_days WHEN 1 THEN ' gap' ELSE ' gaps' END
        || ' in 7 days (reports may be missing)'
    WHEN n.over_cap > 0 THEN 'its document is too long: ' || n.over_cap || ' entries beyond the newest were not read'
    WHEN s.validators_ignored IS NOT NULL THEN 'validators not trusted: ' || s.validators_ignored
    WHEN s.id_trust_reason IS NOT NULL THEN 'ids not trusted: ' || s.id_trust_reason
  END AS problem,
  CASE
    WHEN c.changes > 0 THEN 'aggregator pending shows them; aggregator pending accept ' || s.publisher
      || '/' || s.source_key
      || ' or aggregator pending refuse ' || s.publisher || '/' || s.source_key
    WHEN f.value IS NOT NULL THEN 'correct the file; aggregator check names every fault'
    WHEN q.pause_id IS NOT NULL OR s.paused_at IS NOT NULL
      THEN 'aggregator resume ' || s.publisher || '/' || s.source_key
    WHEN r.state = 'pending' THEN 'aggregator accept ' || s.publisher || '/' || s.source_key
    WHEN r.state = 'refused' THEN 'another url, or enabled = false, in the file of ' || s.publisher
    WHEN s.search IS NOT NULL
      THEN 'aggregator probe --write ' || s.publisher || ' ' || s.pasted
    WHEN s.failures > 0
      THEN CASE WHEN coalesce(s.last_error, '') NOT LIKE 'internal error%'
        THEN 'aggregator fetch ' || s.publisher || '/' || s.source_key || ' tries it now' END
    WHEN s.over_limit > 0 THEN 'look at ' || s.url
      || '; where so much is meant, a larger most_new_per_poll or most_new_per_day in wire.toml'
    WHEN s.old_url IS NOT NULL THEN 'url = "' || s.url || '" in the file of ' || s.publisher
    WHEN n.silent = 1 THEN 'look at ' || s.url || ' and ' || p.homepage
    WHEN n.gaps_7_days > 0 THEN 'set a smaller every_minutes in the file of ' || s.publisher
    WHEN n.over_cap > 0 THEN 'another source of ' || s.publisher || ' with fewer entries, if it has one'
  END AS advice,
  s.search,
  CASE r.state WHEN 'accepted' THEN r.accepted_by ELSE r.state END AS redirect,
  r.url AS redirected_to,
  coalesce(c.changes, 0) AS pending,
  CASE WHEN t.ended = 1 THEN t.last_day END AS agreement_ended,
  CASE WHEN t.ended = 0 THEN t.last_day END AS agreement_ends,
  n.counted_at,
  f.value AS fault,
  CASE
    WHEN c.changes > 0 THEN c.since
    WHEN f.value IS NOT NULL THEN NULL
    WHEN q.pause_id IS NOT NULL THEN q.paused_at
    WHEN s.paused_at IS NOT NULL THEN s.paused_at
    WHEN r.state <> 'accepted' THEN r.at
    WHEN s.search IS NOT NULL THEN NULL
    WHEN s.failures > 0 THEN (
      SELECT started FROM polls WHERE source_id = s.source_id AND started >= coalesce(s.last_success, '')
        AND outcome NOT IN ('ok', 'unchanged', 'not_modified', 'offline', 'pending') ORDER BY started LIMIT 1
    )
    WHEN s.over_limit > 0 THEN s.over_limit_at
    WHEN s.old_url IS NOT NULL THEN NULL
    WHEN n.silent = 1 THEN s.last_new
    WHEN n.gaps_7_days > 0 THEN s.gap_at
  END AS since,
  coalesce(n.silent, 0) AS silent,
  CASE WHEN n.gaps_7_days > 0 THEN s.gap_at END AS gap_at,
  CASE WHEN n.gaps_7_days > 0 THEN (
    SELECT started FROM polls WHERE source_id = s.source_id AND started < s.gap_at
      AND outcome IN ('ok', 'unchanged', 'not_modified') ORDER BY started DESC LIMIT 1
  ) END AS gap_after,
  q.paused_until,
  coalesce(q.actor, CASE WHEN s.paused_at IS NOT NULL THEN 'feed' END) AS paused_by
FROM (
  SELECT *, CASE
    WHEN source_kind <> 'discover' OR NOT (
      next_reason = 'discover' OR next_reason IN ('first', 'offline') AND last_success IS NULL
    ) THEN NULL
    WHEN proposed IS NOT NULL THEN 'found'
    WHEN next_reason = 'first' OR last_error IS NULL THEN 'waiting'
    ELSE 'nothing'
  END AS search,
  CASE
    WHEN ltrim(coalesce(proposed, url),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-') <> ''
      THEN '''' || replace(coalesce(proposed, url), '''', '''"''"''') || ''''
    ELSE coalesce(proposed, url)
  END AS pasted,
  (SELECT max(started) FROM polls
    WHERE source_id = sources.source_id AND gap IS NOT NULL AND gap = 'open') AS gap_at
  FROM sources
) AS s
JOIN publishers AS p ON p.publisher = s.publisher
LEFT JOIN agreements AS t ON t.publisher = s.publisher
LEFT JOIN faults AS f ON f.publisher = s.publisher
LEFT JOIN (
  SELECT *, row_number() OVER (PARTITION BY source_id ORDER BY state = 'accepted', at DESC, url) AS number
    FROM redirects
) AS r ON r.source_id = s.source_id AND r.number = 1
LEFT JOIN health_counts AS n ON n.source_id = s.source_id
LEFT JOIN pauses AS q ON q.source_id = s.source_id AND q.ended_at IS NULL
LEFT JOIN (
  SELECT source_id, sum(changes) AS changes, min(since) AS since,
    group_concat(changes || ' ' || replace(mass_kind, '_', ' '), ', ') AS kinds
  FROM (
    SELECT source_id, mass_kind, count(*) AS changes, min(since) AS since FROM pending_changes
    WHERE reason = 'mass' AND refused_at IS NULL GROUP BY source_id, mass_kind
  ) AS of_kind
  GROUP BY source_id
) AS c ON c.source_id = s.source_id
"""

VIEW = f"CREATE VIEW health AS\n{_SOURCES.strip()}\n"

# The rows of `health_counts` at a time. Newest polls of a source come first out of its index.
_COUNTS = """
SELECT s.source_id AS source_id, :now AS counted_at,
  (SELECT coalesce(sum(new), 0) FROM polls
    WHERE source_id = s.source_id AND outcome = 'ok' AND started >= :since AND started <= :now) AS articles_7_days,
  (SELECT count(*) FROM polls INDEXED BY polls_with_gap
    WHERE source_id = s.source_id AND gap IS NOT NULL AND gap = 'open' AND started >= :since
      AND started <= :now) AS gaps_7_days,
  coalesce((SELECT CAST(json_extract(drops, '$.over_cap') AS INTEGER) FROM polls
    WHERE source_id = s.source_id AND outcome = 'ok' AND started >= :since AND started <= :now
    ORDER BY started DESC LIMIT 1), 0) AS over_cap,
  CASE WHEN s.silent_after < :now THEN 1 ELSE 0 END AS silent
FROM sources AS s
"""

_ORDER = "ORDER BY problem IS NULL, failures DESC, problem, last_success NULLS FIRST, source_name"
_HEALTH = f"SELECT * FROM ({_SOURCES}) AS h {_ORDER}"  # noqa: S608  (constants)
_OLDER = f"SELECT * FROM health {_ORDER}"  # noqa: S608  (constants)
# What is counted stands in the place of the table, and the rest is as in the view.
_HEALTH_AT = f"WITH health_counts AS MATERIALIZED ({_COUNTS}) SELECT * FROM ({_SOURCES}) AS h {_ORDER}"  # noqa: S608
_COUNTED = timedelta(days=7)
_OVER_LIMIT_SHOWN = timedelta(days=7)


def listed(connection: Connection, now: datetime | None) -> list[dict[str, Any]]:
    """The rows of the view, the worst first: what waits for a person before all else, also of a source that is switched
    off; then those whose publisher's file has a fault; then the others that are polled. The counts are of `now`; None:
    those that are stored. Beside the view's columns `pages_failed_7_days`, which is counted for a `now` alone.
    """
    if not has_new_names(connection) or not pauses.is_kept(connection):  # as its own version counted
        found = reading.dictionaries(connection.execute(_OLDER))
    elif now is None:
        found = reading.dictionaries(connection.execute(_HEALTH))
    else:
        found = reading.dictionaries(connection.execute(_HEALTH_AT, _counted_at(now)))
    # A view that an older version wrote has no such columns.
    waiting = [row for row in found if row.get("pending")]
    faulty = [row for row in found if row.get("fault") and not row.get("pending")]
    others = [row for row in found if row["enabled"] and not (row.get("pending") or row.get("fault"))]
    failed = {} if now is None else pages.failed(connection, to_iso(now - _COUNTED), to_iso(now))
    return [
        {**_with_pages(row, failed.get(row["source_name"])), "states": _states(row)}
        for row in waiting + faulty + others
    ]


def _with_pages(row: Mapping[str, Any], failed: tuple[int, int, str] | None) -> dict[str, Any]:
    """With how many pages of its reports could not be read in seven days. Where that is most of them, and nothing else
    matters more, that is its problem. `failed`: how many pages were tried, how many failed, and why the last one did.
    """
    tried, count, why = failed or (0, 0, "")
    found = {**row, "pages_failed_7_days": count}
    if row["problem"] is None and count * 2 > tried:
        publisher = str(row["source_name"]).partition("/")[0]
        found["problem"] = f"{count:,} of {tried:,} pages of its reports could not be read in 7 days: {why}"
        found["advice"] = f'where that stays so, pages = "none" in the file of {publisher}'
    return found


def _states(row: Mapping[str, Any]) -> list[HealthState]:
    """All that troubles a source, also what `problem` does not say because something else matters more."""
    is_polled = row["enabled"] and not row.get("paused_by") and not row.get("fault") and row.get("search") is None
    found: dict[HealthState, Any] = {
        "held": row.get("pending") or row.get("redirect") in ("pending", "refused"),
        "faulty": row.get("fault"),
        "paused": row.get("paused_by"),
        "failing": is_polled and row["failures"],
        "silent": is_polled and row.get("silent"),
        "gaps": is_polled and row["gaps_7_days"],
    }
    return [state for state, holds in found.items() if holds]


def counts(connection: Connection, now: datetime) -> list[tuple[Any, ...]]:
    """The rows of `health_counts` at a time."""
    return connection.execute(_COUNTS, _counted_at(now)).fetchall()


def keep(connection: Connection, counted: list[tuple[Any, ...]]) -> None:
    """Stores what `counts` returned. Within a transaction."""
    connection.executemany(
        """
        INSERT INTO health_counts (source_id, counted_at, articles_7_days, gaps_7_days, over_cap, silent)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (source_id) DO UPDATE SET counted_at = excluded.counted_at,
          articles_7_days = excluded.articles_7_days, gaps_7_days = excluded.gaps_7_days, over_cap = excluded.over_cap,
          silent = excluded.silent
        """,
        counted,
    )


def _counted_at(now: datetime) -> dict[str, str]:
    return {"now": to_iso(now), "since": to_iso(now - _COUNTED)}


def forget_over_limit(connection: Connection, now: datetime) -> None:
    """A week after a source last added more than it may, `health` no longer says so."""
    connection.execute(
        "UPDATE sources SET over_limit = 0, over_limit_at = NULL WHERE over_limit_at < ?",
        (to_iso(now - _OVER_LIMIT_SHOWN),),
    )


def last_new(connection: Connection) -> datetime | None:
    """When the wire as a whole last stored something new; None: never."""
    (last,) = connection.execute("SELECT max(last_new) FROM sources").fetchone()
    return from_iso(last) if last else None
