"""One source of the wire: how it does and why, and what a person may do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aggregator.desk import pending as waiting
from aggregator.fetch.iri import to_uri
from aggregator.fetch.robots import Rules
from aggregator.model import Rhythm
from aggregator.model.errors import DeskError
from aggregator.pipeline.source_words import REASONS, Files
from aggregator.rights import SIGNAL_NAMES, is_address
from aggregator.text.dates import read_to_come
from aggregator.web.desk_pages.sources import STATES, brought, listed, path_of
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

_POLLS = 30
_DAYS = 42  # of the chart
_SIGNALS = 30
_SOURCE = "/desk/source/{publisher}/{key}"
# How long a pause lasts, as `text.dates.read_to_come` reads it, and in words; "": until somebody ends it.
PAUSES: Mapping[str, str] = {
    "6h": N_("6 hours"),
    "1d": N_("1 day"),
    "1w": N_("1 week"),
    "": N_("until somebody ends it"),
}


def source(visit: DeskVisit) -> Page:
    """The page of one. Raises Problem."""
    name = _name(visit)
    found = visit.store.source(name, _POLLS)
    if found is None:
        raise Problem(404, "there is no such source", "the list of sources has all of them")
    days = visit.store.received_by_day([name], visit.now.date() - timedelta(days=_DAYS - 1)).get(name, {})
    row = next((row for row in visit.store.health(visit.now) if row["source_name"] == name), None)
    files, publisher = Files(visit.site.paths), str(found["publisher"])
    url = str(found["url"])
    values = {
        "source": found,
        "name": name,
        "publisher": publisher,
        "link": url if is_address(url) else None,
        "listed": row and listed(row, files, visit),
        "file": files.of(publisher),
        "chart": brought(visit, name, days, _DAYS),
        "rhythm": rhythm(found["rhythm"]),
        "reasons": REASONS,
        "states": STATES,
        "robots": _robots(visit, url),
        "signals": _signals(visit, publisher),
        "pauses": PAUSES,
        "is_known": any(publisher == each.key for each in visit.config.publishers),
    }
    return desk_page(template="desk/source.html", title=name, values=values)


def rhythm(of: Rhythm) -> Mapping[str, Any] | None:
    """How much a source publishes, and when; None: that is not known yet. `hours`: those of the day, in UTC, at which
    most of it comes, in order.
    """
    if of.taught_at is None or not of.days:
        return None
    most = sorted(range(len(of.hours)), key=lambda hour: -of.hours[hour])[:4]
    return {
        "a_day": round(of.reports / of.days, 1),
        "longest": round(of.longest),
        "listed": of.listed,
        "hours": sorted(hour for hour in most if of.hours[hour] > 0),
    }


def _robots(visit: DeskVisit, url: str) -> Mapping[str, Any] | None:
    """What the robots.txt of its site says to us, as it was fetched last; None: it was not, or `url` is none."""
    if not is_address(url):
        return None
    asked = to_uri(url)
    parts = urlsplit(asked)
    copy = visit.store.recall_robots(f"{parts.scheme}://{parts.netloc}")
    if copy is None:
        return None
    rules = Rules(copy, visit.wire.robots_token)
    is_allowed = rules.allows(asked)
    return {
        "origin": copy.origin,
        "fetched_at": copy.fetched_at,
        "status": copy.http_status,
        "is_allowed": is_allowed,
        "why": None if is_allowed else rules.refusal(asked),
        "delay": rules.delay,
    }


def _signals(visit: DeskVisit, publisher: str) -> Sequence[Mapping[str, Any]]:
    """What the publisher's sites say to machines, the newest first."""
    found = sorted(visit.store.signals([publisher]), key=lambda each: each.last_seen, reverse=True)
    return [
        {
            "form": SIGNAL_NAMES[each.signal.form],
            "place": each.signal.place,
            "literal": each.signal.literal,
            "last_seen": each.last_seen,
            "ended_at": each.ended_at,
        }
        for each in found[:_SIGNALS]
    ]


def _name(visit: DeskVisit) -> str:
    return f"{visit.named['publisher']}/{visit.named['key']}"


def _existing(visit: DeskVisit) -> str:
    """The name of the source that an act is about. Raises DeskError."""
    name = _name(visit)
    if name not in visit.store.sources():
        raise DeskError(visit.gettext("There is no source of this name in the database."))
    return name


# Acts


