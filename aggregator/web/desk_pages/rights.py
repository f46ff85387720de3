"""Rights that need a look: agreements that end, terms that nobody has read of late, and what publishers' sites refuse
that their files allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import get_args

from msgspec import Struct

from aggregator.desk.signals import ByPublisher, by_publisher, of_publisher
from aggregator.model import Publisher
from aggregator.model.publisher import Use
from aggregator.rights import NOTICE_DAYS, configured, effective, grounds
from aggregator.web.desk_pages import wording
from aggregator.web.desk_pages.visit import DeskRoute, DeskVisit, desk_page
from aggregator.web.pages.page import Page

_OLD = timedelta(days=365)  # since somebody read the terms
_SHOWN = 200  # of each list


class Conflict(Struct, frozen=True):
    """A use that a publisher's file allows, and its site refuses: nothing leaves for it until a person has decided."""

    publisher: Publisher
    use: Use
    literal: str
    url: str


def ending(visit: DeskVisit) -> list[tuple[Publisher, date, bool]]:
    """Publishers whose agreements end within some weeks, or have ended: the last day, and whether it is over."""
    today = visit.now.date()
    last = today + timedelta(days=NOTICE_DAYS)
    found = [(each, each.rights.expires) for each in visit.config.publishers if each.enabled]
    those = [(each, day, day < today) for each, day in found if day is not None and day <= last]
    return sorted(those, key=lambda one: one[1])


def unread(visit: DeskVisit) -> list[tuple[Publisher, date | None]]:
    """Publishers whose reports leave, and whose terms nobody has read for a year; or ever, where more leaves than the
    right to quote lets out: those first.
    """
    today = visit.now.date()
    found = []
    for each in visit.config.publishers:
        rights, checked = effective(each.rights, today), each.rights.terms_checked
        is_old = today - checked > _OLD if checked else rights.basis not in ("own", "quotation")
        if each.enabled and is_old and rights.redistribute and rights.text_scope != "none":
            found.append((each, checked))
    return sorted(found, key=lambda one: one[1] or date.min)


def conflicts(visit: DeskVisit) -> list[Conflict]:
    return list(_conflicts(visit.config.publishers, by_publisher(visit.store), visit.now.date()))


def _conflicts(publishers: Iterable[Publisher], said: ByPublisher, today: date) -> Iterator[Conflict]:
    for each in publishers:
        rights = effective(each.rights, today)
        by_file, found = configured(rights), grounds(rights, of_publisher(said, each.key, each.homepage))
        for use in get_args(Use):
            signal = found[use].signal
            if signal is not None and getattr(by_file, use) == "allowed":
                yield Conflict(each, use, signal.literal, signal.url)


def rights(visit: DeskVisit) -> Page:
    found, old, against = ending(visit), unread(visit), conflicts(visit)
    return desk_page(
        template="desk/rights.html", title=visit.gettext("Rights that need a look"),
        values={
            "ending": found[:_SHOWN],
            "unread": old[:_SHOWN],
            "unread_number": len(old),
            "conflicts": against[:_SHOWN],
            "uses": wording.called(visit.gettext, wording.USES),
        },
    )  # fmt: skip


ROUTES = (DeskRoute("/desk/rights", rights),)
