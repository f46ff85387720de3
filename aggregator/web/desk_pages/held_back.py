"""Reports that are out of the wire, or wait for a time: by what keeps them out, the newest first."""

from __future__ import annotations

from typing import get_args

from aggregator.model import Notice
from aggregator.web.desk_pages import wording
from aggregator.web.desk_pages.paging import ROWS, below, cut, older
from aggregator.web.desk_pages.visit import DeskRoute, DeskVisit, desk_page
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

_EMBARGO = "embargo"


def held_back(visit: DeskVisit) -> Page:
    by = visit.one("by") or "withheld"
    if by == _EMBARGO:
        rows = visit.store.under_embargo(below(visit), ROWS + 1)
    else:
        notice = next((each for each in get_args(Notice) if each == by), None)
        if notice is None:
            raise Problem(404, N_("there is no such page"))
        rows = visit.store.out_of_wire(notice, below(visit), ROWS + 1)
    shown, following = cut(rows, "number")
    counts = visit.store.count_held_back()
    return desk_page(
        template="desk/held_back.html", title=visit.gettext("Held back"),
        values={
            "by": by,
            "rows": shown,
            "tabs": [(each, counts.get(each, 0)) for each in (*get_args(Notice), _EMBARGO)],
            "notices": wording.called(visit.gettext, wording.NOTICES),
            "older": older("/desk/held-back", visit, following, "by"),
        },
    )  # fmt: skip


ROUTES = (DeskRoute("/desk/held-back", held_back, ("by", "below")),)
