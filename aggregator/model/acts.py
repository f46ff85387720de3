"""What is decided about a report, by whom and why, and the state that a report is in."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from aggregator.model.article import Status
from aggregator.model.change import Act, ChangeKind, ComplaintKind, Notice


class Cause(Struct, frozen=True, kw_only=True):
    """Who acts and why. The reason is public: it stands in the notice and in the ledger."""

    actor: str  # person:NAME, publisher:feed, publisher:page, wire
    reason: str
    reference: str | None = None  # a ticket, a letter, a court's file
    complaint: int | None = None


class Complaint(Struct, frozen=True, kw_only=True):
    """What somebody complains of. Its text is the desk's own record: it never stands in a notice."""

    kind: ComplaintKind
    text: str
    complainant: str | None = None  # how to answer; None: anonymous


class Addressee(Struct, frozen=True, kw_only=True):
    """Who answers for a report, and what an answer to a complaint about it names."""

    title: str
    url: str | None
    publisher_name: str
    corrections: str | None  # an e-mail address or a page; None: its publisher names none
    homepage: str
    is_own: bool  # it is the wire's own report


class ReportState(Struct, frozen=True, kw_only=True):
    """What keeps a report out of the wire, if anything."""

    id: str
    status: Status = "usable"
    notice: Notice | None = None
    embargoed_until: datetime | None = None
    was_out: bool = False  # readers could know of it
    is_new: bool = False  # it is stored together with what is decided about it, so nobody can have read of it

    @property
    def is_in_wire(self) -> bool:
        return self.status == "usable" and self.embargoed_until is None


class ActRecord(Struct, frozen=True, kw_only=True):
    """One act: a row of `acts`, and where subscribers see a difference a line of the ledger."""

    act: Act
    cause: Cause
    change: ChangeKind | None  # the kind of the line; None: there is none
    after: ReportState


class DeskDecision(Struct, frozen=True, kw_only=True):
    """What becomes of one report: acts upon it, in their order. It holds as long as the report is in the state that it
    was made for.
    """

    before: ReportState
    acts: tuple[ActRecord, ...]

    @property
    def after(self) -> ReportState:
        return self.acts[-1].after if self.acts else self.before


class Purgeable(Struct, frozen=True, kw_only=True):
    """A report that a person may delete for good, with its newest words as far as they say what it is known by."""

    id: str
    revision: int
    folded_title: str
    opening: str  # of its text, folded


class Purge(Struct, frozen=True, kw_only=True):
    """A report that goes. `keys`: what a copy of it would be found by, beside the keys that are stored."""

    id: str
    revision: int  # its newest; where there is a newer one meanwhile, the keys are those of other words
    keys: tuple[str, ...] = ()
