"""Saved searches: who gets what each finds, when next, what waits, and errors; a person pauses one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggregator.model.errors import DeskError
from aggregator.pipeline.saved_searches import searches
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_

_MOST, _TOLD = 100, 30  # searches, and of each those who are told, that are shown
_PATH = "/desk/alerts"
WHENS: Mapping[str, str] = {
    "at_once": N_("at once"),
    "hourly": N_("every hour"),
    "daily": N_("every day"),
    "weekly": N_("every week"),
}


def alerts(visit: DeskVisit) -> Page:
    rows = searches(visit.store, visit.config, visit.now)
    ranked = sorted(rows, key=lambda row: not is_in_trouble(row))
    values = {
        "searches": [_shown(row) for row in ranked[:_MOST]],
        "more": max(0, len(rows) - _MOST),
        "whens": WHENS,
    }
    title = visit.gettext("Alerts")
    return desk_page(template="desk/alerts.html", title=title, values=values)


def is_in_trouble(row: Mapping[str, Any]) -> bool:
    """Whether somebody does not get what it finds, though nobody paused it."""
    return bool(row["faults"]) or any(tell["error"] or tell["given_up"] for tell in row["tells"])


def _shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    tells = sorted(row["tells"], key=lambda tell: not (tell["error"] or tell["given_up"]))
    more = max(0, len(tells) - _TOLD)
    return {**row, "tells": tells[:_TOLD], "more": more, "is_in_trouble": is_in_trouble(row)}


def pause(visit: DeskVisit) -> Done:
    """As `aggregator alerts pause`."""
    name = visit.named["name"]
    with visit.writing() as store:
        is_done = store.pause_search(name, visit.now)
    return _done(visit, is_done, visit.gettext("%(name)s is paused: nobody is told of what it finds."))


def resume(visit: DeskVisit) -> Done:
    """As `aggregator alerts resume`."""
    name = visit.named["name"]
    with visit.writing() as store:
        is_done = store.resume_search(name, visit.now)
    return _done(visit, is_done, visit.gettext("%(name)s is resumed; messages that were given up are tried again."))


def _done(visit: DeskVisit, is_done: bool, said: str) -> Done:
    """Raises DeskError."""
    if not is_done:
        raise DeskError(visit.gettext("There is no saved search of this name."))
    return Done(_PATH, said % {"name": visit.named["name"]})


ROUTES = (DeskRoute(_PATH, alerts),)
ACTS = (DeskAct(f"{_PATH}/{{name}}/pause", pause), DeskAct(f"{_PATH}/{{name}}/resume", resume))
