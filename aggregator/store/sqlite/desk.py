"""The desk: what people decide about a report, each act with its actor, reason and reference, and complaints.

Nothing here changes a word of a publisher's. An act is one row of `acts` and, where subscribers see a difference, one
line of `changes`, in one transaction; neither is ever updated or deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aggregator.model import Act, ChangeKind, ComplaintKind, Notice, Status
from aggregator.model.errors import DeskError
from aggregator.store.sqlite import ledger
from aggregator.store.sqlite.doubt import trusted
from aggregator.text.dates import from_iso, to_iso

Context = Callable[[], AbstractContextManager[None]]

# What a complaint does by itself; the kinds that are not here do nothing to the report until a person decides.
_ACT_OF: Mapping[ComplaintKind, tuple[Act, Notice]] = {
    "copyright": ("withhold", "withheld"),
    "licence": ("withhold", "withheld"),
    "court_order": ("withhold", "legal"),
    "statute": ("withhold", "legal"),
    "privacy": ("withhold", "withheld"),
    "safety": ("withhold", "withheld"),
    "publisher_request": ("withdraw", "withdrawn"),
}
# A withdrawal keeps out more than a legal demand, a legal demand more than withholding, and that more than suspending:
# an act that would loosen what holds a report back is refused.
_STRENGTH: Mapping[str | None, int] = {None: 0, "gone": 1, "withheld": 2, "legal": 3, "withdrawn": 4, "removed": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who acts and why. The reason is public: it stands in the notice and in the ledger."""

    actor: str  # person:NAME, publisher:feed, publisher:page, wire
    reason: str
    reference: str | None = None  # a ticket, a letter, a court's file
    complaint: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What somebody complains of. Its text is the desk's own record: it never stands in a notice."""

    kind: ComplaintKind
    text: str
    complainant: str | None = None  # how to answer; None: anonymous


@dataclass(frozen=True, slots=True)
class _Held:
    """An article as the desk finds it."""

    article: int
    public_id: str
    revision: int
    status: Status
    notice: Notice | None
    embargoed_until: str | None
    released_seq: int | None  # None: readers never could know of it


