"""What is remembered of a source's ways: its columns of `sources`, read and written whole; and of all together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import Hints, PollSettings
from aggregator.scheduling.polls import Habits, reckon
from aggregator.scheduling.rhythm import Rhythm, Tariff, from_text, to_text
from aggregator.text.dates import from_iso, to_iso

_TARIFF = "tariff"
_GOOD_FOR = timedelta(hours=1)


def read(connection: sqlite3.Connection, source: int) -> Habits:
    row = connection.execute(
        """
        SELECT url, failures, last_success, hints, rhythm, conditional, unmodified_since, validators_lied, moved_to,
          moved_since, paused_at, silent_after
        FROM sources WHERE id = ?
        """,
        (source,),
    ).fetchone()
    url, failures, success, hints, rhythm, conditional, unmodified, lied, moved_to, since, paused, silent = row
    return Habits(
        url=url,
        failures=failures,
        last_success=_time(success),
        hints=_hints(hints),
        rhythm=from_text(rhythm),
        conditional=conditional,
        unmodified_since=_time(unmodified),
        validators_lied=lied,
        moved_to=moved_to,
        moved_since=_time(since),
        paused_at=_time(paused),
        silent_after=_time(silent),
    )


def write(connection: sqlite3.Connection, source: int, before: Habits, after: Habits) -> None:
    """Writes what changed. `last_success` and `failures` are written with the poll."""
    if before.url != after.url:
        connection.execute(
            "UPDATE sources SET old_url = coalesce(old_url, url), url = ? WHERE id = ?", (after.url, source)
        )
    changed = {
        name: write_as(new)
        for name, write_as in _COLUMNS.items()
        if (new := getattr(after, name)) != getattr(before, name)
    }
    if changed:
        columns = ", ".join(f"{name} = ?" for name in changed)
        connection.execute(f"UPDATE sources SET {columns} WHERE id = ?", (*changed.values(), source))  # noqa: S608


def _hints(text: str | None) -> Hints:
    said = json.loads(text) if text else {}
    return Hints(
        every=timedelta(seconds=said["every_seconds"]) if "every_seconds" in said else None,
        skip_hours=tuple(said.get("skip_hours", ())),
        skip_days=tuple(said.get("skip_days", ())),
    )


def _hints_text(hints: Hints) -> str | None:
    every = hints.every.total_seconds() if hints.every else None
    said = {"every_seconds": every, "skip_hours": hints.skip_hours, "skip_days": hints.skip_days}
    return json.dumps({name: value for name, value in said.items() if value}) if any(said.values()) else None


def _time(text: str | None) -> datetime | None:
    return from_iso(text) if text else None


def _text(time: datetime | None) -> str | None:
    return to_iso(time) if time else None


def _as_it_is(value: Any) -> Any:
    return value


# How each habit is written into its column, which has its name.
_COLUMNS: Mapping[str, Callable[[Any], str | int | None]] = {
    "hints": _hints_text,
    "rhythm": to_text,
    "conditional": _as_it_is,
    "unmodified_since": _text,
    "validators_lied": _as_it_is,
    "moved_to": _as_it_is,
    "moved_since": _text,
    "paused_at": _text,
    "silent_after": _text,
}


# The wire as a whole


def rhythms(connection: sqlite3.Connection) -> Iterator[tuple[Rhythm, timedelta | None]]:
    """Of each source that is polled: what it has taught, and the interval that a person set. A site that is only
    searched once a week has no part in the budget.
    """
    rows = connection.execute(
        "SELECT rhythm, every_minutes FROM sources"
        " WHERE enabled AND paused_at IS NULL AND (kind <> 'discover' OR last_success IS NOT NULL)"
    )
    for text, minutes in rows.fetchall():
        yield from_text(text), timedelta(minutes=minutes) if minutes else None


def tariff(connection: sqlite3.Connection, settings: PollSettings, now: datetime) -> Tariff:
    """The one reckoned last, or a new one where that is older than an hour or the settings are others. Within a
    transaction.
    """
    kept = _kept(connection)
    if kept.get("settings") == repr(settings) and timedelta() <= now - from_iso(kept["at"]) < _GOOD_FOR:
        return Tariff(price=kept["price"], hours=tuple(kept["hours"]))
    made = reckon(list(rhythms(connection)), settings, now)
    told = {"price": made.price, "hours": made.hours, "at": to_iso(now), "settings": repr(settings)}
    connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (_TARIFF, json.dumps(told)))
    return made


def kept_tariff(connection: sqlite3.Connection) -> Tariff:
    """The one reckoned last; before there is any, one of which only the hours mean something."""
    kept = _kept(connection)
    return Tariff(price=kept["price"], hours=tuple(kept["hours"])) if kept else Tariff(price=1.0)


def _kept(connection: sqlite3.Connection) -> dict[str, Any]:
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_TARIFF,)).fetchone()
    kept: dict[str, Any] = json.loads(row[0]) if row else {}
    return kept
