"""Of which pictures the wire should have copies: what the gate says of reports, brought to the store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from aggregator.desk.outgoing import outlet
from aggregator.model.picture import CopiesWanted
from aggregator.rights import copies_wanted
from aggregator.store import Store

log = logging.getLogger("aggregator.pictures")

_MOST_LOOKED_AT = 200  # reports that have the same picture
BATCH = 100  # reports; a transaction holds the lock that other programs wait for


def update(store: Store, reports: Sequence[str], now: datetime) -> None:
    """Puts in force for up to 100 reports what their rights say now. Raises StoreError."""
    by, ids = outlet(store, "web", now), store.article_ids(reports)
    held = {each.id: each for each in store.to_release(reports)}
    wanted: list[CopiesWanted] = []
    for report, article_id in ids.items():
        said = held.get(report)
        urls = () if said is None else copies_wanted(said, by)  # of what has no terms nothing leaves
        if urls is not None:
            publisher = said.publisher if said else ""
            wanted.append(CopiesWanted(article_id=article_id, publisher=publisher, urls=urls))
    if wanted:
        store.set_copies_wanted(wanted, now)


def sweep(store: Store, now: datetime) -> None:
    """Looks again at the next reports that have copies, and removes the files that nobody wants any more. Raises
    StoreError.
    """
    if reports := store.next_reports_with_copies():
        update(store, reports, now)
    remove_files(store, now)


def remove_files(store: Store, now: datetime) -> None:
    """Removes the files of which no copy is wanted any more, and which nobody is shown; those that the system keeps
    are tried again another time. Raises StoreError.
    """
    try:
        while store.remove_picture_files(now):
            pass
    except OSError as error:
        log.error("files of pictures that nobody is shown any more cannot be removed, which is tried again: %s", error)


def reports_with(store: Store, digest: str) -> list[str]:
    """The reports that may have a copy of this picture, the newest first. Raises StoreError."""
    return store.reports_with_picture(digest, _MOST_LOOKED_AT)
