"""Complaints at the desk: by matter, one with its words, and what is done because of it."""

from __future__ import annotations

from typing import Any

from aggregator.desk import complaints
from aggregator.model import Cause
from aggregator.model.errors import DeskError
from aggregator.web.desk_pages import wording
from aggregator.web.desk_pages.paging import ROWS, below, cut, number, older, part
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

ABOUT_WIRE = "wire"  # in the place of an id


def listed(visit: DeskVisit) -> Page:
    """The matters that are open."""
    found = complaints.matters(visit.store)
    page = part(visit, found)
    names = visit.store.named([each.report for each in page.rows if each.report])
    return desk_page(
        template="desk/complaints.html", title=visit.gettext("Complaints"),
        values={
            "matters": [(each, names.get(each.report or "", (None, None))[1]) for each in page.rows],
            "number": sum(each.count for each in found),
            "kinds": wording.called(visit.gettext, wording.COMPLAINTS),
            "page_number": page.number,
            "older": f"/desk/complaints?page={page.number + 1}" if page.number < page.pages else None,
        },
    )  # fmt: skip


def matter(visit: DeskVisit) -> Page:
    """All complaints about one report, or about the wire, the newest first."""
    about = None if visit.named["about"] == ABOUT_WIRE else visit.named["about"]
    if about is not None and visit.store.report_state(about) is None:
        raise Problem(404, N_("there is no report with this id"))
    shown, following = cut(visit.store.complaints_page(about, below(visit), ROWS + 1), "number")
    is_wire = about is None
    title = visit.gettext("Complaints about the wire") if is_wire else visit.gettext("Complaints about a report")
    return desk_page(
        template="desk/matter.html", title=title,
        values={
            "rows": shown,
            "about": about,
            "held": visit.store.held_report(about) if about else None,
            "kinds": wording.called(visit.gettext, wording.COMPLAINTS),
            "older": older(f"/desk/complaints/{visit.named['about']}", visit, following),
        },
    )  # fmt: skip


def complaint(visit: DeskVisit) -> Page:
    row = _found(visit)
    report = row["id"]
    state = visit.store.report_state(report) if report else None
    is_joined = report in visit.store.joins() if report else False
    proposed = None if is_joined else complaints.proposal(row["complaint_kind"], state)
    return desk_page(
        template="desk/complaint.html",
        title=visit.gettext("Complaint %(number)d") % {"number": row["number"]},
        values={
            "row": row,
            "addressee": visit.store.addressee(report) if report else None,
            "held": visit.store.held_report(report) if report else None,
            "notice": state.notice if state else None,
            "proposed": proposed,
            "kinds": wording.called(visit.gettext, wording.COMPLAINTS),
            "acts": [
                wording.called(visit.gettext, wording.ACTS).get(each, each) for each in (row["acts"] or "").split()
            ],
            "notices": wording.called(visit.gettext, wording.NOTICES),
        },
    )


def _number(visit: DeskVisit) -> int:
    return number(visit.named["number"], "the number of a complaint")


def _found(visit: DeskVisit) -> dict[str, Any]:
    """Raises Problem."""
    try:
        return complaints.found_complaint(visit.store, _number(visit))
    except DeskError as error:
        raise Problem(404, N_("there is no complaint with this number")) from error


def _carry_out(visit: DeskVisit) -> Done:
    row = _found(visit)
    reason = visit.line("reason", visit.gettext("Reason"))
    cause = Cause(actor=visit.actor, reason=reason, reference=visit.optional_line("reference"))
    with visit.writing() as store:
        done = complaints.carry_out(store, row["number"], cause, visit.now)
    said = visit.gettext("Done: the report was %(act)s. The complaint is still open.")
    return Done(_path(row), said % {"act": wording.called(visit.gettext, wording.ACTS).get(done, done)})


def _resolve(visit: DeskVisit) -> Done:
    row = _found(visit)
    resolution = visit.line("resolution", visit.gettext("How it was settled"))
    with visit.writing() as store:
        complaints.resolve(store, row["number"], resolution, visit.now, visit.said("answer") or None)
    return Done(_path(row), visit.gettext("The complaint is resolved."))


def _erase(visit: DeskVisit) -> Done:
    row = _found(visit)
    if visit.said("sure") != "yes":
        raise DeskError(visit.gettext("Say that you are sure: what is erased comes back from no place."))
    with visit.writing() as store:
        complaints.erase(store, row["number"], visit.now)
    return Done(_path(row), visit.gettext("Its words are erased; backups that were made before still hold them."))


def _path(row: dict[str, Any]) -> str:
    return f"/desk/complaint/{row['number']}"


ROUTES = (
    DeskRoute("/desk/complaints", listed, ("page",)),
    DeskRoute("/desk/complaints/{about}", matter, ("below",)),
    DeskRoute("/desk/complaint/{number}", complaint),
)
ACTS = (
    DeskAct("/desk/complaint/{number}/carry-out", _carry_out, ("reason", "reference")),
    DeskAct("/desk/complaint/{number}/resolve", _resolve, ("resolution", "answer")),
    DeskAct("/desk/complaint/{number}/erase", _erase, ("sure",)),
)
