"""changes: the ledger that subscribers follow, a line a change, for people and for machines."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from aggregator.cli import options
from aggregator.cli.filters import refuse_unknown
from aggregator.cli.printing import say, say_json
from aggregator.model import Cursor, Selection
from aggregator.output import NOT_PASSED_ON, heading
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.text.printable import address

_AT_ONCE = 1_000  # lines asked of the database at a time
_SECONDS = 1.0  # between two looks, with --follow
_BEGINNING = "0"


def _after(_: click.Context, __: click.Parameter, value: str | None) -> Cursor | None:
    """None: from the beginning."""
    if value is None or value.strip() == _BEGINNING:
        return None
    if cursor := Cursor.read(value):
        return cursor
    raise click.BadParameter(
        f"{value!r} is no cursor: expected one as the lines show it, such as 197-5e6f7a8b, or 0 for the beginning"
    )


def _since(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | int | None:
    """A time, or the number of a line."""
    if value is not None and re.fullmatch("[0-9]{1,18}", value.strip()):
        return int(value)
    return options.read_time(context, parameter, value)


@click.command()
@click.option("--after", callback=_after, metavar="CURSOR", help="Only after this line. [default: 0, from the first]")
@click.option("--since", callback=_since, metavar="TIME", help="Only from this time on: 6h, 2d, or a date.")
@click.option("--publisher", metavar="KEY", help="Only of this publisher.")
@options.COUNTRY
@click.option("--follow", is_flag=True, help="Wait for more, until interrupted.")
@click.option("--limit", type=click.IntRange(1), help="At most so many lines. [default: all]")
@click.option("--json", "as_json", is_flag=True, help="For machines: JSON Lines, an object a line.")
@click.pass_obj
def changes(
    paths: Paths,
    /,
    after: Cursor | None,
    since: datetime | int | None,
    follow: bool,
    limit: int | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Stream what became of the reports, oldest first: new, revised, corrected, withheld, withdrawn, restored.

    The kinds: new, revised, corrected, resent (the same words under another date or link, or joined with another
    report), withheld, withdrawn, restored, deleted (purged), terms_changed (of a publisher). Where a report is out of
    the wire, its reason stands in the place of its headline.

    Every line begins with its cursor; --after CURSOR goes on where the last call ended. It is an error when the
    database no longer holds the line of the cursor, because it was restored from a backup. docs/changes.md says what
    subscribers do with the lines.
    """
    if after and since is not None:
        raise click.UsageError("give --after or --since, not both: what is between the two would be left out")
    selection = Selection(**chosen)
    with read_store(paths) as store:
        refuse_unknown(paths, store, selection)
    cursor = after if since is None else _begin(paths, since)
    left = limit
    while True:
        most = _AT_ONCE if left is None else min(left, _AT_ONCE)
        # Opened anew for every look, so that a database that was put in its place meanwhile is noticed; and read whole
        # before anything is printed, so that whoever reads slowly holds nothing open.
        with read_store(paths, utc_now()) as store:
            end = store.last_cursor()
            lines = store.changes(cursor, replace(selection, limit=most))
        for line in lines:
            _print(line, as_json)
        left = None if left is None else left - len(lines)
        if left == 0 or (len(lines) < most and not follow):
            break
        cursor = _read_up_to(cursor, lines, end if len(lines) < most else None)
        if not lines:
            time.sleep(_SECONDS)


def _begin(paths: Paths, since: datetime | int) -> Cursor | None:
    """The cursor after which the lines since a time begin; numbers of lines are understood for one version more."""
    with read_store(paths) as store:
        if isinstance(since, datetime):
            return store.cursor_before(since)
        cursor = store.cursor_at(since)
    say(
        f"aggregator: --since is a time; the number of a line is understood there in this version for the last time."
        f" Use --after {cursor or _BEGINNING}",
        err=True,
    )
    return cursor


def _read_up_to(before: Cursor | None, lines: list[dict[str, Any]], end: Cursor | None) -> Cursor | None:
    """The later of the three; `end`: where the ledger ended, if all up to there was looked at. What is not listed need
    not be looked at again.
    """
    last = Cursor.read(lines[-1]["cursor"]) if lines else None
    return max(filter(None, (before, last, end)), key=lambda cursor: cursor.seq, default=None)


def _print(line: dict[str, Any], as_json: bool) -> None:

    if as_json:
        say_json({**line, "url": address(line["url"])})
        return
    mark = f" ({NOT_PASSED_ON})" if line["id"] and not line["channels"] else ""
    said = line["title"] or line["note"] or "(out of the wire, or without a headline)"
    publisher = heading(line["publisher_name"], line["publisher_place"])
    about = line["id"] or f"{'-':<16}"
    say(f"{line['cursor']}  {line['at']}  {line['change_kind']:<15} {about}  {publisher}: {said}{mark}")
