"""latest: the newest reports, each under its publisher's name."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli.reports import LISTING, list_reports
from aggregator.pipeline.paths import Paths


@click.command()
@LISTING
@click.pass_obj
def latest(paths: Paths, /, **given: Any) -> None:
    """List the newest reports, each under its publisher's name.

    The first six options may be given several times. A time without a zone is meant in the wire's time zone. With
    --cursor NAME all reports come that came into the wire since the last call with this name, however old their dates
    are; the first call begins with the first report. docs/selecting.md says more.
    """
    nothing = "No report fits. `aggregator fetch` polls what is due, `aggregator health` says how it went."
    list_reports(paths, given, None, ranked=False, nothing=lambda *_: nothing)
