"""latest: the newest reports, each under its publisher's name."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli.reports import SELECTING, say_reports, selection
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@SELECTING
@click.pass_obj
def latest(paths: Paths, /, as_json: bool, **chosen: Any) -> None:
    """List the newest reports, each under its publisher's name."""
    with read_store(paths, utc_now()) as store:
        reports = store.latest(selection(paths, store, chosen))
    nothing = "No report fits. `aggregator fetch` polls what is due, `aggregator health` says how it went."
    say_reports(reports, as_json, nothing)
