"""What was taken for one report, side by side, to undo it; and what may be wrong, with what corrects it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct

from aggregator.desk import merges, suspects
from aggregator.desk.versions import said_by
from aggregator.identity import why_two
from aggregator.model import Merge, Version
from aggregator.model.errors import DeskError
from aggregator.output.diff import Piece, word_diff
from aggregator.text.dates import to_iso
from aggregator.text.html import clean_line
from aggregator.text.printable import address
from aggregator.text.raw_words import as_text, decode, values
from aggregator.web.desk_pages.paging import ROWS, below, cut, number, older
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.page import Page
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

SINCE = timedelta(days=30)  # of what is looked at again by itself
_MOST = 100  # suspects of a page


def listed(visit: DeskVisit) -> Page:
    undone_too = visit.one("undone") == "yes"
    rows, following = cut(visit.store.merges_page(below(visit), ROWS + 1, undone_too=undone_too), "merge_id")
    return desk_page(
        template="desk/merges.html", title=visit.gettext("Merges"),
        values={
            "rows": rows,
            "undone_too": undone_too,
            "older": older("/desk/merges", visit, following, "undone"),
        },
    )  # fmt: skip


def suspicious(visit: DeskVisit) -> Page:
    is_all = visit.one("since") == "ever"
    found = suspects.listed(visit.store, None if is_all else visit.now - SINCE)
    return desk_page(
        template="desk/suspects.html", title=visit.gettext("What may be wrong"),
        values={
            "found": found[:_MOST],
            "number": len(found),
            "is_all": is_all,
            "days": SINCE.days,
            "double": suspects.DOUBLE,
        },
    )  # fmt: skip


class Side(Struct, frozen=True):
    """One of two that are compared."""

    title: list[tuple[str, str]]
    text: list[tuple[str, str]]
    url: str | None
    published: str | None
    source_name: str


def merge(visit: DeskVisit) -> Page:
    found = _found(visit)
    own, taken = _said(found.own), _said(found.taken)
    reason = why_two(decode(found.own.raw), decode(found.taken.raw))
    title, text = (word_diff(own[name], taken[name]) for name in ("title", "text"))
    return desk_page(
        template="desk/merge.html",
        title=visit.gettext("Merge %(number)d") % {"number": found.merge_id or 0},
        values={
            "merge": found,
            "at": to_iso(found.at),
            "row": _row(visit, found),
            "reason": reason,
            "left": _side(found.own, own, title, text, "come"),
            "right": _side(found.taken, taken, title, text, "gone"),
        },
    )


def _found(visit: DeskVisit) -> Merge:
    """Raises Problem."""
    found = visit.store.merge(number(visit.named["number"], "the number of a merge"))
    if found is None:
        raise Problem(404, N_("there is no merge with this number"))
    return found


def _row(visit: DeskVisit, found: Merge) -> dict[str, Any]:
    """By which key it was made, and with what evidence."""
    rows = visit.store.merges_page((found.merge_id or 0) + 1, 1, undone_too=True)
    return rows[0] if rows and rows[0]["merge_id"] == found.merge_id else {}


def _said(version: Version) -> dict[str, Any]:
    words = as_text(version.raw)
    return said_by(values(words), clean_line(decode(words).title))


def _side(version: Version, said: dict[str, Any], title: Sequence[Piece], text: Sequence[Piece], without: str) -> Side:
    """Of the pieces of a comparison those that stand on this side."""
    return Side(
        [each for each in title if each[0] != without], [each for each in text if each[0] != without],
        address(said["url"]), said["published"], version.source_name,
    )  # fmt: skip


def _undo(visit: DeskVisit) -> Done:
    found = _found(visit)
    if found.is_undone or found.merge_id is None:
        raise DeskError(visit.gettext("This merge is undone already."))
    with visit.writing() as store:
        new = merges.split(store, found.merge_id, visit.now)
    said = visit.gettext("Merge %(number)d is undone; %(report)s is a report of its own now.")
    return Done(f"/desk/merge/{found.merge_id}", said % {"number": found.merge_id, "report": new})


ROUTES = (
    DeskRoute("/desk/merges", listed, ("below", "undone")),
    DeskRoute("/desk/merges/suspicious", suspicious, ("since",)),
    DeskRoute("/desk/merge/{number}", merge),
)
ACTS = (DeskAct("/desk/merge/{number}/undo", _undo),)
