"""Opens a database for reading as of a time: what has ended by then has ended, also where nobody has written since."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from aggregator.desk import clock, retention
from aggregator.store import Store


def read_as_of(database: Path, now: datetime) -> Store:
    """Raises StoreError. A clock that is far ahead of all rows ends permissions, and no embargo (`clock`)."""
    store = Store.read(database)
    try:
        store.show_as_of(now, clock.believed(store, now), retention.over(store.lending(), now))
    except BaseException:
        store.close()
        raise
    return store
