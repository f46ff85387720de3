"""resume: a person has a source polled again that is paused."""

from __future__ import annotations

import click

from aggregator.cli.keys import known_sources
from aggregator.cli.options import ACTOR
from aggregator.cli.printing import say
from aggregator.pipeline.opening import config_or_none, open_existing
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("key", metavar="SOURCE")
@ACTOR
@click.pass_obj
def resume(paths: Paths, key: str, actor: str) -> None:
    """Fetch a paused SOURCE (or a publisher) again.

    A publisher's key stands for all its sources that are paused. This ends a pause by `aggregator pause`, and one
    because the server answered 410 (gone for good). The sources are due at once.
    """
    with open_existing(paths) as store:
        names = known_sources(paths, config_or_none(paths), store.sources(), (key,))
        resumed = store.resume(names, utc_now(), actor)
    if not resumed:
        raise click.UsageError(f"{', '.join(names)}: not paused; `aggregator health` lists the sources that are")
    for name in resumed:
        say(f"{name} is due now")
