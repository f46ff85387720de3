"""join: a person makes one report of two; split undoes it."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli import options
from aggregator.cli.printing import say
from aggregator.cli.references import to_be_changed
from aggregator.desk import joins
from aggregator.model import Cause
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("report", metavar="ID")
@click.argument("other", metavar="ID")
@click.option("--reason", required=True, callback=options.one_line, help="Why. Readers see it in the other's notice.")
@options.REFERENCE
@options.ACTOR
@click.pass_obj
def join(paths: Paths, /, report: str, other: str, **why: Any) -> None:
    """Make one report of two of one publisher; `split` undoes it.

    The first one stays. It says what came later of the two, and what feeds say of the other one is said of it from now
    on. The other one leaves the wire with all its versions, and a notice stays in its place. What keeps either of the
    two out of the wire keeps out what they become. Purging the first one purges both.
    """
    with open_existing(paths) as store:
        kept, joined = to_be_changed(store, report), to_be_changed(store, other)
        number = joins.join(store, kept.id, joined.id, Cause(**why), utc_now())
    say(f"{joined.id} is part of {kept.id} now (merge {number}); `aggregator split {number}` undoes it")
