"""A report at the desk: all that is held of it, why it does not leave, and what a person does to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct

from aggregator.desk import acts, clock, joins, merges, references, rules
from aggregator.desk.outgoing import what_leaves
from aggregator.desk.versions import said_by
from aggregator.model import Cause, DeskDecision, NamedReport, Report, ReportState, Selection
from aggregator.model.errors import DeskError, SearchError
from aggregator.output.diff import Effort, word_diff
from aggregator.rights import Decision
from aggregator.store import Store
from aggregator.text import query
from aggregator.text.dates import read_moment, to_iso
from aggregator.text.printable import address
from aggregator.web.desk_pages import wording
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

_FOUND = 30  # reports of a page of a search
_VERSIONS = 10  # that are compared; all are listed
_ACTS = 50  # that are listed, the newest
_TAKEN = 20  # of those who took it, the newest
_CAUSE = ("reason", "reference")


# Finding one


def find(visit: DeskVisit) -> Page:
    asked = visit.one("q") or ""
    named = references.found(visit.store, asked, desk=True) if asked else []
    rows, older, fault = ([], None, None) if named or not asked else _by_words(visit, asked)
    return desk_page(
        template="desk/find.html", title=visit.gettext("Reports"),
        values={"asked": asked, "named": named, "rows": rows, "older": older, "fault": fault},
    )  # fmt: skip


def _by_words(visit: DeskVisit, asked: str) -> tuple[list[Report], str | None, str | None]:
    """Reports in the wire; the id below which the next page begins; and what is wrong with the words."""
    before = visit.one("before")
    if before is not None and visit.store.report_state(before) is None:
        raise Problem(404, N_("there is no such page"), N_("the report below which it begins is not here"))
    try:
        words = query.parse(asked, visit.now)
        found = list(visit.store.reports(Selection(before=before, limit=_FOUND + 1), words))
    except SearchError as error:
        return [], None, str(error)
    return found[:_FOUND], found[_FOUND - 1].id if len(found) > _FOUND else None, None


# One report


def report(visit: DeskVisit) -> Page:
    held = _held(visit)
    joined = visit.store.joins().get(held["id"])
    is_purged = held["notice"] == "removed"
    return desk_page(
        template="desk/report.html",
        title=held["title"] or visit.gettext("(no headline)"),
        values={
            "held": held,
            "original": address(held["url"]),
            "words": held["text"] or held["summary"] or "",
            "leaves": _leaves(what_leaves(visit.store, held["id"], visit.now)),
            "versions": held["versions"][::-1],
            "compared": _compared(visit.store, held["id"]) if len(held["versions"]) > 1 else (),
            "acts": held["acts"][: -_ACTS - 1 : -1],
            "taken": visit.store.taken_of(held["id"])[:_TAKEN],
            "joined_to": joined,
            "notice": visit.store.notice(held["id"]),
            "is_open": not is_purged and joined is None,
            "is_in_wire": held["notice"] is None and not held["embargoed_until"],
            "of": _labels(visit),
        },
    )


def _leaves(found: Sequence[Decision]) -> list[tuple[str | None, list[Decision]]]:
    """By use (None: people read it), of each channel."""
    return [(use, [each for each in found if each.use == use]) for use in dict.fromkeys(each.use for each in found)]


def _held(visit: DeskVisit) -> dict[str, Any]:
    """Raises Problem."""
    held = visit.store.held_report(visit.named["id"])
    if held is None:
        raise Problem(404, N_("there is no report with this id"))
    return held


def _labels(visit: DeskVisit) -> Mapping[str, Mapping[str, str]]:
    tables = ("NOTICES", "ACTS", "CHANGES", "SCOPES", "CHANNELS", "USES", "REASONS", "COMPLAINTS", "MASS")
    return {name.lower(): wording.called(visit.gettext, getattr(wording, name)) for name in tables}


class Compared(Struct, frozen=True):
    """What changed from one version to the next: pieces of `word_diff`."""

    number: int
    seen_at: str
    language: str | None
    title: list[tuple[str, str]]
    text: list[tuple[str, str]]


def _compared(store: Store, report_id: str) -> list[Compared]:
    """The newest versions, each with the one before it; the newest first."""
    rows = store.revisions(report_id)[-_VERSIONS - 1 :]
    said = [(row, said_by(row["words"], row["title"])) for row in rows]
    found, effort = [], Effort()
    for (_, old), (row, new) in reversed([*pairwise(said)]):
        found.append(
            Compared(
                row["number"],
                row["seen_at"],
                row["words"].get("language"),
                [*word_diff(old["title"] or "", new["title"] or "", effort)],
                [*word_diff(old["text"], new["text"], effort)],
            )
        )
    return found


# What a person does to it

Decide = Callable[[DeskVisit, ReportState, Cause], DeskDecision]
Carry = Callable[[DeskVisit, Store, str, Cause], None]


class _Deed(Struct, frozen=True):
    """An act upon a report, which is shown before it is done. `ask`: what is asked; `done`: what is said after it."""

    name: str
    ask: str
    done: str
    decide: Decide
    carry: Carry
    fields: tuple[str, ...] = ()


def _withhold(visit: DeskVisit, store: Store, report_id: str, cause: Cause) -> None:
    acts.withhold(store, report_id, cause, visit.now, legal=visit.said("legal") == "yes")


def _embargo(visit: DeskVisit, store: Store, report_id: str, cause: Cause) -> None:
    acts.embargo(store, report_id, _until(visit), cause, visit.now)


def _until(visit: DeskVisit) -> Any:
    """When an embargo ends, in the reader's zone where none is named. Raises DeskError."""
    end = read_moment(visit.said("until"), visit.reader.timezone())
    if end is None:
        raise DeskError(visit.gettext("The end of an embargo is a time to come, such as 2026-12-01T06:00."))
    return end


