"""Searches that are kept: what they find, who gets it, and when."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from aggregator.model.selection import ALL_REPORTS, Selection

When = Literal["at_once", "hourly", "daily", "weekly"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Tell(Struct, frozen=True, kw_only=True):
    """One who gets what a saved search finds: an e-mail address, or a command."""

    email: str | None = None
    command: tuple[str, ...] = ()  # the program and its arguments; (): it is an e-mail address
    when: When = "at_once"
    at: str = "07:00"  # of daily and weekly: the local time, HH:MM
    on: Weekday = "monday"  # of weekly
    zone: str = "UTC"  # of the IANA database

    @property
    def whom(self) -> str:
        """What names it, also when its times are others."""
        return self.email or " ".join(self.command)


class SavedSearch(Struct, frozen=True, kw_only=True):
    """A file in config/searches/."""

    name: str  # of its file, without `.toml`
    words: str  # as they are typed
    title: str  # for people
    selection: Selection = ALL_REPORTS
    tells: tuple[Tell, ...] = ()
