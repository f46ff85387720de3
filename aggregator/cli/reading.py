"""latest, show, search: what the wire carries, each report under its publisher's name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import click

from aggregator.dates import from_iso, read_date, utc_now
from aggregator.errors import StoreError
from aggregator.types import Selection, Text
from aggregator.workplace import Workplace

Command = Callable[..., Any]
_AGO = re.compile(r"(\d{1,6})\s*([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _since(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """`90m`, `6h`, `2d`, `1w` ago, or a date."""
    if value is None:
        return None
    if ago := _AGO.fullmatch(value.strip()):
        return utc_now() - int(ago[1]) * _UNITS[ago[2]]
    if moment := read_date(value):
        return moment
    raise click.BadParameter(f"{value!r} is neither a time ago such as 90m, 6h, 2d nor a date such as 2026-11-22")


def _selecting(command: Command) -> Command:
    options = (
        click.option("--publisher", metavar="KEY", help="Only this publisher's."),
        click.option("--country", metavar="CC", help="Only of publishers of this country, e.g. ML."),
        click.option("--language", metavar="TAG", help="Only in this language, e.g. sw."),
        click.option("--class", "item_class", help="Only of this class, e.g. opinion, press_release."),
        click.option("--since", callback=_since, help="Only listed since: 6h, 2d, or a date."),
        click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many."),
        click.option("--json", "as_json", is_flag=True, help="For machines."),
    )
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def _print(reports: list[Any], as_json: bool, otherwise: str) -> None:
    from aggregator.output import OUTPUTS

    if not reports and not as_json:
        click.echo(otherwise, err=True)
        return
    click.echo(OUTPUTS["json" if as_json else "text"](reports), nl=False)


@click.command()
@_selecting
@click.pass_obj
def latest(here: Workplace, /, as_json: bool, **chosen: Any) -> None:
    """List the newest reports, each under its publisher's name."""
    chosen["country"] = chosen["country"].upper() if chosen["country"] else None
    with here.read_store() as store:
        reports = store.latest(Selection(**chosen))
    _print(
        reports, as_json, "No report fits. `aggregator fetch` polls what is due, `aggregator health` says how it went."
    )


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--ranked", is_flag=True, help="Best match first, among the newest 2,000; otherwise newest first.")
@_selecting
@click.pass_obj
def search(here: Workplace, /, words: tuple[str, ...], ranked: bool, as_json: bool, **chosen: Any) -> None:
    """Find reports with all these WORDS, in any script, accents or not.

    "Exact phrase" in quotes, -word for without, begin* for words that begin so. After -- a word may start with a dash.
    """
    chosen["country"] = chosen["country"].upper() if chosen["country"] else None
    typed = " ".join(f'"{word}"' if " " in word and '"' not in word else word for word in words)
    with here.read_store() as store:
        reports = store.search(typed, Selection(**chosen), ranked=ranked)
    _print(reports, as_json, f"Nothing found for {typed!r}.")


@click.command()
@click.argument("report_id", metavar="ID")
@click.option("--revisions", is_flag=True, help="Every version we received, oldest first.")
@click.option("--raw", is_flag=True, help="The publisher's words, exactly as they came, as JSON.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def show(here: Workplace, report_id: str, revisions: bool, raw: bool, as_json: bool) -> None:
    """Print one report with its credit, disclaimer and original link."""
    from aggregator.output import OUTPUTS, page

    with here.read_store() as store:
        status = store.status(report_id)
        if status is None:
            raise StoreError(f"{report_id}: there is no report with this id; `aggregator latest` prints ids")
        if raw:
            click.echo(json.dumps(store.raw(report_id), ensure_ascii=False, indent=2))
        elif revisions:
            _print_revisions(store.revisions(report_id), as_json)
        elif (report := store.report(report_id)) is None:
            raise StoreError(f"{report_id}: this report is {status}, or its publisher's rights let nothing of it out")
        else:
            click.echo(OUTPUTS["json"]([report]) if as_json else page(report), nl=False)


def _print_revisions(revisions: list[dict[str, Any]], as_json: bool) -> None:
    from aggregator.output import json_array, printable
    from aggregator.text import plain

    if as_json:
        click.echo(json_array(revisions), nl=False)
        return
    for revision in revisions:
        words = revision["words"]
        seen = from_iso(revision["seen_at"]).strftime("%Y-%m-%d %H:%M:%S")
        click.secho(f"{revision['number']}. {revision['kind']}, {seen} UTC, from {revision['source']}", bold=True)
        for text in (words.get("title"), words.get("summary"), *words.get("content", ())):
            if text:
                click.echo(f"   {printable(plain(Text(**text)))}")
        click.echo()


COMMANDS = (latest, show, search)
