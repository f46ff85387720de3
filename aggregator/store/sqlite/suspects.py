"""Stored decisions about identity that a person may want to look at again, with the raw words that they were made of.

Reads only. `merged` costs by the merges, `overwritten` by the reports with several versions, and `doubled` reads the
rows of all articles once and sorts their addresses: nothing in the database holds an address in order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

_MOST_DOUBLES = 12  # articles at one address; beyond, it is the address of a page and not of a report


def merged(connection: sqlite3.Connection, since: str) -> Iterator[dict[str, Any]]:
    """The merges in force since a time that changed words: id, article (its public id), and the raw words `before` and
    `after`.
    """
    yield from _rows(
        connection,
        """
        SELECT m.id, a.public_id AS article, raw_words(b.raw, b.dictionary) AS before,
          raw_words(f.raw, f.dictionary) AS after
        FROM merges AS m
        JOIN articles AS a ON a.id = m.article AND a.status = 'usable'
        JOIN revisions AS b ON b.article = m.article AND b.number = m.revision
        JOIN revisions AS f ON f.article = m.article AND f.number = (
          SELECT min(n.number) FROM revisions AS n
          WHERE n.article = m.article AND n.number > m.revision AND n.source = m.source)
        WHERE m.undone_at IS NULL AND m.at >= ? ORDER BY m.id
        """,
        since,
    )


def overwritten(connection: sqlite3.Connection, since: str) -> Iterator[dict[str, Any]]:
    """Versions that came since a time with another headline or text, address and date, newest first: article (its
    public id), number, before and after (raw words). Those that were split off already are not among them.
    """
    yield from _rows(
        connection,
        """
        SELECT a.public_id AS article, r.number, raw_words(b.raw, b.dictionary) AS before,
          raw_words(r.raw, r.dictionary) AS after
        FROM articles AS a
        JOIN revisions AS r ON r.article = a.id AND r.number > 1
        JOIN revisions AS b ON b.article = a.id AND b.number = r.number - 1
        WHERE a.revision > 1 AND a.status = 'usable' AND r.seen_at >= ?
          AND r.changed LIKE '%"url"%' AND r.changed LIKE '%"dates"%'
          AND NOT EXISTS (
            SELECT 1 FROM merges AS m WHERE m.article = a.id
              AND (m.revision = r.number - 1 OR m.matched_by = 'id' AND m.revision < r.number))
        ORDER BY a.id, r.number DESC
        """,
        since,
    )


def doubled(connection: sqlite3.Connection, since: str) -> Iterator[list[dict[str, Any]]]:
    """Reports in the wire at one address of one publisher, of which at least one was first seen since a time, in the
    order of first sight: number, article (its public id), first_seen, said (raw words).
    """
    shared = connection.execute(
        """
        SELECT json_group_array(id) FROM articles WHERE url IS NOT NULL AND status = 'usable'
        GROUP BY publisher, url HAVING count(*) BETWEEN 2 AND ? AND max(first_seen) >= ?
        """,
        (_MOST_DOUBLES, since),
    )
    for (numbers,) in shared:
        yield list(
            _rows(
                connection,
                """
                SELECT a.publisher, a.id AS number, a.public_id AS article, a.first_seen,
                  raw_words(r.raw, r.dictionary) AS said
                FROM json_each(?) AS asked
                CROSS JOIN articles AS a ON a.id = asked.value
                CROSS JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
                ORDER BY a.id
                """,
                numbers,
            )
        )


def followed(connection: sqlite3.Connection, publisher: str, key: str) -> int | None:
    """The article that what comes under a key is taken for; None: nobody has it."""
    row = connection.execute(
        "SELECT article FROM article_keys WHERE publisher = ? AND key = ?", (publisher, key)
    ).fetchone()
    return row[0] if row else None


def named(connection: sqlite3.Connection, public_id: str) -> tuple[str, str | None]:
    """The name of a report's publisher, and its headline; None while it is out of the wire."""
    row = connection.execute(
        """
        SELECT p.name, (SELECT w.title FROM wire AS w WHERE w.article = a.id)
        FROM articles AS a JOIN publishers AS p ON p.key = a.publisher WHERE a.public_id = ?
        """,
        (public_id,),
    ).fetchone()
    return row[0], row[1]


def _rows(connection: sqlite3.Connection, sql: str, *parameters: Any) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)
