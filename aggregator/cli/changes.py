"""changes: the ledger that subscribers follow, a line a change, for people and for machines."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import click
from msgspec.structs import replace

from aggregator.cli import options
from aggregator.cli.printing import flush, say, say_json
from aggregator.cli.reports import grep_like
from aggregator.cli.selecting import BEGINNING, Position, position, read_selection, selecting
from aggregator.cli.times import when, with_times
from aggregator.model import Cursor, Selection
from aggregator.output import NOT_PASSED_ON, heading
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.text.printable import address

_AT_ONCE = 1_000  # lines asked of the database at a time
_SECONDS = 1.0  # between two looks, with --follow


def _since(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | int | None:
    """A time, or the number of a line."""
    if value is not None and re.fullmatch("[0-9]{1,18}", value.strip()):
        return int(value)
    return options.read_time(context, parameter, value)


@click.command()
@selecting("lines", "lines written", since=_since)
@click.option("--follow", is_flag=True, help="Wait for more, until interrupted.")
@click.option("--limit", type=click.IntRange(1, options.GREATEST), help="At most so many lines. [default: all]")
@click.option("--json", "as_json", is_flag=True, help="For machines: JSON Lines, an object a line.")
@click.option("--exit-code", is_flag=True, help="As grep: 0 found, 1 nothing found, 2 an error.")
@click.pass_obj
def changes(paths: Paths, /, follow: bool, limit: int | None, as_json: bool, exit_code: bool, **given: Any) -> None:
    """List all events (new, changed, withdrawn ...), oldest first.

    The kinds: new, revised, corrected, resent (the same words under another date or link, or joined with another
    report), withheld, withdrawn, restored, deleted (purged), retagged (another language, topic or country was found),
    terms_changed (of a publisher). For a report that is out of the wire, the reason is printed instead of the headline.

    Every line begins with its cursor; --after CURSOR lists what came after it, and --cursor NAME does so by a cursor
    that the database keeps. It is an error when the database no longer has the line of the cursor, because it was
    restored from a backup. docs/changes.md says what subscribers do with the lines, docs/selecting.md which reports the
    options choose.
    """
    _refuse_mixed(given, follow)
    now = utc_now()
    with grep_like(exit_code) as outcome, position(paths, given["cursor_name"], now) as kept:
        with read_store(paths) as store:
            number = given["since"] if isinstance(given["since"], int) else None
            selection = read_selection(paths, store, now, given if number is None else {**given, "since": None})
            begin = _begin(store, given["after"], selection, number, kept)
            end = None if selection.until is None else store.cursor_before(selection.until)
        if selection.until is not None and end is None:
            return
        selection = replace(selection, since=None, until=None, up_to=end)
        for lines in _batches(paths, selection, begin, limit, follow, kept):
            for line in lines:
                _print(line, as_json)
            flush()
            outcome.found = outcome.found or bool(lines)


def _refuse_mixed(given: Mapping[str, Any], follow: bool) -> None:
    if given["after"] is not None and given["cursor_name"] is not None:
        raise click.UsageError("give --after or --cursor, not both: the cursor of this name says where to go on")
    if given["after"] is not None and (given["since"] is not None or given["on"]):
        raise click.UsageError("give --after or --since, not both: what is between the two would be left out")
    if follow and (given["until"] or given["on"]):
        raise click.UsageError("--follow waits for lines that are still to come: leave out --until and --on")


def _begin(
    store: Store, after: Cursor | str | None, selection: Selection, number: int | None, kept: Position | None
) -> Cursor | None:
    """After which line to begin; None: the first. A named cursor that has been used goes on where it is; numbers of
    lines are understood as --since for one version more.
    """
    if kept is not None and kept.at is not None:
        return kept.at
    if selection.since is not None:
        return store.cursor_before(selection.since)
    if number is None:
        return after if isinstance(after, Cursor) else None
    cursor = store.cursor_at(number)
    say(
        f"aggregator: --since is a time; the number of a line is understood there in this version for the last time."
        f" Use --after {cursor or BEGINNING}",
        err=True,
    )
    return cursor


def _batches(
    paths: Paths, selection: Selection, cursor: Cursor | None, limit: int | None, follow: bool, kept: Position | None
) -> Iterator[list[dict[str, Any]]]:
    """Lines, some at a time; once they are printed, a named cursor is moved behind them."""
    left = limit
    while True:
        most = _AT_ONCE if left is None else min(left, _AT_ONCE)
        # Opened anew for every look, so that a database that was put in its place meanwhile is noticed; and read whole
        # before anything is printed, so that whoever reads slowly holds nothing open.
        with read_store(paths, utc_now()) as store:
            end = _earlier(store.last_cursor(), selection.up_to)
            lines = store.changes(cursor, replace(selection, limit=most))
        yield lines
        left = None if left is None else left - len(lines)
        is_over = left == 0 or (len(lines) < most and not follow)
        cursor = _read_up_to(cursor, lines, end if len(lines) < most else None)
        if kept is not None:
            kept.move(cursor)
            kept.confirm(utc_now())
        if is_over:
            return
        if not lines:
            time.sleep(_SECONDS)


def _earlier(last: Cursor | None, up_to: Cursor | None) -> Cursor | None:
    return up_to if last and up_to and up_to.seq < last.seq else last


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
    said = line["title"] or with_times(line["note"] or "") or "(out of the wire, or without a headline)"
    publisher = heading(line["publisher_name"], line["publisher_place"])
    about = line["id"] or f"{'-':<16}"
    say(f"{line['cursor']}  {when(line['at'])}  {line['change_kind']:<15} {about}  {publisher}: {said}{mark}")