def pause(visit: DeskVisit) -> Done:
    """As `aggregator pause`."""
    name, gettext = _existing(visit), visit.gettext
    if not visit.store.sources()[name]:
        raise DeskError(gettext("It is switched off in its publisher's file, so it is not fetched anyway."))
    reason, until = visit.line("reason", gettext("Reason")), _until(visit)
    with visit.writing_wire() as store:
        store.pause([name], visit.now, until, visit.actor, reason)
    return Done(path_of(name), gettext("%(source)s is paused.") % {"source": name})


def _until(visit: DeskVisit) -> datetime | None:
    """Raises DeskError."""
    said = visit.said("until")
    if said not in PAUSES:
        raise DeskError(visit.gettext("Choose how long it is paused."))
    return read_to_come(said, visit.now) if said else None


def resume(visit: DeskVisit) -> Done:
    """As `aggregator resume`."""
    name = _existing(visit)
    with visit.writing() as store:
        resumed = store.resume([name], visit.now, visit.actor)
    if not resumed:
        raise DeskError(visit.gettext("It is not paused."))
    return Done(_next(visit, name), visit.gettext("%(source)s is fetched again; it is due now.") % {"source": name})


def accept_redirect(visit: DeskVisit) -> Done:
    """As `aggregator accept`, of the address that the person was shown."""
    name = _existing(visit)
    url = _held_address(visit, name)
    with visit.writing() as store:
        found = store.accept_redirect(name, visit.now)
    if found is None or found.state != "accepted":
        raise DeskError(visit.gettext("No address waits for a decision any more. Look at the source again."))
    said = visit.gettext("The documents of %(source)s may come from %(url)s; it is due now.")
    return Done(_next(visit, name), said % {"source": name, "url": url})


def refuse_redirect(visit: DeskVisit) -> Done:
    """Leaves the source alone: as `aggregator pause`, with the address as the reason. Nothing of it was stored."""
    name = _existing(visit)
    url = _held_address(visit, name)
    with visit.writing_wire() as store:
        store.pause([name], visit.now, None, visit.actor, f"its redirect to {url} was refused")
    said = visit.gettext("The address %(url)s was refused, and %(source)s is paused.")
    return Done(_next(visit, name), said % {"source": name, "url": url})


def _held_address(visit: DeskVisit, name: str) -> str:
    """The address that waits, where it is the one that the person saw. Raises DeskError."""
    row = next((row for row in visit.store.health() if row["source_name"] == name), None)
    if row is None or row["redirect"] != "pending" or row["redirected_to"] != visit.said("url"):
        raise DeskError(
            visit.gettext("Another address waits now, or none. Look at the source again before you decide.")
        )
    return str(row["redirected_to"])


def accept_changes(visit: DeskVisit) -> Done:
    """As `aggregator pending accept`."""
    name = _existing(visit)
    with visit.writing_wire() as store:
        done = waiting.accept(store, visit.config.publishers, name, waiting.KINDS, visit.actor, visit.now)
        while store.index():
            pass
    return _changed(visit, name, done.total(), visit.gettext("%(number)s changes of %(source)s are in force."))


def refuse_changes(visit: DeskVisit) -> Done:
    """As `aggregator pending refuse`."""
    name = _existing(visit)
    with visit.writing() as store:
        done = waiting.refuse(store, name, waiting.KINDS, visit.actor, visit.now)
    return _changed(visit, name, done.total(), visit.gettext("%(number)s changes of %(source)s were refused."))


def _changed(visit: DeskVisit, name: str, number: int, said: str) -> Done:
    if not number:
        raise DeskError(visit.gettext("No change of its reports waits for a decision."))
    return Done(_next(visit, name), said % {"source": name, "number": number})


def _next(visit: DeskVisit, name: str) -> str:
    """Where the form was: on the list, or on the source's own page."""
    return "/desk/sources" if visit.said("from") == "list" else path_of(name)


ROUTES = (DeskRoute(_SOURCE, source),)
ACTS = (
    DeskAct(f"{_SOURCE}/pause", pause, ("until", "reason")),
    DeskAct(f"{_SOURCE}/resume", resume, ("from",)),
    DeskAct(f"{_SOURCE}/redirect/accept", accept_redirect, ("url", "from")),
    DeskAct(f"{_SOURCE}/redirect/refuse", refuse_redirect, ("url", "from")),
    DeskAct(f"{_SOURCE}/changes/accept", accept_changes, ("from",)),
    DeskAct(f"{_SOURCE}/changes/refuse", refuse_changes, ("from",)),
)
