"""Opens a database for reading as of a time: what has ended by then has ended, also where nobody has written since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aggregator.desk import clock, retention
from aggregator.model import PublisherTerms, StoredConfig
from aggregator.model.place import Place
from aggregator.store import Store


def read_as_of(
    database: Place, now: datetime, not_stored: Callable[[StoredConfig | None], Sequence[PublisherTerms]] = lambda _: ()
) -> Store:
    """Raises StoreError. A clock that is far ahead of all rows ends permissions, and no embargo (`clock`).

    `not_stored`: of the configuration of which the database has the terms, terms that are newer and are to hold.
    """
    store = Store.read(database)
    try:
        show_as_of(store, now, not_stored)
    except BaseException:
        store.close()
        raise
    return store


def show_as_of(
    store: Store, now: datetime, not_stored: Callable[[StoredConfig | None], Sequence[PublisherTerms]] = lambda _: ()
) -> None:
    """The same with a store that is open for reading, and that shows what is stored. Raises StoreError."""
    if newer := not_stored(store.config_in_force()):
        store.show_terms(newer)
    store.show_as_of(now, clock.believed(store, now), retention.over(store.lending(), now))
