"""What is wrong with a source, what to do about it, and when it is fetched next, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import config_or_none, publisher_files
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import from_iso, to_iso

Told = Callable[[str], str]  # a time of the database as whoever reads is told it

# Why a source is fetched when it is; see `scheduling.polls`.
REASONS = {
    "backoff": "later after each failure",
    "discover": "its site is searched once a week",
    "first": "never fetched yet",
    "gap": "sooner, because of a gap",
    "interval": "its rhythm is not known yet",
    "learned_rate": "its rhythm",
    "longest": "max. interval",
    "max_age": "its server asks for it",
    "offline": "the wire was offline",
    "override": "your every_minutes",
    "pending": "held",
    "resumed": "resumed",
    "accepted": "accepted",
    "retry_after": "its server asks for it",
    "shortest": "min. interval",
    "skip_hours": "its feed asks for it",
    "ttl": "its feed asks for it",
}
_EVERY_MINUTES = (5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720)
# Problems that say since when in a word of their own.
_STATES = ("failing", "paused", "pending", "refused")


class Files:
    """Where the settings stand of which a problem speaks; read when one does."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def of(self, publisher: str) -> str:
        """The file of a publisher, relative to the configuration folder."""
        return self._files.get(publisher, f"the file of {publisher}")

    @cached_property
    def _files(self) -> Mapping[str, str]:
        try:
            return publisher_files(self._paths)
        except (ConfigError, OSError):  # which `check` reports
            return {}

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The shortest and the longest interval of `[poll]`, in minutes."""
        config = config_or_none(self._paths)
        minute = timedelta(minutes=1)
        poll = config.wire.poll if config else None
        return (poll.shortest / minute, poll.longest / minute) if poll else (5.0, 1440.0)


def what(row: Mapping[str, Any], told: Told) -> str:
    """What is wrong, and since when. `row`: of `Store.health`, with a problem."""
    said, since = str(row["problem"]), row.get("since")
    if since is None:
        return said
    word = next((word for word in _STATES if said.startswith(word)), None)
    if word is not None:
        rest = said.removeprefix(word)
        return f"{'held' if word == 'pending' else word} since {told(since)}{rest}"
    if said.startswith("silent"):
        return f"silent since {told(since)}, for longer than its rhythm allows"
    if row["states"] == ["gaps"]:
        return f"{said}, the last at {told(since)}"
    return said


def advice(row: Mapping[str, Any], files: Files) -> str | None:
    """What to do about it; None: nothing, or nobody knows."""
    if row["states"] == ["gaps"]:
        return _less_often_lost(row, files)
    publisher = str(row["source_name"]).partition("/")[0]
    said: str | None = row["advice"]
    return said and said.replace(f"the file of {publisher}", files.of(publisher))


def _less_often_lost(row: Mapping[str, Any], files: Files) -> str:
    """What to do about a gap: half the time in which more was published than its document lists."""
    publisher = str(row["source_name"]).partition("/")[0]
    if row.get("gap_at") is None or row.get("gap_after") is None:
        return f"set a smaller every_minutes in {files.of(publisher)}"
    minutes = (from_iso(row["gap_at"]) - from_iso(row["gap_after"])) / timedelta(minutes=1)
    shortest, longest = files.bounds
    if minutes > longest:
        return f"it was not fetched for {minutes / 60:,.0f} hours before; keep `aggregator run` running"
    fitting = [every for every in _EVERY_MINUTES if shortest <= every <= minutes / 2]
    if not fitting:
        return f"it lists less than it publishes in {shortest:g} minutes; look for another feed of {publisher}"
    return f"set every_minutes = {fitting[-1]} in {files.of(publisher)}"


def next_fetch(row: Mapping[str, Any], now: datetime, told: Told) -> str:
    """When it is fetched next, and why then. What is due for long is not fetched: is the daemon running?"""
    if row.get("fault"):
        return "not fetched until then"
    if row.get("paused_by"):
        until = row.get("paused_until")
        return f"next fetch at {told(until)}" if until else "not fetched until then"
    if not row["enabled"]:
        return "switched off"
    reason = REASONS.get(row["next_reason"], row["next_reason"])
    when = "due since" if row["next_at"] <= to_iso(now) else "next fetch"
    return f"{when} {told(row['next_at'])} ({reason})"
