"""The ledger, the newest lines first: what happened to which report, and who did it."""

from __future__ import annotations

from typing import get_args

from aggregator.model import ChangeKind
from aggregator.web.desk_pages import wording
from aggregator.web.desk_pages.paging import ROWS, below, older
from aggregator.web.desk_pages.visit import DeskRoute, DeskVisit, desk_page
from aggregator.web.pages.page import Page

_ASKED = ("kind", "actor", "report")


def ledger(visit: DeskVisit) -> Page:
    kinds = [each for each in get_args(ChangeKind) if each in visit.given.get("kind", ())]
    actor, report = visit.one("actor"), visit.one("report")
    whole = f"person:{actor}" if actor and ":" not in actor and actor != "wire" else actor
    lines, following = visit.store.ledger_page(below(visit), ROWS, kinds=kinds, report=report, actor=whole)
    return desk_page(
        template="desk/ledger.html", title=visit.gettext("Ledger"),
        values={
            "lines": lines,
            "kinds": kinds,
            "actor": actor or "",
            "report": report or "",
            "is_first": below(visit) is None,
            "changes": wording.called(visit.gettext, wording.CHANGES),
            "older": older("/desk/ledger", visit, following, *_ASKED),
            "newest": older("/desk/ledger", visit, 2**63 - 1, *_ASKED),
        },
    )  # fmt: skip


ROUTES = (DeskRoute("/desk/ledger", ledger, ("below", *_ASKED)),)
