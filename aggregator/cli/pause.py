"""pause: a person has the wire leave a source alone for a while."""

from __future__ import annotations

from datetime import datetime

import click

from aggregator.cli import options
from aggregator.cli.keys import known_sources
from aggregator.cli.printing import say
from aggregator.cli.times import when
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("key", metavar="SOURCE")
@click.option("--until", callback=options.read_time_to_come, help="When it ends by itself: 6h, 2d, or a date (UTC).")
@click.option("--reason", callback=options.one_line, help="Why; `health` shows it.")
@options.ACTOR
@click.pass_obj
def pause(paths: Paths, key: str, until: datetime | None, reason: str | None, actor: str) -> None:
    """Stop fetching a SOURCE (or a publisher) for a while.

    SOURCE is publisher/source, or a publisher's key for all its sources. Neither `run` nor `fetch` asks it until the
    time of --until, or until `aggregator resume SOURCE`; `fetch --force SOURCE` alone does. What is stored stays in the
    wire. A pause outlives a restart and a change of the files. Paused again, it has the new time and reason.
    """
    config = load_config(paths)
    with open_wire(paths, config, utc_now()) as store:
        names = known_sources(paths, config, store.sources(), (key,))
        if not any(store.sources()[name] for name in names):
            raise click.UsageError(
                f"{key!r} is switched off in its file (enabled = false), so it is not fetched anyway"
            )
        names = [name for name in names if store.sources()[name]]
        store.pause(names, utc_now(), until, actor, reason)
    ends = f"until {when(until)}" if until else "until it is resumed"
    for name in names:
        say(f"{name}: paused {ends}; `aggregator resume {name}` ends that at once")
