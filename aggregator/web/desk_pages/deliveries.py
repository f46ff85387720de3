"""Subscribers: what each is owed, what could not be delivered, and why; a person pauses, resumes, sends again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggregator.model import Queue
from aggregator.model.errors import DeskError
from aggregator.pipeline.subscribers import MOST_OWED, listed
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.contacts import contact_link
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

_MOST, _LETTERS = 200, 100  # subscribers and dead letters that are shown
_PATH = "/desk/subscribers"
STATES: Mapping[str, str] = {
    "faulty": N_("File has a fault"),
    "off": N_("Switched off"),
    "no_file": N_("Without a file"),
    "new": N_("New"),
    "not_sent": N_("Not sent to"),
    "ended": N_("Ended"),
    "paused": N_("Paused"),
    "failing": N_("Failing"),
    "late": N_("Late"),
    "fine": N_("Fine"),
}
# What to do about each.
STEPS: Mapping[str, str] = {
    "faulty": N_("Correct its file. What it is owed stays owed."),
    "off": N_("Its file says enabled = false. What it is owed stays owed."),
    "no_file": N_("Its file is gone, and nothing is sent to it. Write the file again to go on."),
    "not_sent": N_("Its secrets cannot be used. Set the variables that its file names, and start the daemon again."),
    "ended": N_("Its server said that it wants no more (410). Ask its contact, and resume it then."),
    "paused": N_("Nothing is sent to it until somebody resumes it. What it is owed stays owed."),
    "failing": N_("It is tried again by itself. If that goes on, write to its contact."),
    "late": N_("It does not take what it is owed, though nothing failed. Is the daemon running?"),
}


def subscribers(visit: DeskVisit) -> Page:
    rows = listed(visit.store, visit.config, visit.now)
    order = {state: number for number, state in enumerate(STATES)}
    ranked = sorted(rows, key=lambda row: (row["state"] == "fine" and not row["dead_letters"], order[row["state"]]))
    values = {
        "subscribers": [_shown(row) for row in ranked[:_MOST]],
        "more": max(0, len(rows) - _MOST),
        "states": STATES,
        "steps": STEPS,
        "most_owed": MOST_OWED,
    }
    title = visit.gettext("Subscribers")
    return desk_page(template="desk/subscribers.html", title=title, values=values)


def subscriber(visit: DeskVisit) -> Page:
    """One, with what could not be delivered to it. Raises Problem."""
    name = visit.named["name"]
    row = next((row for row in listed(visit.store, visit.config, visit.now) if row["subscriber"] == name), None)
    if row is None:
        raise Problem(404, "there is no such subscriber", "the list of subscribers has all of them")
    letters = visit.store.dead_letters(name) if row["dead_letters"] else []
    values = {
        "subscriber": _shown(row),
        "letters": letters[:_LETTERS],
        "more": max(0, len(letters) - _LETTERS),
        "states": STATES,
        "steps": STEPS,
        "most_owed": MOST_OWED,
    }
    return desk_page(template="desk/subscriber.html", title=name, values=values)


def _shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """With what may be done about it, and its contact as a link, where it is one."""
    contact, state = row["contact"], row["state"]
    is_known = state not in ("new", "faulty") or row["acknowledged_at"] is not None
    can = {
        "pause": is_known and state not in ("paused", "ended", "no_file"),
        "resume": state in ("paused", "ended"),
        "replay": bool(row["dead_letters"]),
    }
    return {**row, "contact_link": contact_link(contact) if contact else None, "can": can}


# Acts


def pause(visit: DeskVisit) -> Done:
    """As `aggregator subscribers --pause`."""
    with visit.writing() as store:
        store.pause_queue(_queue(visit).name, visit.now)
    return _done(visit, visit.gettext("%(name)s is paused; what it is owed stays owed."))


def resume(visit: DeskVisit) -> Done:
    """As `aggregator subscribers --resume`."""
    with visit.writing() as store:
        store.resume_queue(_queue(visit).name)
    return _done(visit, visit.gettext("%(name)s is sent what it is owed again, from where it stood."))


def replay(visit: DeskVisit) -> Done:
    """As `aggregator subscribers --replay`."""
    with visit.writing() as store:
        number = store.replay(_queue(visit).name, visit.now)
    if not number:
        raise DeskError(visit.gettext("There is no message that could not be delivered."))
    return _done(visit, visit.gettext("Messages that the daemon sends to %(name)s again: %(number)s."), number)


def _queue(visit: DeskVisit) -> Queue:
    """Raises DeskError."""
    queue = visit.store.queue(visit.named["name"])
    if queue is None:
        raise DeskError(visit.gettext("Nothing was sent to a subscriber of this name yet."))
    return queue


def _done(visit: DeskVisit, said: str, number: int = 0) -> Done:
    name = visit.named["name"]
    return Done(f"{_PATH}/{name}" if visit.said("from") == "page" else _PATH, said % {"name": name, "number": number})


ROUTES = (DeskRoute(_PATH, subscribers), DeskRoute(f"{_PATH}/{{name}}", subscriber))
ACTS = (
    DeskAct(f"{_PATH}/{{name}}/pause", pause, ("from",)),
    DeskAct(f"{_PATH}/{{name}}/resume", resume, ("from",)),
    DeskAct(f"{_PATH}/{{name}}/replay", replay, ("from",)),
)
