"""coverage: what the polls of each publisher brought, lost and left out."""

from __future__ import annotations

from datetime import datetime

import click

from aggregator.cli.options import AS_JSON, read_time
from aggregator.cli.rows import say_rows
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.option(
    "--since",
    "begin",
    default="7d",
    callback=read_time,
    show_default=True,
    help="The time to look at: 6h, 2d, or a date.",
)
@AS_JSON
@click.pass_obj
def coverage(paths: Paths, begin: datetime, as_json: bool) -> None:
    """Say of every publisher what its polls brought, lost and left out, and what was to be expected of it.

    A gap: a document that did not reach back to the one before, so that reports may be lost; it is closed when the
    source's older pages did.
    """
    with read_store(paths) as store:
        rows = store.coverage(begin, utc_now())
    if not as_json:
        rows = [{**row, "left_out": ", ".join(f"{n} {why}" for why, n in row["left_out"].items())} for row in rows]
    columns = ("publisher", "polls", "failed", "gaps", "gaps_closed", "received", "expected", "left_out")
    say_rows(rows, columns, as_json)
