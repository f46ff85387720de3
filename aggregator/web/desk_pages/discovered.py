"""Feeds that were found at sites whose feed was not known: a person writes one down, or refuses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aggregator.config.adding import add_source
from aggregator.model.errors import ConfigError, DeskError
from aggregator.pipeline.discovery.prober import kind_of
from aggregator.pipeline.opening import publisher_file
from aggregator.pipeline.source_words import Files
from aggregator.rights import is_address
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.page import Page

_MOST = 50  # that are shown at once
_FOUND = "/desk/discovered/{publisher}/{key}"


def discovered(visit: DeskVisit) -> Page:
    found, files = waiting(visit), Files(visit.site.paths)
    searched = Counter(row["search"] for row in visit.store.health() if row.get("search"))
    shown = [{**row, "file": files.of(row["publisher"]), **_links(row)} for row in found[:_MOST]]
    values = {"proposals": shown, "more": len(found) - len(shown), "searched": searched}
    values["is_automatic"] = visit.wire.poll.accept_discovered
    title = visit.gettext("Discovered feeds")
    return desk_page(template="desk/discovered.html", title=title, values=values)


def _links(row: Mapping[str, Any]) -> Mapping[str, str | None]:
    """The addresses of a row that a browser may follow."""
    return {f"{name}_link": row[name] if is_address(row[name]) else None for name in ("url", "proposed")}


def waiting(visit: DeskVisit) -> list[dict[str, Any]]:
    """The proposals of sources that are not paused: who refuses one pauses its source."""
    paused = {*visit.store.paused()}
    return [row for row in visit.store.proposed_feeds() if row["source_name"] not in paused]


def accept(visit: DeskVisit) -> Done:
    """As `aggregator probe --write`, of the address that the person was shown."""
    row = _proposal(visit)
    publisher, url = row["publisher"], row["proposed"]
    try:
        name = publisher_file(visit.site.paths, publisher)
        add_source(visit.site.paths.config_folder(), name, url, kind_of(row["proposed_as"] or ""))
    except ConfigError as error:
        raise DeskError("; ".join(error.faults)) from error
    said = visit.gettext("%(file)s now has %(url)s; the daemon takes it over within seconds.")
    return Done("/desk/discovered", said % {"file": name, "url": url})


def refuse(visit: DeskVisit) -> Done:
    """As `aggregator pause`, with the address as the reason: its site is not searched until the source is resumed."""
    row = _proposal(visit)
    name = row["source_name"]
    with visit.writing_wire() as store:
        store.pause([name], visit.now, None, visit.actor, f"the feed {row['proposed']} that was found was refused")
    said = visit.gettext("%(url)s was refused. The site is not searched again until you resume %(source)s.")
    return Done("/desk/discovered", said % {"url": row["proposed"], "source": name})


def _proposal(visit: DeskVisit) -> Mapping[str, Any]:
    """What waits of a source, where it is what the person saw. Raises DeskError."""
    name = f"{visit.named['publisher']}/{visit.named['key']}"
    row = next((row for row in visit.store.proposed_feeds() if row["source_name"] == name), None)
    if row is None or row["proposed"] != visit.said("url"):
        raise DeskError(visit.gettext("Another feed waits now, or none. Look again before you decide."))
    return row


ROUTES = (DeskRoute("/desk/discovered", discovered),)
ACTS = (
    DeskAct(f"{_FOUND}/accept", accept, ("url",)),
    DeskAct(f"{_FOUND}/refuse", refuse, ("url",)),
)
