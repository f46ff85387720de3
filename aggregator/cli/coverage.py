"""coverage: whether all was seen that each publisher published, and what was lost or left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from aggregator.cli.coverage_lines import counts_line, day_line, sentence
from aggregator.cli.keys import known_sources
from aggregator.cli.options import AS_JSON, read_time
from aggregator.cli.printing import say
from aggregator.cli.rows import say_json_rows
from aggregator.pipeline import watching
from aggregator.pipeline.opening import config_or_none, read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import read_date, utc_now

_SECOND, _DAY, _WEEK = timedelta(seconds=1), timedelta(days=1), timedelta(days=7)


def _read_day(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    day = read_date(value) if len(value) == len("2026-11-22") else None
    if day is None:
        raise click.BadParameter(f"{value!r} is no day such as 2026-11-22")
    return day


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--since", callback=read_time, help="From when on: 6h, 2d, or a date. [default: 7d]")
@click.option("--until", callback=read_time, help="Until when: 6h (ago), or a date. [default: now]")
@click.option("--on", "day", callback=_read_day, metavar="DAY", help="One day (UTC), such as 2026-11-27.")
@click.option("--by-day", is_flag=True, help="A line for each day too.")
@AS_JSON
@click.pass_obj
def coverage(paths: Paths, /, keys: tuple[str, ...], by_day: bool, as_json: bool, **times: datetime | None) -> None:
    """Count what arrived, was skipped or may be missing.

    A sentence says how sure one can be of having seen all; below it is what was fetched, received and left out.
    With KEY (a publisher, or publisher/source) only of these. What can be expected is printed where a source's rhythm
    is learnt. While nobody at all answers, the wire is offline, which counts against no publisher.

    A gap: a document that did not reach back to the one before, so that reports may be missing; it is closed when the
    source's older pages did. --since and --until take days of UTC whole where old fetches are counted by day.

    --json prints a publisher a line: publisher, publisher_name, polls, well, failed, offline, held, gaps, gaps_closed,
    received, expected (null: not known yet), left_out (by reason or rule), complete_since, complete_until, missing (a
    gap: source_name, after, before, least, most), silent (source_name, since, until), unknown (source_name, since,
    why), days (the counts by day, UTC), pages_read, pages_not_read (by reason) and sentence.
    """
    now = utc_now()
    since, until = _period(now, **times)
    with read_store(paths) as store:
        names = known_sources(paths, config_or_none(paths), store.sources(), keys) if keys else None
        rows = watching.coverage(store, since, until, names)
    rows = [{**row, "sentence": sentence(row)} for row in rows]
    if as_json:
        say_json_rows(rows)
        return
    for row in rows:
        for line in _lines(row, by_day=by_day):
            say(line)
    if not rows:
        say("No source was fetched in that time.", err=True)


def _period(
    now: datetime, since: datetime | None, until: datetime | None, day: datetime | None
) -> tuple[datetime, datetime]:
    """The first and the last moment that are looked at."""
    if day and (since or until):
        raise click.UsageError("give --on, or --since and --until")
    end = min(until or now, now)
    begin, end = (day, min(day + _DAY - _SECOND, now)) if day else (since or end - _WEEK, end)
    if begin >= end:
        raise click.UsageError("the time to look at must begin before it ends, and before now")
    return begin, end


def _lines(row: Mapping[str, Any], *, by_day: bool) -> Iterator[str]:
    yield f"{row['publisher']}: {row['sentence']}"
    yield f"  {counts_line(row)}"
    if by_day:
        for day in row["days"]:
            yield f"  {day['day']}: {day_line(day)}"
