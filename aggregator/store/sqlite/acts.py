"""What holds reports back, and what was decided about them: `articles.status`, `acts`, `complaints`.

An act is one row of `acts` and, where subscribers see a difference, one line of `changes`, in one transaction; neither
is ever updated or deleted. What an act means is decided elsewhere.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aggregator.model import Act, ActRecord, Addressee, Cause, Complaint, DeskDecision, ReportState
from aggregator.model.errors import DeskError
from aggregator.store.sqlite import ledger, reading, views
from aggregator.text.dates import from_iso, to_iso

_STATE = "a.article_id, a.id, a.status, a.notice, a.embargoed_until, a.released_seq IS NOT NULL"


def state(connection: sqlite3.Connection, report: str) -> ReportState | None:
    """None: there is no such report."""
    row = connection.execute(f"SELECT {_STATE} FROM articles AS a WHERE a.id = ?", (report,)).fetchone()  # noqa: S608
    return _state(*row[1:]) if row else None


def states(connection: sqlite3.Connection, articles: Sequence[int]) -> dict[int, ReportState]:
    """By the articles' numbers."""
    rows = connection.execute(
        f"SELECT {_STATE} FROM json_each(?) AS named CROSS JOIN articles AS a ON a.article_id = named.value",  # noqa: S608
        (json.dumps(list(articles)),),
    )
    return {article_id: _state(*others) for article_id, *others in rows}


def under_embargo(connection: sqlite3.Connection, until: datetime) -> list[ReportState]:
    """The reports whose embargo ends then or earlier."""
    rows = connection.execute(
        f"SELECT {_STATE} FROM articles AS a WHERE a.embargoed_until <= ?",  # noqa: S608
        (to_iso(until),),
    )
    return [_state(*others) for _, *others in rows]


def _state(report: str, status: Any, notice: Any, until: str | None, was_out: int) -> ReportState:
    end = from_iso(until) if until else None
    return ReportState(id=report, status=status, notice=notice, embargoed_until=end, was_out=bool(was_out))


def write(connection: sqlite3.Connection, decision: DeskDecision, at: str) -> bool:
    """Carries out a decision; False: its report is in another state than it was made for, and nothing is written.
    Within a transaction, after the report and its words are written, if they come with it.
    """
    found = _found(connection, decision.before)
    if found is None:
        return False
    for act in decision.acts:
        _write(connection, *found, act, at)
    return True


def _found(connection: sqlite3.Connection, before: ReportState) -> tuple[int, int] | None:
    """The number of a report and of its newest revision; None: it is in another state."""
    row = connection.execute(
        f"SELECT {_STATE}, a.revision FROM articles AS a WHERE a.id = ?",  # noqa: S608
        (before.id,),
    ).fetchone()
    if row is None:
        return None
    article_id, *others, revision = row
    return (article_id, revision) if before.is_new or _state(*others) == before else None


