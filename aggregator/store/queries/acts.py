"""What holds reports back, and what was decided about them: `articles.status`, `acts`.

An act is one row of `acts` and, where subscribers see a difference, one line of `changes`, in one transaction; neither
is ever updated or deleted. What an act means is decided elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from aggregator.model import Act, ActRecord, Addressee, Cause, DeskDecision, ReportState
from aggregator.model.errors import DeskError
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import ledger, reading
from aggregator.text.dates import from_iso, to_iso

_STATE = "a.article_id, a.id, a.status, a.notice, a.embargoed_until, a.released_seq IS NOT NULL"


def state(connection: Connection, report: str) -> ReportState | None:
    """None: there is no such report."""
    row = connection.execute(f"SELECT {_STATE} FROM articles AS a WHERE a.id = ?", (report,)).fetchone()  # noqa: S608
    return _state(*row[1:]) if row else None


def states(connection: Connection, articles: Sequence[int]) -> dict[int, ReportState]:
    """By the articles' numbers."""
    rows = connection.execute(
        f"""
        SELECT {_STATE} FROM json_each(?) AS named
        CROSS JOIN articles AS a ON a.article_id = CAST(named.value AS INTEGER)
        """,  # noqa: S608  (constants)
        (json.dumps(list(articles)),),
    )
    return {article_id: _state(*others) for article_id, *others in rows}


def under_embargo(connection: Connection, until: datetime) -> list[ReportState]:
    """The reports whose embargo ends then or earlier."""
    rows = connection.execute(
        f"SELECT {_STATE} FROM articles AS a WHERE a.embargoed_until <= ?",  # noqa: S608
        (to_iso(until),),
    )
    return [_state(*others) for _, *others in rows]


def _state(report: str, status: Any, notice: Any, until: str | None, was_out: int) -> ReportState:
    end = from_iso(until) if until else None
    return ReportState(id=report, status=status, notice=notice, embargoed_until=end, was_out=bool(was_out))


def write(connection: Connection, decision: DeskDecision, at: str, complaint: int | None = None) -> bool:
    """Carries out a decision; False: its report is in another state than it was made for, and nothing is written.
    `complaint`: the number of the one that it is made for; the end of an embargo that comes with it is not. Within a
    transaction, after the report and its words are written, if they come with it.
    """
    found = article_in(connection, decision.before)
    if found is None:
        return False
    for act in decision.acts:
        is_of_it = complaint is not None and act.act != "release"
        _write(connection, *found, replace(act, cause=replace(act.cause, complaint=complaint)) if is_of_it else act, at)
    return True


def article_in(connection: Connection, before: ReportState) -> tuple[int, int] | None:
    """The number of a report and of its newest revision; None: it is in another state."""
    row = connection.execute(
        f"SELECT {_STATE}, a.revision FROM articles AS a WHERE a.id = ?",  # noqa: S608
        (before.id,),
    ).fetchone()
    if row is None:
        return None
    article_id, *others, revision = row
    return (article_id, revision) if before.is_new or _state(*others) == before else None


def _write(connection: Connection, article_id: int, revision: int, act: ActRecord, at: str) -> None:
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


def of(connection: StoreConnection, report: str) -> list[dict[str, Any]]:
    """What was decided about a report, oldest first: at, act, actor, reason, reference, complaint, until."""
    return reading.rows(
        connection,
        """
        SELECT k.at, k.act, k.actor, k.reason, k.reference, k.complaint_id, k.until
        FROM acts AS k JOIN articles AS a ON a.article_id = k.article_id WHERE a.id = ? ORDER BY k.act_id
        """,
        report,
    )


def last(connection: Connection, report: str, those: Sequence[Act]) -> tuple[Act, Cause] | None:
    """The last of these acts upon a report; None: there was none."""
    row = connection.execute(
        """
        SELECT k.act, k.actor, k.reason, k.reference FROM acts AS k JOIN articles AS a ON a.article_id = k.article_id
        WHERE a.id = ? AND k.act IN (SELECT value FROM json_each(?)) ORDER BY k.act_id DESC LIMIT 1
        """,
        (report, json.dumps(those)),
    ).fetchone()
    return (row[0], Cause(actor=row[1], reason=row[2], reference=row[3])) if row else None


def addressee(connection: Connection, report: str) -> Addressee:
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
