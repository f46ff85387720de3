"""show: one report with all that must stand beside it, or its versions, or its publisher's words as they came."""

from __future__ import annotations

import sys
from typing import Any

import click

from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_json, say_rendered
from aggregator.cli.rows import say_json_rows
from aggregator.cli.times import when, with_times, zone
from aggregator.model.errors import StoreError
from aggregator.output import NOT_PASSED_ON, OUTPUTS, heading, page, versions, with_changes
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.text.printable import address


@click.command()
@click.argument("report_id", metavar="ID")
@click.option("--revisions", is_flag=True, help="Every version we received, oldest first.")
@click.option("--raw", is_flag=True, help="The publisher's words, exactly as they came, as JSON.")
@click.option("--desk", is_flag=True, help="For the operator: what is held back too, and what was decided about it.")
@AS_JSON
@click.pass_obj
def show(paths: Paths, report_id: str, revisions: bool, raw: bool, desk: bool, as_json: bool) -> None:
    """Print one report with its credit, disclaimer and original link.

    In the place of a report that is out of the wire stands its notice.
    """
    if raw and revisions:
        raise click.UsageError("give --raw or --revisions, not both")
    with read_store(paths, utc_now()) as store:
        status = store.status(report_id, desk=desk)
        if status is None:
            raise StoreError(f"{report_id}: there is no report with this id; `aggregator latest` prints ids")
        notice = store.notice(report_id)
        if notice and not desk and (raw or revisions):
            raise StoreError(f"{report_id}: {with_times(notice['text'])} (--desk shows the operator what is held)")
        if (raw or revisions) and not store.channels(report_id):
            say(f"{report_id}: {NOT_PASSED_ON}", err=True)
        if raw:
            say_json(store.raw(report_id), indent=2)
        elif revisions:
            _print_revisions(store.revisions(report_id), as_json)
        elif notice:
            _print_notice(notice, as_json)
        elif report := store.report(report_id):
            say_rendered(OUTPUTS["json"]([report]) if as_json else page(report, zone()))
        elif not desk:
            raise StoreError(f"{report_id}: this report is {status}, or its publisher's rights let nothing of it out")
        if desk and not (raw or revisions or as_json):
            _print_acts(store.acts(report_id))


def _print_notice(notice: dict[str, Any], as_json: bool) -> None:
    """What stays of a report: whose it was, and why it is not here."""
    notice = {**notice, "url": address(notice["url"])}
    if as_json:
        say_json_rows([notice])
        return
    say(heading(notice["publisher_name"], notice["publisher_place"]), bold=True)
    for words in (notice["title"], with_times(notice["text"])):
        if words:
            say(words)
    if not notice["channels"]:
        say(NOT_PASSED_ON)
    for name, value in (("Original", notice["url"]), ("Since", when(notice["at"])), ("Id", notice["id"])):
        if value:
            say(f"{name}: {value}")


def _print_acts(acts: list[dict[str, Any]]) -> None:
    for act in acts:
        beside = [
            f"until {when(act['until'])}" if act["until"] else None,
            f"complaint {act['complaint_id']}" if act["complaint_id"] else None,
            f"reference {act['reference']}" if act["reference"] else None,
        ]
        said = ", ".join(filter(None, (act["act"], *beside)))
        say(f"Desk: {when(act['at'])} {said}, by {act['actor']}: {with_times(act['reason'])}")


def _print_revisions(revisions: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        say_json_rows(with_changes(revisions))
    else:
        say_rendered(versions(revisions, coloured=sys.stdout.isatty(), zone=zone()))
