"""What people do to a report: each act with its actor, reason and reference. None changes a word of a publisher's.

Every function raises DeskError, and then has changed nothing, or StoreError.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aggregator.desk import clock, rules
from aggregator.model import Cause, DeskDecision, Removal, ReportState
from aggregator.model.errors import AlreadyOut, DeskError
from aggregator.output import out_since
from aggregator.store import Store


def withhold(store: Store, report: str, cause: Cause, now: datetime, *, legal: bool = False) -> None:
    believed = clock.believed(store, now)
    _take_out(store, report, lambda state: rules.withhold(state, cause, believed, legal=legal), now)


def withdraw(store: Store, report: str, cause: Cause, now: datetime) -> None:
    believed = clock.believed(store, now)
    _take_out(store, report, lambda state: rules.withdraw(state, cause, believed), now)


def restore(store: Store, report: str, cause: Cause, now: datetime) -> None:
    carry_out(store, report, lambda state: rules.restore(state, cause), now)


def embargo(store: Store, report: str, until: datetime, cause: Cause, now: datetime) -> None:
    believed = clock.believed(store, now)
    carry_out(store, report, lambda state: rules.embargo(state, until, cause, now, believed), now)


def confirm(store: Store, report: str, cause: Cause, now: datetime) -> None:
    """`suspects` lists the report no more for what was taken for it until now."""
    carry_out(store, report, lambda state: rules.confirm(state, cause), now)


def obey(store: Store, report: str, removal: Removal, now: datetime) -> bool:
    """Takes a report out of the wire, as its publisher's feed or page asks; False: it is out already, or it is not
    there.
    """
    believed = clock.believed(store, now)
    while state := store.report_state(report):
        decision = rules.obey(state, removal, believed)
        if decision is None:
            return False
        if store.act(decision, now):
            return True
    return False


def _take_out(store: Store, report: str, decide: Callable[[ReportState], DeskDecision], now: datetime) -> None:
    """Says since when, by whom and why a report is out, where that is as strong as what is decided."""
    try:
        carry_out(store, report, decide, now)
    except AlreadyOut as error:
        held = store.held_report(report)
        if held is None:
            raise
        said = out_since(held)
        raise AlreadyOut(f"{report}: already {said[0].lower()}{said[1:]}. Nothing was changed") from error


def carry_out(store: Store, report: str, decide: Callable[[ReportState], DeskDecision], now: datetime) -> None:
    """Decides for the state that the report is in; once more where somebody has changed it meanwhile."""
    while not store.act(decide(found(store, report)), now):
        pass


def found(store: Store, report: str) -> ReportState:
    """Raises DeskError for an id that is none, and for a report that was purged: nothing is left to decide on."""
    state = store.report_state(report)
    if state is None:
        raise DeskError(f"{report}: there is no report with this id; `aggregator latest` prints ids")
    if state.notice == "removed":
        raise DeskError(f"{report}: this report was purged; its words are gone and no act brings them back")
    if report in (joins := store.joins()):
        kept, number = joins[report]
        raise DeskError(f"{report}: this report was joined to {kept}; act on that one, or `aggregator split {number}`")
    return state
