"""What people complain of: `complaints`, for the desk alone. What is decided because of one stands in `acts`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import Complaint, DeskDecision
from aggregator.model.complaints import Filing, FilingCounts, Followed, Matter
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import acts, letters, reading, views
from aggregator.text.dates import from_iso, to_iso

# Of which the desk is to be told, and was not. `c` is a row of `complaints`.
_UNTOLD = "(c.came_by = 'form' AND c.letter_id IS NULL AND c.resolved_at IS NULL AND c.erased_at IS NULL)"
_HAS_WORDS = "coalesce(text, complainant, email, resolution, answer) IS NOT NULL"


def complain(connection: Connection, complaint: Complaint, decision: DeskDecision, at: str) -> int | None:
    """Records a complaint about the report of a decision, which is carried out; returns its number. None: the report is
    in another state than the decision was made for, and nothing is written. Within a transaction.
    """
    found = acts.article_in(connection, decision.before)
    if found is None:
        return None
    number = _record(connection, found[0], complaint, at)
    acts.write(connection, decision, at, number)
    return number


def complain_about_wire(connection: Connection, complaint: Complaint, at: str) -> int:
    """Records a complaint about the wire as a whole; returns its number. Within a transaction."""
    return _record(connection, None, complaint, at)


def file(connection: Connection, filing: Filing, decision: DeskDecision | None, at: str) -> int | None:
    """Records a complaint that came by the form, with the letter that says so; returns its number, or that of the one
    that has this reference already. `decision`: what is carried out at once; None: nothing. None: the report is not
    here, or in another state than the decision was made for, and nothing is written. Within a transaction.
    """
    if row := _by_reference(connection, filing.reference_hash):
        return int(row[0])
    article_id = None
    if filing.report is not None:
        found = connection.execute("SELECT article_id FROM articles WHERE id = ?", (filing.report,)).fetchone()
        if found is None or (decision and acts.article_in(connection, decision.before) is None):
            return None
        (article_id,) = found
    number = _record(connection, article_id, filing.complaint, at)
    connection.execute(
        "UPDATE complaints SET came_by = 'form', reference_hash = ?, email = ? WHERE complaint_id = ?",
        (filing.reference_hash, filing.email, number),
    )
    if decision:
        acts.write(connection, decision, at, number)
    if filing.receipt:
        letters.add(connection, filing.receipt, number, at)
    return number


def _record(connection: Connection, article_id: int | None, complaint: Complaint, at: str) -> int:
    (number,) = connection.execute(
        "INSERT INTO complaints (article_id, complaint_kind, text, complainant, received_at) VALUES (?, ?, ?, ?, ?)"
        " RETURNING complaint_id",
        (article_id, complaint.kind, complaint.text, complaint.complainant, at),
    ).fetchone()
    return int(number)


def filing_counts(connection: Connection, report: str | None, email: str | None, now: datetime) -> FilingCounts:
    """What came by the form of late, and about the same report, or about the wire; and letters to the same address."""
    hour, day = to_iso(now - timedelta(hours=1)), to_iso(now - timedelta(days=1))
    last_hour, of_report = connection.execute(
        """
        SELECT count(*), count(*) FILTER (
          WHERE article_id IS NOT DISTINCT FROM (SELECT article_id FROM articles WHERE id = ?1))
        FROM complaints WHERE came_by = 'form' AND received_at > ?2
        """,
        (report, hour),
    ).fetchone()
    (still_open,) = connection.execute("SELECT count(*) FROM complaints WHERE resolved_at IS NULL").fetchone()
    (done_at_once,) = connection.execute(
        """
        SELECT count(*) FROM complaints AS c WHERE came_by = 'form' AND received_at > ?
          AND EXISTS (SELECT 1 FROM acts WHERE complaint_id = c.complaint_id AND actor = 'wire')
        """,
        (hour,),
    ).fetchone()
    (letters_to,) = connection.execute(
        "SELECT count(*) FROM complaints WHERE came_by = 'form' AND received_at > ? AND lower(email) = ?",
        (day, (email or "").lower()),
    ).fetchone()
    return FilingCounts(
        last_hour=last_hour, of_report=of_report, open=still_open, done_at_once=done_at_once, letters_to=letters_to
    )


def complaints(
    connection: StoreConnection, resolved_too: bool, number: int | None = None, report: str | None = None
) -> list[dict[str, Any]]:
    """The open complaints, or all; of this number, about this report: number, id and publisher_name of the report
    (None: it is about the wire as a whole), complaint_kind, text, complainant, received_at, resolved_at, resolution,
    erased_at (not None: the words are gone), the acts that came of each, came_by (desk or form), email, and answer,
    which whoever has its reference reads.
    """
    if views.is_migrated(connection):
        more = "c.erased_at, c.came_by, c.email, c.answer"
    else:
        more = "NULL AS erased_at, 'desk' AS came_by, NULL AS email, NULL AS answer"
    conditions = ["TRUE" if resolved_too else "c.resolved_at IS NULL"]
    values: list[object] = []
    if number is not None:
        conditions.append("c.complaint_id = ?")
        values.append(number)
    if report is not None:
        conditions.append("a.id = ?")
        values.append(report)
    return reading.rows(
        connection,
        f"""
        SELECT c.complaint_id AS number, a.id AS id, p.name AS publisher_name, c.complaint_kind, c.text, c.complainant,
          c.received_at, c.resolved_at, c.resolution, {more},
          (SELECT group_concat(k.act, ' ') FROM (
            SELECT act FROM acts WHERE complaint_id = c.complaint_id ORDER BY act_id) AS k) AS acts
        FROM complaints AS c
        LEFT JOIN articles AS a ON a.article_id = c.article_id
        LEFT JOIN publishers AS p ON p.publisher = a.publisher
        WHERE {" AND ".join(conditions)} ORDER BY c.complaint_id
        """,  # noqa: S608  (constants)
        *values,
    )


def matters(connection: Connection) -> list[Matter]:
    """The open complaints by the report that they are about, those about the wire as one; the newest first."""
    rows = connection.execute(
        f"""
        SELECT a.id, p.name, sum(of_kind.number), json_group_object(of_kind.complaint_kind, of_kind.number),
          min(of_kind.first), min(of_kind.oldest), max(of_kind.newest), sum(of_kind.untold), max(of_kind.told_at)
        FROM (
          SELECT c.article_id, c.complaint_kind, count(*) AS number, min(c.complaint_id) AS first,
            min(c.received_at) AS oldest, max(c.received_at) AS newest,
            sum({_UNTOLD}) AS untold, max(l.made_at) AS told_at
          FROM complaints AS c LEFT JOIN letters AS l ON l.letter_id = c.letter_id
          WHERE c.resolved_at IS NULL GROUP BY c.article_id, c.complaint_kind
        ) AS of_kind
        LEFT JOIN articles AS a ON a.article_id = of_kind.article_id
        LEFT JOIN publishers AS p ON p.publisher = a.publisher
        GROUP BY of_kind.article_id, a.id, p.name ORDER BY max(of_kind.newest) DESC, min(of_kind.first) DESC
        """  # noqa: S608  (a constant)
    )
    return [
        Matter(
            report=report,
            publisher_name=publisher_name,
            count=count,
            kinds=dict(sorted(json.loads(kinds).items(), key=lambda kind: (-kind[1], kind[0]))),
            first=first,
            oldest=from_iso(oldest),
            newest=from_iso(newest),
            untold=untold,
            told_at=from_iso(told_at) if told_at else None,
        )
        for report, publisher_name, count, kinds, first, oldest, newest, untold, told_at in rows
    ]


def letters_are_due(connection: Connection) -> bool:
    """Whether there is a complaint of which the desk was not told, or one that was resolved, and whoever wrote it was
    not told.
    """
    (found,) = connection.execute(
        f"""
        SELECT EXISTS (SELECT 1 FROM complaints AS c WHERE {_UNTOLD})
          OR EXISTS (SELECT 1 FROM complaints WHERE email IS NOT NULL AND told_at IS NULL AND resolved_at IS NOT NULL)
        """  # noqa: S608  (a constant)
    ).fetchone()
    return bool(found)


def untold(connection: Connection, report: str | None) -> list[int]:
    """The open complaints that came by the form, about a report or about the wire, of which the desk was not told."""
    rows = connection.execute(
        f"""
        SELECT complaint_id FROM complaints AS c
        WHERE {_UNTOLD} AND article_id IS NOT DISTINCT FROM (SELECT article_id FROM articles WHERE id = ?)
        ORDER BY complaint_id
        """,  # noqa: S608  (a constant)
        (report,),
    )
    return [number for (number,) in rows]


def to_tell(connection: Connection) -> list[tuple[int, str, str | None]]:
    """Of complaints that were resolved, and whoever wrote them was not told: number, e-mail address and answer."""
    rows = connection.execute(
        """
        SELECT complaint_id, email, answer FROM complaints
        WHERE email IS NOT NULL AND told_at IS NULL AND resolved_at IS NOT NULL ORDER BY complaint_id
        """
    )
    return [(number, email, answer) for number, email, answer in rows]


def followed(connection: Connection, reference_hash: str) -> Followed | None:
    """What whoever has a reference learns of its complaint; None: there is none of this reference."""
    row = _by_reference(connection, reference_hash)
    if row is None:
        return None
    _, kind, report, received_at, resolved_at, answer = row
    return Followed(
        kind=kind,
        report=report,
        received_at=from_iso(received_at),
        resolved_at=from_iso(resolved_at) if resolved_at else None,
        answer=answer if resolved_at else None,
    )


def _by_reference(connection: Connection, reference_hash: str) -> tuple[Any, ...] | None:
    # What is looked up is a hash, so the time that it takes says nothing about references that are near to one.
    row: tuple[Any, ...] | None = connection.execute(
        """
        SELECT c.complaint_id, c.complaint_kind, a.id, c.received_at, c.resolved_at, c.answer
        FROM complaints AS c LEFT JOIN articles AS a ON a.article_id = c.article_id WHERE c.reference_hash = ?
        """,
        (reference_hash,),
    ).fetchone()
    return row


def resolve(connection: Connection, number: int, resolution: str, answer: str | None, at: str) -> bool:
    """False: there is no such complaint that is open. Within a transaction."""
    done = connection.execute(
        "UPDATE complaints SET resolved_at = ?, resolution = ?, answer = ? WHERE complaint_id = ?"
        " AND resolved_at IS NULL",
        (at, resolution, answer, number),
    )
    return done.rowcount > 0


def erase(connection: Connection, number: int, at: str) -> bool:
    """Takes the words out of a complaint: who wrote it, what was written, and how it was resolved and answered; and out
    of the letters about it. What was decided because of it, and the public reason of that, stay. False: there is no
    such complaint. Within a transaction.
    """
    return _erase(connection, "complaint_id = ?", number, at) > 0


def erase_old(connection: Connection, before: str, at: str) -> int:
    """The same of those that were resolved before; returns of how many. Within a transaction."""
    return _erase(connection, f"resolved_at < ? AND {_HAS_WORDS}", before, at)


def have_old(connection: Connection, before: str) -> bool:
    """Whether `erase_old` would erase something."""
    row = connection.execute(
        f"SELECT 1 FROM complaints WHERE resolved_at < ? AND {_HAS_WORDS} LIMIT 1",  # noqa: S608  (constants)
        (before,),
    ).fetchone()
    return row is not None


def _erase(connection: Connection, which: str, value: object, at: str) -> int:
    numbers = [row[0] for row in connection.execute(f"SELECT complaint_id FROM complaints WHERE {which}", (value,))]  # noqa: S608
    letters.end_of(connection, numbers, at)
    connection.executemany(
        "UPDATE complaints SET text = NULL, complainant = NULL, email = NULL, resolution = NULL, answer = NULL,"
        " erased_at = ? WHERE complaint_id = ?",
        [(at, number) for number in numbers],
    )
    return len(numbers)