def _write(connection: sqlite3.Connection, article_id: int, revision: int, act: ActRecord, at: str) -> None:
    after, cause = act.after, act.cause
    until = to_iso(after.embargoed_until) if after.embargoed_until else None
    connection.execute(
        "UPDATE articles SET status = ?, notice = ?, embargoed_until = ? WHERE article_id = ?",
        (after.status, after.notice, until, article_id),
    )
    if after.is_new and until:
        ledger.not_released(connection, article_id)
    connection.execute(
        """
        INSERT INTO acts (article_id, act, actor, reason, reference, complaint_id, until, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            article_id, act.act, cause.actor, cause.reason, cause.reference, cause.complaint,
            until if act.act == "embargo" else None, at,
        ),
    )  # fmt: skip
    if act.change:
        line = ledger.Line(change_kind=act.change, at=at, article_id=article_id, revision=revision, note=cause.reason)
        ledger.append(connection, [line])


def of(connection: sqlite3.Connection, report: str) -> list[dict[str, Any]]:
    """What was decided about a report, oldest first: at, act, actor, reason, reference, complaint, until."""
    return reading.rows(
        connection,
        """
        SELECT k.at, k.act, k.actor, k.reason, k.reference, k.complaint_id, k.until
        FROM acts AS k JOIN articles AS a ON a.article_id = k.article_id WHERE a.id = ? ORDER BY k.act_id
        """,
        report,
    )


def last(connection: sqlite3.Connection, report: str, those: Sequence[Act]) -> tuple[Act, Cause] | None:
    """The last of these acts upon a report; None: there was none."""
    row = connection.execute(
        """
        SELECT k.act, k.actor, k.reason, k.reference FROM acts AS k JOIN articles AS a ON a.article_id = k.article_id
        WHERE a.id = ? AND k.act IN (SELECT value FROM json_each(?)) ORDER BY k.act_id DESC LIMIT 1
        """,
        (report, json.dumps(those)),
    ).fetchone()
    return (row[0], Cause(actor=row[1], reason=row[2], reference=row[3])) if row else None


# Complaints


def complain(connection: sqlite3.Connection, complaint: Complaint, decision: DeskDecision, at: str) -> int | None:
    """Records a complaint about the report of a decision, which is carried out; returns its number. None: the report is
    in another state than the decision was made for, and nothing is written. Within a transaction.
    """
    found = _found(connection, decision.before)
    if found is None:
        return None
    number = _record(connection, found[0], complaint, at)
    for act in decision.acts:
        of_it = act if act.act == "release" else replace(act, cause=replace(act.cause, complaint=number))
        _write(connection, *found, of_it, at)
    return number


def complain_about_wire(connection: sqlite3.Connection, complaint: Complaint, at: str) -> int:
    """Records a complaint about the wire as a whole; returns its number. Within a transaction."""
    return _record(connection, None, complaint, at)


def _record(connection: sqlite3.Connection, article_id: int | None, complaint: Complaint, at: str) -> int:
    number = connection.execute(
        "INSERT INTO complaints (article_id, complaint_kind, text, complainant, received_at) VALUES (?, ?, ?, ?, ?)",
        (article_id, complaint.kind, complaint.text, complaint.complainant, at),
    ).lastrowid
    assert number is not None
    return number


def addressee(connection: sqlite3.Connection, report: str) -> Addressee:
    row = connection.execute(
        """
        SELECT a.title, a.url, p.name, p.corrections, p.homepage, p.publisher_group = 'own'
        FROM articles AS a JOIN publishers AS p ON p.publisher = a.publisher WHERE a.id = ?
        """,
        (report,),
    ).fetchone()
    if row is None:
        raise DeskError(f"{report}: there is no report with this id; `aggregator latest` prints ids")
    title, url, name, corrections, homepage, is_own = row
    return Addressee(
        title=title, url=url, publisher_name=name, corrections=corrections, homepage=homepage, is_own=bool(is_own)
    )


def complaints(connection: sqlite3.Connection, resolved_too: bool) -> list[dict[str, Any]]:
    """The open complaints, or all: number, id and publisher_name of the report (None: it is about the wire as a whole),
    complaint_kind, text, complainant, received_at, resolved_at, resolution, erased_at (not None: the words are gone),
    and the acts that came of each.
    """
    erased_at = "c.erased_at" if views.is_migrated(connection) else "NULL AS erased_at"
    return reading.rows(
        connection,
        f"""
        SELECT c.complaint_id AS number, a.id AS id, p.name AS publisher_name, c.complaint_kind, c.text, c.complainant,
          c.received_at, c.resolved_at, c.resolution, {erased_at},
          (SELECT group_concat(act, ' ') FROM acts WHERE complaint_id = c.complaint_id) AS acts
        FROM complaints AS c
        LEFT JOIN articles AS a ON a.article_id = c.article_id
        LEFT JOIN publishers AS p ON p.publisher = a.publisher
        {"" if resolved_too else "WHERE c.resolved_at IS NULL"} ORDER BY c.complaint_id
        """,  # noqa: S608  (constants)
    )


def resolve(connection: sqlite3.Connection, number: int, resolution: str, at: str) -> bool:
    """False: there is no such complaint that is open. Within a transaction."""
    done = connection.execute(
        "UPDATE complaints SET resolved_at = ?, resolution = ? WHERE complaint_id = ? AND resolved_at IS NULL",
        (at, resolution, number),
    )
    return done.rowcount > 0


def erase(connection: sqlite3.Connection, number: int, at: str) -> bool:
    """Takes the words out of a complaint: who wrote it, what was written, and how it was resolved. What was decided
    because of it, and the public reason of that, stay. False: there is no such complaint. Within a transaction.
    """
    return _erase(connection, "complaint_id = ?", number, at) > 0


def erase_old(connection: sqlite3.Connection, before: str, at: str) -> int:
    """The same of those that were resolved before; returns of how many. Within a transaction."""
    return _erase(connection, f"resolved_at < ? AND {_HAS_WORDS}", before, at)


def have_old(connection: sqlite3.Connection, before: str) -> bool:
    """Whether `erase_old` would erase something."""
    row = connection.execute(
        f"SELECT 1 FROM complaints WHERE resolved_at < ? AND {_HAS_WORDS} LIMIT 1",  # noqa: S608  (constants)
        (before,),
    ).fetchone()
    return row is not None


_HAS_WORDS = "coalesce(text, complainant, resolution) IS NOT NULL"


def _erase(connection: sqlite3.Connection, which: str, value: object, at: str) -> int:
    erased = connection.execute(
        f"UPDATE complaints SET text = NULL, complainant = NULL, resolution = NULL, erased_at = ? WHERE {which}",  # noqa: S608
        (at, value),
    )
    return erased.rowcount
