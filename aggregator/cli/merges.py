"""merges, split: which entries were taken for articles by a weaker key, and how a person undoes that."""

from __future__ import annotations

from datetime import datetime

import click

from aggregator.cli import filters
from aggregator.cli.printing import say, say_rendered
from aggregator.dates import utc_now
from aggregator.workplace import Workplace


@click.command()
@click.option("--since", callback=filters.since, help="Only those since: 6h, 2d, or a date.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def merges(here: Workplace, since: datetime | None, as_json: bool) -> None:
    """List the entries that were taken for an article by another key than their own, with the evidence."""
    from aggregator.output import NOT_PASSED_ON, json_array

    with here.read_store() as store:
        rows = store.merges(since)
    if as_json:
        say_rendered(json_array(rows))
        return
    for row in rows:
        undone = f", undone: {row['split_into']}" if row["undone_at"] else ""
        say(f"{row['id']}. {row['publisher_name']}: {row['title'] or '(out of the wire)'}", bold=True)
        say(f"   {row['article']}  {row['at']}  by {row['matched_by']}, {row['evidence']}{undone}")
        say(f"   {row['key']}")
        if row["channels"] == ():
            say(f"   {NOT_PASSED_ON}")


@click.command()
@click.argument("merge", type=click.IntRange(1, filters.MOST))
@click.pass_obj
def split(here: Workplace, merge: int) -> None:
    """Undo the merge of this number: its entry becomes an article of its own, and stays one."""
    with here.open_store() as store:
        public_id = store.split(merge, utc_now())
    say(f"{public_id} is an article of its own now; the other has the words it had before")


COMMANDS = (merges, split)
