"""What readers file by the form, the matters that it makes for the desk, and the letters that go out about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from aggregator.model.acts import Complaint
from aggregator.model.change import ComplaintKind

# To the desk: of a new matter, of more complaints about it. To who complained: that it came, that it was resolved.
LetterKind = Literal["matter", "more", "receipt", "outcome"]


class NewLetter(Struct, frozen=True, kw_only=True):
    """An e-mail of plain text. `token`: of its Message-ID."""

    kind: LetterKind
    recipient: str
    subject: str
    text: str
    token: str


class Letter(NewLetter, frozen=True, kw_only=True):
    """One that waits to be sent."""

    letter_id: int  # of the store
    made_at: datetime
    attempts: int  # that were begun
    attempted_at: datetime | None  # the last of them; None: none was


class Filing(Struct, frozen=True, kw_only=True):
    """A complaint as it comes by the form. The database has only the SHA-256 of its reference."""

    complaint: Complaint
    report: str | None  # None: about the wire as a whole
    reference_hash: str  # hexadecimal
    email: str | None = None  # None: the reference is the only way to learn what became of it
    receipt: NewLetter | None = None


class FilingCounts(Struct, frozen=True, kw_only=True):
    """What has come by the form. `last_hour` and `of_report` are of the last hour."""

    last_hour: int
    of_report: int  # of those about the same report, or about the wire
    open: int  # all that are not resolved
    done_at_once: int  # of those of the last hour, for which a report was withheld before a person has looked
    letters_to: int  # that were made to the same e-mail address in the last day


class Matter(Struct, frozen=True, kw_only=True):
    """The open complaints about one report, or about the wire as a whole."""

    report: str | None  # None: about the wire
    publisher_name: str | None
    count: int
    kinds: Mapping[ComplaintKind, int]  # how many of each, the most first
    first: int  # number of the oldest complaint
    oldest: datetime
    newest: datetime
    untold: int  # came by the form, and the desk was not written to about them
    told_at: datetime | None  # when the last letter about it was made; None: there was none


class Followed(Struct, frozen=True, kw_only=True):
    """What whoever has a reference learns."""

    kind: ComplaintKind
    report: str | None
    received_at: datetime
    resolved_at: datetime | None  # None: it is open
    answer: str | None  # None: the desk wrote none, or it was erased
