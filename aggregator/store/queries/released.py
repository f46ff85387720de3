"""How many reports of which publisher left by which channel, by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from aggregator.model import Channel
from aggregator.store.connection import Connection
from aggregator.store.queries.views import is_migrated


def add(connection: Connection, day: date, counts: Mapping[tuple[str, Channel], int]) -> None:
    """Within a transaction."""
    connection.executemany(
        """
        INSERT INTO released_by_day (day, publisher, channel, reports) VALUES (?, ?, ?, ?)
        ON CONFLICT (day, publisher, channel) DO UPDATE SET reports = released_by_day.reports + excluded.reports
        """,
        [(day.isoformat(), publisher, channel, number) for (publisher, channel), number in counts.items()],
    )


def since(connection: Connection, first: date) -> Counter[tuple[str, Channel]]:
    """By publisher and channel; none in a file that an older version made, and that is only read."""
    if not is_migrated(connection):
        return Counter()
    found: Counter[tuple[str, Channel]] = Counter()
    rows = connection.execute(
        "SELECT publisher, channel, reports FROM released_by_day WHERE day >= ?", (first.isoformat(),)
    )
    for publisher, channel, number in rows:
        found[publisher, channel] += number
    return found


def forget(connection: Connection, before: date) -> None:
    """Within a transaction."""
    connection.execute("DELETE FROM released_by_day WHERE day < ?", (before.isoformat(),))


def move(connection: Connection, old: str, new: str) -> None:
    """The counts of a publisher that gets another key. A server that did not know yet of an earlier change may have
    counted what left under the new key already: both are one publisher's. Within a transaction.
    """
    connection.execute(
        """
        INSERT INTO released_by_day (day, publisher, channel, reports)
        SELECT day, ?2, channel, reports FROM released_by_day WHERE publisher = ?1
        ON CONFLICT (day, publisher, channel) DO UPDATE SET reports = released_by_day.reports + excluded.reports
        """,
        (old, new),
    )
    connection.execute("DELETE FROM released_by_day WHERE publisher = ?", (old,))
