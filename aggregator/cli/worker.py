"""worker: one of several programs, on any number of machines, that share the work of a wire in PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import click

from aggregator.engine.working import work_until
from aggregator.pipeline.daemon import serve
from aggregator.pipeline.following import Following
from aggregator.pipeline.opening import config_for_polling
from aggregator.pipeline.paths import Paths
from aggregator.store import as_worker, refuse_workers
from aggregator.text.dates import utc_now

_AT_ONCE = 100


@click.command()
@click.option(
    "--concurrency",
    "at_once",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=_AT_ONCE,
    show_default=True,
    help="Polls at the same time.",
)
@click.pass_obj
def worker(paths: Paths, at_once: int) -> None:
    """Share the work of a wire with workers on other machines.

    It needs a database of PostgreSQL (--db postgresql://...), the same for all workers, and the same configuration on
    each machine. Workers divide all that `run` does among them: fetches, visits to pages, messages to subscribers and
    readers, housekeeping; a domain is asked no more often than one program would ask it. SIGTERM and SIGINT end a
    worker when the fetches under way are done; what a lost one was doing is done by the others within a minute.
    `aggregator health` shows workers and tasks; docs/scale.md says how many workers a wire needs.
    """
    logging.getLogger("aggregator").setLevel(logging.INFO)
    paths = paths.resolved()
    refuse_workers(paths.database())
    config = config_for_polling(paths)
    with as_worker(paths.database()):
        asyncio.run(serve(Following(paths, config, utc_now()), partial(work_until, at_once)))
