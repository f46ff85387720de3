"""Complaints about reports: each is recorded, and does at once what its kind asks for."""

from __future__ import annotations

from datetime import datetime

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


def resolve(store: Store, number: int, resolution: str, now: datetime) -> None:
    """Closes a complaint, once. The report stays as it is: restoring it is an act of its own. Raises DeskError."""
    if store.resolve_complaint(number, resolution, now):
        return
    rows = [row for row in store.complaints(resolved_too=True) if row["number"] == number]
    if not rows:
        raise DeskError(f"complaint {number}: there is no complaint with this number; `complaint list --all` has them")
    resolved_at = rows[0]["resolved_at"]
    raise DeskError(f"complaint {number}: it was resolved on {resolved_at}; file another if there is more to it")
