"""Whether the clock can be believed: what cannot be undone waits for a second look where it is far ahead of all rows.

A machine that was off for a month and a clock that is a month wrong look alike at first. They differ a little later: a
wrong clock is put right within minutes by a time server or a person. So the first look is remembered, and until a
second one by the same clock agrees, embargoes are not released and words not let go for their age. The end of an
agreement does not wait: it takes words out of the wire that are still held, and is undone when the clock is right.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import AGREED_AFTER, FAR, NOTICED, ClockLooks
from aggregator.store import Store
from aggregator.text.dates import to_iso

_REMEMBERED = timedelta(hours=1)  # the last look is written down no more often

log = logging.getLogger("aggregator.store")


class Doubt(Struct, frozen=True, kw_only=True):
    """A clock that is not believed yet."""

    now: datetime
    newest: datetime  # the newest time in the database, by which what cannot be undone is still decided
    embargoes: int  # that are over by this clock, and not by `newest`

    def __str__(self) -> str:
        held = f" ({self.embargoes:,} by this clock)" if self.embargoes else ""
        return (
            f"the clock says {to_iso(self.now)}, and the newest poll is of {to_iso(self.newest)}: if the clock is"
            f" wrong, put it right. Until it has gone on for ten minutes, no embargo ends{held} and no words are let go"
            " for their age. The daemon goes on by itself; without one the next `aggregator fetch` does"
        )


def look(store: Store, now: datetime) -> None:
    """Brings back what a clock has left that ran ahead, and remembers this look at it. Writes only where there is
    something to write. Raises StoreError.
    """
    store.bring_times_back(now)
    looks = store.clock_looks()
    after = looked(looks, now)
    if after == looks:
        return
    store.remember_looks(after)
    if after.first is not None and after.first != looks.first and (found := doubt(store, now)):
        log.warning("%s: %s", store.place, found)


def doubt(store: Store, now: datetime) -> Doubt | None:
    """Why `now` is not believed yet, and what waits for it; None: it is believed."""
    newest = believed(store, now)
    if newest == now:
        return None
    embargoes = sum(
        state.embargoed_until is not None and state.embargoed_until > newest
        for state in store.reports_under_embargo(now)
    )
    return Doubt(now=now, newest=newest, embargoes=embargoes)


def believed(store: Store, now: datetime) -> datetime:
    """`now`, or the newest time in the database where `now` is so far ahead of it that it is not believed yet."""
    return trusted(store.clock_looks(), now)


def trusted(looks: ClockLooks, now: datetime) -> datetime:
    """The same. Pure."""
    newest = looks.before if looks.first else looks.newest
    if newest is None or now - newest <= max(FAR, 2 * looks.apart):
        return now
    if looks.first is not None and now - looks.first >= AGREED_AFTER:
        return now
    return newest


def looked(looks: ClockLooks, now: datetime) -> ClockLooks:
    """What is remembered after a look. Pure."""
    newest = looks.before if looks.first else looks.newest
    if trusted(looks, now) != now:
        if looks.first is None or now < looks.first - NOTICED:
            return replace(looks, first=now, before=newest)
        return looks
    apart = max(now - newest, timedelta()) if newest else timedelta()
    if looks.first is None and looks.last is not None and looks.last - NOTICED <= now < looks.last + _REMEMBERED:
        return looks
    return replace(looks, last=now, apart=apart, first=None, before=None)
