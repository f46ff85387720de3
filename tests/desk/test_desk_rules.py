"""Which act outranks which, how long words may be held, when a clock is believed: decided without a store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.desk import clock, retention, rules
from aggregator.model import Cause, ClockLooks, ComplaintKind, DeskDecision, Lending, Notice, Removal, ReportState
from aggregator.model.errors import DeskError
from tests.conftest import NOW
from tests.rows import every_row

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERSON = Cause(actor="person:ama", reason="a court order")
IN_THE_WIRE = ReportState(id="r", was_out=True)

# What holds a report back, the weakest first.
STRENGTHS: tuple[tuple[Notice, Removal], ...] = (
    ("gone", Removal(act="suspend", notice="gone", actor="publisher:page", reason="404")),
    ("withheld", Removal(act="withhold", notice="withheld", actor="person:ama", reason="a complaint")),
    ("legal", Removal(act="withhold", notice="legal", actor="person:ama", reason="a court order")),
    ("withdrawn", Removal(act="withdraw", notice="withdrawn", actor="publisher:feed", reason="deleted")),
)


def out_of_wire(notice: Notice | None, until: datetime | None = None, *, was_out: bool = True) -> ReportState:
    status = {None: "usable", "withdrawn": "canceled", "removed": "canceled"}.get(notice, "withheld")
    return ReportState(id="r", status=status, notice=notice, embargoed_until=until, was_out=was_out)  # type: ignore[arg-type]


def acts(decision: DeskDecision) -> list[tuple[str, str | None]]:
    return [(record.act, record.change) for record in decision.acts]


@every_row("before", range(len(STRENGTHS)))
@every_row("after", range(len(STRENGTHS)))
def test_an_act_changes_only_what_holds_back_less(before: int, after: int) -> None:
    state = out_of_wire(STRENGTHS[before][0])
    notice, removal = STRENGTHS[after]
    decision = rules.obey(state, removal, NOW)
    if after <= before:
        assert decision is None
        return
    assert decision is not None
    assert decision.before == state
    assert decision.after.notice == notice
    assert decision.after.status == ("canceled" if notice == "withdrawn" else "withheld")
    (record,) = decision.acts
    assert record.cause == Cause(actor=removal.actor, reason=removal.reason)
    assert record.change == ("withdrawn" if notice == "withdrawn" else "withheld")


def test_what_was_purged_is_out_of_reach() -> None:
    for _, removal in STRENGTHS:
        assert rules.obey(out_of_wire("removed"), removal, NOW) is None


def test_a_person_is_told_why_an_act_changes_nothing() -> None:
    with pytest.raises(DeskError, match="out of the wire already \\(legal\\); nothing was changed"):
        rules.withhold(out_of_wire("legal"), PERSON, NOW)
    with pytest.raises(DeskError, match="\\(withdrawn\\)"):
        rules.withdraw(out_of_wire("withdrawn"), PERSON, NOW)
    with pytest.raises(DeskError, match="nothing to restore"):
        rules.restore(IN_THE_WIRE, PERSON)
    for actor in ("publisher:feed", "publisher:page", "wire"):
        with pytest.raises(DeskError, match=f"only a person restores a report, not {actor}"):
            rules.restore(out_of_wire("gone"), replace(PERSON, actor=actor))


@every_row("until", [None, NOW + DAY])
@every_row("notice", ["gone", "withheld", "legal", "withdrawn", None])
def test_a_person_restores_whatever_holds_a_report_back(notice: Notice | None, until: datetime | None) -> None:
    state = out_of_wire(notice, until)
    if state.is_in_wire:
        with pytest.raises(DeskError):
            rules.restore(state, PERSON)
        return
    decision = rules.restore(state, PERSON)
    assert acts(decision) == [("restore", "restored")]
    assert decision.after.is_in_wire


def test_a_report_that_was_out_is_told_of_when_it_is_withdrawn_under_embargo_and_no_other() -> None:
    out = rules.withdraw(out_of_wire(None, NOW + DAY), PERSON, NOW)
    assert (out.after.embargoed_until, out.after.status) == (None, "canceled")
    unknown = rules.withdraw(out_of_wire(None, NOW + DAY, was_out=False), PERSON, NOW)
    assert (unknown.after.embargoed_until, unknown.after.status) == (NOW + DAY, "canceled")


def test_an_embargo_that_is_over_ends_before_anything_else_happens() -> None:
    state = out_of_wire(None, NOW - HOUR, was_out=False)
    assert acts(rules.withhold(state, PERSON, NOW)) == [("release", "restored"), ("withhold", "withheld")]
    assert acts(rules.embargo(state, NOW + DAY, PERSON, NOW, NOW)) == [("release", "restored"), ("embargo", "withheld")]
    # By a clock that is not believed it is not over.
    assert acts(rules.withhold(state, PERSON, NOW - DAY)) == [("withhold", "withheld")]
    held = out_of_wire("withheld", NOW - HOUR)
    assert acts(rules.release(held)) == [("release", None)]  # something else still holds it back
    assert rules.release(held).after == replace(held, embargoed_until=None)


def test_an_embargo_takes_the_place_of_a_withholding_and_of_nothing_stronger() -> None:
    seen = rules.embargo(IN_THE_WIRE, NOW + DAY, PERSON, NOW, NOW)
    assert acts(seen) == [("embargo", "withheld")]
    for notice in ("gone", "withheld"):
        decision = rules.embargo(out_of_wire(notice), NOW + DAY, PERSON, NOW, NOW)
        assert acts(decision) == [("embargo", None)]
        assert decision.after == replace(IN_THE_WIRE, embargoed_until=NOW + DAY)
    for notice in ("legal", "withdrawn"):
        with pytest.raises(DeskError, match="not waiting for a time"):
            rules.embargo(out_of_wire(notice), NOW + DAY, PERSON, NOW, NOW)
    with pytest.raises(DeskError, match="over already"):
        rules.embargo(IN_THE_WIRE, NOW, PERSON, NOW, NOW)
    with pytest.raises(DeskError, match=r"under embargo until .* already"):
        rules.embargo(out_of_wire(None, NOW + DAY), NOW + DAY, PERSON, NOW, NOW)


@every_row("kind", get_args(ComplaintKind))
def test_a_complaint_does_at_once_what_its_kind_asks_for(kind: ComplaintKind) -> None:
    decision = rules.complain(IN_THE_WIRE, kind, PERSON, NOW)
    notice = {"court_order": "legal", "statute": "legal", "publisher_request": "withdrawn"}.get(kind, "withheld")
    if kind in ("factual", "own_content", "comment", "about_the_wire"):
        assert decision == DeskDecision(before=IN_THE_WIRE, acts=())
    else:
        assert decision.after.notice == notice
    assert rules.complain(out_of_wire("withdrawn"), kind, PERSON, NOW).acts == ()


def test_of_several_removals_that_come_at_once_the_stronger_stay() -> None:
    removals = [removal for _, removal in STRENGTHS]
    rising = rules.obey_all(IN_THE_WIRE, removals, NOW)
    assert [record.after.notice for record in rising.acts] == ["gone", "withheld", "legal", "withdrawn"]
    falling = rules.obey_all(IN_THE_WIRE, removals[::-1], NOW)
    assert [record.after.notice for record in falling.acts] == ["withdrawn"]
    assert rules.obey_all(out_of_wire("removed"), removals, NOW).acts == ()


NEW = ReportState(id="r", is_new=True)
STATES = st.builds(
    out_of_wire,
    st.sampled_from([None, "gone", "withheld", "legal", "withdrawn"]),
    st.sampled_from([None, NOW - DAY, NOW + DAY]),
    was_out=st.booleans(),
)


@given(st.one_of(STATES, st.just(NEW)), st.lists(st.sampled_from([removal for _, removal in STRENGTHS]), max_size=5))
def test_no_publisher_brings_a_report_back(state: ReportState, removals: list[Removal]) -> None:
    """Whatever feeds and pages ask for, in any order: the report is held back as strongly as before, or more."""
    strength = {None: 0, "gone": 1, "withheld": 2, "legal": 3, "withdrawn": 4}
    decision = rules.obey_all(state, removals, NOW)
    steps = [state, *(record.after for record in decision.acts)]
    held = [strength[step.notice] for step in steps]  # type: ignore[index]
    assert held == sorted(held)
    assert all(step.id == "r" for step in steps)
    if removals:
        assert decision.after.notice is not None


# What retention lets go


def test_words_are_held_as_long_as_rights_let_us() -> None:
    lending = {
        "kept": Lending(storage="keep", days=None),
        "lent": Lending(storage="transient", days=30),
        "never": Lending(storage="metadata_only", days=None),
        "for ever": Lending(storage="transient", days=None),
    }
    over = retention.over(lending, NOW)
    assert over.keys() == {"lent", "never"}
    assert over["lent"] == NOW - 30 * DAY
    assert over["never"] > NOW + 10_000 * DAY  # at once, whatever the clock says
    assert retention.over({}, NOW) == {}


# Which clock is believed


def looks(newest: datetime = NOW, **fields: object) -> ClockLooks:
    return ClockLooks(newest=newest, last=newest, **fields)  # type: ignore[arg-type]


def test_a_clock_is_believed_that_is_not_far_ahead() -> None:
    assert clock.trusted(ClockLooks(), NOW) == NOW
    assert clock.trusted(looks(), NOW + DAY) == NOW + DAY
    assert clock.trusted(looks(), NOW - 400 * DAY) == NOW - 400 * DAY
    assert clock.trusted(looks(), NOW + DAY + HOUR) == NOW
    # Where cron polls every three days, so long a pause is usual.
    assert clock.trusted(looks(apart=3 * DAY), NOW + 5 * DAY) == NOW + 5 * DAY


def test_a_clock_that_is_far_ahead_is_believed_at_a_second_look_and_no_sooner() -> None:
    wrong = NOW + 365 * DAY
    first = clock.looked(looks(), wrong)
    assert (first.first, first.before) == (wrong, NOW)
    assert clock.looked(first, wrong + timedelta(minutes=5)) == first
    assert clock.trusted(first, wrong + timedelta(minutes=8)) == NOW
    assert clock.trusted(first, wrong + timedelta(minutes=9)) == wrong + timedelta(minutes=9)
    # A poll that is stored by the wrong clock makes it no righter.
    assert clock.trusted(replace(first, newest=wrong), wrong + timedelta(minutes=8)) == NOW


def test_a_clock_that_was_put_right_leaves_no_doubt() -> None:
    doubted = clock.looked(looks(), NOW + 365 * DAY)
    right = clock.looked(doubted, NOW + HOUR)
    assert (right.first, right.before, right.last) == (None, None, NOW + HOUR)
    assert clock.trusted(right, NOW + 2 * HOUR) == NOW + 2 * HOUR


def test_a_look_is_written_down_once_an_hour() -> None:
    seen = looks()
    assert clock.looked(seen, NOW + timedelta(minutes=59)) == seen
    assert clock.looked(seen, NOW + HOUR).last == NOW + HOUR
