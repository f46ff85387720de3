"""latest: the newest reports, each under its publisher's name."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli.reports import LISTING, list_reports
from aggregator.cli.times import when
from aggregator.model import Selection
from aggregator.pipeline.paths import Paths
from aggregator.store import Store


@click.command()
@LISTING
@click.pass_obj
def latest(paths: Paths, /, **given: Any) -> None:
    """List the newest reports, each under its publisher's name.

    The first six options may be given several times. A time without a zone is meant in the wire's time zone. With
    --cursor NAME all reports come that came into the wire since the last call with this name, however old their dates
    are; the first call begins with the first report. docs/selecting.md says more.
    """
    list_reports(paths, given, None, ranked=False, nothing=_nothing)


def _nothing(store: Store, _: Selection) -> str:
    newest = store.last_new()
    last = (
        f"Last new report: {when(newest)}." if newest else "None is stored yet; `aggregator fetch` fetches what is due."
    )
    return f"No reports match these filters. ({last})"
