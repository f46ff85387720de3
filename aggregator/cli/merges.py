"""merges: which entries were taken for articles by a weaker key, and which of these merges may be wrong."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import click

from aggregator.cli.options import AS_JSON, read_time
from aggregator.cli.printing import say
from aggregator.cli.rows import say_json_rows
from aggregator.cli.times import when
from aggregator.desk import suspects
from aggregator.output import NOT_PASSED_ON
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths


@click.command()
@click.option("--since", callback=read_time, help="Only those since: 6h, 2d, or a date.")
@click.option("--suspect", is_flag=True, help="Only what may be wrong, reports held twice too, each with its remedy.")
@AS_JSON
@click.pass_obj
def merges(paths: Paths, since: datetime | None, suspect: bool, as_json: bool) -> None:
    """List the entries that were taken for an article by another key than their own, with the evidence."""
    if suspect:
        _print_suspects(paths, since, as_json)
        return
    with read_store(paths) as store:
        rows = store.merges(since)
    if as_json:
        say_json_rows(rows)
        return
    for row in rows:
        undone = f", undone: {row['split_into']}" if row["undone_at"] else ""
        say(f"{row['merge_id']}. {row['publisher_name']}: {row['title'] or '(out of the wire)'}", bold=True)
        say(f"   {row['id']}  {when(row['at'])}  by {row['matched_by']}, {row['evidence']}{undone}")
        say(f"   {row['article_key']}")
        if row["channels"] == ():
            say(f"   {NOT_PASSED_ON}")


def _print_suspects(paths: Paths, since: datetime | None, as_json: bool) -> None:

    with read_store(paths) as store:
        found = suspects.listed(store, since)
    if as_json:
        say_json_rows(asdict(suspect) for suspect in found)
        return
    for suspect in found:
        say(f"{suspect.publisher_name}: {suspect.title or '(out of the wire)'}", bold=True)
        say(f"   {suspect.article}  {suspect.reason}")
        say(f"   {suspect.command}")
    if not found:
        say("Nothing looks wrong: no report seems to be two, and none is held twice.")
