"""What stands at the address of a report that does not leave: a notice, or the way to where it is now."""

from __future__ import annotations

from msgspec.structs import replace

from aggregator.model.release import Refusal
from aggregator.output import beside
from aggregator.text.printable import address
from aggregator.web import refusals
from aggregator.web.pages.moving import moved
from aggregator.web.pages.page import Page, Visit
from aggregator.web.refusals import Moved


def page(visit: Visit, report: str, found: Refusal | None, rest: str = "") -> Page:
    """The page in the place of a report of which the gate let nothing out; `found`: why, or None where it is not here.
    `rest`: what follows the id in the address that was asked for. Raises Problem of what nobody is to know of.
    """
    said = refusals.in_place_of(visit.store, visit.wire, report, visit.by, found)
    if isinstance(said, Moved):
        return replace(moved(visit, f"/report/{said.to}{rest}"), until=said.until)
    if not said.notice:
        raise said.problem()
    notice = said.notice
    whose = beside.named(notice["publisher_name"], notice["publisher_place"] or "")
    return Page(
        template="absent.html",
        title=whose,
        description="",
        values={
            "reason": notice["notice"],
            "whose": whose,
            "publisher": notice["publisher"],
            "text": said.text,
            "text_language": visit.notices_language(notice["publisher"]),
            "at": notice["at"],
            "headline": notice["title"],
            "original": address(notice["url"]),
            "id": report,
        },
        is_indexed=False,
        until=said.until,
        status=said.status,
        headers=tuple(said.headers.items()),
    )
