"""latest, show, search: what the wire carries, each report under its publisher's name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import reduce
from typing import Any, get_args

import click

from aggregator.cli import filters
from aggregator.cli.printing import say, say_json, say_rendered
from aggregator.model import ItemClass, Selection
from aggregator.model.errors import StoreError
from aggregator.pipeline.opening import Workplace
from aggregator.text import query
from aggregator.text.dates import utc_now
from aggregator.text.printable import address

Command = Callable[..., Any]


def _selecting(command: Command) -> Command:
    options = (
        click.option("--publisher", metavar="KEY", help="Only this publisher's."),
        click.option(
            "--country", callback=filters.country, metavar="CC", help="Only of publishers of this country, e.g. ML."
        ),
        click.option("--language", metavar="TAG", help="Only in this language, e.g. sw."),
        click.option(
            "--class",
            "item_class",
            type=click.Choice(get_args(ItemClass)),
            metavar="CLASS",
            help="Only of this class, e.g. opinion, press_release.",
        ),
        click.option("--since", callback=filters.since, help="Only listed since: 6h, 2d, or a date."),
        click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many."),
        click.option("--json", "as_json", is_flag=True, help="For machines."),
    )
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def _print(reports: list[Any], as_json: bool, otherwise: str = "", page: bool = False) -> None:
    from aggregator import output

    if not reports and not as_json:
        say(otherwise, err=True)
        return
    if page and not as_json:
        say_rendered(output.page(reports[0]))
    else:
        say_rendered(output.OUTPUTS["json" if as_json else "text"](reports))


@click.command()
@_selecting
@click.pass_obj
def latest(here: Workplace, /, as_json: bool, **chosen: Any) -> None:
    """List the newest reports, each under its publisher's name."""
    selection = Selection(**chosen)
    with here.read_store(utc_now()) as store:
        filters.refuse_unknown(here, store, selection)
        reports = store.latest(selection)
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
    typed, selection = query.typed(words), Selection(**chosen)
    typed.encode()  # words that came in another encoding than UTF-8 are in no report
    with here.read_store(utc_now()) as store:
        filters.refuse_unknown(here, store, selection)
        reports = store.search(query.parse(typed), selection, ranked=ranked)
    _print(reports, as_json, f"Nothing found for {typed!r}.")


@click.command()
@click.argument("report_id", metavar="ID")
@click.option("--revisions", is_flag=True, help="Every version we received, oldest first.")
@click.option("--raw", is_flag=True, help="The publisher's words, exactly as they came, as JSON.")
@click.option("--desk", is_flag=True, help="For the operator: what is held back too, and what was decided about it.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def show(here: Workplace, report_id: str, revisions: bool, raw: bool, desk: bool, as_json: bool) -> None:
    """Print one report with its credit, disclaimer and original link.

    In the place of a report that is out of the wire stands its notice.
    """
    from aggregator.output import NOT_PASSED_ON

    if raw and revisions:
        raise click.UsageError("give --raw or --revisions, not both")
    with here.read_store(utc_now()) as store:
        status = store.status(report_id, desk=desk)
        if status is None:
            raise StoreError(f"{report_id}: there is no report with this id; `aggregator latest` prints ids")
        notice = store.notice(report_id)
        if notice and not desk and (raw or revisions):
            raise StoreError(f"{report_id}: {notice['text']} (--desk shows the operator what is held)")
        if (raw or revisions) and not store.channels(report_id):
            say(f"{report_id}: {NOT_PASSED_ON}", err=True)
        if raw:
            say_json(store.raw(report_id), indent=2)
        elif revisions:
            _print_revisions(store.revisions(report_id), as_json)
        elif notice:
            _print_notice(notice, as_json)
        elif report := store.report(report_id):
            _print([report], as_json, page=True)
        elif not desk:
            raise StoreError(f"{report_id}: this report is {status}, or its publisher's rights let nothing of it out")
        if desk and not (raw or revisions or as_json):
            _print_acts(store.desk.acts(report_id))


def _print_notice(notice: dict[str, Any], as_json: bool) -> None:
    """What stays of a report: whose it was, and why it is not here."""
    from aggregator.output import NOT_PASSED_ON, heading, json_array

    notice = {**notice, "url": address(notice["url"])}
    if as_json:
        say_rendered(json_array([notice]))
        return
    say(heading(notice["publisher_name"], notice["publisher_place"]), bold=True)
    for words in (notice["title"], notice["text"]):
        if words:
            say(words)
    if not notice["channels"]:
        say(NOT_PASSED_ON)
    for name, value in (("Original", notice["url"]), ("Since", notice["at"]), ("Id", notice["id"])):
        if value:
            say(f"{name}: {value}")


def _print_acts(acts: list[dict[str, Any]]) -> None:
    for act in acts:
        beside = [
            f"until {act['until']}" if act["until"] else None,
            f"complaint {act['complaint']}" if act["complaint"] else None,
            f"reference {act['reference']}" if act["reference"] else None,
        ]
        said = ", ".join(filter(None, (act["act"], *beside)))
        say(f"Desk: {act['at']} {said}, by {act['actor']}: {act['reason']}")


def _print_revisions(revisions: list[dict[str, Any]], as_json: bool) -> None:
    from aggregator.output import json_array, versions, with_changes

    if as_json:
        say_rendered(json_array(with_changes(revisions)))
    else:
        say_rendered(versions(revisions, coloured=sys.stdout.isatty()))


COMMANDS = (latest, show, search)
