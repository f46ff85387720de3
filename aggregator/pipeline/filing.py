"""Files complaints that come by the form: in one short transaction, and no more than the desk and the disk can bear."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from aggregator.desk import complaints
from aggregator.model import ComplaintSettings
from aggregator.model.complaints import Filing, Followed
from aggregator.model.errors import StoreError
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.store import Store

MOST_AN_HOUR = 120  # of the whole wire
MOST_OF_REPORT = 40  # about one report in an hour, or about the wire
MOST_OPEN = 5_000  # that wait for the desk; of 5,000 characters each they take 100 MB at most
MOST_AT_ONCE = 10  # reports that are withheld in an hour before a person has looked, where wire.toml lets that be
_MOST_LETTERS = 3  # a day to one address, which may be that of somebody who complained of nothing
PATIENCE = 5.0  # seconds for which another program may keep the database locked

TooMany = Literal["an_hour", "of_report", "open"]


def file(paths: Paths, settings: ComplaintSettings, filing: Filing, now: datetime) -> TooMany | None:
    """Files a complaint, once however often it is sent; returns why it is not, or None. Raises DeskError where there is
    no such report; StoreError where the database cannot be written, or an older version made it.
    """
    with read_store(paths) as store:
        if not store.is_current():
            raise StoreError(
                f"{store.place}: an older version made this database; `aggregator fetch` brings it up to date"
            )
        if store.followed_complaint(filing.reference_hash):
            return None
        counts = store.filing_counts(filing.report, filing.email, now)
    if counts.open >= MOST_OPEN:
        return "open"
    if counts.last_hour >= MOST_AN_HOUR:
        return "an_hour"
    if counts.of_report >= MOST_OF_REPORT:
        return "of_report"
    if counts.letters_to >= _MOST_LETTERS:
        filing = replace(filing, receipt=None)
    at_once = settings.withhold_at_once if counts.done_at_once < MOST_AT_ONCE else ()
    with Store.open(paths.database(), busy_seconds=PATIENCE) as store:
        complaints.file(store, filing, now, at_once)
    return None


def follow(paths: Paths, reference_hash: str) -> Followed | None:
    """What the holder of a reference is shown; None: no complaint has this reference. Raises StoreError."""
    with read_store(paths) as store:
        return store.followed_complaint(reference_hash) if store.is_current() else None
