"""health: what is wrong with which source, what to do about it and when it is fetched next; and the wire as a whole."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, get_args

import click
from msgspec import Struct

from aggregator.cli import alerts
from aggregator.cli.faults import say_faults_of_files
from aggregator.cli.keys import known_sources
from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_table
from aggregator.cli.rows import say_rows
from aggregator.cli.source_lines import healthy_line, problem_lines
from aggregator.cli.task_lines import task_lines
from aggregator.cli.times import when, with_times
from aggregator.desk import clock
from aggregator.identity.redirects import Origin, Owners, judge
from aggregator.model import HealthState
from aggregator.model.errors import ConfigError, StoreError
from aggregator.model.picture import PictureCounts
from aggregator.model.tasks import TaskState
from aggregator.pipeline import watching
from aggregator.pipeline.opening import config_or_none, load_config, read_store
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.source_words import Files
from aggregator.pipeline.subscribers import MOST_OWED, in_trouble, listed
from aggregator.rights import NOTICE_DAYS, what_leaves
from aggregator.scheduling.polls import Silence
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted, shown

_MOST_WITHOUT = 10  # publishers whose pictures cannot be had
_BUSY_SECONDS = 1.0  # so long it waits to note which redirects it listed; where it cannot, it lists them again
_FAIL_ON = ("failing", "silent", "gaps", "held", "subscribers")
assert set(_FAIL_ON) <= {*get_args(HealthState), "subscribers"}


def _read_fail_on(_: click.Context, __: click.Parameter, values: Sequence[str]) -> frozenset[str]:
    """The words of `--fail-on failing,silent`, which may be given again."""
    words = [word.strip() for value in values for word in value.split(",")]
    if unknown := [word for word in words if word not in _FAIL_ON]:
        raise click.BadParameter(f"{unknown[0]!r} is not one of {', '.join(_FAIL_ON)}")
    return frozenset(words)


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all", "everything", is_flag=True, help="List the sources without a problem too, a line each.")
@click.option(
    "--fail-on",
    multiple=True,
    callback=_read_fail_on,
    metavar="WORDS",
    help=f"End with 1 where a source is one of these: {','.join(_FAIL_ON)}.",
)
@AS_JSON
@click.pass_obj
def health(paths: Paths, keys: tuple[str, ...], everything: bool, fail_on: Collection[str], as_json: bool) -> None:
    """Show problems of sources and when each is fetched next.

    Of each: what is wrong and since when; then what to do, and when it is fetched next. The worst come first. With KEY
    (a publisher, or publisher/source) only of these, also where all is well. What is counted of the last seven days is
    counted now. Agreements that have ended, or end within 30 days, are named below, and subscribers who do not take
    what they are owed (`aggregator subscribers` lists all).

    The exit code is 1 when the wire as a whole has stored nothing new for longer than its rhythm allows, when a file of
    the configuration has a fault, and with --fail-on, for cron: failing: its last fetch failed; silent: nothing new for
    longer than its rhythm allows; gaps: reports may be missing, of the last seven days; held: what it said waits for a
    person, or its document came from another address; subscribers: one does not take what it is owed.

    --json prints every source, with the columns of the view `health` and `states`, a list of its problems: held,
    faulty (the file of its publisher), paused, failing, silent, gaps.
    """
    now = utc_now()
    off: list[str] = []
    with read_store(paths, now) as store:
        rows = store.health(now)
        if keys:
            names = known_sources(paths, config_or_none(paths), store.sources(), keys)
            rows = [row for row in rows if row["source_name"] in names]
            off = sorted({*names} - {row["source_name"] for row in rows})
        wire = None if keys else _wire(paths, store, now)
    if as_json:
        say_rows(rows, (), as_json)
    else:
        _print_sources(paths, rows, now, everything=everything or bool(keys))
        for name in off:
            say(f"{name}: switched off, or no longer in its publisher's file; it is not fetched")
        if wire:
            _print_wire(paths, wire, now)
    has_faults = not keys and say_faults_of_files(paths)
    if wire and wire.silence:
        expected = counted(round(wire.silence.expected), "report")
        said = f"nothing new since {when(wire.silence.since)}, where {expected} could be expected"
        say(f"the wire is silent: {said}; is the daemon running, and the network up?", err=True)
    is_unfit = any({*row["states"]} & {*fail_on} for row in rows) or (wire and wire.owed and "subscribers" in fail_on)
    if has_faults or (wire and wire.silence) or is_unfit:
        sys.exit(1)


class _Wire(Struct, frozen=True, kw_only=True):
    """What is said beside the sources."""

    silence: Silence | None
    doubt: clock.Doubt | None
    owed: Sequence[dict[str, Any]]  # subscribers who do not take what they are owed
    tasks: TaskState | None
    oldest: timedelta | None  # for how long the source that waits longest has been due
    ended: Sequence[dict[str, Any]]  # agreements
    ending: Sequence[dict[str, Any]]
    pictures: PictureCounts
    without: Sequence[tuple[str, int, str]]  # pictures that could not be had


def _wire(paths: Paths, store: Store, now: datetime) -> _Wire:
    config = config_or_none(paths)
    return _Wire(
        silence=watching.silence(store, now),
        doubt=clock.doubt(store, now),
        owed=in_trouble(listed(store, config, now)) if config else [],
        tasks=store.task_state(),
        oldest=store.oldest_due(now),
        ended=store.ended_agreements(),
        ending=store.ending_agreements(now.date() + timedelta(days=NOTICE_DAYS)),
        pictures=store.picture_counts(),
        without=store.picture_failures(_MOST_WITHOUT),
    )


def _print_wire(paths: Paths, wire: _Wire, now: datetime) -> None:
    say(f"counted at {when(now)}")
    if wire.doubt is not None:
        say(with_times(str(wire.doubt)))
    for line in task_lines(wire.tasks, wire.oldest):
        say(line)
    _print_redirects_in_force(paths)
    _print_agreements(wire.ended, wire.ending)
    for problem in alerts.problems(paths, now):
        say(problem)
    _print_subscribers(wire.owed)
    _print_pictures(wire.pictures, wire.without)
    _say_switched_off(paths)


def _print_sources(paths: Paths, rows: Sequence[dict[str, Any]], now: datetime, *, everything: bool) -> None:
    """Problems first. Sites that are searched for a feed are counted, and listed where one was found: that wants a
    person.
    """
    searches = Counter(row.get("search") for row in rows)  # a database that an older version wrote has no such column
    polled = [row for row in rows if row.get("search") in (None, "found")]
    problems = [row for row in polled if row["states"] or row["advice"] or row.get("search")]
    files = Files(paths)
    for row in problems:
        for line in problem_lines(row, files, now):
            say(line)
    fine = [row for row in polled if row not in problems]
    if everything:
        for row in sorted(fine, key=lambda row: str(row["source_name"])):
            say(healthy_line(row, now))
    more = "" if everything or not fine else "; --all lists the others"
    troubled, others = counted(len(problems), "source has", "sources have"), counted(len(fine), "has", "have")
    say(f"{troubled} a problem, {others} none{more}")
    if sought := len(rows) - searches[None]:
        parts = (
            (searches["waiting"], "not searched yet"),
            (searches["nothing"], "nothing found"),
            (searches["found"], "feed found, waits for you"),
        )
        said = ", ".join(f"{number:,} {what}" for number, what in parts if number)
        say(f"{counted(sought, 'site', 'sites')} without a known feed, searched once a week: {said}")


def _print_agreements(ended: Sequence[dict[str, Any]], ending: Sequence[dict[str, Any]]) -> None:

    for agreements, verb, then in ((ended, "ended", ""), (ending, "ends", "after that day ")):
        for of in agreements:
            left = what_leaves(of["during"], of["after"])
            said = f"the agreement with {of['name']} ({of['publisher']}) {verb} on {of['last_day']}: {then}{left}"
            say(f"{said}; `aggregator check` names the file")


def _print_subscribers(rows: Sequence[dict[str, Any]]) -> None:
    """Those who do not take what they are owed."""
    for row in rows:
        said = [f"subscriber {row['subscriber']} is {row['state'].replace('_', ' ')}"]
        if row["failing_since"]:
            said.append(f"since {when(row['failing_since'])}")
        if row["owed"]:
            many = "at least " if row["owed"] == MOST_OWED else ""
            said.append(f"owed {many}{counted(row['owed'], 'message')}, the oldest of {when(row['oldest'])}")
        if row["dead_letters"]:
            said.append(f"{counted(row['dead_letters'], 'dead letter')} (`aggregator subscribers {row['subscriber']}`)")
        say("; ".join([*said, *([row["error"]] if row["error"] else [])]))


def _print_pictures(counts: PictureCounts, without: Sequence[tuple[str, int, str]]) -> None:
    """How much room the wire's own copies take, and which could not be had."""
    if counts.copied or counts.waiting or counts.failed:
        waiting = f"; {counts.waiting:,} to be fetched" if counts.waiting else ""
        size = f"{counts.bytes / 1e6:,.1f} MB" if counts.bytes >= 1e6 else f"{counts.bytes / 1e3:,.0f} kB"
        say(f"{counted(counts.copied, 'picture')} copied, {size}{waiting}")
    for publisher, number, error in without:
        say(f"{publisher}: {counted(number, 'picture')} could not be had, one because: {shown(error)}")


