"""What may leave: reports of the store, as the gate lets them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from aggregator.desk import clock
from aggregator.model import Channel, Wire
from aggregator.model.release import Held, Refusal, Release, Use
from aggregator.revisions.corrections import is_correction
from aggregator.rights import release
from aggregator.store import Store

_READ = 200  # reports that are held in memory at once
_LOOKED_AT = 40  # lines at either end of a text, in which desks put their notes


def releases(
    store: Store, wire: Wire, reports: Sequence[str], channel: Channel, now: datetime, *, use: Use | None = None
) -> Iterator[Release | Refusal]:
    """Of each of these reports what may leave by `channel` at `now`, or why nothing may; in their order, a part at a
    time. One that is not here is left out. Raises StoreError.
    """
    believed = clock.believed(store, now)
    for first in range(0, len(reports), _READ):
        for held in store.held(reports[first : first + _READ]):
            yield release(held, wire, channel, now, believed=believed, use=use, note=_note(held))


def _note(held: Held) -> str | None:
    """The line by which its publisher says what it corrected."""
    if not held.corrected:
        return None
    lines = held.text.splitlines() or held.summary.splitlines()
    looked_at = lines if len(lines) <= 2 * _LOOKED_AT else [*lines[:_LOOKED_AT], *lines[-_LOOKED_AT:]]
    return next((line for line in (*looked_at, held.title) if is_correction(line)), None)
