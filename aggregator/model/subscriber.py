"""How far each subscriber has been brought, and what became of an attempt to send one a message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from aggregator.model.channel import Channel
from aggregator.model.ledger import Cursor

TAKES_BACK = ("withheld", "withdrawn", "deleted")  # kinds of lines that want to be confirmed
CONFIRMED_WITHIN = timedelta(minutes=15)  # such a line


class Queue(Struct, frozen=True, kw_only=True):
    """How far a subscriber has been brought: the ledger is the queue, and this is where it stands in it."""

    name: str
    began_at: datetime
    began_seq: int  # the last line that is not owed, because it was there before; 0: there is none
    seq: int  # up to this line all is acknowledged, a dead letter, or not of its selection
    told_seq: int  # up to this line a person was told what it did not confirm in time
    last_seq: int | None  # the last line that was owed and is done with; None: none was
    attempts: int  # that failed, of the message that is sent now
    attempted_at: datetime | None  # the last of these; None: there is none
    pause: timedelta  # after `attempted_at`, before the next one
    failing_since: datetime | None  # the first failure since anything was acknowledged; None: all is well
    error: str | None  # of the last failure, or why nothing can be sent; None: all is well
    acknowledged_at: datetime | None  # None: nothing was yet
    acknowledged_seq: int | None
    paused_at: datetime | None  # by a person; None: it is not
    ended_at: datetime | None  # its server said 410; None: it did not
    dead_letters: int
    replays: int  # of these, that a person has asked to send again

    @property
    def next_at(self) -> datetime | None:
        """Not before; None: at once."""
        return None if self.attempted_at is None or not self.attempts else self.attempted_at + self.pause

    def waits_until(self, now: datetime) -> datetime | None:
        """When the next attempt is due; None: it is. A clock that was set back keeps nobody waiting."""
        until = self.next_at
        is_waiting = until is not None and self.attempted_at is not None and self.attempted_at <= now < until
        return until if is_waiting else None


class Attempt(Struct, frozen=True, kw_only=True):
    """What became of one attempt to send the message of a line."""

    name: str  # the subscriber's
    cursor: Cursor  # of the line
    error: str | None  # None: it was acknowledged
    is_gone: bool = False  # its server wants no more, ever
    is_replay: bool = False  # of a dead letter
    pause: timedelta | None = None  # before the next attempt; None of a failure: it is the last, so a dead letter
    released: tuple[str, Channel] | None = None  # the publisher whose report left, and by what; None: no words left
    event: Mapping[str, Any] | None = None  # for `[notify] command`; None: nothing that a person must know
