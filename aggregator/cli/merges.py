"""merges, split: which entries were taken for articles by a weaker key, and how a person undoes that."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import click

from aggregator.cli import filters
from aggregator.cli.printing import say, say_rendered
from aggregator.pipeline.opening import Workplace
from aggregator.text.dates import utc_now


@click.command()
@click.option("--since", callback=filters.since, help="Only those since: 6h, 2d, or a date.")
@click.option("--suspect", is_flag=True, help="Only what may be wrong, reports held twice too, each with its remedy.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def merges(here: Workplace, since: datetime | None, suspect: bool, as_json: bool) -> None:
    """List the entries that were taken for an article by another key than their own, with the evidence."""
    from aggregator.output import NOT_PASSED_ON, json_array

    if suspect:
        _print_suspects(here, since, as_json)
        return
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


def _print_suspects(here: Workplace, since: datetime | None, as_json: bool) -> None:
    from aggregator.desk import suspects
    from aggregator.output import json_array

    with here.read_store() as store:
        found = suspects.listed(store, since)
    if as_json:
        say_rendered(json_array(asdict(suspect) for suspect in found))
        return
    for suspect in found:
        say(f"{suspect.publisher_name}: {suspect.title or '(out of the wire)'}", bold=True)
        say(f"   {suspect.article}  {suspect.reason}")
        say(f"   {suspect.command}")
    if not found:
        say("Nothing looks wrong: no report seems to be two, and none is held twice.")


@click.command()
@click.argument("merge")
@click.argument("version", type=click.IntRange(2, filters.MOST), required=False)
@click.pass_obj
def split(here: Workplace, merge: str, version: int | None) -> None:
    """Undo the merge of this number: its entry becomes an article of its own, and stays one.

    With a report's ID for the number, and a VERSION of it: that one and those after it become an article.
    """
    if version is None and not (merge.isascii() and merge.isdecimal() and 1 <= int(merge) <= filters.MOST):
        raise click.BadParameter(f"{merge!r} is no number of `aggregator merges`; of a report say the version too")
    with here.open_store() as store:
        now = utc_now()
        public_id = store.split(int(merge), now) if version is None else store.split_version(merge, version, now)
    say(f"{public_id} is an article of its own now; the other has the words it had before")


COMMANDS = (merges, split)
