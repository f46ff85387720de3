"""Saved searches as they are listed: who gets what each finds, when next, what waits, and the last error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregator.alerts.times import next_of
from aggregator.model import Config, SavedSearch, Tell
from aggregator.model.plain import as_dict
from aggregator.store import Store
from aggregator.text.dates import to_iso

_SELECTION = ("publishers", "countries", "kinds", "groups", "languages", "item_classes", "topics", "about")


def searches(store: Store, config: Config, now: datetime) -> list[dict[str, Any]]:
    """A row a search, as docs/json.md describes it, by name."""
    stored = {row["name"]: row for row in store.searches(now)} if store.is_current() else {}
    configured = {each.name: each for each in config.searches}
    faulty = {each.key: each.faults for each in config.faulty_searches}
    names = sorted({*configured, *faulty, *(name for name, row in stored.items() if row["state"] == "in_force")})
    return [_row(name, configured.get(name), stored.get(name), faulty.get(name, ()), now) for name in names]


def _row(
    name: str, search: SavedSearch | None, stored: Mapping[str, Any] | None, faults: Sequence[str], now: datetime
) -> dict[str, Any]:
    selection = search.selection if search else stored["selection"] if stored else None
    return {
        "name": name,
        "title": search.title if search else name,
        "words": search.words if search else stored["words"] if stored else None,
        **{key: list(getattr(selection, key)) if selection else [] for key in _SELECTION},
        "state": "faulty" if faults else stored["state"] if stored and search else "not_followed",
        "paused_at": stored["paused_at"] if stored else None,
        "is_matched": bool(stored and stored["matched"]),
        "hits_24_hours": stored["hits"] if stored else 0,
        "faults": list(faults),
        "tells": [row_of_tell(tell, now) for tell in stored["tells"]] if stored else [],
    }


def row_of_tell(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Of one recipient."""
    tell: Tell = row["tell"]
    names = ("owed", "waiting", "oldest", "failures", "given_up", "error")
    since = datetime.fromisoformat(row["owed_since"]) if row["owed_since"] else None
    following = next_of(tell, since, now)
    return {
        **{name: value for name, value in as_dict(tell).items() if name != "command"},
        "command": list(tell.command),
        "next_at": None if tell.when == "at_once" else to_iso(following),
        **{name: row[name] for name in names},
    }