class Desk:
    """The acts, on an open database. Each raises DeskError, and then has changed nothing, or StoreError."""

    def __init__(self, connection: sqlite3.Connection, transaction: Context, explained: Context) -> None:
        self._connection = connection
        self._transaction = transaction
        self._explained = explained

    def withhold(self, public_id: str, cause: Cause, now: datetime, *, legal: bool = False) -> None:
        """The words leave every output until a person restores them. `legal`: in answer to a legal demand."""
        with self._transaction():
            held = _held(self._connection, public_id)
            hold_back(self._connection, held.article, "withhold", "legal" if legal else "withheld", cause, to_iso(now))

    def withdraw(self, public_id: str, cause: Cause, now: datetime) -> None:
        """The publisher takes its report back; only a person restores it. The embargo of a report that was out before
        ends with that: subscribers hold it, and are told.
        """
        with self._transaction():
            held = _held(self._connection, public_id)
            hold_back(self._connection, held.article, "withdraw", "withdrawn", cause, to_iso(now))

    def restore(self, public_id: str, cause: Cause, now: datetime) -> None:
        """The report is in the wire again, also before the end of an embargo. Only persons may."""
        with self._transaction():
            held = _held(self._connection, public_id)
            if not cause.actor.startswith("person:"):
                raise DeskError(f"{public_id}: only a person restores a report, not {cause.actor}")
            if held.status == "usable" and held.embargoed_until is None:
                raise DeskError(f"{public_id}: this report is in the wire; there is nothing to restore")
            _set(self._connection, held, "usable", None, None)
            _write(self._connection, held, "restore", "restored", cause, to_iso(now))

    def embargo(self, public_id: str, until: datetime, cause: Cause, now: datetime) -> None:
        """Nobody is told of the report before `until`. The embargo takes the place of a withholding, so that a report
        withheld for its unreadable embargo gets a readable one; it does not loosen anything stronger.
        """
        end, at = to_iso(until), to_iso(now)
        with self._transaction():
            held = _released_if_due(self._connection, _held(self._connection, public_id), at)
            if end <= at:
                raise DeskError(f"{public_id}: an embargo until {end} would be over already; it is {at} now")
            if held.embargoed_until == end and held.status == "usable":
                raise DeskError(f"{public_id}: this report is under embargo until {end} already")
            if _STRENGTH[held.notice] > _STRENGTH["withheld"]:
                raise DeskError(f"{public_id}: this report is out of the wire ({held.notice}), not waiting for a time")
            seen = held.status == "usable" and held.embargoed_until is None
            _set(self._connection, held, "usable", None, end)
            # Subscribers that have the report are told to take it out; to the others there is none.
            _write(self._connection, held, "embargo", "withheld" if seen else None, cause, at)

    def still_there(self, public_id: str) -> None:
        """Raises DeskError for an article that is none, or was purged."""
        with self._explained():
            _held(self._connection, public_id)

    def acts(self, public_id: str) -> list[dict[str, Any]]:
        """What was decided about an article, oldest first: at, act, actor, reason, reference, complaint, until."""
        with self._explained():
            return _rows(self._connection.execute(_ACTS, (public_id,)))

    def complain(self, public_id: str, complaint: Complaint, cause: Cause, now: datetime) -> dict[str, Any]:
        """Records a complaint and does at once what its kind asks for. Returns what is needed to answer it: number,
        act (None: nothing was done), title, url, publisher_name, corrections, homepage, own.
        """
        with self._transaction():
            held = _held(self._connection, public_id)
            about = _about(self._connection, held)
            if complaint.kind == "own_content" and not about["own"]:
                answers = f"{about['publisher_name']} answers for this report, not the wire"
                raise DeskError(f"{public_id}: {answers}; use --kind factual")
            cursor = self._connection.execute(
                "INSERT INTO complaints (article, kind, text, complainant, received_at) VALUES (?, ?, ?, ?, ?)",
                (held.article, complaint.kind, complaint.text, complaint.complainant, to_iso(now)),
            )
            cause = replace(cause, complaint=cursor.lastrowid)
            act, notice = _ACT_OF.get(complaint.kind, (None, None))
            if act and notice and _STRENGTH[held.notice] < _STRENGTH[notice]:
                hold_back(self._connection, held.article, act, notice, cause, to_iso(now))
            else:
                act = None
            return {"number": cause.complaint, "act": act, **about}

    def complaints(self, *, resolved_too: bool = False) -> list[dict[str, Any]]:
        """The open complaints, or all: number, id, publisher_name, kind, text, complainant, received_at, resolved_at,
        resolution, and the acts that came of each.
        """
        with self._explained():
            return _rows(self._connection.execute(_COMPLAINTS, (resolved_too,)))

    def resolve(self, number: int, resolution: str, now: datetime) -> None:
        """Closes a complaint, once. The report stays as it is: restoring it is an act of its own."""
        with self._transaction():
            row = self._connection.execute("SELECT resolved_at FROM complaints WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise DeskError(f"complaint {number}: there is none with this number; `complaint list --all` has them")
            if row[0] is not None:
                raise DeskError(f"complaint {number}: it was resolved on {row[0]}; file another if there is more to it")
            self._connection.execute(
                "UPDATE complaints SET resolved_at = ?, resolution = ? WHERE id = ?", (to_iso(now), resolution, number)
            )


# What programs may do as well, within a transaction of theirs


def hold_back(
    connection: sqlite3.Connection, article: int, act: Act, notice: Notice, cause: Cause, at: str
) -> ChangeKind:
    """Takes an article out of the wire and says by which kind of change. Raises DeskError when something as strong
    holds it back already: withdrawn over legal over withheld over gone.
    """
    held = _released_if_due(connection, _held_by("id", connection, article), at)
    if _STRENGTH[held.notice] >= _STRENGTH[notice]:
        raise DeskError(
            f"{held.public_id}: this report is out of the wire already ({held.notice}); nothing was changed"
        )
    if notice != "withdrawn":
        _set(connection, held, "withheld", notice, held.embargoed_until)
        _write(connection, held, act, "withheld", cause, at)
        return "withheld"
    # Of a report that was never out nobody is to learn before its time, not even that it was withdrawn.
    _set(connection, held, "canceled", notice, None if held.released_seq else held.embargoed_until)
    _write(connection, held, act, "withdrawn", cause, at)
    return "withdrawn"


def hold_until(connection: sqlite3.Connection, article: int, until: str, cause: Cause, at: str) -> None:
    """Puts an article that came with this very transaction under the embargo that its publisher asks for."""
    held = _held_by("id", connection, article)
    _set(connection, held, held.status, held.notice, until)
    ledger.not_released(connection, article)
    _write(connection, held, "embargo", None, cause, at)


def release_embargoes(connection: sqlite3.Connection, at: str) -> int:
    """Ends the embargoes whose time has come and tells the ledger, once; returns how many. An article that something
    else holds back stays out of the wire.
    """
    over = connection.execute("SELECT id FROM articles WHERE embargoed_until <= ?", (at,)).fetchall()
    for (article,) in over:
        _release(connection, _held_by("id", connection, article), at)
    return len(over)


def _release(connection: sqlite3.Connection, held: _Held, at: str) -> None:
    _set(connection, held, held.status, held.notice, None)
    cause = Cause(actor="wire", reason=f"the embargo until {held.embargoed_until} is over")
    _write(connection, held, "release", "restored" if held.status == "usable" else None, cause, at)


def _released_if_due(connection: sqlite3.Connection, held: _Held, at: str) -> _Held:
    """The article as it is now: where its embargo is over and nobody has written that down yet, that comes first, so
    that the ledger tells things in their order.
    """
    if held.embargoed_until is None or held.embargoed_until > to_iso(trusted(connection, from_iso(at))):
        return held
    _release(connection, held, at)
    return _held_by("id", connection, held.article)


def _held(connection: sqlite3.Connection, public_id: str) -> _Held:
    """Raises DeskError for an id that is none, and for a report that was purged: nothing is left to decide on."""
    held = _held_by("public_id", connection, public_id)
    if held.notice == "removed":
        raise DeskError(f"{public_id}: this report was purged; its words are gone and no act brings them back")
    return held


def _held_by(column: str, connection: sqlite3.Connection, value: int | str) -> _Held:
    names = "id, public_id, revision, status, notice, embargoed_until, released_seq"
    sql = f"SELECT {names} FROM articles WHERE {column} = ?"  # noqa: S608  (constants)
    row = connection.execute(sql, (value,)).fetchone()
    if row is None:
        raise DeskError(f"{value}: there is no report with this id; `aggregator latest` prints ids")
    return _Held(*row)


def _set(
    connection: sqlite3.Connection, held: _Held, status: Status, notice: Notice | None, embargoed_until: str | None
) -> None:
    connection.execute(
        "UPDATE articles SET status = ?, notice = ?, embargoed_until = ? WHERE id = ?",
        (status, notice, embargoed_until, held.article),
    )


def _write(
    connection: sqlite3.Connection,
    held: _Held,
    act: Act,
    kind: ChangeKind | None,
    cause: Cause,
    at: str,
) -> None:
    connection.execute(
        """
        INSERT INTO acts (article, act, actor, reason, reference, complaint, until, at)
        SELECT id, ?, ?, ?, ?, ?, iif(? = 'embargo', embargoed_until, NULL), ? FROM articles WHERE id = ?
        """,
        (act, cause.actor, cause.reason, cause.reference, cause.complaint, act, at, held.article),
    )
    if kind:
        line = ledger.Line(kind=kind, at=at, article=held.article, revision=held.revision, note=cause.reason)
        ledger.append(connection, [line])


def _about(connection: sqlite3.Connection, held: _Held) -> dict[str, Any]:
    (row,) = _rows(
        connection.execute(
            """
            SELECT a.title, a.url, p.name AS publisher_name, p.corrections, p.homepage, p."group" = 'own' AS own
            FROM articles AS a JOIN publishers AS p ON p.key = a.publisher WHERE a.id = ?
            """,
            (held.article,),
        )
    )
    return row


def _rows(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


_ACTS = """
    SELECT k.at, k.act, k.actor, k.reason, k.reference, k.complaint, k.until
    FROM acts AS k JOIN articles AS a ON a.id = k.article WHERE a.public_id = ? ORDER BY k.id
"""

_COMPLAINTS = """
    SELECT c.id AS number, a.public_id AS id, p.name AS publisher_name, c.kind, c.text, c.complainant, c.received_at,
      c.resolved_at, c.resolution, (SELECT group_concat(act, ' ') FROM acts WHERE complaint = c.id) AS acts
    FROM complaints AS c
    JOIN articles AS a ON a.id = c.article
    JOIN publishers AS p ON p.key = a.publisher
    WHERE ? OR c.resolved_at IS NULL ORDER BY c.id
"""
