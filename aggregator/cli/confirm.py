"""confirm: a person says that what was taken for a report is right."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli import options
from aggregator.cli.printing import say
from aggregator.cli.references import to_be_changed
from aggregator.desk import acts
from aggregator.model import Cause
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("report", metavar="ID")
@click.option("--reason", required=True, callback=options.one_line, help="Why. It stays with the desk.")
@options.REFERENCE
@options.ACTOR
@click.pass_obj
def confirm(paths: Paths, /, report: str, **why: Any) -> None:
    """Say that what was taken for a report is right.

    `merges --suspect` lists the report no more for what was taken for it until now. Nothing else changes.
    """
    with open_existing(paths) as store:
        report_id = to_be_changed(store, report).id
        acts.confirm(store, report_id, Cause(**why), utc_now())
    say(f"{report_id}: confirmed as it is")
