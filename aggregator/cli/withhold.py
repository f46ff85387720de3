"""withhold: a person takes a report out of the wire, until a person restores it."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli.acts import CAUSE, say_done
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.store.sqlite.desk import Cause
from aggregator.text.dates import utc_now


@click.command()
@click.argument("report_id", metavar="ID")
@click.option("--legal", is_flag=True, help="In answer to a court order or a statute; the notice says so.")
@CAUSE
@click.pass_obj
def withhold(paths: Paths, /, report_id: str, legal: bool, **why: Any) -> None:
    """Take a report out of the wire until a person restores it; a notice stays in its place."""
    with open_existing(paths) as store:
        store.desk.withhold(report_id, Cause(**why), utc_now(), legal=legal)
        say_done(report_id, "withheld", store.notice(report_id))
