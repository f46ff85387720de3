"""The desk's first page: what needs a person now, each with how many and since when."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from aggregator.desk import complaints, suspects
from aggregator.pipeline.saved_searches import searches
from aggregator.pipeline.subscribers import in_trouble, listed
from aggregator.text.dates import to_iso
from aggregator.web.desk_pages import alerts, discovered, rights, sources
from aggregator.web.desk_pages.merges import SINCE
from aggregator.web.desk_pages.visit import DeskRoute, DeskVisit, desk_page
from aggregator.web.pages.page import Page


class Need(Struct, frozen=True):
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


def _sources(visit: DeskVisit) -> Need:
    since = sources.problem_since(rows := sources.with_a_problem(sources.polled(visit.store.health(visit.now))))
    return Need(visit.gettext("Sources with a problem"), "/desk/sources", len(rows), since)


def _discovered(visit: DeskVisit) -> Need:
    found = discovered.waiting(visit)
    since = min((each["last_poll"] for each in found if each["last_poll"]), default=None)
    return Need(visit.gettext("Feeds that were found"), "/desk/discovered", len(found), since)


def _subscribers(visit: DeskVisit) -> Need:
    found = in_trouble(listed(visit.store, visit.config, visit.now))
    since = min((each["failing_since"] for each in found if each["failing_since"]), default=None)
    name = visit.gettext("Subscribers who do not take what they are owed")
    return Need(name, "/desk/subscribers", len(found), since)


def _alerts(visit: DeskVisit) -> Need:
    found = [each for each in searches(visit.store, visit.config, visit.now) if alerts.is_in_trouble(each)]
    return Need(visit.gettext("Saved searches whose alerts are not delivered"), "/desk/alerts", len(found))


NEEDS: tuple[Callable[[DeskVisit], Need], ...] = (
    _complaints,
    _pending,
    _sources,
    _discovered,
    _subscribers,
    _alerts,
    _suspects,
    _agreements,
    _terms,
    _signals,
)


def home(visit: DeskVisit) -> Page:
    needs = [need(visit) for need in NEEDS]
    return desk_page(
        template="desk/home.html", title=visit.gettext("Desk"),
        values={
            "needs": [each for each in needs if each.number],
            "quiet": [each for each in needs if not each.number],
        },
    )  # fmt: skip


ROUTES = (DeskRoute("/desk", home),)
