"""snapshot: a copy of a part of the wire for research, as CSV, JSON Lines or SQLite."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import click
from msgspec.structs import replace

from aggregator.cli import options
from aggregator.cli.printing import progress, say
from aggregator.cli.selecting import Position, position, read_selection, selecting
from aggregator.cli.times import when
from aggregator.model import Cursor, Selection
from aggregator.model.errors import StoreError
from aggregator.model.snapshots import Extent, SnapshotForm
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.snapshots import Wanted, refuse, steps, write
from aggregator.store import Store
from aggregator.text.dates import utc_now

_A_SECOND = timedelta(seconds=1)  # as exact as times are stored


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@selecting("reports", "published")
@click.option(
    "--format",
    "form",
    type=click.Choice(get_args(SnapshotForm)),
    default="csv",
    show_default=True,
    help="Of the tables.",
)
@click.option("--public", is_flag=True, help="Only what the wire shows to readers of the web.")
@click.option("--at", callback=options.read_time, metavar="TIME", help="What was in the wire then.")
@click.option("--verbatim", is_flag=True, help="CSV: no apostrophe before what looks like a formula.")
@click.option("--force", is_flag=True, help="Replace the snapshot that is in FOLDER.")
@click.pass_obj
def snapshot(
    paths: Paths,
    /,
    folder: Path,
    form: SnapshotForm,
    public: bool,
    at: datetime | None,
    **given: Any,
) -> None:
    """Write a copy of reports, versions and changes to a FOLDER.

    It has six tables: reports, versions (the words of each version, as text), changes, publishers, sources, and polls
    by day. datapackage.json says what each column means, and of which selection, line of the ledger and time they are.
    docs/snapshot.md has more.

    Without --public it has all that is held of the reports, also what may not be shown; its files are for you alone.
    """
    wanted = Wanted(form=form, verbatim=given["verbatim"], force=given["force"])
    if wanted.verbatim and form != "csv":
        raise click.UsageError("--verbatim belongs to --format csv: no other form has apostrophes added")
    if given["after"] is not None and given["cursor_name"] is not None:
        raise click.UsageError("give --after or --cursor, not both: the cursor of this name says where to go on")
    now = utc_now()
    if at is not None and at > now:
        raise click.UsageError(f"--at: nothing is known of that time yet; it is {when(now)}")
    folder = folder.absolute()
    refuse(folder, force=wanted.force)
    with position(paths, given["cursor_name"], now) as kept:
        with read_store(paths, now) as store:
            selection = _selection(paths, store, now, given, kept)
            with store.one_state():
                extent = _extent(paths, store, selection, public, at)
                rows = _write(store, folder, extent, wanted)
        if kept is not None:
            kept.move(extent.up_to)
    counts = ", ".join(f"{rows[name]:,} {name}" for name in ("reports", "versions", "changes"))
    say(f"{folder}: {counts}; up to {extent.up_to} of {when(extent.time)}", err=True)
    if at is not None:
        say("what left the wire since has no words here; datapackage.json lists what is not known", err=True)


def _write(store: Store, folder: Path, extent: Extent, wanted: Wanted) -> dict[str, int]:
    is_seen = sys.stderr.isatty()
    total = steps(store.count_of_snapshot(extent)) if is_seen else 0
    with progress("snapshot", total, visible=is_seen) as step:
        return write(store, folder, extent, wanted, step)


def _selection(paths: Paths, store: Store, now: datetime, given: dict[str, Any], kept: Position | None) -> Selection:
    """Raises CursorError where the ledger does not hold the cursor."""
    after = given["after"] if isinstance(given["after"], Cursor) else None
    if kept is not None:
        after = kept.at
    store.changes(after, Selection(limit=1))
    return replace(read_selection(paths, store, now, given), after=after)


def _extent(paths: Paths, store: Store, selection: Selection, is_public: bool, at: datetime | None) -> Extent:
    end = store.last_cursor() if at is None else store.cursor_before(at + _A_SECOND)
    if end is None:
        said = "nothing had come by then" if at else "nothing has come yet; `aggregator fetch` polls what is due"
        raise StoreError(f"{paths.database()}: {said}, so no snapshot was made")
    return Extent(selection=selection, is_public=is_public, up_to=end, time=at or store.time_of(end), at=at)
