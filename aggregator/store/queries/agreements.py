"""Agreements that end at a moment: their publishers' terms on both sides of it, and which of them are in force.

What is in force is a stored state, so that whoever reads the file needs no clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from aggregator.model import Agreement, InForce
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import ledger, reading
from aggregator.store.queries.rows import not_there
from aggregator.text.dates import to_iso

_TERMS = (
    "class", "credit", "disclaimer", "text_scope", "licence", "copyright_notice", "complaints_url", "channels",
    "excerpt_max_words",
)  # fmt: skip
# A row stays a row, so that triggers are shown what it said before.
_SET_TERMS = (
    f"INSERT INTO terms (publisher, {', '.join(_TERMS)}) VALUES (?, {', '.join('?' * len(_TERMS))})"  # noqa: S608
    f" ON CONFLICT (publisher, class) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _TERMS)}"
)
_OVER = "SELECT publisher, 1, after FROM agreements WHERE ended = 0 AND ends_at <= ?1"
# The second: a clock that ran ahead ended it, and was put right.
_OUT_OF_DATE = f"{_OVER} UNION ALL SELECT publisher, 0, during FROM agreements WHERE ended = 1 AND ends_at > ?1"  # noqa: S608


def put_in_force(connection: Connection, in_force: Mapping[str, InForce]) -> None:
    """Writes terms, by publisher, into the tables that the views read. Within a transaction."""
    rights = [(publisher, _as_text(asdict(each.rights))) for publisher, each in in_force.items()]
    connection.executemany(
        "UPDATE publishers SET rights = ?2 WHERE publisher = ?1",
        not_there(connection, "publishers", ("publisher", "rights"), rights),
    )
    columns = ("publisher", *_TERMS)
    rows = [(publisher, *(row[name] for name in _TERMS)) for publisher, each in in_force.items() for row in _rows(each)]
    connection.executemany(_SET_TERMS, not_there(connection, "terms", columns, rows))


def _rows(in_force: InForce) -> list[dict[str, Any]]:
    """Rows of `terms`, but for the publisher."""
    return [
        {
            "class": item_class,
            "channels": " ".join(terms.channels),
            **{name: getattr(terms, name) for name in _TERMS if name not in ("class", "channels")},
        }
        for item_class, terms in in_force.terms.items()
    ]


def remember(connection: Connection, agreements: Mapping[str, Agreement | None]) -> None:
    """Keeps the terms on both sides of the end of each publisher's agreement; None: its rights have no end. Within a
    transaction.
    """
    connection.execute(
        "DELETE FROM agreements WHERE publisher IN (SELECT value FROM json_each(?))",
        (json.dumps([publisher for publisher, agreement in agreements.items() if agreement is None]),),
    )
    columns = ("publisher", "last_day", "ends_at", "ended", "during", "after")
    rows = [_row(publisher, agreement) for publisher, agreement in agreements.items() if agreement]
    connection.executemany(
        """
        INSERT INTO agreements (publisher, last_day, ends_at, ended, during, after) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (publisher) DO UPDATE SET last_day = excluded.last_day, ends_at = excluded.ends_at,
          ended = excluded.ended, during = excluded.during, after = excluded.after
        """,
        not_there(connection, "agreements", columns, rows),
    )


def _row(publisher: str, agreement: Agreement) -> tuple[str | bool, ...]:
    during, after = (
        _as_text({"rights": asdict(side.rights), "terms": _rows(side)}) for side in (agreement.during, agreement.after)
    )
    return publisher, agreement.last_day.isoformat(), to_iso(agreement.ends_at), agreement.ended, during, after


def _as_text(said: Mapping[str, Any]) -> str:
    return json.dumps(said, default=str)  # a date is written as text


def are_out_of_date(connection: Connection, by: datetime) -> bool:
    """Whether `switch` would change anything."""
    return connection.execute(f"{_OUT_OF_DATE} LIMIT 1", (to_iso(by),)).fetchone() is not None


def switch(connection: Connection, by: datetime, now: datetime, believed: datetime) -> list[str]:
    """Puts in force the terms that hold at `by`; returns the publishers whose terms changed. Within a transaction."""
    rows = connection.execute(_OUT_OF_DATE, (to_iso(by),)).fetchall()
    publishers = [publisher for publisher, _, _ in rows]
    before = ledger.terms_of(connection, publishers)
    for row in rows:
        _switch(connection, *row)
    after = ledger.terms_of(connection, publishers)
    for publisher in publishers:
        ledger.terms_changed(connection, publisher, before[publisher], after[publisher], now, believed)
    return publishers


def _switch(connection: Connection, publisher: str, ended: int, kept: str) -> None:
    """Puts in force what was kept of one side of the end of an agreement. An older version may have kept less than all
    columns, of a publisher that is configured no more; the others stay as they are.
    """
    side = json.loads(kept)
    connection.execute("UPDATE publishers SET rights = ? WHERE publisher = ?", (_as_text(side["rights"]), publisher))
    for row in side["terms"]:
        names = [name for name in _TERMS if name in row]
        connection.execute(
            f"UPDATE terms SET {', '.join(f'{name} = ?' for name in names)} WHERE publisher = ? AND class = ?",  # noqa: S608
            (*(row[name] for name in names), publisher, row["class"]),
        )
    connection.execute("UPDATE agreements SET ended = ? WHERE publisher = ?", (ended, publisher))


def are_over(connection: Connection, now: datetime) -> bool:
    """Whether an agreement has ended by `now` and nobody has written that down."""
    return connection.execute(f"{_OVER} LIMIT 1", (to_iso(now),)).fetchone() is not None


def end(connection: Connection, now: datetime) -> None:
    """Puts in force the terms after agreements that have ended by `now`, without a line in the ledger: in temporary
    tables (`as_of`).
    """
    for over in connection.execute(_OVER, (to_iso(now),)).fetchall():
        _switch(connection, *over)


def ended(connection: StoreConnection) -> list[dict[str, Any]]:
    """The configured publishers whose agreements have ended, the latest first: key, name, last_day, and the text scopes
    `during` and `after`.
    """
    return _listed(connection, "g.ended = 1", "g.last_day DESC, p.publisher")


def ending(connection: StoreConnection, last: date) -> list[dict[str, Any]]:
    """The same of those that end with that day at the latest and have not ended yet, the first to end first."""
    return _listed(connection, "g.ended = 0 AND g.last_day <= ?", "g.last_day, p.publisher", last.isoformat())


def _listed(connection: StoreConnection, condition: str, order: str, *values: str) -> list[dict[str, Any]]:
    if not connection.has_table("agreements"):
        return []  # an older version made the database, and nobody has written into it since
    return reading.rows(
        connection,
        f"""
        SELECT p.publisher, p.name, g.last_day, json_extract(g.during, '$.rights.text_scope') AS during,
          json_extract(g.after, '$.rights.text_scope') AS after
        FROM agreements AS g JOIN publishers AS p ON p.publisher = g.publisher
        WHERE {condition} AND p.configured = 1 ORDER BY {order}
        """,  # noqa: S608  (constants)
        *values,
    )
