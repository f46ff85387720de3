"""Agreements that end at a moment: their publishers' terms on both sides of it, and which of them are in force.

What is in force is a stored state, so that whoever reads the file needs no clock. It is set a little before the moment,
and whoever reads by a clock of their own (`as_of`) compares as well: nobody reads too long.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aggregator.store.sqlite import ledger
from aggregator.text.dates import to_iso

# So long before its end an agreement is treated as over. The daemon looks every five seconds, and is late where another
# program keeps the database locked: for half a minute at most.
_BEFORE = timedelta(seconds=45)

_TERMS = (
    "class", "credit", "disclaimer", "text_scope", "licence", "copyright_notice", "complaints_url", "channels",
    "excerpt_max_words",
)  # fmt: skip
# A row stays a row, so that triggers are shown what it said before.
_SET_TERMS = (
    f"INSERT INTO terms (publisher, {', '.join(_TERMS)}) VALUES (?, {', '.join('?' * len(_TERMS))})"  # noqa: S608
    f" ON CONFLICT (publisher, class) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _TERMS)}"
)
_OVER = "SELECT publisher, 1, after FROM agreements WHERE NOT ended AND ends_at <= ?1"
# The second: a clock that ran ahead ended it, and was put right.
_OUT_OF_DATE = f"{_OVER} UNION ALL SELECT publisher, 0, during FROM agreements WHERE ended AND ends_at > ?1"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What the tables say of a publisher's terms at one time."""

    rights: Mapping[str, Any]  # of publishers.rights
    terms: Sequence[Mapping[str, Any]]  # rows of `terms`, by the names of _TERMS


def put_in_force(connection: sqlite3.Connection, publisher: str, in_force: InForce) -> None:
    """Writes terms into the tables that the views read. Within a transaction."""
    _set_rights(connection, publisher, in_force.rights)
    connection.executemany(_SET_TERMS, [(publisher, *(row[name] for name in _TERMS)) for row in in_force.terms])


def _set_rights(connection: sqlite3.Connection, publisher: str, rights: Mapping[str, Any]) -> None:
    said = json.dumps(rights, default=str)  # a date is written as text
    connection.execute("UPDATE publishers SET rights = ? WHERE key = ?", (said, publisher))


def remember(
    connection: sqlite3.Connection,
    publisher: str,
    end: tuple[date, datetime],
    sides: tuple[InForce, InForce],
    ended: bool,
) -> None:
    """Keeps the terms on both sides of the end of an agreement: its last day, and the moment after it. Within a
    transaction.
    """
    last_day, moment = end
    during, after = (json.dumps({"rights": side.rights, "terms": side.terms}, default=str) for side in sides)
    connection.execute(
        """
        INSERT OR REPLACE INTO agreements (publisher, last_day, ends_at, ended, during, after)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (publisher, last_day.isoformat(), to_iso(moment), ended, during, after),
    )


def forget(connection: sqlite3.Connection, publisher: str) -> None:
    """Of a publisher whose rights have no end. Within a transaction."""
    connection.execute("DELETE FROM agreements WHERE publisher = ?", (publisher,))


def are_out_of_date(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether `update` would change anything."""
    return connection.execute(f"{_OUT_OF_DATE} LIMIT 1", (to_iso(now + _BEFORE),)).fetchone() is not None


def update(connection: sqlite3.Connection, now: datetime) -> list[str]:
    """Puts in force the terms that hold at `now`; returns the publishers whose terms changed. Within a transaction."""
    rows = connection.execute(_OUT_OF_DATE, (to_iso(now + _BEFORE),)).fetchall()
    for publisher, ended, kept in rows:
        before = ledger.terms_of(connection, publisher)
        _switch(connection, publisher, ended, kept)
        ledger.terms_changed(connection, publisher, before, to_iso(now))
    return [publisher for publisher, _, _ in rows]


def _switch(connection: sqlite3.Connection, publisher: str, ended: int, kept: str) -> None:
    """Puts in force what was kept of one side of the end of an agreement. An older version may have kept less than all
    columns, of a publisher that is configured no more; the others stay as they are.
    """
    side = json.loads(kept)
    _set_rights(connection, publisher, side["rights"])
    for row in side["terms"]:
        names = [name for name in _TERMS if name in row]
        connection.execute(
            f"UPDATE terms SET {', '.join(f'{name} = ?' for name in names)} WHERE publisher = ? AND class = ?",  # noqa: S608
            (*(row[name] for name in names), publisher, row["class"]),
        )
    connection.execute("UPDATE agreements SET ended = ? WHERE publisher = ?", (ended, publisher))


def are_over(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether an agreement has ended by `now` and nobody has written that down."""
    return connection.execute(f"{_OVER} LIMIT 1", (to_iso(now),)).fetchone() is not None


def end(connection: sqlite3.Connection, now: datetime) -> None:
    """Puts in force the terms after agreements that have ended by `now`, without a line in the ledger: in temporary
    tables (`as_of`).
    """
    for over in connection.execute(_OVER, (to_iso(now),)).fetchall():
        _switch(connection, *over)


def ended(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The configured publishers whose agreements have ended, the latest first: key, name, last_day, and the text scopes
    `during` and `after`.
    """
    return _listed(connection, "g.ended", "g.last_day DESC, p.key")


def ending(connection: sqlite3.Connection, last: date) -> list[dict[str, Any]]:
    """The same of those that end with that day at the latest and have not ended yet, the first to end first."""
    return _listed(connection, "NOT g.ended AND g.last_day <= ?", "g.last_day, p.key", last.isoformat())


def _listed(connection: sqlite3.Connection, condition: str, order: str, *values: str) -> list[dict[str, Any]]:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'agreements'").fetchone():
        return []  # an older version made the database, and nobody has written into it since
    cursor = connection.execute(
        f"""
        SELECT p.key, p.name, g.last_day, json_extract(g.during, '$.rights.text_scope') AS during,
          json_extract(g.after, '$.rights.text_scope') AS after
        FROM agreements AS g JOIN publishers AS p ON p.key = g.publisher
        WHERE {condition} AND p.configured ORDER BY {order}
        """,  # noqa: S608  (constants)
        values,
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
