"""Changes of known reports that wait for a person, because one fetch changed too many: to accept or to refuse."""

from __future__ import annotations

from typing import Any, get_args

from aggregator.desk import pending
from aggregator.model import MassKind
from aggregator.model.errors import DeskError
from aggregator.text.printable import address
from aggregator.web.desk_pages import wording
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

_SHOWN = 50  # reports of one source and kind


def listed(visit: DeskVisit) -> Page:
    return desk_page(
        template="desk/pending.html", title=visit.gettext("Changes that wait"),
        values={"rows": visit.store.count_pending(), "mass": wording.called(visit.gettext, wording.MASS)},
    )  # fmt: skip


def one(visit: DeskVisit) -> Page:
    source, kind = _meant(visit.named)
    rows = visit.store.pending_of_kind(source, kind, _SHOWN)
    counted = next(
        (r for r in visit.store.count_pending() if (r["source_name"], r["mass_kind"]) == (source, kind)), None
    )
    if not rows or counted is None:
        raise Problem(404, N_("no such change waits"))
    return desk_page(
        template="desk/pending_of.html",
        title=f"{counted['publisher_name']}: {wording.called(visit.gettext, wording.MASS)[kind]}",
        values={
            "source": source,
            "kind": kind,
            "counted": counted,
            "rows": [{**r, "url": address(r["url"]), "new_url": address(r["new_url"])} for r in rows],
        },
    )


def _meant(said: Any) -> tuple[str, MassKind]:
    """A source and a kind. Raises Problem."""
    kind = next((each for each in get_args(MassKind) if each == said["kind"]), None)
    if kind is None:
        raise Problem(404, N_("no such change waits"))
    return f"{said['publisher']}/{said['source']}", kind


def _accept(visit: DeskVisit) -> Done:
    source, kind = _meant(visit.named)
    with visit.writing_wire() as store:
        done = pending.accept(store, visit.config.publishers, source, (kind,), visit.actor, visit.now)
        while store.index():
            pass
    return _done(visit, done.total(), visit.gettext("Changes accepted: %(number)d."))


def _refuse(visit: DeskVisit) -> Done:
    source, kind = _meant(visit.named)
    with visit.writing() as store:
        done = pending.refuse(store, source, (kind,), visit.actor, visit.now)
    return _done(visit, done.total(), visit.gettext("Changes refused: %(number)d."))


def _done(visit: DeskVisit, number: int, said: str) -> Done:
    if not number:
        raise DeskError(visit.gettext("No such change waits any more."))
    return Done("/desk/pending", said % {"number": number})


_PATH = "/desk/pending/{publisher}/{source}/{kind}"
ROUTES = (DeskRoute("/desk/pending", listed), DeskRoute(_PATH, one))
ACTS = (DeskAct(f"{_PATH}/accept", _accept), DeskAct(f"{_PATH}/refuse", _refuse))
