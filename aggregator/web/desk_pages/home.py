"""The desk's first page: what needs a person now, each with how many and since when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aggregator.desk import complaints, suspects
from aggregator.text.dates import to_iso
from aggregator.web.desk_pages import rights
from aggregator.web.desk_pages.merges import SINCE
from aggregator.web.desk_pages.visit import DeskRoute, DeskVisit
from aggregator.web.pages.page import Page


@dataclass(frozen=True, slots=True)
class Need:
    """Something that may need a person: `number` of them, the oldest since then. `path`: where it is seen to."""

    name: str
    path: str
    number: int
    since: str | None = None
    said: str = ""


def _complaints(visit: DeskVisit) -> Need:
    found = complaints.matters(visit.store)
    since = min((to_iso(each.oldest) for each in found), default=None)
    number = sum(each.count for each in found)
    return Need(visit.gettext("Complaints that are open"), "/desk/complaints", number, since)


def _pending(visit: DeskVisit) -> Need:
    found = visit.store.count_pending()
    since = min((each["since"] for each in found), default=None)
    number = sum(each["number"] for each in found)
    return Need(visit.gettext("Changes that wait"), "/desk/pending", number, since)


def _suspects(visit: DeskVisit) -> Need:
    number = suspects.count_merged(visit.store, visit.now - SINCE)
    return Need(visit.gettext("Merges of late that may be wrong"), "/desk/merges/suspicious", number)


def _agreements(visit: DeskVisit) -> Need:
    found = rights.ending(visit)
    since = found[0][1].isoformat() if found else None
    return Need(
        visit.gettext("Agreements that end or have ended"), "/desk/rights#ending", len(found), None, since or ""
    )


def _terms(visit: DeskVisit) -> Need:
    found = rights.unread(visit)
    return Need(visit.gettext("Publishers whose terms nobody read for a year"), "/desk/rights#unread", len(found))


def _signals(visit: DeskVisit) -> Need:
    found = rights.conflicts(visit)
    return Need(visit.gettext("Uses that a file allows and a site refuses"), "/desk/rights#conflicts", len(found))


NEEDS: tuple[Callable[[DeskVisit], Need], ...] = (
    _complaints,
    _pending,
    _suspects,
    _agreements,
    _terms,
    _signals,
)


def home(visit: DeskVisit) -> Page:
    needs = [need(visit) for need in NEEDS]
    return Page(
        template="desk/home.html", title=visit.gettext("Desk"), description="",
        values={
            "needs": [each for each in needs if each.number],
            "quiet": [each for each in needs if not each.number],
            "held": visit.store.count_held_back(),
        },
        is_indexed=False,
    )  # fmt: skip


ROUTES = (DeskRoute("/desk", home),)
