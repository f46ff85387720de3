"""health: how each source does and when it is polled next; what wants a person, of the wire as a whole."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import click

from aggregator.cli.faults import say_faults_of_files
from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_table
from aggregator.cli.rows import say_rows
from aggregator.desk import clock
from aggregator.identity.redirects import Origin, Owners, judge
from aggregator.model.errors import ConfigError, StoreError
from aggregator.pipeline import watching
from aggregator.pipeline.opening import load_config, read_store
from aggregator.pipeline.paths import Paths
from aggregator.rights import NOTICE_DAYS, what_leaves
from aggregator.store import Store
from aggregator.text.dates import to_iso, utc_now

_BUSY_SECONDS = 1.0  # so long it waits to note which redirects it listed; where it cannot, it lists them again


@click.command()
@AS_JSON
@click.pass_obj
def health(paths: Paths, as_json: bool) -> None:
    """Say of every source how its last poll went, what troubles it, and when and why the next one comes.

    The worst stand first; the agreements that have ended, or end within 30 days, are named below. What is counted of
    the last seven days is counted now. The exit code is 1 when the wire as a whole has stored nothing new for longer
    than its rhythm allows, and when a file of the configuration has a fault: for cron and for monitors.
    """
    now = utc_now()
    with read_store(paths, now) as store:
        rows, silence, doubt = store.health(now), watching.silence(store, now), clock.doubt(store, now)
        ended, ending = store.ended_agreements(), store.ending_agreements(now.date() + timedelta(days=NOTICE_DAYS))
    if as_json:
        say_rows(rows, (), as_json)
    else:
        _print_health(rows)
        say(f"counted at {to_iso(now)}; articles_7_days are of the seven days before that")
        if doubt is not None:
            say(str(doubt))
        _print_redirects_in_force(paths)
        _print_agreements(ended, ending)
        _say_switched_off(paths)
    has_faults = say_faults_of_files(paths)
    if silence is not None:
        said = f"nothing new since {to_iso(silence.since)}, where {silence.expected:.0f} reports were to be expected"
        say(f"the wire is silent: {said}; is the daemon running, and the network up?", err=True)
    if has_faults or silence is not None:
        sys.exit(1)


def _print_health(rows: Sequence[dict[str, Any]]) -> None:
    """Sites that are searched for a feed are counted, and listed only where one was found: that wants a person."""
    states = Counter(row.get("search") for row in rows)  # a database that an older version wrote has no such column
    columns = ("source_name", "last_success", "articles_7_days", "next_at", "next_reason", "problem", "advice")
    say_rows([row for row in rows if row.get("search") is None], columns, as_json=False)
    if states["found"]:
        say_rows(
            [row for row in rows if row.get("search") == "found"], ("source_name", "problem", "advice"), as_json=False
        )
    if sought := len(rows) - states[None]:
        parts = f"{states['waiting']:,} not searched yet, {states['nothing']:,} found nothing"
        say(f"{sought:,} sites are searched for a feed once a week: {parts}, {states['found']:,} have a proposal")


def _print_agreements(ended: Sequence[dict[str, Any]], ending: Sequence[dict[str, Any]]) -> None:

    for agreements, verb, then in ((ended, "ended", ""), (ending, "ends", "after that day ")):
        for of in agreements:
            left = what_leaves(of["during"], of["after"])
            said = f"the agreement with {of['name']} ({of['publisher']}) {verb} on {of['last_day']}: {then}{left}"
            say(f"{said}; `aggregator check` names the file")


def _say_switched_off(paths: Paths) -> None:
    """Only the configuration knows them. Where it has a fault, `check` says so, and health is printed all the same."""
    try:
        config = load_config(paths)
    except ConfigError:
        return
    stopped = [publisher for publisher in config.publishers if not publisher.enabled]
    for publisher in stopped:
        say(f"{publisher.key} is switched off{f': {publisher.reason}' if publisher.reason else ''}")
    if off := sum(not source.enabled for publisher in config.publishers for source in publisher.sources):
        say(f"{off:,} sources are switched off; `aggregator publishers --off` lists them with the reasons")


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
