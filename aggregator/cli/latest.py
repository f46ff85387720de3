"""latest: the newest reports, each under its publisher's name."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli.printing import say
from aggregator.cli.reports import SELECTING, how_many, say_count, say_reports, selection
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@SELECTING
@click.pass_obj
def latest(paths: Paths, /, is_count: bool, as_json: bool, **chosen: Any) -> None:
    """List the newest reports, each under its publisher's name."""
    with read_store(paths, utc_now()) as store:
        wanted = selection(paths, store, chosen)
        if is_count:
            say_count(store, wanted, None, as_json)
            return
        reports = store.latest(wanted)
        more = how_many(store, wanted, None, len(reports), as_json)
    nothing = "No report fits. `aggregator fetch` polls what is due, `aggregator health` says how it went."
    say_reports(reports, as_json, nothing)
    if more:
        say(more, err=True)
