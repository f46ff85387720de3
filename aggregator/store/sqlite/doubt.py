"""Whether the clock can be believed: what cannot be undone waits for a second look where it is far ahead of all rows.

A machine that was off for a month and a clock that is a month wrong look alike at first. They differ a little later: a
wrong clock is put right within minutes by a time server or a person. So the first look is remembered, and until a
second one by the same clock agrees, embargoes are not released and words not let go for their age. The end of an
agreement does not wait: it takes words out of the wire that are still held, and is undone when the clock is right.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.text.dates import from_iso, to_iso

_CLOCK = "clock"  # setting
FAR = timedelta(days=1)
# Between two looks. Housekeeping comes every ten minutes, and its second one is to be late enough.
AGREED_AFTER = timedelta(minutes=9)
NOTICED = timedelta(minutes=1)  # a clock that is set by less is not worth a word
_REMEMBERED = timedelta(hours=1)  # the last look is written down no more often


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
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


@dataclass(frozen=True, slots=True)
class _Looks:
    """What is remembered of the looks at the clock; None: there was none."""

    last: datetime | None = None  # that was believed, to the hour
    apart: timedelta = timedelta()  # how far the clock was ahead of the newest row then: a day, where cron polls daily
    first: datetime | None = None  # the first look that was not believed
    before: datetime | None = None  # the newest row then


def trusted(connection: sqlite3.Connection, now: datetime) -> datetime:
    """`now`, or the newest time in the database where `now` is so far ahead of it that it is not believed yet."""
    return _trusted(connection, _read(connection), now)


def embargoes_between(connection: sqlite3.Connection, after: datetime, until: datetime) -> int:
    """How many embargoes end between two times."""
    row = connection.execute(
        "SELECT count(*) FROM articles WHERE embargoed_until > ? AND embargoed_until <= ?",
        (to_iso(after), to_iso(until)),
    ).fetchone()
    return int(row[0])


def is_news(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether `look` would write anything."""
    looks = _read(connection)
    return _looked(connection, looks, now) != looks


def look(connection: sqlite3.Connection, now: datetime) -> bool:
    """Remembers a look at the clock; returns whether doubt begins with it. Within a transaction."""
    looks = _read(connection)
    after = _looked(connection, looks, now)
    connection.execute(
        "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
        (
            _CLOCK,
            json.dumps(
                {
                    "last": after.last and to_iso(after.last),
                    "apart_seconds": after.apart.total_seconds(),
                    "first": after.first and to_iso(after.first),
                    "before": after.before and to_iso(after.before),
                }
            ),
        ),
    )
    return after.first is not None and after.first != looks.first


def _trusted(connection: sqlite3.Connection, looks: _Looks, now: datetime) -> datetime:
    newest = looks.before if looks.first else _newest(connection, looks)
    if newest is None or now - newest <= max(FAR, 2 * looks.apart):
        return now
    if looks.first is not None and now - looks.first >= AGREED_AFTER:
        return now
    return newest


def _looked(connection: sqlite3.Connection, looks: _Looks, now: datetime) -> _Looks:
    newest = looks.before if looks.first else _newest(connection, looks)
    if _trusted(connection, looks, now) != now:
        if looks.first is None or now < looks.first - NOTICED:
            return replace(looks, first=now, before=newest)
        return looks
    apart = max(now - newest, timedelta()) if newest else timedelta()
    if looks.first is None and looks.last is not None and looks.last - NOTICED <= now < looks.last + _REMEMBERED:
        return looks
    return _Looks(last=now, apart=apart)


def _newest(connection: sqlite3.Connection, looks: _Looks) -> datetime | None:
    row = connection.execute("SELECT started FROM polls ORDER BY id DESC LIMIT 1").fetchone()
    return max(filter(None, (looks.last, from_iso(row[0]) if row else None)), default=None)


def _read(connection: sqlite3.Connection) -> _Looks:
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_CLOCK,)).fetchone()
    if row is None:
        return _Looks()
    said = json.loads(row[0])
    last, first, before = (said[name] and from_iso(said[name]) for name in ("last", "first", "before"))
    return _Looks(last, timedelta(seconds=said["apart_seconds"]), first, before)
