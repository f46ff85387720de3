"""Finds reports by what people have of them: an id, the beginning of one, or a link."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aggregator.model import NamedReport
from aggregator.store.connection import Connection

# What readers may know of: the reports in the wire, and those that have a notice in their place.
_PUBLIC = """
    (EXISTS (SELECT 1 FROM wire AS w WHERE w.id = a.id) OR EXISTS (SELECT 1 FROM notices AS n WHERE n.id = a.id))
"""
_NAMED = """
    SELECT a.id, a.publisher, p.name, a.url, a.revision, CASE a.notice WHEN 'removed' THEN 1 ELSE 0 END,
      CASE WHEN ?1 = 1 THEN nullif(a.title, '') ELSE (SELECT w.title FROM wire AS w WHERE w.id = a.id) END
    FROM articles AS a JOIN publishers AS p ON p.publisher = a.publisher
"""


def beginning_with(connection: Connection, beginning: str, limit: int, *, desk: bool) -> list[NamedReport]:
    """The first `limit` reports, in the order of their ids, whose ids begin with these letters and digits. Not for the
    desk: only those that readers may know of, without the headline of one that is out of the wire.
    """
    rows = connection.execute(
        f"{_NAMED} WHERE a.id >= ?2 AND a.id < ?2 || '~' {_allowed(desk)} ORDER BY a.id LIMIT ?3",
        (desk, beginning, limit),
    )
    return [_named(row) for row in rows]


def under_keys(connection: Connection, keys: Sequence[str], *, desk: bool) -> list[NamedReport]:
    """The reports of any publisher that these keys lead to, in the order of their ids; for whom as above."""
    rows = connection.execute(
        f"""
        {_NAMED} WHERE a.article_id IN (
          SELECT k.article_id FROM json_each(?2) AS asked
          CROSS JOIN publishers AS o
          CROSS JOIN article_keys AS k ON k.publisher = o.publisher AND k.article_key = asked.value)
        {_allowed(desk)}
        """,  # noqa: S608  (constants)
        (desk, json.dumps(list(keys))),
    )
    return sorted((_named(row) for row in rows), key=lambda report: report.id)


def _allowed(desk: bool) -> str:
    return "" if desk else f"AND {_PUBLIC}"


def _named(row: Sequence[Any]) -> NamedReport:
    report, publisher, name, url, versions, is_purged, title = row
    return NamedReport(
        id=report,
        publisher=publisher,
        publisher_name=name,
        title=title,
        url=url,
        versions=versions,
        is_purged=bool(is_purged),
    )
