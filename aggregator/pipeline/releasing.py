"""Records what left the wire: how much, for the sheet of rights, and who took which report to publish it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from aggregator.model import Channel
from aggregator.model.errors import StoreError
from aggregator.model.taken import Taken
from aggregator.pipeline.opening import open_store, read_store
from aggregator.pipeline.paths import Paths


def note_released(paths: Paths, day: date, counts: Mapping[tuple[str, Channel], int]) -> bool:
    """Adds to the number of reports that left on a day of UTC, by publisher and channel. False: the database cannot be
    written, or an older version of the program made it and it is only read so far.
    """
    if not counts:
        return True
    try:
        with read_store(paths) as store:
            if not store.is_current():
                return False
        with open_store(paths) as store:
            store.count_released(day, counts)
    except StoreError:
        return False
    return True


def note_taken(paths: Paths, taken: Taken, now: datetime) -> bool:
    """Records who takes a report. False: as above, or the report is not here."""
    try:
        with read_store(paths) as store:
            if not store.is_current():
                return False
        with open_store(paths) as store:
            return store.take(taken, now)
    except StoreError:
        return False
