"""A report that somebody takes to publish it elsewhere, and the e-mail to its publisher about that."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

TakeFormat = Literal["html", "text", "ninjs"]


class Taken(Struct, frozen=True, kw_only=True):
    """Who takes which version of a report, as the person says."""

    key: str  # 80 random bits, of the address from which its words are copied
    report: str  # its id
    revision: int
    format: TakeFormat
    medium: str
    contact: str  # an e-mail address or a page
    published_in: str | None  # where it will be published; None: not said


class TakenLetter(Struct, frozen=True, kw_only=True):
    """What a publisher is owed an e-mail about."""

    publisher: str  # its key
    publisher_name: str
    rows: tuple[TakenRow, ...]  # the oldest first
    attempts: int  # of this e-mail, that failed


class TakenRow(Struct, frozen=True, kw_only=True):
    """One report that was taken, as the desk and its publisher see it."""

    number: int
    report: str
    revision: int
    title: str  # '': the words of the report are gone, or it had no headline
    url: str | None  # the original
    publisher: str
    publisher_name: str
    format: TakeFormat
    medium: str
    contact: str
    published_in: str | None
    at: datetime
    told_at: datetime | None  # None: its publisher was not told
    status: str  # of the report today: usable, withheld, canceled
