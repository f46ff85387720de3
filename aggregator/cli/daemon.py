"""run: the daemon. Polls what is due until it is told to stop; SIGHUP makes it read the configuration anew."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from aggregator.dates import utc_now
from aggregator.errors import ConfigError, StoreError
from aggregator.workplace import Workplace

if TYPE_CHECKING:
    from aggregator.pipeline import Pipeline
    from aggregator.store import Store
    from aggregator.types import Config

log = logging.getLogger("aggregator.run")

_TICK = timedelta(seconds=5)  # how late a poll may start
_MAINTENANCE = timedelta(minutes=10)
# Visits to articles' pages: some thousands a day at most, so polls keep their places, and of one site a few at a time.
_RECHECK = timedelta(minutes=1)
_PAGES_A_TIME, _PAGES_OF_A_PUBLISHER = 20, 3  # of fewer pages it cannot be told whether a site answers so to all


@click.command()
@click.pass_obj
def run(here: Workplace) -> None:
    """Poll what is due, until told to stop: the daemon.

    Between polls it visits the pages of reports, to learn of withdrawals; `recheck` does that once.
    SIGTERM and SIGINT finish the polls in flight; SIGHUP reads the configuration anew. Two daemons do not share a
    database. Logs a line for every poll to standard error.
    """
    from aggregator.store.lock import only_daemon

    logging.getLogger("aggregator").setLevel(logging.INFO)
    config = here.load_config()
    with only_daemon(here.database()):
        asyncio.run(_serve(here, config))


@dataclass
class _Signals:
    """What the operating system asked for."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        loop.add_signal_handler(signal.SIGINT, self._end)
        loop.add_signal_handler(signal.SIGHUP, self.woken.set)

    def _end(self) -> None:
        self.ending = True
        self.woken.set()


async def _serve(here: Workplace, config: Config) -> None:
    """One round for each configuration, until the end is asked for."""
    signals = _Signals()
    signals.listen()
    while not signals.ending:
        signals.woken.clear()
        with here.open_synced(config, utc_now()) as store:
            sources = sum(len(publisher.sources) for publisher in config.publishers)
            log.info("polling %d sources of %d publishers into %s", sources, len(config.publishers), store.path)
            await _round(config, store, signals.woken)
        if not signals.ending:
            config = _reread(here, config)
    log.info("stopped; every poll that had begun is stored")


def _reread(here: Workplace, config: Config) -> Config:
    """The configuration as it is now; or, when it is faulty, the one that was good."""
    try:
        return here.load_config()
    except ConfigError as error:
        log.error("the configuration has faults, the old one stays in force:\n%s", error)
        return config


async def _round(config: Config, store: Store, stop: asyncio.Event) -> None:
    from aggregator.pipeline import Pipeline
    from aggregator.schedule import Job, run_until

    async with Pipeline(config, store, utc_now) as pipeline:
        polls: set[asyncio.Task[None]] = set()
        visits: set[asyncio.Task[None]] = set()

        async def poll_due() -> None:
            # The clock does not wait for the polls: a host that hangs must not keep the others from their turn.
            _begin(lambda: _poll(pipeline), polls)

        async def maintain() -> None:
            await _complaining(pipeline.maintain)

        async def recheck() -> None:
            # The clock waits for the visits, so that no two are to the same page.
            await asyncio.wait({_begin(lambda: pipeline.recheck(_PAGES_A_TIME, _PAGES_OF_A_PUBLISHER), visits)})

        jobs = [Job("poll", _TICK, poll_due), Job("maintain", _MAINTENANCE, maintain)]
        await run_until(stop, [*jobs, Job("recheck", _RECHECK, recheck)])
        pipeline.stop()
        for visit in visits:  # a site may want a minute between two; what is not visited now is due at the next start
            visit.cancel()
        await asyncio.gather(*polls)
        await asyncio.gather(*visits, return_exceptions=True)


def _begin(call: Callable[[], Awaitable[object]], tasks: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.create_task(_complaining(call))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


async def _poll(pipeline: Pipeline) -> None:
    await pipeline.run(await pipeline.due(utc_now()))


async def _complaining(call: Callable[[], Awaitable[object]]) -> None:
    """A database that cannot be used now is complained of, and tried again at the next tick."""
    try:
        await call()
    except StoreError as error:
        log.error("%s", error)


COMMANDS = (run,)
