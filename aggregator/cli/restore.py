"""restore: a person puts a report back into the wire."""

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
def restore(paths: Paths, /, report_id: str, **why: Any) -> None:
    """Put a report back into the wire that was withheld, withdrawn or under embargo."""
    with open_existing(paths) as store:
        store.desk.restore(report_id, Cause(**why), utc_now())
        say_done(report_id, "restored", None)
