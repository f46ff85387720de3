"""restore: a person puts a report back into the wire."""

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
def restore(paths: Paths, /, report: str, **why: Any) -> None:
    """Put a report back into the wire.

    It was withheld, withdrawn or under embargo.
    """
    with open_existing(paths) as store:
        report_id = to_be_changed(store, report).id
        acts.restore(store, report_id, Cause(**why), utc_now())
        say_done(report_id, "restored", None)
