"""Which articles' pages are to be visited again, and what was learnt there: reads and writes those rows.

Articles are queued here long after the poll that brought them, so that polls do not pay for it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from aggregator.model import Finding, NewPage, NewPages, Recheck, Validators
from aggregator.store.connection import Connection
from aggregator.store.queries import settings
from aggregator.text.dates import from_iso, to_iso

BATCH = 2_000
_QUEUED = "rechecks_queued"  # the newest article that was considered


def new_pages(connection: Connection, oldest: str) -> NewPages | None:
    """The pages of the next 2,000 articles of which it has yet to be said when they are visited; None: of all it has.

    Of all publishers of whom anything may leave, but the wire itself; what stood in an archive is left alone, and
    so is all that was first seen before `oldest`.
    """
    queued = settings.read(connection, _QUEUED)
    after = int(queued) if queued else _last_before(connection, oldest)
    ids = connection.execute(
        "SELECT article_id FROM articles WHERE article_id > ? ORDER BY article_id LIMIT ?", (after, BATCH)
    ).fetchall()
    if not ids:
        return None
    rows = connection.execute(
        """
        SELECT a.article_id, a.publisher, a.url, a.first_seen, s.publisher || '/' || s.source_key FROM articles AS a
        JOIN sources AS s ON s.source_id = a.source_id
        JOIN publishers AS p ON p.publisher = a.publisher AND p.configured = 1 AND p.publisher_group <> 'own'
        JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none'
        WHERE a.article_id > ? AND a.article_id <= ? AND (a.url LIKE 'http://%' OR a.url LIKE 'https://%')
          AND a.status <> 'canceled' AND a.backfill = 0
        """,
        (after, ids[-1][0]),
    ).fetchall()
    pages = [
        NewPage(article_id=article_id, publisher=publisher, url=url, first_seen=from_iso(seen), source_name=source)
        for article_id, publisher, url, seen, source in rows
    ]
    return NewPages(up_to=ids[-1][0], pages=tuple(pages))


def queue(connection: Connection, up_to: int, visits: Mapping[int, datetime]) -> None:
    """Queues first visits, by article; of all articles up to this one it has been said. Within a transaction."""
    connection.executemany(
        "INSERT INTO rechecks (article_id, visits, next_at) VALUES (?, 0, ?) ON CONFLICT DO NOTHING",
        [(article_id, to_iso(at)) for article_id, at in visits.items()],
    )
    settings.write(connection, _QUEUED, str(up_to))


def _last_before(connection: Connection, oldest: str) -> int:
    (found,) = connection.execute("SELECT min(article_id) FROM articles WHERE first_seen >= ?", (oldest,)).fetchone()
    (newest,) = connection.execute("SELECT coalesce(max(article_id), 0) FROM articles").fetchone()
    return int(newest) if found is None else int(found) - 1


def drop_idle(connection: Connection, now: str) -> None:
    """Takes off the queue what is due but no longer to be visited: withdrawn already, or no longer in config/."""
    connection.execute(
        """
        UPDATE rechecks SET next_at = NULL
        WHERE next_at <= ? AND NOT EXISTS (
          SELECT 1 FROM articles AS a JOIN publishers AS p ON p.publisher = a.publisher
          WHERE a.article_id = rechecks.article_id AND a.status <> 'canceled' AND p.configured = 1
            AND a.url IS NOT NULL)
        """,
        (now,),
    )


def drop(connection: Connection, articles: Sequence[int]) -> None:
    """Takes these articles off the queue."""
    connection.executemany("UPDATE rechecks SET next_at = NULL WHERE article_id = ?", [(each,) for each in articles])


def due(connection: Connection, now: str, limit: int, per_publisher: int, publishers: Collection[str]) -> list[Recheck]:
    """At most `limit` visits whose time has come, longest overdue first, of one publisher at most `per_publisher`; only
    of the `publishers` of these keys.
    """
    rows = connection.execute(
        """
        SELECT article_id, id, publisher, url, first_seen, etag, last_modified, visits, missing_since,
          (SELECT s.publisher || '/' || s.source_key FROM sources AS s WHERE s.source_id = found.source_id),
          (SELECT g.read_as FROM pages AS g WHERE g.article_id = found.article_id)
        FROM (
          SELECT r.*, a.id, a.publisher, a.url, a.first_seen, a.source_id,
            row_number() OVER (PARTITION BY a.publisher ORDER BY r.next_at, r.article_id) AS place
          FROM rechecks AS r JOIN articles AS a ON a.article_id = r.article_id
          WHERE r.next_at <= ? AND a.publisher IN (SELECT value FROM json_each(?))) AS found
        WHERE place <= ? ORDER BY next_at, article_id LIMIT ?
        """,
        (now, json.dumps(list(publishers)), per_publisher, limit),
    )
    return [
        Recheck(
            article_id=article_id,
            id=public_id,
            publisher=publisher,
            url=url,
            first_seen=from_iso(first_seen),
            validators=Validators(etag, last_modified),
            visits=step,
            missing_since=from_iso(missing_since) if missing_since else None,
            source_name=source,
            read_as=read_as,
        )
        for (
            article_id,
            public_id,
            publisher,
            url,
            first_seen,
            etag,
            last_modified,
            step,
            missing_since,
            source,
            read_as,
        ) in rows
    ]


def waiting(connection: Connection, now: str, publishers: Collection[str]) -> set[str]:
    """Those of these publishers of whom a visit is due."""
    rows = connection.execute(
        """
        SELECT DISTINCT a.publisher FROM rechecks AS r JOIN articles AS a ON a.article_id = r.article_id
        WHERE r.next_at <= ? AND a.publisher IN (SELECT value FROM json_each(?))
        """,
        (now, json.dumps(list(publishers))),
    )
    return {publisher for (publisher,) in rows}


def write(connection: Connection, finding: Finding) -> None:
    connection.execute(
        """
        UPDATE rechecks SET visits = ?, next_at = ?, etag = ?, last_modified = ?, missing_since = ? WHERE article_id = ?
        """,
        (
            finding.recheck.visits,
            to_iso(finding.next_at) if finding.next_at else None,
            finding.validators.etag,
            finding.validators.last_modified,
            to_iso(finding.missing_since) if finding.missing_since else None,
            finding.recheck.article_id,
        ),
    )


def postpone(connection: Connection, publisher: str, until: str) -> None:
    """Leaves a publisher's pages in peace for a while."""
    connection.execute(
        """
        UPDATE rechecks SET next_at = ?1 WHERE next_at < ?1
          AND EXISTS (SELECT 1 FROM articles AS a WHERE a.article_id = rechecks.article_id AND a.publisher = ?2)
        """,
        (until, publisher),
    )


def pages(connection: Connection, publisher: str, since: str, last: int, without: Sequence[int]) -> tuple[int, int]:
    """How many of the publisher's pages were visited, of its `last` newest since a time and but for these articles,
    and how many of them were not there when they were visited last.
    """
    row = connection.execute(
        """
        SELECT count(*), coalesce(sum(gone), 0) FROM (
          SELECT r.missing_since IS NOT NULL
            OR EXISTS (SELECT 1 FROM acts AS t WHERE t.article_id = a.article_id AND t.actor = 'publisher:page') AS gone
          FROM articles AS a JOIN rechecks AS r ON r.article_id = a.article_id AND r.visits > 0
          WHERE a.publisher = ? AND a.sort_time >= ?
            AND a.article_id NOT IN (SELECT CAST(value AS INTEGER) FROM json_each(?))
          ORDER BY a.sort_time DESC LIMIT ?) AS newest
        """,
        (publisher, since, json.dumps(list(without)), last),
    ).fetchone()
    return int(row[0]), int(row[1])
