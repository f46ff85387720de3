"""Times as people are told them: in the wire's time zone, in one form (`text.dates.for_people`)."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import click

from aggregator.pipeline.paths import Paths
from aggregator.text.dates import for_people, times_for_people

_ZONE = "aggregator.zone"  # where a call of the program remembers it


def zone() -> tzinfo:
    """The wire's time zone, of the command that runs; UTC where none does."""
    context = click.get_current_context(silent=True)
    if context is None:
        return UTC
    if _ZONE not in context.meta:
        paths = context.find_root().obj
        assert isinstance(paths, Paths)
        context.meta[_ZONE] = paths.timezone()
    found = context.meta[_ZONE]
    assert isinstance(found, tzinfo)
    return found


def when(moment: datetime | str) -> str:
    """A time, aware or in the stored form."""
    return for_people(moment, zone())


def with_times(said: str) -> str:
    """A message of ours that names times in UTC."""
    return times_for_people(said, zone())
