"""Which act outranks which, and what each makes of a report. Pure: a state comes in, a decision goes out.

`believed` is the time by which embargoes end: `now`, or an earlier one while the clock is not believed (`clock`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from aggregator.model import (
    Act,
    ActRecord,
    Cause,
    ChangeKind,
    ComplaintKind,
    DeskDecision,
    Notice,
    Removal,
    ReportState,
)
from aggregator.model.errors import AlreadyOut, DeskError
from aggregator.text.dates import to_iso

# A withdrawal keeps out more than a legal demand, a legal demand more than withholding, and that more than suspending:
# an act that would loosen what holds a report back is refused.
_STRENGTH: Mapping[Notice | None, int] = {None: 0, "gone": 1, "withheld": 2, "legal": 3, "withdrawn": 4, "removed": 5}

# What a complaint asks for; the kinds that are not here do nothing to the report until a person decides.
_ACT_OF: Mapping[ComplaintKind, tuple[Act, Notice]] = {
    "copyright": ("withhold", "withheld"),
    "licence": ("withhold", "withheld"),
    "court_order": ("withhold", "legal"),
    "statute": ("withhold", "legal"),
    "privacy": ("withhold", "withheld"),
    "safety": ("withhold", "withheld"),
    "publisher_request": ("withdraw", "withdrawn"),
}


def withhold(state: ReportState, cause: Cause, believed: datetime, *, legal: bool = False) -> DeskDecision:
    """The words leave every output until a person restores them. `legal`: in answer to a legal demand."""
    return _refused_if_weaker(state, "withhold", "legal" if legal else "withheld", cause, believed)


def withdraw(state: ReportState, cause: Cause, believed: datetime) -> DeskDecision:
    """The publisher takes its report back; only a person restores it. The embargo of a report that was out before ends
    with that: subscribers hold it, and are told.
    """
    return _refused_if_weaker(state, "withdraw", "withdrawn", cause, believed)


def restore(state: ReportState, cause: Cause) -> DeskDecision:
    """The report is in the wire again, also before the end of an embargo. Only persons may."""
    if not cause.actor.startswith("person:"):
        raise DeskError(f"{state.id}: only a person restores a report, not {cause.actor}")
    if state.is_in_wire:
        raise DeskError(f"{state.id}: this report is in the wire; there is nothing to restore")
    after = replace(state, status="usable", notice=None, embargoed_until=None)
    return _decision(state, ActRecord(act="restore", cause=cause, change="restored", after=after))


def confirm(state: ReportState, cause: Cause) -> DeskDecision:
    """What was taken for the report until now is right, as a person says who looked at it. Nothing else changes."""
    return _decision(state, ActRecord(act="confirm", cause=cause, change=None, after=state))


def embargo(state: ReportState, until: datetime, cause: Cause, now: datetime, believed: datetime) -> DeskDecision:
    """Nobody is told of the report before `until`. The embargo takes the place of a withholding, so that a report
    withheld for its unreadable embargo gets a readable one; it does not loosen anything stronger.
    """
    start = _released_if_due(state, believed)
    held, end, at = start.after, to_iso(until), to_iso(now)
    if end <= at:
        raise DeskError(f"{state.id}: an embargo until {end} would be over already; it is {at} now")
    if held.embargoed_until and to_iso(held.embargoed_until) == end and held.status == "usable":
        raise DeskError(f"{state.id}: this report is under embargo until {end} already")
    if _STRENGTH[held.notice] > _STRENGTH["withheld"]:
        raise DeskError(f"{state.id}: this report is out of the wire ({held.notice}), not waiting for a time")
    after = replace(held, status="usable", notice=None, embargoed_until=until)
    # Subscribers that have the report are told to take it out; to the others there is none.
    change: ChangeKind | None = "withheld" if held.is_in_wire else None
    return _decision(state, *start.acts, ActRecord(act="embargo", cause=cause, change=change, after=after))


def release(state: ReportState) -> DeskDecision:
    """The time of its embargo has come. A report that something else keeps out stays out of the wire."""
    assert state.embargoed_until is not None
    cause = Cause(actor="wire", reason=f"the embargo until {to_iso(state.embargoed_until)} is over")
    change: ChangeKind | None = "restored" if state.status == "usable" else None
    after = replace(state, embargoed_until=None)
    return _decision(state, ActRecord(act="release", cause=cause, change=change, after=after))


def proposed(kind: ComplaintKind) -> tuple[Act, Notice] | None:
    """What a complaint of this kind asks for, and the notice that would stand in the report's place; None: nothing is
    done to the report.
    """
    return _ACT_OF.get(kind)


def is_as_strong(notice: Notice | None, wanted: Notice) -> bool:
    """Whether what keeps a report out already keeps out as much."""
    return _STRENGTH[notice] >= _STRENGTH[wanted]


def complain(state: ReportState, kind: ComplaintKind, cause: Cause, believed: datetime) -> DeskDecision:
    """What a complaint of this kind asks for; no acts: nothing, or as strong a reason keeps the report out already."""
    act, notice = proposed(kind) or (None, None)
    if act is None or notice is None or is_as_strong(state.notice, notice):
        return _decision(state)
    return _refused_if_weaker(state, act, notice, cause, believed)


def obey(state: ReportState, removal: Removal, believed: datetime) -> DeskDecision | None:
    """What a publisher's feed or page asks of us; None: the report is out already, by something as strong."""
    cause = Cause(actor=removal.actor, reason=removal.reason, reference=removal.reference)
    return _taken_out(state, removal.act, removal.notice, cause, believed)


