"""The front page: the latest reports."""

from __future__ import annotations

from aggregator.model import Selection
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.rows import rows

_MOST = 50


def front(visit: Visit) -> Page:
    found = rows(visit, Selection(), _MOST)
    return Page(
        template="front.html",
        title=visit.wire.name,
        description=visit.gettext("The latest reports of all publishers of this wire."),
        values={"rows": found},
        canonical=visit.address("/"),
        feed="/feeds/latest",
        until=found.until,
        reports=found.counted,
    )


ROUTES = (PageRoute("/", front, ("before",)),)
