"""purge: deletes reports for good, and writes the file anew where nothing of them may be left in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

import click

from aggregator.cli import options
from aggregator.cli.filters import as_usage
from aggregator.cli.printing import say
from aggregator.cli.references import named, the_report
from aggregator.desk import clock, housekeeping, purging
from aggregator.model import Cause, NamedReport
from aggregator.model.errors import DeskError
from aggregator.pipeline.choosing import publisher_key
from aggregator.pipeline.opening import open_existing, read_store
from aggregator.pipeline.paths import Paths
from aggregator.store import Store, without_daemon
from aggregator.text.dates import duration, read_since, utc_now
from aggregator.text.printable import counted

_MOST_DAYS = 100_000
_MOST_NAMED = 20  # reports that are listed before they go


def _until(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[datetime | None, timedelta | None]:
    """The time, and how long ago that is where it was said so: then it is only as right as the clock."""
    moment = options.read_time(context, parameter, value)
    if moment is None or value is None or read_since(value, utc_now() + timedelta(days=1)) == moment:
        return moment, None
    return moment, utc_now() - moment


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--older-than", type=click.IntRange(1, _MOST_DAYS), metavar="DAYS", help="All that were first seen before."
)
@click.option("--publisher", metavar="KEY", help="All of this publisher's, or with a time only those.")
@click.option("--since", callback=options.read_time, help="All that were first seen then or later: 6h, 2d, a date.")
@click.option("--until", callback=_until, help="All that were first seen before then: 6h, 2d, a date.")
@click.option("--vacuum", is_flag=True, help="Write the whole file anew, so that nothing deleted is left in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", callback=options.one_line, help="Why. Readers see it in the notice.")
@options.REFERENCE
@options.ACTOR
@click.pass_obj
def purge(
    paths: Paths,
    /,
    ids: tuple[str, ...],
    older_than: int | None,
    publisher: str | None,
    vacuum: bool,
    yes: bool,
    **given: Any,
) -> None:
    """Delete reports for good: words, versions and keys.

    They do not come back as new.

    ID is a report's id, the first 6 characters of it or more, or its link. --publisher, --since, --until and
    --older-than together choose the reports that fit all of them, today's too. Their lines in `changes` are of the kind
    deleted.

    Their ids and their lines in the ledger stay. What backups and subscribers hold is theirs. What was deleted is
    overwritten; its letters stay in the search index until the daemon or `fetch` has tidied it, within a day or two.
    --vacuum, with reports or alone, leaves nothing at all: it says what it needs of time and disk, and asks. The daemon
    must be stopped for it.
    """
    since, (until, ago) = given.pop("since"), given.pop("until")
    because = Cause(**given)
    by_choice = publisher is not None or older_than is not None or since is not None or until is not None
    _refuse_unclear(bool(ids), by_choice, vacuum)
    options.exclude({"--older-than": older_than, "--until": until})
    if since and until and since >= until:
        raise click.UsageError("no report was first seen both after --since and before --until: the first is the later")
    if (ids or by_choice) and not because.reason:
        raise click.UsageError("Missing option '--reason'.")
    now = utc_now()
    before = now - timedelta(days=older_than) if older_than else until
    with _alone(paths) if vacuum else nullcontext(), open_existing(paths) as store:
        if publisher:
            with as_usage():
                publisher = publisher_key(paths, store, publisher)
        if (older_than or ago) and (doubt := _looked_at_clock(store, now)):
            raise DeskError(
                f"{'--older-than' if older_than else '--until'}: {doubt}. Nothing was deleted; try again then"
            )
        those = [the_report(store, each) for each in ids]
        reports = purging.chosen(store, [each.id for each in those], before, publisher, since)
        _say_which(those)
        asked = [f"Delete {counted(len(reports), 'report')} for good"] if reports else []
        if vacuum:
            _say_what_it_takes(store)
            asked.append("write the file anew" if asked else "Write the file anew")
        if asked and not yes:
            click.confirm(" and ".join(asked) + "?", abort=True)
        if reports:
            purging.purge(store, reports, because, now)
        if ids or by_choice:
            say(f"Purged: {len(reports)}")
        if vacuum:
            for step in housekeeping.rewrite(store, now):
                say(f"{step} ...", err=True)
            say(f"Written anew: {_megabytes(store.rewriting().file_bytes)}; nothing deleted is left in the file")


def _refuse_unclear(by_id: bool, by_choice: bool, vacuum: bool) -> None:
    if by_id and by_choice:
        raise click.UsageError("name the reports by ID, or choose them by --publisher and times, not both")
    if not (by_id or by_choice or vacuum):
        raise click.UsageError(
            "name the reports by ID, or choose them by --publisher, --since, --until or --older-than DAYS; or --vacuum"
            " alone"
        )


def _say_which(those: Sequence[NamedReport]) -> None:
    for each in those[:_MOST_NAMED]:
        say(named(each))
    if len(those) > _MOST_NAMED:
        say(f"and {len(those) - _MOST_NAMED:,} more")


def _looked_at_clock(store: Store, now: datetime) -> clock.Doubt | None:
    clock.look(store, now)
    return clock.doubt(store, now)


def _alone(paths: Paths) -> AbstractContextManager[object]:
    read_store(paths).close()  # where there is no database, there is nothing to lock
    return without_daemon(paths.database())


def _say_what_it_takes(store: Store) -> None:
    """Raises DeskError where there is not enough room on a disk."""
    plan = store.rewriting()
    say(f"{store.place} holds {_megabytes(plan.file_bytes)}. To write it anew takes about {duration(plan.seconds)}.")
    say("That is an estimate. Meanwhile nobody else can write, and a search finds part of the reports.")
    for room in plan.rooms:
        say(f"Free on the disk of {room.folder}: {_megabytes(room.free)}; needed: {_megabytes(room.needed)}.")
    lacking = plan.lacking
    if lacking:
        raise DeskError(
            f"{lacking.folder}: {_megabytes(lacking.free)} are free, {_megabytes(lacking.needed)} needed; make room,"
            " or name a folder on another disk for temporary files in SQLITE_TMPDIR; nothing was changed"
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB"
