"""What is said in the place of a report that does not leave, as far as whoever asks is to know of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from aggregator.desk.outgoing import releases
from aggregator.model import Wire
from aggregator.model.release import Outlet, Refusal, Release
from aggregator.store import Store
from aggregator.text.printable import line
from aggregator.web.messages import N_
from aggregator.web.problems import Problem


class Moved(Struct, frozen=True):
    """A person made one report of two; it is under another id."""

    to: str
    until: datetime | None  # as in `Release`


class Absent(Struct, frozen=True):
    """Readers knew of the report, and it is not here now."""

    status: int  # 404, 410 or 451
    title: str
    text: str  # the notice
    notice: Mapping[str, Any]  # its row of the view `notices`; empty: there is none
    headers: Mapping[str, str]
    until: datetime | None = None  # as in `Release`

    def problem(self) -> Problem:
        return Problem(self.status, self.title, self.text, self.headers)


def in_place_of(store: Store, wire: Wire, report: str, by: Outlet, found: Refusal | None) -> Moved | Absent:
    """What is said of a report of which the gate has let nothing out; `found`: why, or None where no such report is
    here. Raises Problem, the same one of a report that never was and of one that nobody is to know of, and 403 where
    its rights keep it from whoever asks.
    """
    if found is None:
        return _deleted(store, report, by)
    joined = store.joins().get(found.id)
    if joined and isinstance(next(releases(store, wire, joined[:1], by), None), Release):
        return Moved(joined[0], found.valid_until)
    if found.reason in ("channel", "use"):
        raise Problem(403, "the rights of this report keep it from you", found.text)
    is_known = _may_know(by, store.channels(found.id))
    if found.reason in ("embargoed", "no_scope") or not found.text or not is_known:
        raise unknown()
    status, title = {
        "legal": (451, N_("this report is held back by a legal demand")),
        "withheld": (404, N_("this report is not shown for now")),
    }.get(found.reason, (410, N_("this report is gone")))
    headers = {"Link": f'<{wire.url}>; rel="blocked-by"'} if status == 451 else {}  # RFC 7725 section 4
    return Absent(status, title, found.text, store.notice(found.id) or {}, headers, found.valid_until)


def unknown() -> Problem:
    """The same of a report that is not here and of one that nobody is to know of."""
    return Problem(404, "there is no such report", "nothing that may leave has this id")


def _deleted(store: Store, report: str, by: Outlet) -> Absent:
    """Of a report that the wire deleted, and readers knew of, its notice."""
    notice = store.notice(report)
    if notice is None or not _may_know(by, notice["channels"]):
        raise unknown()
    return Absent(410, "this report is gone", line(notice["text"]), notice, {})


def _may_know(by: Outlet, channels: Collection[str]) -> bool:
    """Whether whoever asks may know of a report that these channels let out."""
    return {each for each in (by.channel, *by.also) if each is not None} <= set(channels)
