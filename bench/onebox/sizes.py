"""What polls weigh beside articles in a database, and what that comes to within a year."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import StoreSettings
from aggregator.store import Store

KEPT_DAYS = StoreSettings().keep_polls.days


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes with all indexes, and how often each comes a source and day."""

    article: float  # of one, with its revision, keys, search index and all else in the file
    quiet_poll: float
    lasting_poll: float  # of one that brought something
    day: float  # the row of a source and day in `poll_days`
    quiet_polls: float  # a source and day
    lasting_polls: float

    def polls_after(self, days: int, sources: int) -> float:
        """Bytes of `polls` and `poll_days` together, where every source has a row in the latter for every day."""
        kept = self.lasting_polls * days * self.lasting_poll + self.quiet_polls * min(days, KEPT_DAYS) * self.quiet_poll
        return sources * (kept + max(days - KEPT_DAYS, 0) * self.day)

    def articles_after(self, days: int, items: float) -> float:
        """Bytes of all else, with so many items a day."""
        return days * items * self.article

    def largest_share(self, sources: int, items: float) -> tuple[float, int, int]:
        """The polls' bytes by the articles' where that is most within a year; on the last day on which they are so
        many; and the last day on which the polls are larger, 0: on none.
        """
        shares = [(self.polls_after(d, sources) / self.articles_after(d, items), d) for d in range(1, 366)]
        return *max(shares), max((day for share, day in shares if share > 1), default=0)


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a file, in bytes."""

    polls: int
    poll_days: int
    rest: int  # without pages that are free


def weights(connection: sqlite3.Connection) -> Weights:
    rows = connection.execute(
        """
        SELECT ifnull(m.tbl_name, d.name), sum(d.pgsize) FROM dbstat AS d LEFT JOIN sqlite_schema AS m USING (name)
        WHERE d.aggregate = TRUE GROUP BY 1
        """
    )
    by_table = dict(rows.fetchall())
    polls, poll_days = by_table.pop("polls"), by_table.pop("poll_days")
    return Weights(polls, poll_days, sum(by_table.values()))


def measure_sizes(store: Store, sources: int, days: float, end: datetime) -> Sizes:
    """Counts the quiet polls of the database by day, as the wire does when they are old, and looks at what that leaves.
    Writes the whole file anew for it.
    """
    with closing(sqlite3.connect(store.path)) as connection:
        articles, before = _count(connection, "articles"), weights(connection)
        polls = _count(connection, "polls")
        while store.count_polls_by_day(end, end):
            pass
        connection.execute("VACUUM")
        after, lasting, counted = weights(connection), _count(connection, "polls"), _count(connection, "poll_days")
    quiet = polls - lasting
    return Sizes(
        article=before.rest / max(articles, 1),
        quiet_poll=(before.polls - after.polls) / max(quiet, 1),
        lasting_poll=after.polls / max(lasting, 1),
        day=after.poll_days / max(counted, 1),
        quiet_polls=quiet / sources / days,
        lasting_polls=lasting / sources / days,
    )


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  (names of ours)
