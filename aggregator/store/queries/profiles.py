"""What readers are told of publishers: who they are, the terms in force, and how many reports there are of each day."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from aggregator.model.profile import ClassTerms, PublisherProfile
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries.outgoing import rights_in_force
from aggregator.store.queries.reading import dictionaries, rows

_PROFILES = """
    SELECT publisher, name, place, country, publisher_kind AS kind, publisher_group AS "group", languages, homepage,
      corrections, {permissions} AS permissions, rights, configured
    FROM publishers AS p
    WHERE (configured = 1 OR EXISTS (SELECT 1 FROM articles AS a WHERE a.publisher = p.publisher)) {only}
    ORDER BY publisher
"""


def all_of(connection: StoreConnection) -> list[PublisherProfile]:
    """Those that a file configures, and those of which reports are held, by key."""
    return [_profile(row) for row in rows(connection, _sql(connection, ""))]


def of(connection: StoreConnection, publisher: str) -> PublisherProfile | None:
    """None: there is no such publisher."""
    found = rows(connection, _sql(connection, "AND publisher = ?"), publisher)
    return _profile(found[0]) if found else None


def _sql(connection: Connection, only: str) -> str:
    # A file that an older version made, and that is only read, may have no such column.
    names = {column[0] for column in connection.execute("SELECT * FROM publishers LIMIT 0").description}
    return _PROFILES.format(only=only, permissions="permissions" if "permissions" in names else "NULL")


def _profile(row: dict[str, Any]) -> PublisherProfile:
    is_configured = bool(row.pop("configured"))
    said = {**row, "languages": tuple(json.loads(row["languages"])), "rights": rights_in_force(row["rights"])}
    return PublisherProfile(**said, is_configured=is_configured)


def terms(connection: Connection, publisher: str) -> list[ClassTerms]:
    """What stands beside the reports of each class of which a source of the publisher's brings some, by class."""
    found = connection.execute(
        """
        SELECT class AS item_class, credit, disclaimer, copyright_notice FROM terms
        WHERE publisher = ?1 AND class IN (SELECT class FROM sources WHERE publisher = ?1) ORDER BY class
        """,
        (publisher,),
    )
    return [ClassTerms(**row) for row in dictionaries(found)]


def reports_per_day(connection: Connection, publisher: str, first: date) -> dict[str, int]:
    """How many of a publisher's reports are in the wire, by the day of UTC under which they are listed, from a day on;
    days without any are left out.
    """
    sql = "SELECT day, usable FROM reports_per_day WHERE publisher = ? AND day >= ? AND usable > 0 ORDER BY day"
    return dict(connection.execute(sql, (publisher, first.isoformat())).fetchall())


def reports_since(connection: Connection, first: date) -> dict[str, int]:
    """How many reports of each publisher are in the wire that are listed under this day of UTC or a later one."""
    sql = """
        SELECT p.publisher, sum(d.usable) FROM publishers AS p
        CROSS JOIN reports_per_day AS d ON d.publisher = p.publisher AND d.day >= ?
        GROUP BY p.publisher
    """
    return dict(connection.execute(sql, (first.isoformat(),)).fetchall())
