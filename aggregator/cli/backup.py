"""backup: copies the database and its pictures while others use them, and puts such a copy in their place."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from aggregator.cli.printing import progress, say
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.store import Facts, PicturesHeld, backup_steps, load_backup, without_daemon
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted

_FILE = click.Path(path_type=Path)


@click.group()
def backup() -> None:
    """Copy the database and its pictures, or load such a copy."""


@backup.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE where there is one.")
@click.pass_obj
def create(paths: Paths, file: Path, force: bool) -> None:
    """Copy the database into FILE, and its pictures beside it, which only you can read.

    The copy is of one moment, also while the daemon runs; with `cp`, reports are lost. It holds complaints and what is
    held back: keep it as safe as the database. The wire's own copies of pictures are in the folder FILE.pictures; those
    that the backup before in the same folder has too take no room again (docs/pictures.md). The configuration is not in
    it.
    """
    with read_store(paths) as store, progress("copied and checked (MB)", store.parts(), True) as move_on:
        facts = store.back_up(file, replace=force, moved=lambda: move_on(""))
    say(f"Backup {file}: {_said(facts)}")
    _say_pictures(facts.pictures)
    if replaced := facts.pictures.replaced:
        say(f"{_files(replaced)}: missing or damaged; the backup has what an older backup had")
    if lost := facts.pictures.lost:
        say(f"{_files(lost)}: missing or damaged, and not in the backup")
    if replaced or lost:
        say("What is missing is fetched again within a day, by `aggregator run` or `fetch`; remove what is damaged")
    if lost or facts.pictures.problem:
        sys.exit(1)


@backup.command()
@click.argument("file", type=_FILE)
@click.pass_obj
def load(paths: Paths, file: Path) -> None:
    """Put a copy of FILE, a backup, in the place of the database, and its pictures.

    Stop the daemon first. FILE is checked before anything is changed: that it is whole, and of this program in this
    version or an older one. The database that was there is kept under another name. Pictures that the backup lacks, or
    that are not what they were, are fetched again by the next run. `changes` with a cursor of what
    came after the backup is an error that says to start again; docs/changes.md says how.
    """
    database = paths.database()
    with without_daemon(database), progress("copied and checked (MB)", backup_steps(file), True) as move_on:
        loaded = load_backup(file, database, utc_now(), lambda: move_on(""))
    say(f"Loaded {file} as {database}: {_said(loaded.facts)}")
    _say_pictures(loaded.facts.pictures)
    if replaced := loaded.facts.pictures.replaced:
        say(f"{_files(replaced)}: missing in the backup or damaged; what was beside the database stays")
    if lost := loaded.facts.pictures.lost:
        say(f"{_files(lost)}: missing in the backup or damaged; the next `aggregator run` or `fetch` fetches it again")
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


def _say_pictures(held: PicturesHeld) -> None:
    if held.pictures:
        say(f"With {counted(held.pictures, 'picture')}, {held.size / 1e6:,.1f} MB")
    if held.problem:
        say(f"Pictures were not copied: {held.problem}; the database was; see to that and run this again with --force")


def _files(paths: Sequence[Path]) -> str:
    return f"{paths[0]} and {len(paths) - 1:,} more" if len(paths) > 1 else str(paths[0])
