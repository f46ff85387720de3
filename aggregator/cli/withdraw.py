"""withdraw: a person takes a report out of the wire because its publisher withdrew it."""

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
@CAUSE
@click.pass_obj
def withdraw(paths: Paths, /, report_id: str, **why: Any) -> None:
    """Take a report out of the wire because its publisher withdrew it; a notice stays in its place."""
    with open_existing(paths) as store:
        store.desk.withdraw(report_id, Cause(**why), utc_now())
        say_done(report_id, "withdrawn", store.notice(report_id))