def obey_all(state: ReportState, removals: Iterable[Removal], believed: datetime) -> DeskDecision:
    """The same of several that come at once, in their order; no acts: the report is out already."""
    decision = _decision(state)
    for removal in removals:
        following = obey(decision.after, removal, believed)
        decision = _decision(state, *decision.acts, *(following.acts if following else ()))
    return decision


def hold_until(state: ReportState, until: datetime, cause: Cause) -> DeskDecision:
    """The embargo that its publisher asks for, of a report that is new. What keeps it out beside stays."""
    after = replace(state, embargoed_until=until)
    return _decision(state, ActRecord(act="embargo", cause=cause, change=None, after=after))


def then(first: DeskDecision, following: Callable[[ReportState], DeskDecision | None]) -> DeskDecision:
    """Two decisions about one report, one after the other; the second one is made for what the first one leaves."""
    second = following(first.after)
    return first if second is None else _decision(first.before, *first.acts, *second.acts)


def _refused_if_weaker(state: ReportState, act: Act, notice: Notice, cause: Cause, believed: datetime) -> DeskDecision:
    decision = _taken_out(state, act, notice, cause, believed)
    if decision is None:
        raise AlreadyOut(f"{state.id}: this report is out of the wire already ({state.notice}); nothing was changed")
    return decision


def _taken_out(state: ReportState, act: Act, notice: Notice, cause: Cause, believed: datetime) -> DeskDecision | None:
    start = _released_if_due(state, believed)
    held = start.after
    if _STRENGTH[held.notice] >= _STRENGTH[notice]:
        return None
    if notice == "withdrawn":
        # Of a report that was never out nobody is to learn before its time, not even that it was withdrawn.
        until = None if held.was_out else held.embargoed_until
        after = replace(held, status="canceled", notice=notice, embargoed_until=until)
        return _decision(state, *start.acts, ActRecord(act=act, cause=cause, change="withdrawn", after=after))
    after = replace(held, status="withheld", notice=notice)
    return _decision(state, *start.acts, ActRecord(act=act, cause=cause, change="withheld", after=after))


def _released_if_due(state: ReportState, believed: datetime) -> DeskDecision:
    """Where its embargo is over and nobody has written that down yet, that comes first, so that the ledger tells things
    in their order.
    """
    if state.embargoed_until is None or state.embargoed_until > believed:
        return _decision(state)
    return release(state)


def _decision(before: ReportState, *acts: ActRecord) -> DeskDecision:
    return DeskDecision(before=before, acts=acts)