def _believed(visit: DeskVisit) -> Any:
    return clock.believed(visit.store, visit.now)


_DEEDS = (
    _Deed(
        "withhold", N_("Withhold this report?"), N_("The report is withheld."),
        lambda v, state, cause: rules.withhold(state, cause, _believed(v), legal=v.said("legal") == "yes"),
        _withhold, ("legal",),
    ),
    _Deed(
        "withdraw", N_("Withdraw this report?"), N_("The report is withdrawn."),
        lambda v, state, cause: rules.withdraw(state, cause, _believed(v)),
        lambda v, store, report_id, cause: acts.withdraw(store, report_id, cause, v.now),
    ),
    _Deed(
        "embargo", N_("Put this report under embargo?"), N_("The report is under embargo."),
        lambda v, state, cause: rules.embargo(state, _until(v), cause, v.now, _believed(v)),
        _embargo, ("until",),
    ),
    _Deed(
        "restore", N_("Put this report back into the wire?"), N_("The report is in the wire again."),
        lambda _, state, cause: rules.restore(state, cause),
        lambda v, store, report_id, cause: acts.restore(store, report_id, cause, v.now),
    ),
)  # fmt: skip


def _act(deed: _Deed) -> DeskAct:
    def act(visit: DeskVisit) -> Done | Page:
        report_id = visit.named["id"]
        cause = cause_of(visit)
        if visit.said("confirm") != "yes":
            state = acts.found(visit.store, report_id)
            return _asked(visit, deed, state, deed.decide(visit, state, cause), cause)
        with visit.writing() as store:
            deed.carry(visit, store, report_id, cause)
        return Done(f"/desk/report/{report_id}", visit.gettext(deed.done))

    return DeskAct(f"/desk/report/{{id}}/{deed.name}", act, (*_CAUSE, *deed.fields, "confirm"))


def cause_of(visit: DeskVisit) -> Cause:
    """Who acts and why, as the form says it. Raises DeskError."""
    reason = visit.line("reason", visit.gettext("Reason"))
    return Cause(actor=visit.actor, reason=reason, reference=visit.optional_line("reference"))


def _asked(visit: DeskVisit, deed: _Deed, before: ReportState, decision: DeskDecision, cause: Cause) -> Page:
    """What will happen, before it does."""
    held = _held(visit)
    return desk_page(
        template="desk/confirm.html", title=visit.gettext(deed.ask),
        values={
            "held": held,
            "before": before,
            "after": decision.after,
            "until": to_iso(decision.after.embargoed_until) if decision.after.embargoed_until else None,
            "change": next((each.change for each in reversed(decision.acts) if each.change), None),
            "cause": cause,
            "fields": {name: visit.said(name) for name in (*_CAUSE, *deed.fields)},
            "of": _labels(visit),
        },
    )  # fmt: skip


# Two reports in one, and one in two


def _join(visit: DeskVisit) -> Done:
    cause, kept = cause_of(visit), visit.named["id"]
    other = _named(visit, visit.said("other"))
    with visit.writing() as store:
        number = joins.join(store, kept, other.id, cause, visit.now)
    said = visit.gettext("%(report)s is a part of this report now; this is merge %(number)d.")
    return Done(f"/desk/report/{kept}", said % {"report": other.id, "number": number})


def _named(visit: DeskVisit, reference: str) -> NamedReport:
    """Raises DeskError."""
    found = references.found(visit.store, reference, desk=True)
    if len(found) != 1:
        raise DeskError(visit.gettext("No report, or more than one, is named so: give its id or its link."))
    return found[0]


def _split(visit: DeskVisit) -> Done:
    report_id, number = visit.named["id"], visit.said("version")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise DeskError(visit.gettext("Say which version, by its number."))
    held = _held(visit)
    if not 2 <= int(number) <= len(held["versions"]):
        raise DeskError(visit.gettext("There is no such version, or none before it."))
    with visit.writing() as store:
        new = merges.split_version(store, report_id, int(number), visit.now)
    said = visit.gettext("The report was made two again; the other one is %(report)s.")
    return Done(f"/desk/report/{report_id}", said % {"report": new})


def _confirm(visit: DeskVisit) -> Done:
    report_id, cause = visit.named["id"], cause_of(visit)
    with visit.writing() as store:
        acts.confirm(store, report_id, cause, visit.now)
    said = visit.gettext("%(report)s is right as it is, and is listed no more for what was taken for it until now.")
    return Done("/desk/merges/suspicious", said % {"report": report_id})


ROUTES = (DeskRoute("/desk/report", find, ("q", "before")), DeskRoute("/desk/report/{id}", report))
ACTS = (
    *map(_act, _DEEDS),
    DeskAct("/desk/report/{id}/join", _join, (*_CAUSE, "other")),
    DeskAct("/desk/report/{id}/split", _split, ("version",)),
    DeskAct("/desk/report/{id}/confirm", _confirm, _CAUSE),
)
