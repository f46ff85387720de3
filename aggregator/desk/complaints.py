"""Complaints: what each kind asks for, what is done when one comes, and how the desk answers.

Those that the desk records do at once what their kind asks for: a person of the desk decides that. Those that come by
the form are recorded and nothing more, unless wire.toml says otherwise for their kind: a form that anybody can send
would else take out any report.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from aggregator.desk import clock, rules
from aggregator.desk.acts import found
from aggregator.model import Act, Addressee, Cause, Complaint, ComplaintKind, Notice, ReportState
from aggregator.model.complaints import Filing, Matter
from aggregator.model.errors import AlreadyOut, DeskError
from aggregator.store import Store

# The public reason of a report that is out of the wire because of a complaint: never the words of the complaint.
PUBLIC_REASONS: Mapping[ComplaintKind, str] = {
    "copyright": "a complaint about copyright is being looked into",
    "licence": "a complaint about the licence is being looked into",
    "court_order": "a court order",
    "statute": "a statutory demand",
    "privacy": "a complaint about privacy is being looked into",
    "safety": "a complaint about somebody's safety is being looked into",
    "publisher_request": "its publisher asked for it",
}


class Proposal(Struct, frozen=True, kw_only=True):
    """What a complaint asks the desk to do. `is_done`: as strong a reason keeps the report out already."""

    act: Act
    notice: Notice
    reason: str  # that the public would be told
    is_done: bool


def proposal(kind: ComplaintKind, state: ReportState | None) -> Proposal | None:
    """Of a complaint about a report in this state (None: about the wire, or its report is not here); None: it asks for
    nothing that is done to the report.
    """
    proposed = rules.proposed(kind)
    if proposed is None or state is None:
        return None
    act, notice = proposed
    is_done = rules.is_as_strong(state.notice, notice)
    return Proposal(act=act, notice=notice, reason=PUBLIC_REASONS[kind], is_done=is_done)


def complain(
    store: Store, report: str, complaint: Complaint, cause: Cause, now: datetime
) -> tuple[int, Act | None, Addressee]:
    """Records a complaint for the desk. Returns its number, what was done at once (None: nothing), and whom to write
    to. Raises DeskError, StoreError.
    """
    believed = clock.believed(store, now)
    while True:
        state = found(store, report)
        addressee = store.addressee(report)
        if complaint.kind == "own_content" and not addressee.is_own:
            answers = f"{addressee.publisher_name} answers for this report, not the wire"
            raise DeskError(f"{report}: {answers}; use --kind factual")
        decision = rules.complain(state, complaint.kind, cause, believed)
        number = store.complaint(complaint, decision, now)
        if number is not None:
            return number, decision.acts[-1].act if decision.acts else None, addressee


def file(store: Store, filing: Filing, now: datetime, at_once: tuple[ComplaintKind, ...] = ()) -> int:
    """Records a complaint that came by the form, once however often it is sent; returns its number. Nothing is done to
    its report, but where the kind is one of `at_once`, the operator's choice; and then not to one that a person
    has restored, who knew why. Raises DeskError where there is no such report, StoreError.
    """
    kind, report = filing.complaint.kind, filing.report
    cause = Cause(actor="wire", reason=PUBLIC_REASONS.get(kind, kind))
    while True:
        state = store.report_state(report) if report else None
        if report and state is None:
            raise DeskError(f"{report}: there is no report with this id")
        is_done = state is not None and kind in at_once and _may_be_withheld_at_once(store, state)
        decision = rules.complain(state, kind, cause, clock.believed(store, now)) if state and is_done else None
        number = store.file_complaint(filing, decision, now)
        if number is not None:
            return number


def _may_be_withheld_at_once(store: Store, state: ReportState) -> bool:
    if not state.is_in_wire or state.id in store.joins():
        return False
    return not any(each["act"] == "restore" for each in store.acts(state.id))


def carry_out(store: Store, number: int, cause: Cause, now: datetime) -> Act:
    """Does what a complaint's kind asks for (`proposal`), as decided by `cause.actor` for `cause.reason`; it stays
    open. Returns what was done. Raises DeskError where it asks for nothing, where it is resolved, where its report is
    out already; StoreError.
    """
    row = found_complaint(store, number)
    kind: ComplaintKind = row["complaint_kind"]
    if row["resolved_at"] is not None:
        raise DeskError(f"complaint {number}: it was resolved on {row['resolved_at']}; nothing was changed")
    if row["id"] is None or rules.proposed(kind) is None:
        what = f"{kind}, about the wire" if row["id"] is None else kind
        raise DeskError(f"complaint {number}: a complaint of this kind ({what}) does nothing to a report")
    believed = clock.believed(store, now)
    while True:
        decision = rules.complain(found(store, row["id"]), kind, cause, believed)
        if not decision.acts:
            raise AlreadyOut(
                f"{row['id']}: this report is out of the wire already ({decision.before.notice}); nothing was changed"
            )
        if store.act_for_complaint(decision, number, now):
            return decision.acts[-1].act


def listed(store: Store, *, resolved_too: bool = False) -> list[dict[str, Any]]:
    """Rows of `store.complaints`, each with `proposed`: what its kind asks for; None: nothing is to be done to the
    report, or it is done, or the complaint is resolved. Raises StoreError.
    """
    rows = store.complaints(resolved_too=resolved_too)
    for row in rows:
        is_open = row["resolved_at"] is None and row["id"] is not None
        asked = proposal(row["complaint_kind"], store.report_state(row["id"]) if is_open else None)
        row["proposed"] = asked.act if asked and not asked.is_done else None
    return rows


def matters(store: Store) -> list[Matter]:
    """The open complaints by the report that they are about, those about the wire as one; the newest first. Raises
    StoreError.
    """
    return store.matters()


def erase(store: Store, number: int, now: datetime) -> None:
    """Takes who wrote a complaint, what was written and how it was resolved out of the database, at once. What was
    decided because of it, and the public reason of that, stay. Raises DeskError, StoreError.
    """
    if not store.erase_complaint(number, now):
        raise _unknown(number)


def found_complaint(store: Store, number: int) -> dict[str, Any]:
    """The row of a complaint, open or not; see `store.complaints`. Raises DeskError, StoreError."""
    for row in store.complaints(resolved_too=True, number=number):
        return row
    raise _unknown(number)


def _unknown(number: int) -> DeskError:
    return DeskError(f"complaint {number}: there is none with this number; `complaint list --all` has them")


def resolve(store: Store, number: int, resolution: str, now: datetime, answer: str | None = None) -> None:
    """Closes a complaint, once. The report stays as it is: restoring it is an act of its own. `resolution` is for the
    desk alone; `answer` is read by whoever complained. Raises DeskError.
    """
    if not store.resolve_complaint(number, resolution, now, answer):
        resolved_at = found_complaint(store, number)["resolved_at"]
        raise DeskError(f"complaint {number}: it was resolved on {resolved_at}; file another if there is more to it")
