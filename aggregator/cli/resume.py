"""resume: a person has a source polled again that is paused."""

from __future__ import annotations

import click

from aggregator.cli.printing import say
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("source")
@click.pass_obj
def resume(paths: Paths, source: str) -> None:
    """Poll again a SOURCE (publisher/key) that is paused, because its server said 410, gone for good."""
    with open_existing(paths) as store:
        if not store.resume(source, utc_now()):
            raise click.UsageError(f"no source {source!r} is paused; `aggregator health` lists those that are")
    say(f"{source} is due now")
