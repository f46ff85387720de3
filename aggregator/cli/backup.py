"""backup: copies the database into one file while others use it, and puts such a file in its place."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.printing import progress, say
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.store import BACKUP_STEP, Facts, load_backup, without_daemon
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted

_FILE = click.Path(path_type=Path)


@click.group()
def backup() -> None:
    """Copy the database into one file, or load such a file."""


@backup.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE where there is one.")
@click.pass_obj
def create(paths: Paths, file: Path, force: bool) -> None:
    """Copy the database into FILE, which only you can read.

    The copy is of one moment, also while the daemon runs; with `cp`, reports are lost. It holds complaints and what is
    held back: keep it as safe as the database. The configuration is not in it, and neither are copies of pictures
    (docs/pictures.md).
    """
    with read_store(paths) as store, progress("copied and checked (MB)", store.parts(), True) as move_on:
        facts = store.back_up(file, replace=force, moved=lambda: move_on(""))
        copies, folder = store.picture_counts().copied, store.picture_folder()
    say(f"Backup {file}: {_said(facts)}")
    if copies:
        say(f"Not in it: {counted(copies, 'picture')}, in {folder}; copy that folder too, or they are fetched again")


@backup.command()
@click.argument("file", type=_FILE)
@click.pass_obj
def load(paths: Paths, file: Path) -> None:
    """Put a copy of FILE, a backup, in the place of the database.

    Stop the daemon first. FILE is checked before anything is changed: that it is whole, and of this program in this
    version or an older one. The database that was there is kept under another name. `changes` with a cursor of what
    came after the backup is an error that says to start again; docs/changes.md says how.
    """
    database = paths.database()
    with without_daemon(database):
        steps = -(-file.stat().st_size // BACKUP_STEP) if file.is_file() else 0
        with progress("copied and checked (MB)", steps, True) as move_on:
            loaded = load_backup(file, database, utc_now(), lambda: move_on(""))
    say(f"Loaded {file} as {database}: {_said(loaded.facts)}")
    if loaded.kept:
        say(f"The database that was there is kept as {loaded.kept}; it holds complaints too: delete it when it is over")
    if not loaded.facts.is_current:
        say("An older version made this backup; the next `aggregator fetch` or `run` brings its tables up to date")
    if loaded.lost:
        was, now = loaded.lost
        say(f"Its ledger ended with {was}, and this one ends with {now or 'no line'}. Subscribers that have")
        say("read further get an error, and start again (docs/changes.md)")


def _said(facts: Facts) -> str:
    size = f"{facts.size / 1e6:,.1f} MB"
    if facts.reports is None:
        return f"{size}, made by an older version"
    return f"{size}, {facts.reports:,} reports, the ledger {f'up to {facts.last}' if facts.last else 'without a line'}"
