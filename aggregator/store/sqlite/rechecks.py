"""Which articles' pages are to be visited again, and what was learnt there: reads and writes those rows.

Articles are queued here long after the poll that brought them, so that polls do not pay for it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from aggregator.model import Finding, Recheck, Validators
from aggregator.text.dates import from_iso, to_iso

BATCH = 2_000
_QUEUED = "rechecks_queued"  # the newest article that was considered

# When an article's page is visited first, by its publisher, its address and first sight; None: never.
First = Callable[[str, str, datetime], datetime | None]


def queue(connection: sqlite3.Connection, oldest: str, first: First) -> int:
    """Queues the next 2,000 articles for visits, and returns how many it looked at. Within a transaction.

    Of all publishers of whom anything may leave, but the wire itself; what stood in an archive is left alone, and
    so is all that was first seen before `oldest`.
    """
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_QUEUED,)).fetchone()
    after = int(row[0]) if row else _last_before(connection, oldest)
    ids = connection.execute("SELECT id FROM articles WHERE id > ? ORDER BY id LIMIT ?", (after, BATCH)).fetchall()
    if not ids:
        return 0
    rows = connection.execute(
        """
        SELECT a.id, a.publisher, a.url, a.first_seen FROM articles AS a
        JOIN publishers AS p ON p.key = a.publisher AND p.configured AND p."group" <> 'own'
        JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none'
        WHERE a.id > ? AND a.id <= ? AND (a.url LIKE 'http://%' OR a.url LIKE 'https://%')
          AND a.status <> 'canceled' AND NOT a.backfill
        """,
        (after, ids[-1][0]),
    ).fetchall()
    visits = [(article, first(publisher, url, from_iso(seen))) for article, publisher, url, seen in rows]
    connection.executemany(
        "INSERT OR IGNORE INTO rechecks (article, step, next_at) VALUES (?, 0, ?)",
        [(article, to_iso(at)) for article, at in visits if at],
    )
    connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (_QUEUED, str(ids[-1][0])))
    return len(ids)


def _last_before(connection: sqlite3.Connection, oldest: str) -> int:
    (found,) = connection.execute("SELECT min(id) FROM articles WHERE first_seen >= ?", (oldest,)).fetchone()
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
    return int(newest) if found is None else int(found) - 1


def drop_idle(connection: sqlite3.Connection, now: str) -> None:
    """Takes off the queue what is due but no longer to be visited: withdrawn already, or no longer in config/."""
    connection.execute(
        """
        UPDATE rechecks SET next_at = NULL
        WHERE next_at <= ? AND NOT EXISTS (
          SELECT 1 FROM articles AS a JOIN publishers AS p ON p.key = a.publisher
          WHERE a.id = rechecks.article AND a.status <> 'canceled' AND p.configured AND a.url IS NOT NULL)
        """,
        (now,),
    )


def drop(connection: sqlite3.Connection, articles: Sequence[int]) -> None:
    """Takes these articles off the queue."""
    connection.executemany("UPDATE rechecks SET next_at = NULL WHERE article = ?", [(each,) for each in articles])


def due(
    connection: sqlite3.Connection, now: str, limit: int, per_publisher: int, publishers: Collection[str]
) -> list[Recheck]:
    """At most `limit` visits whose time has come, longest overdue first, of one publisher at most `per_publisher`; only
    of the `publishers` of these keys.
    """
    rows = connection.execute(
        """
        SELECT article, public_id, publisher, url, first_seen, etag, last_modified, step, missing_since FROM (
          SELECT r.*, a.public_id, a.publisher, a.url, a.first_seen,
            row_number() OVER (PARTITION BY a.publisher ORDER BY r.next_at, r.article) AS place
          FROM rechecks AS r JOIN articles AS a ON a.id = r.article
          WHERE r.next_at <= ? AND a.publisher IN (SELECT value FROM json_each(?)))
        WHERE place <= ? ORDER BY next_at, article LIMIT ?
        """,
        (now, json.dumps(list(publishers)), per_publisher, limit),
    )
    return [
        Recheck(
            article=article,
            public_id=public_id,
            publisher=publisher,
            url=url,
            first_seen=from_iso(first_seen),
            validators=Validators(etag, last_modified),
            step=step,
            missing_since=from_iso(missing_since) if missing_since else None,
        )
        for article, public_id, publisher, url, first_seen, etag, last_modified, step, missing_since in rows
    ]


def waiting(connection: sqlite3.Connection, now: str, publishers: Collection[str]) -> set[str]:
    """Those of these publishers of whom a visit is due."""
    rows = connection.execute(
        """
        SELECT DISTINCT a.publisher FROM rechecks AS r JOIN articles AS a ON a.id = r.article
        WHERE r.next_at <= ? AND a.publisher IN (SELECT value FROM json_each(?))
        """,
        (now, json.dumps(list(publishers))),
    )
    return {publisher for (publisher,) in rows}


def write(connection: sqlite3.Connection, finding: Finding) -> None:
    connection.execute(
        """
        UPDATE rechecks SET step = ?, next_at = ?, etag = ?, last_modified = ?, missing_since = ? WHERE article = ?
        """,
        (
            finding.recheck.step,
            to_iso(finding.next_at) if finding.next_at else None,
            finding.validators.etag,
            finding.validators.last_modified,
            to_iso(finding.missing_since) if finding.missing_since else None,
            finding.recheck.article,
        ),
    )


def postpone(connection: sqlite3.Connection, publisher: str, until: str) -> None:
    """Leaves a publisher's pages in peace for a while."""
    connection.execute(
        """
        UPDATE rechecks SET next_at = ?1 WHERE next_at < ?1
          AND EXISTS (SELECT 1 FROM articles AS a WHERE a.id = rechecks.article AND a.publisher = ?2)
        """,
        (until, publisher),
    )


def pages(
    connection: sqlite3.Connection, publisher: str, since: str, last: int, without: Sequence[int]
) -> tuple[int, int]:
    """How many of the publisher's pages were visited, of its `last` newest since a time and but for these articles,
    and how many of them were not there when they were visited last.
    """
    row = connection.execute(
        """
        SELECT count(*), coalesce(sum(gone), 0) FROM (
          SELECT r.missing_since IS NOT NULL
            OR EXISTS (SELECT 1 FROM acts AS t WHERE t.article = a.id AND t.actor = 'publisher:page') AS gone
          FROM articles AS a JOIN rechecks AS r ON r.article = a.id AND r.step > 0
          WHERE a.publisher = ? AND a.listed_at >= ? AND a.id NOT IN (SELECT value FROM json_each(?))
          ORDER BY a.listed_at DESC LIMIT ?)
        """,
        (publisher, since, json.dumps(list(without)), last),
    ).fetchone()
    return int(row[0]), int(row[1])
