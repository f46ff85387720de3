"""What is remembered of a source's ways: its columns of `sources`, read and written whole; and of all together."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.model import HOURS, Habits, Hints, KeptTariff, Rhythm, Tariff
from aggregator.store.connection import Connection
from aggregator.store.queries import pauses, settings
from aggregator.text.dates import from_iso, to_iso

_TARIFF = "tariff"
_VERSION = 1  # of what is written of a rhythm


# The columns that `of_row` reads, in this order.
COLUMNS = (
    "url", "failures", "last_success", "poll_hints", "rhythm", "conditional_polls", "unmodified_since",
    "validators_ignored",
    "moved_to", "moved_since", "paused_at", "silent_after",
)  # fmt: skip


def of_row(row: Sequence[Any]) -> Habits:
    url, failures, success, hints, rhythm, conditional, unmodified, ignored, moved_to, since, paused, silent = row
    return Habits(
        url=url,
        failures=failures,
        last_success=_time(success),
        poll_hints=_hints(hints),
        rhythm=rhythm_of(rhythm),
        conditional_polls=conditional,
        unmodified_since=_time(unmodified),
        validators_ignored=ignored,
        moved_to=moved_to,
        moved_since=_time(since),
        paused_at=_time(paused),
        silent_after=_time(silent),
    )


def changed(before: Habits, after: Habits) -> dict[str, str | int | None]:
    """The columns of what changed, as they are written; not of `url`."""
    return {
        name: write_as(new)
        for name, write_as in _COLUMNS.items()
        if (new := getattr(after, name)) != getattr(before, name)
    }


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


def rhythm_text(rhythm: Rhythm) -> str:
    """For one column; about 200 characters."""
    times = [at and at.astimezone(UTC).isoformat() for at in (rhythm.taught_at, rhythm.last_new)]
    known = [_VERSION, rhythm.reports, rhythm.days, rhythm.longest, rhythm.listed, *times, *rhythm.hours]
    return json.dumps(known, separators=(",", ":"))


def rhythm_of(text: str | None) -> Rhythm:
    """What `rhythm_text` wrote. Whatever else it is, or of another version: a rhythm that has yet to be learned."""
    try:
        version, reports, days, longest, listed, taught_at, last_new, *hours = json.loads(text or "")
        rhythm = Rhythm(
            reports=float(reports),
            days=float(days),
            hours=tuple(map(float, hours)),
            longest=float(longest),
            listed=int(listed),
            taught_at=datetime.fromisoformat(taught_at) if taught_at else None,
            last_new=datetime.fromisoformat(last_new) if last_new else None,
        )
    except (ValueError, TypeError, OverflowError):
        return Rhythm()
    figures = (*rhythm.hours, rhythm.reports, rhythm.days, rhythm.longest, rhythm.listed)
    sensible = min(figures) >= 0 and sum(figures) < math.inf  # so none is NaN either
    aware = all(at is None or at.tzinfo for at in (rhythm.taught_at, rhythm.last_new))
    sound = version == _VERSION and len(hours) == HOURS and aware
    return rhythm if sound and sensible else Rhythm()


# How each habit is written into its column, which has its name.
_COLUMNS: Mapping[str, Callable[[Any], str | int | None]] = {
    "failures": _as_it_is,
    "last_success": _text,
    "poll_hints": _hints_text,
    "rhythm": rhythm_text,
    "conditional_polls": _as_it_is,
    "unmodified_since": _text,
    "validators_ignored": _as_it_is,
    "moved_to": _as_it_is,
    "moved_since": _text,
    "paused_at": _text,
    "silent_after": _text,
}


# The wire as a whole


def rhythms(connection: Connection) -> list[tuple[Rhythm, timedelta | None]]:
    """Of each source that is polled: what it has taught, and the interval that a person set. A site that is only
    searched once a week has no part in the budget.
    """
    rows = connection.execute(
        "SELECT rhythm, every_minutes FROM sources AS s WHERE enabled = 1 AND paused_at IS NULL"  # noqa: S608  (constants)
        f" AND NOT {pauses.by_person(connection)}"
        " AND (source_kind <> 'discover' OR last_success IS NOT NULL)"
    )
    return [(rhythm_of(text), timedelta(minutes=minutes) if minutes else None) for text, minutes in rows.fetchall()]


def kept_tariff(connection: Connection) -> KeptTariff | None:
    """None: there is none yet."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_TARIFF,)).fetchone()
    if row is None:
        return None
    kept = json.loads(row[0])
    tariff = Tariff(price=kept["price"], hours=tuple(kept["hours"]))
    return KeptTariff(tariff=tariff, at=from_iso(kept["at"]), settings=kept["settings"])


def keep_tariff(connection: Connection, kept: KeptTariff) -> None:
    """Within a transaction."""
    told = {
        "price": kept.tariff.price, "hours": kept.tariff.hours, "at": to_iso(kept.at), "settings": kept.settings
    }  # fmt: skip
    settings.write(connection, _TARIFF, json.dumps(told))
