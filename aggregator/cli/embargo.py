"""embargo: a person holds a report out of the wire until a time."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli import options
from aggregator.cli.printing import say
from aggregator.cli.references import to_be_changed
from aggregator.cli.times import when, zone
from aggregator.desk import acts
from aggregator.model import Cause
from aggregator.model.errors import DeskError
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import read_moment, utc_now
from aggregator.text.printable import as_json


@click.command()
@click.argument("report", metavar="ID")
@click.argument("until")
@click.option("--reason", default="embargo", callback=options.one_line, help="Why. [default: embargo]")
@options.REFERENCE
@options.ACTOR
@click.pass_obj
def embargo(paths: Paths, /, report: str, until: str, **why: Any) -> None:
    """Keep a report out of the wire UNTIL a time.

    UNTIL is a time such as 2026-12-01T06:00Z; then the report is published by itself. A time without a zone is meant in
    the wire's time zone, and a day without a time begins at midnight.
    """
    end = read_moment(until, zone())
    if end is None:
        raise DeskError(f"UNTIL: found {as_json(until)}, expected a time to come, such as 2026-12-01T06:00Z")
    with open_existing(paths) as store:
        report_id = to_be_changed(store, report).id
        acts.embargo(store, report_id, end, Cause(**why), utc_now())
    say(f"{report_id}: under embargo until {when(end)}")
