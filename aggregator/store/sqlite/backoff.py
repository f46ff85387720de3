"""Postpones the polls of all sources of a host that asks to be left alone for a while."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from aggregator.text.dates import to_iso
from aggregator.text.urls import domain_of_url

_SPREAD = 0.1  # of the pause: so much apart at most are the sources asked afterwards
_STEPS = 16


def postpone_host(
    connection: sqlite3.Connection, url: str, now: datetime, pause: timedelta, *, but: int, once: bool
) -> None:
    """Postpones the next poll of every source at the registrable domain of an address, wherever it would come sooner,
    but for one source; with `once` also but for those that have been postponed so already. None is the worse for it: no
    failure is counted. Within a transaction.
    """
    domain = domain_of_url(url)
    rows = connection.execute(
        "SELECT id, url FROM sources WHERE enabled AND paused_at IS NULL AND id <> ? AND next_at < ?"
        " AND NOT (? AND next_reason = 'retry_after')",
        (but, to_iso(now + pause), once),
    )
    others = [other for other, address in rows.fetchall() if domain and domain_of_url(address) == domain]
    connection.executemany(
        "UPDATE sources SET next_at = ?, next_reason = 'retry_after' WHERE id = ?",
        [(to_iso(now + pause * (1 + _SPREAD * (other % _STEPS) / _STEPS)), other) for other in others],
    )
