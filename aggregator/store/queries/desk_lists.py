"""Lists for the desk, newest first, a page at a time: the ledger, what is held back, and what waits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import reading

_LOOKED_AT = 20_000  # lines of the ledger; of a filter that few of them fit, a page ends there
_END = 2**63 - 1
_BEGINNING = 300  # characters of a text

# A line does not name the act that it is of: it is the last one upon the report at that time and for that reason.
_LINES = """
    SELECT c.seq, c.at, c.change_kind, a.id AS id, p.publisher, p.name AS publisher_name, c.note,
      k.actor, k.reference
    FROM changes AS c
    LEFT JOIN articles AS a ON a.article_id = c.article_id
    LEFT JOIN publishers AS p ON p.publisher = coalesce(a.publisher, c.publisher)
    LEFT JOIN acts AS k ON k.act_id = (
      SELECT max(o.act_id) FROM acts AS o WHERE o.article_id = c.article_id AND o.at = c.at AND o.reason = c.note)
    WHERE {which}
      AND (:kinds = '[]' OR c.change_kind IN (SELECT value FROM json_each(:kinds)))
      AND (CAST(:actor AS TEXT) IS NULL OR k.actor = :actor)
    ORDER BY c.seq DESC LIMIT :most
"""
_OF_ALL = "c.seq < :below AND c.seq >= :below - :looked_at"
_OF_REPORT = "c.article_id = (SELECT article_id FROM articles WHERE id = :report) AND c.seq < :below"


def ledger(
    connection: Connection,
    below: int | None,
    most: int,
    kinds: Sequence[str],
    report: str | None,
    actor: str | None,
) -> tuple[list[dict[str, Any]], int | None]:
    """Lines of the ledger below a number, the newest first: seq, at, change_kind, id (None: it is about a publisher),
    publisher, publisher_name, note, and of what somebody did actor and reference. With the number below which the next
    page begins; None: it is the last.
    """
    newest = connection.execute("SELECT coalesce(max(seq), 0) + 1 FROM changes").fetchone()[0]
    below = min(below or newest, newest)
    values = {"below": below, "looked_at": _LOOKED_AT, "kinds": json.dumps(list(kinds)), "report": report}
    sql = _LINES.format(which=_OF_ALL if report is None else _OF_REPORT)
    lines = reading.dictionaries(connection.execute(sql, {**values, "actor": actor, "most": most + 1}))
    if len(lines) > most:
        return lines[:most], lines[most - 1]["seq"]
    end = below - _LOOKED_AT
    return lines, end if report is None and end > 1 else None


# Titles are those that are held: what stands here is for whoever decides on it.
_HELD = """
    SELECT a.article_id AS number, a.id, p.name AS publisher_name, p.place AS publisher_place, a.title, a.language,
      a.notice, a.embargoed_until, k.at, k.actor, k.reason, k.reference
    FROM articles AS a
    JOIN publishers AS p ON p.publisher = a.publisher
    LEFT JOIN acts AS k ON k.act_id = (
      SELECT max(act_id) FROM acts WHERE article_id = a.article_id AND act <> 'confirm')
    WHERE {which} AND a.article_id < ? ORDER BY a.article_id DESC LIMIT ?
"""


def out_of_wire(connection: StoreConnection, notice: str, below: int | None, most: int) -> list[dict[str, Any]]:
    """Reports in whose place this notice stands: number, id, publisher_name, publisher_place, title, language, notice,
    embargoed_until, and of the last act at, actor, reason, reference.
    """
    return reading.rows(connection, _HELD.format(which="a.notice = ?"), notice, below or _END, most)


def under_embargo(connection: StoreConnection, below: int | None, most: int) -> list[dict[str, Any]]:
    """The same of those that wait for a time."""
    which = "a.article_id IN (SELECT article_id FROM articles WHERE embargoed_until IS NOT NULL)"
    return reading.rows(connection, _HELD.format(which=which), below or _END, most)


def complaints(connection: StoreConnection, report: str | None, below: int | None, most: int) -> list[dict[str, Any]]:
    """Complaints about a report, or about the wire (None), the newest first, below a number: number, complaint_kind,
    text (how it begins), received_at, resolved_at, erased_at.
    """
    sql = """
        SELECT complaint_id AS number, complaint_kind, substr(text, 1, ?) AS text, received_at, resolved_at, erased_at
        FROM complaints
        WHERE article_id IS NOT DISTINCT FROM (SELECT article_id FROM articles WHERE id = ?) AND complaint_id < ?
        ORDER BY complaint_id DESC LIMIT ?
    """
    return reading.rows(connection, sql, _BEGINNING, report, below or _END, most)


def counts(connection: Connection) -> dict[str, int]:
    """How many reports are out of the wire by each notice, and `embargo`: how many wait for a time."""
    found = dict(
        connection.execute("SELECT notice, count(*) FROM articles WHERE notice IS NOT NULL GROUP BY notice").fetchall()
    )
    sql = "SELECT count(*) FROM articles WHERE embargoed_until IS NOT NULL"
    return {**found, "embargo": connection.execute(sql).fetchone()[0]}


def pending(connection: StoreConnection) -> list[dict[str, Any]]:
    """What waits for a person, counted: source_name, publisher_name, mass_kind, number, since (the oldest)."""
    sql = """
        SELECT s.publisher || '/' || s.source_key AS source_name, p.name AS publisher_name, c.mass_kind,
          count(*) AS number, min(c.since) AS since
        FROM pending_changes AS c
        JOIN sources AS s ON s.source_id = c.source_id
        JOIN publishers AS p ON p.publisher = s.publisher
        WHERE c.reason = 'mass' AND c.refused_at IS NULL
        GROUP BY s.source_id, p.publisher, c.mass_kind ORDER BY since, source_name, c.mass_kind
    """
    return reading.rows(connection, sql)
