"""What recipients of saved searches are owed and got."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from aggregator.model.release import Release
from aggregator.model.saved_search import Tell

# Of a report: it was found; what was sent of it was corrected, was withdrawn or is held back, is in the wire again.
OwedKind = Literal["new", "corrected", "taken_back", "restored"]


class TellState(Struct, frozen=True, kw_only=True):
    """A recipient, and what is owed that no message has yet."""

    tell_id: int  # of the store
    search: str
    tell: Tell
    found_since: datetime | None  # when the first of what was found came; None: nothing was
    found: int  # reports that were found
    about_told: int  # reports that were sent, of which there is something to say
    is_paused: bool
    has_message: bool  # one waits to be sent


class AlertItem(Struct, frozen=True, kw_only=True):
    """One report of a message."""

    id: str
    kind: OwedKind


class AlertMessage(Struct, frozen=True, kw_only=True):
    """A message that waits to be sent. Its words are made when it is sent."""

    message_id: int  # of the store
    tell_id: int
    token: str  # of its Message-ID
    search: str
    tell: Tell
    made_at: datetime
    attempts: int  # that were begun
    attempted_at: datetime | None  # the last of them; None: none was
    error: str | None  # of the last; None: there was none
    items: tuple[AlertItem, ...]


class Sent(Struct, frozen=True, kw_only=True):
    """One report of a message that was taken."""

    id: str
    kind: OwedKind
    revision: int  # the number of its version; 0: no words of it left


class AlertEntry(Struct, frozen=True, kw_only=True):
    """One report of an alert: as it may leave now, or the notice that stands in its place."""

    id: str
    kind: OwedKind
    publisher: str  # its key
    publisher_name: str
    publisher_place: str  # '': not known
    release: Release | None  # None: it was taken back
    notice: str  # beside a release: why its words are left out; '': they are not
    headline: str | None  # of one that was taken back, where it may still be said


class Alert(Struct, frozen=True, kw_only=True):
    """All that one message says."""

    search: str  # its name
    title: str  # of the search, for people
    words: str
    wire: str  # the wire's name
    site: str
    general: str  # the wire's statement on all that it carries
    complaints_url: str
    complaints_email: str
    entries: tuple[AlertEntry, ...]
