"""merges: which entries were taken for articles by a weaker key, and which of these merges may be wrong."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import Any

import click

from aggregator.cli.options import AS_JSON, exclude, read_time
from aggregator.cli.printing import say, say_rendered
from aggregator.cli.rows import say_json_rows
from aggregator.cli.times import when
from aggregator.desk import suspects
from aggregator.output import NOT_PASSED_ON, side_by_side
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.text.printable import address

_USUAL_WIDTH, _WIDEST = 80, 120  # columns


@click.command()
@click.option("--since", callback=read_time, help="Only those since: 6h, 2d, or a date.")
@click.option("--suspect", is_flag=True, help="Only what may be wrong, reports held twice too, each with its remedy.")
@click.option("--all", "everything", is_flag=True, help="Those that were undone, too.")
@AS_JSON
@click.pass_obj
def merges(paths: Paths, since: datetime | None, suspect: bool, everything: bool, as_json: bool) -> None:
    """List feed entries joined to an existing report, and why.

    Only merges in force, unless --all is given. On the left is what the report said before, on the right the entry that
    was joined to it or, where a person joined two reports, the other report. `split` undoes a merge.
    """
    exclude({"--suspect": suspect, "--all": everything})
    if suspect:
        _print_suspects(paths, since, as_json)
        return
    with read_store(paths, utc_now()) as store:
        rows = store.merges(since, undone_too=everything)
    if as_json:
        say_json_rows({**row, "kept": _sound(row["kept"]), "taken": _sound(row["taken"])} for row in rows)
        return
    for row in rows:
        _print(row)
    if not rows:
        say(f"No merge is in force{' or was undone' if everything else '; --all lists those undone'}.", err=True)


def _sound(said: dict[str, Any] | None) -> dict[str, Any] | None:
    return said and {**said, "url": address(said["url"])}


def _print(row: dict[str, Any]) -> None:
    undone = f", undone: {row['split_into']}" if row["undone_at"] else ""
    say(f"{row['merge_id']}. {row['publisher_name']}: {row['title'] or '(out of the wire)'}", bold=True)
    say(f"   {row['id']}  {when(row['at'])}  by {row['matched_by']}{undone}")
    if row["evidence"]:
        say(f"   {row['evidence']}")
    say(f"   {row['joined'] or row['article_key']}")
    if row["channels"] == ():
        say(f"   {NOT_PASSED_ON}")
    if row["kept"] and row["taken"]:
        width = shutil.get_terminal_size((_USUAL_WIDTH, 0)).columns
        say_rendered(side_by_side(_lines(row["kept"]), _lines(row["taken"]), min(width, _WIDEST), "   "))


def _lines(said: dict[str, Any]) -> list[str]:
    """A headline, a link, and the first words."""
    return [said["title"] or "(no headline)", address(said["url"]) or "(no address)", said["text"] or "(no text)"]


def _print_suspects(paths: Paths, since: datetime | None, as_json: bool) -> None:

    with read_store(paths) as store:
        found = suspects.listed(store, since)
    if as_json:
        names = ("article", "publisher_name", "title", "reason", "command")
        say_json_rows({"id": each.article, **{name: getattr(each, name) for name in names}} for each in found)
        return
    for suspect in found:
        say(f"{suspect.publisher_name}: {suspect.title or '(out of the wire)'}", bold=True)
        say(f"   {suspect.article}  {suspect.reason}")
        say(f"   {suspect.command}")
    if not found:
        say("Nothing looks wrong: no report seems to be two, and none is held twice.")