def _say_switched_off(paths: Paths) -> None:
    """Only the configuration knows them. Where it has a fault, `check` says so, and health is printed all the same."""
    config = config_or_none(paths)
    if config is None:
        return
    stopped = [publisher for publisher in config.publishers if not publisher.enabled]
    for publisher in stopped:
        say(f"{publisher.key} is switched off{f': {publisher.reason}' if publisher.reason else ''}")
    if off := sum(not source.enabled for publisher in config.publishers for source in publisher.sources):
        said = counted(off, "source is", "sources are")
        say(f"{said} switched off; `aggregator publishers --off` lists them with the reasons")


def _print_redirects_in_force(paths: Paths) -> None:
    """Lists, once, the redirects that are accepted because they were in force before redirects were checked."""
    with read_store(paths) as store:
        found = store.redirects_in_force()
    if not found:
        return
    if rows := list(_to_list(paths, found)):
        say(
            "Redirects that were in force before redirects were checked, to addresses that are not known to be their"
            " publishers'. They are accepted, and listed this once; where one is wrong, write the right url into the"
            " publisher's file:"
        )
        say_table(("source", "its documents come from"), rows)
    with suppress(StoreError), Store.open(paths.database(), busy_seconds=_BUSY_SECONDS) as store:
        store.note_redirects_listed(utc_now())


def _to_list(paths: Paths, found: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Those that nothing in config/ accepts or refuses. All, where it has a fault."""
    try:
        publishers = load_config(paths).publishers
    except ConfigError:
        publishers = ()
    owners = Owners(publishers)
    origins = {
        source.name: Origin(publisher=publisher, configured=source.url, polled=source.url)
        for publisher in publishers
        for source in publisher.sources
    }
    for name, url in found:
        if name not in origins or judge(url, origins[name], owners).state in ("pending", "undecided"):
            yield name, url
