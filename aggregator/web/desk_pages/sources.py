"""The sources of the wire: those with a problem first, each with what is wrong and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

from msgspec import Struct

from aggregator.desk import clock
from aggregator.model import HealthState
from aggregator.pipeline import watching
from aggregator.pipeline.source_words import Files, Told, advice, next_fetch, what
from aggregator.rights import is_address
from aggregator.text.dates import for_people, times_for_people
from aggregator.web.desk_pages.paging import part
from aggregator.web.desk_pages.visit import DeskRoute, DeskVisit, desk_page
from aggregator.web.pages import locales
from aggregator.web.pages.chart import Chart, chart, days_until
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

DAYS = 14  # of a small chart
_PAGE = 40  # sources
_FAULTS = 20  # lines of faults of the configuration
_LONGEST = 400  # characters of what is wrong; the source's own page has all
STATES: Mapping[HealthState, str] = {
    "held": N_("Held"),
    "faulty": N_("File has a fault"),
    "paused": N_("Paused"),
    "failing": N_("Failing"),
    "silent": N_("Silent"),
    "gaps": N_("Gaps"),
}
assert set(STATES) == {*get_args(HealthState)}


class Listed(Struct, frozen=True, kw_only=True):
    """A source in words. `what` and `advice` are English, as the commands print them; None: nothing is wrong."""

    name: str  # PUBLISHER/KEY
    publisher: str
    publisher_name: str
    url: str
    link: str | None  # `url`, where a browser may follow it
    states: Sequence[HealthState]
    what: str | None
    advice: str | None
    next: str
    received: int  # in seven days
    chart: Chart | None
    held_redirect: str | None  # the address that waits for a person
    pending: int  # changes that wait for a person
    is_paused: bool
    is_found: bool  # a feed was found, and waits for a person


def told_to(visit: DeskVisit) -> Told:
    """How a time is told to whoever reads."""
    return lambda moment: for_people(moment, visit.reader.timezone())


def path_of(name: str) -> str:
    """The page of a source, by its name. What stands in the database may be older than the rules for keys."""
    return f"/desk/source/{name}"


def listed(
    row: Mapping[str, Any], files: Files, visit: DeskVisit, charts: Mapping[str, Mapping[str, int]] | None = None
) -> Listed:
    """Of a row of `Store.health`; `charts`: what came by day, of those of which it is shown."""
    told, zone = told_to(visit), visit.reader.timezone()
    name, url = str(row["source_name"]), str(row["url"])
    said = what(row, told) if row["problem"] else None
    found = charts.get(name, {}) if charts is not None else None
    return Listed(
        name=name,
        publisher=name.partition("/")[0],
        publisher_name=str(row["publisher_name"]),
        url=url,
        link=url if is_address(url) else None,
        states=row["states"],
        what=said and times_for_people(said, zone),
        advice=advice(row, files),
        next=next_fetch(row, visit.now, told),
        received=row["articles_7_days"],
        chart=None if found is None else brought(visit, name, found, DAYS),
        held_redirect=row["redirected_to"] if row.get("redirect") == "pending" else None,
        pending=row.get("pending") or 0,
        is_paused=bool(row.get("paused_by")),
        is_found=row.get("search") == "found",
    )


def brought(visit: DeskVisit, name: str, by_day: Mapping[str, int], number: int) -> Chart:
    """The new reports of a source by day of UTC, until today."""
    days = days_until(visit.now.date(), number)
    counts = [by_day.get(day.isoformat(), 0) for day in days]
    said = [locales.number_in(count, visit.reader.language) for count in counts]
    words = {"total": sum(counts), "days": number, "most": max(counts), "without": counts.count(0)}
    title = visit.gettext(
        "New reports by day: %(total)s in %(days)s days, at most %(most)s a day, none on %(without)s days"
    )
    numbers = list(zip(days, map(float, counts), strict=True))
    return chart(f"of-{name.replace('/', '-')}", title % words, numbers, said, str(max(counts)), visit.reader)


def sources(visit: DeskVisit) -> Page:
    """The page of all, chosen by the parameters `state` (a HealthState, `problem` or `all`), `words` and `page`."""
    rows = visit.store.health(visit.now)
    all_polled = polled(rows)
    with_problem = with_a_problem(all_polled)
    state, words = visit.one("state") or "problem", (visit.one("words") or "")[:100]
    chosen = _chosen(all_polled, with_problem, state, words)
    page = part(visit, chosen, _PAGE)
    names = [str(row["source_name"]) for row in page.rows]
    charts = visit.store.received_by_day(names, visit.now.date() - timedelta(days=DAYS - 1))
    files, silence = Files(visit.site.paths), watching.silence(visit.store, visit.now)
    doubt = clock.doubt(visit.store, visit.now)
    zone = visit.reader.timezone()
    counts = Counter(each for row in all_polled for each in row["states"])
    values = {
        "sources": [listed(row, files, visit, charts) for row in page.rows],
        "state": state,
        "words": words,
        "states": STATES,
        "states_counted": [(name, label, counts[name]) for name, label in STATES.items() if counts[name]],
        "troubled": len(with_problem),
        "fine": len(all_polled) - len(with_problem),
        "found": len(chosen),
        "number": page.number,
        "pages": page.pages,
        "searched": Counter(row["search"] for row in rows if row.get("search")),
        "silent_since": silence and silence.since,
        "doubt": doubt and times_for_people(str(doubt), zone),
        "faults": visit.config.faults[:_FAULTS],
        "longest": _LONGEST,
    }
    return desk_page(template="desk/sources.html", title=visit.gettext("Sources"), values=values)


def polled(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `Store.health` without the sites of which no feed is known yet."""
    return [row for row in rows if row.get("search") in (None, "found")]


def with_a_problem(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those with which something is wrong, or that wait for a person, in the same order."""
    return [row for row in rows if row["states"] or row["advice"] or row.get("search")]


def problem_since(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Since when the first of them is; None: that is not known."""
    return min((row["since"] for row in rows if row.get("since")), default=None)


def _chosen(
    rows: Sequence[dict[str, Any]], with_problem: Sequence[dict[str, Any]], state: str, words: str
) -> Sequence[dict[str, Any]]:
    """Raises Problem."""
    if state in STATES:
        found = [row for row in rows if state in row["states"]]
    elif state == "all":
        others = [row for row in rows if row not in with_problem]
        found = [*with_problem, *sorted(others, key=lambda row: str(row["source_name"]))]
    elif state == "problem":
        found = list(with_problem)
    else:
        raise Problem(400, "this address cannot be understood", f"state: {', '.join(('problem', 'all', *STATES))}")
    return [row for row in found if _has(row, words.casefold())] if words else found


def _has(row: Mapping[str, Any], words: str) -> bool:
    return any(words in str(row[name]).casefold() for name in ("source_name", "publisher_name", "url"))


ROUTES = (DeskRoute("/desk/sources", sources, ("state", "words", "page")),)
