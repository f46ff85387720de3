"""alerts: saved searches, who gets what they find, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import click
from msgspec.structs import replace

from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_json
from aggregator.cli.rows import say_json_rows
from aggregator.cli.times import when
from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Channel, Config, SavedSearch
from aggregator.model.errors import DeskError
from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.pipeline.opening import load_config, open_existing, read_store
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.saved_searches import row_of_tell, searches
from aggregator.store import Store
from aggregator.text import query
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted, line

_WEEK = timedelta(days=7)


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For machines: an object a search.")
@click.pass_context
def alerts(context: click.Context, as_json: bool) -> None:
    """List saved searches, who gets what and when; test, pause.

    Of each: how many reports it found in the last 24 hours; whom the daemon tells, when next, what waits to be sent
    and what went wrong last. The files are in searches/ of the configuration; `search WORDS --save NAME` writes one,
    and docs/alerts.md says what is in them.
    """
    if context.invoked_subcommand is not None:
        if as_json:
            raise click.UsageError("--json belongs to `aggregator alerts` alone, or behind `test`")
        return
    paths: Paths = context.obj
    now = utc_now()
    config = load_config(paths)
    with read_store(paths, now) as store:
        rows = searches(store, config, now)
    if as_json:
        say_json_rows(rows)
        return
    for row in rows:
        for said in _lines(row):
            say(said)
    if not rows:
        say("there is no saved search; `aggregator search WORDS --save NAME` makes one")


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    notes = {
        "faulty": "its file has faults; until they are corrected, nobody gets what it finds",
        "not_followed": "the daemon has not read its file yet",
    }
    note = f"; {notes[row['state']]}" if row["state"] in notes else ""
    paused = f"; paused since {when(row['paused_at'])}" if row["paused_at"] else ""
    many = counted(row["hits_24_hours"], "report")
    yield line(f"{row['name']}: {row['words'] or '(cannot be read)'}; {many} in 24 hours{paused}{note}")
    for fault in row["faults"]:
        yield f"  {line(fault)}"
    for tell in row["tells"]:
        yield f"  {line('; '.join(_of_tell(tell)))}"
    if row["state"] == "in_force" and not row["tells"]:
        yield "  nobody is told: its file has no [[tell]]"


def _of_tell(tell: Mapping[str, Any]) -> Iterator[str]:
    when_told = tell["when"].replace("_", " ")
    if tell["when"] in ("daily", "weekly"):
        day = f" on {tell['on']}s" if tell["when"] == "weekly" else ""
        when_told += f"{day} at {tell['at']} {tell['zone']}"
    next_at = f", next {when(tell['next_at'])}" if tell["next_at"] else ""
    yield f"{tell['email'] or ' '.join(tell['command'])}: {when_told}{next_at}"
    if tell["owed"]:
        yield f"{counted(tell['owed'], 'report')} for the next message"
    if tell["waiting"]:
        failed = f", {counted(tell['failures'], 'attempt')} failed" if tell["failures"] else ""
        yield f"{counted(tell['waiting'], 'message')} waiting since {when(tell['oldest'])}{failed}"
    if tell["given_up"]:
        yield f"{counted(tell['given_up'], 'message')} given up; `aggregator alerts resume` tries again"
    if tell["error"]:
        yield f"last problem: {tell['error']}"


def problems(paths: Paths, now: datetime) -> Iterator[str]:
    """A line for each who does not take what is owed, for `health`. Raises StoreError."""
    with read_store(paths, now) as store:
        rows = store.searches(now) if store.is_current() else []
    for row in rows:
        for tell in row["tells"]:
            if tell["given_up"] or tell["error"]:
                said = row_of_tell(tell, now)
                yield line(f"alerts of {row['name']} are not taken by {'; '.join(_of_tell(said))}")


@alerts.command()
@click.argument("name")
@AS_JSON
@click.pass_obj
def test(paths: Paths, name: str, as_json: bool) -> None:
    """Show what the search NAME would have sent in the last week.

    These are the reports that came into the wire in the last seven days and that it finds now, and by which channel
    each may leave: email for e-mails, api for commands. Nothing is sent.
    """
    now = utc_now()
    config = load_config(paths)
    search = _configured(config, name)
    with read_store(paths, now) as store:
        found = _of_last_week(store, search, now)
        leaves = {channel: _leaving(store, config, found, channel, now) for channel in _channels(search)}
    reports = [_found_one(report, publisher, leaves) for report, publisher in found.items()]
    if as_json:
        say_json({"name": name, "found": len(reports), **{f"by_{c}": len(of) for c, of in leaves.items()},
                  "reports": reports})  # fmt: skip
        return
    for report in reports:
        by = " ".join(report["channels"]) or "may not leave"
        say(line(f"{report['id']}  {report['publisher']}  {report['title'] or ''} ({by})"))
    may = ", ".join(f"{len(of):,} may leave by {channel}" for channel, of in leaves.items())
    say(f"{name} found {counted(len(reports), 'report')} in the last 7 days; {may}")


def _found_one(report: str, publisher: str, leaves: Mapping[Channel, Mapping[str, str]]) -> dict[str, Any]:
    title = next((of[report] for of in leaves.values() if report in of), None)
    channels = [channel for channel, of in leaves.items() if report in of]
    return {"id": report, "publisher": publisher, "title": title, "channels": channels}


def _configured(config: Config, name: str) -> SavedSearch:
    found = next((each for each in config.searches if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in config.searches) or "none"
        is_faulty = any(each.key == name for each in config.faulty_searches)
        why = "its file has faults, which `aggregator check` names" if is_faulty else f"there are {known}"
        raise DeskError(f"{name}: no search of this name is in force; {why}")
    return found


def _channels(search: SavedSearch) -> tuple[Channel, ...]:
    """By which it tells; of one that tells nobody yet both."""
    found: set[Channel] = {"email" if tell.email else "api" for tell in search.tells}
    return tuple(channel for channel in ("email", "api") if channel in found or not found)


def _of_last_week(store: Store, search: SavedSearch, now: datetime) -> dict[str, str]:
    """Ids, and their publishers' keys."""
    after = store.cursor_before(now - _WEEK)
    selection = replace(search.selection, after=after) if after else search.selection
    return {each.id: each.publisher for each in store.reports(selection, query.parse(search.words, now))}


def _leaving(store: Store, config: Config, found: Mapping[str, str], channel: Channel, now: datetime) -> dict[str, str]:
    """The headlines of those that may leave."""
    let_out = releases(store, config.wire, found, outlet(store, channel, now))
    return {each.id: beside.headline(each) for each in let_out if isinstance(each, Release)}


@alerts.command()
@click.argument("name")
@click.pass_obj
def pause(paths: Paths, name: str) -> None:
    """Tell nobody of what the search NAME finds until it is resumed.

    What it finds meanwhile is not sent later. That a report is corrected or withdrawn is sent all the same to those
    who got it.
    """
    with open_existing(paths) as store:
        if not store.pause_search(name, utc_now()):
            raise DeskError(f"{name}: there is no search of this name; `aggregator alerts` lists them")
    say(f"{name} is paused; `aggregator alerts resume {name}` ends that")


@alerts.command()
@click.argument("name")
@click.pass_obj
def resume(paths: Paths, name: str) -> None:
    """Tell again of what the search NAME finds; try again what failed."""
    with open_existing(paths) as store:
        if not store.resume_search(name, utc_now()):
            raise DeskError(f"{name}: there is no search of this name; `aggregator alerts` lists them")
    say(f"{name} is resumed; messages that were given up are tried again")
