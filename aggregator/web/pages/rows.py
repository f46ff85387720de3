"""Lists of reports on pages: what the gate lets out of a selection, and where the next page begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk.outgoing import releases
from aggregator.model import Query, Selection
from aggregator.model.release import Release
from aggregator.output import beside, copies
from aggregator.web.pages.page import Page, Visit
from aggregator.web.problems import Problem


class Rows(Struct, frozen=True):
    """Reports in the order of a list. `older`: the id below which the next page begins; None: it is the last."""

    reports: tuple[Release, ...]
    older: str | None = None

    @property
    def until(self) -> datetime | None:
        return until(self.reports)

    @property
    def counted(self) -> Mapping[str, int]:
        return counted(self.reports)


def rows(visit: Visit, selection: Selection, most: int, query: Query | None = None) -> Rows:
    """The newest reports of a selection that leave by the web, from the one below the parameter `before` on. Raises
    Problem.
    """
    wanted = replace(selection, channel="web", before=below(visit), limit=most + 1)
    ids = [report.id for report in visit.store.reports(wanted, query)]
    return Rows(let_out(visit, ids[:most]), ids[most - 1] if len(ids) > most else None)


def let_out(visit: Visit, ids: Iterable[str]) -> tuple[Release, ...]:
    """Of these reports what the gate lets out, without HTML; in their order, with the wire's copies of pictures at
    paths of ours.
    """
    out = releases(visit.store, visit.wire, ids, visit.by, with_html=False)
    return tuple(copies.moved(each, "") for each in out if isinstance(each, Release))


def with_reports(page: Page, reports: Sequence[Release]) -> Page:
    """The same page as one that has these reports: how long it is good, whether search engines may keep it, and whether
    it is reserved from mining, as in `output.static`.
    """
    reserved = any(map(beside.is_reserved, reports))
    return replace(
        page,
        until=until(reports),
        reports=counted(reports),
        is_indexed=page.is_indexed and all(each.index == "index" for each in reports),
        headers=(*page.headers, *((("tdm-reservation", "1"),) if reserved else ())),
    )


def below(visit: Visit) -> str | None:
    """The id of the report below which a page begins; one that has left the wire is still a place in a list. Raises
    Problem.
    """
    before = visit.one("before")
    if before is not None and visit.store.report(before) is None and visit.store.notice(before) is None:
        raise Problem(404, "there is no such page", "the report below which it begins is not here")
    return before


def until(reports: Iterable[Release]) -> datetime | None:
    """When the clock alone may change any of these."""
    return min((each.valid_until for each in reports if each.valid_until), default=None)


def counted(reports: Iterable[Release]) -> Mapping[str, int]:
    """How many there are of each publisher."""
    return Counter(each.publisher for each in reports)
