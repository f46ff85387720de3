"""withdraw: a person takes a report out of the wire because its publisher withdrew it."""

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
@CAUSE
@click.pass_obj
def withdraw(paths: Paths, /, report: str, **why: Any) -> None:
    """Take a report out that its publisher withdrew.

    News agencies call this a kill. A notice is shown in its place.
    """
    with open_existing(paths) as store:
        report_id = to_be_changed(store, report).id
        acts.withdraw(store, report_id, Cause(**why), utc_now())
        say_done(report_id, "withdrawn", store.notice(report_id))
