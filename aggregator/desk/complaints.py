"""Complaints about reports: each is recorded, and does at once what its kind asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aggregator.desk import clock, rules
from aggregator.desk.acts import found
from aggregator.model import Act, Addressee, Cause, Complaint
from aggregator.model.errors import DeskError
from aggregator.store import Store


def complain(
    store: Store, report: str, complaint: Complaint, cause: Cause, now: datetime
) -> tuple[int, Act | None, Addressee]:
    """Records a complaint. Returns its number, what was done at once (None: nothing), and whom to write to. Raises
    DeskError, StoreError.
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


def erase(store: Store, number: int, now: datetime) -> None:
    """Takes who wrote a complaint, what was written and how it was resolved out of the database, at once. What was
    decided because of it, and the public reason of that, stay. Raises DeskError, StoreError.
    """
    if not store.erase_complaint(number, now):
        raise _unknown(number)


def found_complaint(store: Store, number: int) -> dict[str, Any]:
    """The row of a complaint, open or not; see `store.acts`. Raises DeskError, StoreError."""
    for row in store.complaints(resolved_too=True):
        if row["number"] == number:
            return row
    raise _unknown(number)


def _unknown(number: int) -> DeskError:
    return DeskError(f"complaint {number}: there is none with this number; `complaint list --all` has them")


def resolve(store: Store, number: int, resolution: str, now: datetime) -> None:
    """Closes a complaint, once. The report stays as it is: restoring it is an act of its own. Raises DeskError."""
    if not store.resolve_complaint(number, resolution, now):
        resolved_at = found_complaint(store, number)["resolved_at"]
        raise DeskError(f"complaint {number}: it was resolved on {resolved_at}; file another if there is more to it")
