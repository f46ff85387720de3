"""retag: sets the tags of reports anew that were set by other tables or settings than those of now."""

from __future__ import annotations

import asyncio

import click

from aggregator.cli.filters import as_usage
from aggregator.cli.printing import progress, say
from aggregator.pipeline.choosing import publisher_key
from aggregator.pipeline.opening import load_config, open_existing, read_store
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.tagging import retag as retag_all
from aggregator.tags.tables import tables_of
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted


@click.command()
@click.option("--publisher", metavar="KEY", help="Only reports of this publisher, by key or name.")
@click.option("--dry-run", is_flag=True, help="Only say how many reports would be changed.")
@click.pass_obj
def retag(paths: Paths, publisher: str | None, dry_run: bool) -> None:
    """Find anew what reports are about, and who made them.

    These tags are language, topics, countries, dateline, persons and agencies. They are found anew only of reports
    that were tagged by other tables, or under other settings of their publisher, than those of now: after an update of
    the program or a change of [tags] in a publisher's file. It may run beside the daemon, and goes on where it was when
    it is stopped. A report whose tags change gets a line `retagged` in the ledger and moves in no list.
    """
    config = load_config(paths)
    publishers = {each.key: each for each in config.publishers}
    with read_store(paths) if dry_run else open_existing(paths) as store:
        if not store.is_current():
            raise click.ClickException("an older version made this database; `aggregator retag` brings it up to date")
        with as_usage():
            of = None if publisher is None else publisher_key(paths, store, publisher)
        total = store.count_tagged_by_others(tables_of(publishers.values()), of)
        if total == 0:
            say("every report has the tags of these tables and settings; nothing to do")
            return
        with progress("Reports", total, True) as move_on:

            def done(count: int) -> None:
                for _ in range(count):
                    move_on("")

            found = asyncio.run(retag_all(store, publishers, of, utc_now, done, dry_run=dry_run))
    would = "would get" if dry_run else "got"
    looked = counted(found.looked_at, "report")
    say(f"{looked} looked at; {found.changed:,} {would} other tags")
