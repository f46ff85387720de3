"""What `latest` and `search` share: which reports are wanted, and how they are listed, counted and exported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, get_args

import click
from click.core import ParameterSource
from msgspec import Struct
from msgspec.structs import replace

from aggregator.cli import filters, options
from aggregator.cli.printing import say, say_csv, say_json, say_lines, say_page, say_rendered
from aggregator.cli.references import the_report
from aggregator.cli.selecting import Position, position, read_selection, selecting
from aggregator.cli.times import with_times, zone
from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Channel, Cursor, Query, Selection
from aggregator.model.errors import AggregatorError, DeskError
from aggregator.model.release import Outlet, Release
from aggregator.output import COLUMNS, fields, json_array, listing
from aggregator.pipeline.opening import read_store, wire_of
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text.dates import utc_now

Nothing = Callable[[Store, Selection], str]
_LIMIT = 20
_COUNTED = 10_000  # reports; whether there are more is said, and not how many
_AT_ONCE = 1_000

LISTING = options.together(
    selecting("reports", "published"),
    click.option("--channel", type=click.Choice(get_args(Channel)), help="Only what may leave by it."),
    click.option("--before", metavar="ID", help="Only those below this report: the next page."),
    click.option(
        "--limit",
        type=click.IntRange(0, options.GREATEST),
        help=f"At most so many; 0: all. [default: {_LIMIT}; all with --csv, --excel, --jsonl, --after, --cursor]",
    ),
    click.option("--count", "is_count", is_flag=True, help="Only say how many there are; may take seconds."),
    options.AS_JSON,
    click.option("--jsonl", "as_jsonl", is_flag=True, help="JSON Lines: an object a line."),
    click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header."),
    click.option("--excel", "as_excel", is_flag=True, help="CSV that Excel opens; see --semicolon."),
    click.option("--semicolon", is_flag=True, help="With --excel: where Excel expects ; (French, Portuguese ...)."),
    click.option(
        "--columns", callback=filters.columns(COLUMNS), metavar="A,B,C", help="Only these, with a form for machines."
    ),
    click.option("--exit-code", is_flag=True, help="As grep: 0 found, 1 nothing found, 2 an error."),
)
_MACHINES = {"as_json": "--json", "as_jsonl": "--jsonl", "as_csv": "--csv", "as_excel": "--excel"}


class _Form(Struct, frozen=True, kw_only=True):
    """In which form reports are printed."""

    name: str | None  # an option of _MACHINES; None: for people
    columns: tuple[str, ...] | None
    separator: str

    @property
    def is_export(self) -> bool:
        return self.name in ("--jsonl", "--csv", "--excel")


def _form(given: dict[str, Any]) -> _Form:
    """Takes the options of forms out of those that were given; click.UsageError."""
    names = [option for name, option in _MACHINES.items() if given.pop(name)]
    columns, semicolon = given.pop("columns"), given.pop("semicolon")
    if len(names) > 1:
        raise click.UsageError(f"give {' or '.join(names)}, not both")
    form = _Form(name=names[0] if names else None, columns=columns, separator=";" if semicolon else ",")
    if columns and form.name is None:
        raise click.UsageError(f"--columns belongs to {', '.join(_MACHINES.values())}")
    if semicolon and form.name != "--excel":
        raise click.UsageError("--semicolon belongs to --excel")
    if given["is_count"] and (form.is_export or columns):
        raise click.UsageError("--count says a number, or with --json an object: give no other form and no --columns")
    return form


def list_reports(paths: Paths, given: dict[str, Any], query: Query | None, ranked: bool, nothing: Nothing) -> None:
    """The command: `given` are the values of LISTING, `nothing` says what people are told where no report fits."""
    with grep_like(given.pop("exit_code")) as outcome:
        outcome.found = _list_reports(paths, given, query, ranked, nothing)


def _list_reports(paths: Paths, given: dict[str, Any], query: Query | None, ranked: bool, nothing: Nothing) -> bool:
    """Whether there was one."""
    form = _form(given)
    _refuse_mixed(given, ranked)
    now = utc_now()
    with position(paths, given["cursor_name"], now) as kept:
        with read_store(paths, now) as store:
            wanted = _wanted(store, read_selection(paths, store, now, given), given, form)
            end = None
            is_by_line = kept is not None or given["after"] is not None
            if is_by_line:
                wanted, end = _up_to_now(store, wanted, kept, query)
            is_nothing = is_by_line and end is None  # there is no line of the ledger yet
            if given["is_count"]:
                return _say_count(0 if is_nothing else store.count(wanted, query), form)
            by = outlet(store, wanted.channel, now)
            listed = _Counted(() if is_nothing else _released(paths, store, _reports(store, wanted, query, ranked), by))
            _say_reports(listed, form)
            said = nothing(store, wanted) if not listed.number and form.name is None else None
            more = None if is_by_line else _how_many(store, wanted, query, listed, ranked)
        if kept is not None:
            kept.move(end)
    if said:
        say(said, err=True)
    if more:
        say(more, err=True)
    if end and kept is None:
        say(f"read up to {end}; give it to --after the next time", err=True)
    return listed.number > 0


def _reports(store: Store, wanted: Selection, query: Query | None, ranked: bool) -> Iterator[str]:
    """Their ids."""
    found = store.search(query, wanted, ranked=True) if query and ranked else store.reports(wanted, query)
    return (report.id for report in found)


def _released(paths: Paths, store: Store, reports: Iterable[str], by: Outlet) -> Iterator[Release]:
    """What may leave of them. What was taken back while they are read is left out."""
    found = releases(store, wire_of(paths, store), reports, by)
    return (each for each in found if isinstance(each, Release))


def _say_count(count: int, form: _Form) -> bool:
    if form.name:
        say_json({"count": count})
    else:
        say(f"{count}")
    return count > 0


def _refuse_mixed(given: dict[str, Any], ranked: bool) -> None:
    if given["cursor_name"] is not None:
        for name, option in (
            ("after", "--after"),
            ("before", "--before"),
            ("limit", "--limit"),
            ("is_count", "--count"),
        ):
            if given[name] not in (None, False):
                raise click.UsageError(
                    f"give --cursor or {option}, not both: --cursor prints all that came since it was used last, once"
                )
    if ranked and given["before"] is not None:
        raise click.UsageError("--before belongs to lists by time: leave out --ranked")


def _wanted(store: Store, selection: Selection, given: dict[str, Any], form: _Form) -> Selection:
    limit = given["limit"]
    if limit is None and not (form.is_export or given["after"] is not None or given["cursor_name"]):
        limit = _LIMIT
    before = given["before"]
    if before is not None:
        try:
            before = the_report(store, before, desk=False).id
        except DeskError as error:
            raise click.BadParameter(str(error), param_hint="--before") from error
    after = given["after"] if isinstance(given["after"], Cursor) else None
    return replace(selection, limit=limit or None, before=before, after=after, channel=given["channel"])


def _up_to_now(
    store: Store, wanted: Selection, kept: Position | None, query: Query | None
) -> tuple[Selection, Cursor | None]:
    """The selection of what came up to a line of the ledger, and that line: what comes while this is read is listed the
    next time, and so is what no search finds yet.
    """
    after = kept.at if kept else wanted.after
    end = store.searched_up_to(after) if query else store.last_cursor()
    return replace(wanted, after=after, up_to=end), end


class _Counted:
    """Releases, one at a time; `number` of them have passed, and `last` is the last of these."""

    def __init__(self, releases: Iterable[Release]) -> None:
        self._releases = releases
        self.number = 0
        self.last: Release | None = None

    def __iter__(self) -> Iterator[Release]:
        for release in self._releases:
            self.number += 1
            self.last = release
            yield release


def _say_reports(releases: Iterable[Release], form: _Form) -> None:
    columns = form.columns or COLUMNS
    rows = (fields(release, columns) for release in releases)
    if form.name == "--json":
        say_rendered(json_array(rows))
    elif form.name == "--jsonl":
        for row in rows:
            say_json(row)
    elif form.name:
        cells = ([_cell(row[name]) for name in columns] for row in rows)
        say_csv(columns, cells, verbatim=False, delimiter=form.separator, for_excel=form.name == "--excel")
    else:
        _say_to_people(iter(releases))


def _cell(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value


def _say_to_people(releases: Iterator[Release]) -> None:
    is_first = True
    while some := list(islice(releases, _AT_ONCE)):
        if not is_first:
            say()
        say_page(listing(some, zone()), "  ")
        is_first = False


def _how_many(store: Store, wanted: Selection, query: Query | None, listed: _Counted, ranked: bool) -> str | None:
    """Of a list that ends at its limit: how many reports there are. Exact to 10,000. None: there is nothing to say, or
    a script has asked for so many.
    """
    asked = click.get_current_context().get_parameter_source("limit") is not ParameterSource.DEFAULT
    if listed.number != wanted.limit or listed.last is None or (asked and not sys.stderr.isatty()):
        return None
    count = store.count(wanted, query, most=_COUNTED + 1)
    if count <= listed.number:
        return None
    said = f"{count:,}" if count <= _COUNTED else f"more than {_COUNTED:,}"
    below = f" below {wanted.before}" if wanted.before else ""
    following = "" if ranked else f"--before {listed.last.id} lists the next, "
    return f"{listed.number:,} of {said} reports{below}; {following}--limit 0 lists all"


class Outcome(Struct):
    found: bool = False


@contextmanager
def grep_like(is_asked: bool) -> Iterator[Outcome]:
    """Ends the command as grep ends, where that is asked for: 1 when nothing was found, 2 after an error."""
    outcome = Outcome()
    try:
        yield outcome
    except AggregatorError as error:
        if not is_asked:
            raise
        say_lines(f"aggregator: {with_times(str(error))}", err=True)
        sys.exit(2)
    if is_asked and not outcome.found:
        sys.exit(1)
