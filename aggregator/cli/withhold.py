"""withhold: a person takes a report out of the wire, until a person restores it."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli.acts import CAUSE, say_done
from aggregator.cli.references import to_be_changed
from aggregator.desk import acts
from aggregator.model import Cause
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("report", metavar="ID")
@click.option("--legal", is_flag=True, help="In answer to a court order or a statute; the notice says so.")
@CAUSE
@click.pass_obj
def withhold(paths: Paths, /, report: str, legal: bool, **why: Any) -> None:
    """Take a report out of the wire until a person restores it.

    A notice is shown in its place. For a report that its publisher withdrew, use `withdraw`.
    """
    with open_existing(paths) as store:
        report_id = to_be_changed(store, report).id
        acts.withhold(store, report_id, Cause(**why), utc_now(), legal=legal)
        say_done(report_id, "withheld", store.notice(report_id))
