"""Who took which report, and which publisher is owed an e-mail about it."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from aggregator.model.taken import Taken, TakenLetter, TakenRow
from aggregator.store.connection import Connection
from aggregator.store.queries.reading import dictionaries
from aggregator.store.queries.views import is_migrated
from aggregator.text.dates import from_iso, to_iso

# Between two e-mails to one publisher; and between attempts at one that fails, the last pause for all that follow.
_APART = timedelta(days=1)
_PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))
_MOST_IN_LETTER = 500  # reports of one e-mail
_TELL_WITHIN = timedelta(days=30)  # what was taken longer ago is not told any more: the file asks for it only now
_ROW = """
    SELECT t.taken_id AS number, a.id AS report, t.revision,
      CASE WHEN a.status = 'usable' THEN a.title ELSE '' END AS title,
      CASE WHEN a.status = 'usable' THEN a.url END AS url, a.publisher, p.name AS publisher_name, t.format, t.medium,
      t.contact, t.published_in, t.at, t.told_at, a.status
"""


def add(connection: Connection, taken: Taken, at: str) -> bool:
    """False: there is no such report. Within a transaction."""
    done = connection.execute(
        """
        INSERT INTO taken (taken_key, article_id, revision, format, medium, contact, published_in, at)
        SELECT ?, article_id, CAST(? AS INTEGER), ?, ?, ?, ?, ? FROM articles WHERE id = ?
        """,
        (taken.key, taken.revision, taken.format, taken.medium, taken.contact, taken.published_in, at, taken.report),
    )
    return done.rowcount > 0


def by_key(connection: Connection, report: str, key: str) -> Taken | None:
    """None: nobody took this report under this key, or it is so long ago that it is known no more."""
    if not is_migrated(connection):
        return None
    row = connection.execute(
        """
        SELECT t.taken_key, a.id, t.revision, t.format, t.medium, t.contact, t.published_in
        FROM taken AS t JOIN articles AS a ON a.article_id = t.article_id WHERE t.taken_key = ? AND a.id = ?
        """,
        (key, report),
    ).fetchone()
    if row is None:
        return None
    names = ("key", "report", "revision", "format", "medium", "contact", "published_in")
    return Taken(**dict(zip(names, row, strict=True)))


def since(connection: Connection, publisher: str | None, first: datetime) -> list[TakenRow]:
    """What was taken of a publisher, or of all, since a time; the newest first. None of a file that an older version
    made, and that is only read.
    """
    if not is_migrated(connection):
        return []
    sql = f"""
        {_ROW} FROM taken AS t CROSS JOIN articles AS a ON a.article_id = t.article_id
        JOIN publishers AS p ON p.publisher = a.publisher
        WHERE t.at >= ?1 AND (?2 IS NULL OR a.publisher = ?2) ORDER BY t.at DESC, t.taken_id DESC
    """
    return [_row(each) for each in dictionaries(connection.execute(sql, (to_iso(first), publisher)))]


def of_report(connection: Connection, report: str) -> list[TakenRow]:
    """Who took one report, in any version; the newest first."""
    if not is_migrated(connection):
        return []
    sql = f"""
        {_ROW} FROM articles AS a CROSS JOIN taken AS t ON t.article_id = a.article_id
        JOIN publishers AS p ON p.publisher = a.publisher
        WHERE a.id = ? ORDER BY t.taken_id DESC
    """
    return [_row(each) for each in dictionaries(connection.execute(sql, (report,)))]


def forget(connection: Connection, before: datetime) -> None:
    """Within a transaction."""
    connection.execute("DELETE FROM taken WHERE at < ?", (to_iso(before),))


def has_old(connection: Connection, before: datetime) -> bool:
    """Whether `forget` would delete something."""
    return connection.execute("SELECT 1 FROM taken WHERE at < ? LIMIT 1", (to_iso(before),)).fetchone() is not None


def next_letter(connection: Connection, publishers: Collection[str], now: datetime) -> TakenLetter | None:
    """The e-mail that one of these publishers is owed now; None: none is."""
    keys, first = json.dumps(sorted(publishers)), to_iso(now - _TELL_WITHIN)
    owed = connection.execute(
        """
        SELECT DISTINCT a.publisher, l.attempted_at, coalesce(l.attempts, 0)
        FROM taken AS t CROSS JOIN articles AS a ON a.article_id = t.article_id
        LEFT JOIN taken_letters AS l ON l.publisher = a.publisher
        WHERE t.at >= ?2 AND t.told_at IS NULL AND a.publisher IN (SELECT value FROM json_each(?1))
        ORDER BY a.publisher
        """,
        (keys, first),
    ).fetchall()
    for publisher, attempted_at, attempts in owed:
        if attempted_at is None or _is_over(from_iso(attempted_at), attempts, now):
            return _letter(connection, publisher, first, attempts)
    return None


def _is_over(attempted: datetime, attempts: int, now: datetime) -> bool:
    """Whether the next one may be sent. A clock that was set back keeps nobody waiting."""
    pause = _PAUSES[min(attempts, len(_PAUSES)) - 1] if attempts else _APART
    return not attempted <= now < attempted + pause


def _letter(connection: Connection, publisher: str, first: str, attempts: int) -> TakenLetter:
    sql = f"""
        {_ROW} FROM taken AS t CROSS JOIN articles AS a ON a.article_id = t.article_id
        JOIN publishers AS p ON p.publisher = a.publisher
        WHERE t.at >= ?1 AND t.told_at IS NULL AND a.publisher = ?2 ORDER BY t.at, t.taken_id LIMIT ?3
    """
    rows = [_row(each) for each in dictionaries(connection.execute(sql, (first, publisher, _MOST_IN_LETTER)))]
    return TakenLetter(publisher=publisher, publisher_name=rows[0].publisher_name, rows=tuple(rows), attempts=attempts)


def note_attempt(connection: Connection, publisher: str, now: datetime) -> bool:
    """That an e-mail is about to be sent; False: another program has begun it meanwhile. Within a transaction."""
    row = connection.execute(
        "SELECT attempted_at, attempts FROM taken_letters WHERE publisher = ?", (publisher,)
    ).fetchone()
    if row is not None and not _is_over(from_iso(row[0]), row[1], now):
        return False
    connection.execute(
        """
        INSERT INTO taken_letters (publisher, attempted_at, attempts) VALUES (?1, ?2, 1)
        ON CONFLICT (publisher) DO UPDATE SET attempted_at = ?2, attempts = taken_letters.attempts + 1, error = NULL
        """,
        (publisher, to_iso(now)),
    )
    return True


def note_failure(connection: Connection, publisher: str, error: str) -> None:
    """Within a transaction."""
    connection.execute("UPDATE taken_letters SET error = ? WHERE publisher = ?", (error, publisher))


def note_sent(connection: Connection, letter: TakenLetter, now: datetime) -> None:
    """Within a transaction."""
    at = to_iso(now)
    connection.execute(
        "UPDATE taken_letters SET attempted_at = ?, attempts = 0, error = NULL WHERE publisher = ?",
        (at, letter.publisher),
    )
    connection.executemany(
        "UPDATE taken SET told_at = ? WHERE taken_id = ?", [(at, each.number) for each in letter.rows]
    )


def _row(row: dict[str, Any]) -> TakenRow:
    told_at = row["told_at"]
    return TakenRow(**{**row, "at": from_iso(row["at"]), "told_at": from_iso(told_at) if told_at else None})
