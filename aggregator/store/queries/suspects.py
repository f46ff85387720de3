"""Stored decisions about identity that a person may want to look at again, with the raw words that they were made of.

Reads only. `merged` costs by the merges, `overwritten` by the reports with several versions, and `doubled` reads the
rows of all articles once and sorts their addresses: nothing in the database holds an address in order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from aggregator.model import AtAddress, Compared
from aggregator.store.connection import Connection
from aggregator.text.dates import from_iso

_MOST_DOUBLES = 12  # articles at one address; beyond, it is the address of a page and not of a report

_MERGED = """
    SELECT a.id, m.merge_id, raw_words(b.raw, b.dictionary_id), raw_words(f.raw, f.dictionary_id)
    FROM merges AS m
    CROSS JOIN articles AS a ON a.article_id = m.article_id AND a.status = 'usable'
    CROSS JOIN revisions AS b ON b.article_id = m.article_id AND b.number = m.revision
    CROSS JOIN revisions AS f ON f.article_id = m.article_id AND f.number = (
      SELECT min(n.number) FROM revisions AS n
      WHERE n.article_id = m.article_id AND n.number > m.revision AND n.source_id = m.source_id)
    WHERE m.undone_at IS NULL AND m.at >= ? AND m.joined_article_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM acts AS k
        WHERE k.article_id = m.article_id AND k.act = 'confirm' AND k.at >= m.at)
    ORDER BY m.merge_id
"""
_OVERWRITTEN = """
    SELECT a.id, r.number, raw_words(b.raw, b.dictionary_id), raw_words(r.raw, r.dictionary_id)
    FROM articles AS a
    JOIN revisions AS r ON r.article_id = a.article_id AND r.number > 1
    JOIN revisions AS b ON b.article_id = a.article_id AND b.number = r.number - 1
    WHERE a.revision > 1 AND a.status = 'usable' AND r.seen_at >= ?
      AND r.changed LIKE '%"url"%' AND r.changed LIKE '%"dates"%'
      AND NOT EXISTS (
        SELECT 1 FROM merges AS m WHERE m.article_id = a.article_id
          AND (m.revision = r.number - 1 OR m.matched_by = 'id' AND m.revision < r.number))
      AND NOT EXISTS (SELECT 1 FROM acts AS k
        WHERE k.article_id = r.article_id AND k.act = 'confirm' AND k.at >= r.seen_at)
    ORDER BY a.article_id, r.number DESC
"""


def merged(connection: Connection, since: str) -> list[Compared]:
    """The merges in force since a time that changed words."""
    return _compared(connection, _MERGED, since)


def overwritten(connection: Connection, since: str) -> list[Compared]:
    """Versions that came since a time with another headline or text, address and date, the newest of a report first.
    Those that were split off already are not among them.
    """
    return _compared(connection, _OVERWRITTEN, since)


def _compared(connection: Connection, sql: str, since: str) -> list[Compared]:
    return [
        Compared(id=report, number=number, before=_raw(before), after=_raw(after))
        for report, number, before, after in connection.execute(sql, (since,))
    ]


def _raw(words: str) -> bytes:
    return words.encode("utf-8", "surrogatepass")


def doubled(connection: Connection, since: str) -> list[tuple[AtAddress, ...]]:
    """Reports in the wire at one address of one publisher, of which at least one was first seen since a time, in the
    order of first sight.
    """
    shared = connection.execute(
        """
        SELECT json_group_array(CAST(article_id AS TEXT)) FROM articles WHERE url IS NOT NULL AND status = 'usable'
        GROUP BY publisher, url HAVING count(*) BETWEEN 2 AND ? AND max(first_seen) >= ?
        """,
        (_MOST_DOUBLES, since),
    )
    return [_at_address(connection, numbers) for (numbers,) in shared.fetchall()]


def _at_address(connection: Connection, numbers: str) -> tuple[AtAddress, ...]:
    rows = connection.execute(
        """
        SELECT a.id, a.article_id, a.publisher, a.first_seen, raw_words(r.raw, r.dictionary_id)
        FROM json_each(?) AS asked
        CROSS JOIN articles AS a ON a.article_id = CAST(asked.value AS INTEGER)
        CROSS JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        ORDER BY a.article_id
        """,
        (numbers,),
    )
    return tuple(
        AtAddress(id=report, article_id=article_id, publisher=publisher, first_seen=from_iso(seen), raw=_raw(said))
        for report, article_id, publisher, seen, said in rows
    )


def named(connection: Connection, reports: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """The names of reports' publishers, and their headlines; None while a report is out of the wire."""
    rows = connection.execute(
        """
        SELECT a.id, p.name, (SELECT w.title FROM wire AS w WHERE w.article_id = a.article_id)
        FROM json_each(?) AS named
        CROSS JOIN articles AS a ON a.id = named.value
        JOIN publishers AS p ON p.publisher = a.publisher
        """,
        (json.dumps(list(reports)),),
    )
    return {report: (publisher, title) for report, publisher, title in rows}
