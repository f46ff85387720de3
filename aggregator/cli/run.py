"""run: the daemon. Polls what is due until it is told to stop; reads the configuration again when it has changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

import click

from aggregator.cli.options import LISTEN
from aggregator.model import Config
from aggregator.pipeline.clock import Job, run_until
from aggregator.pipeline.daemon import HasEnded, serve
from aggregator.pipeline.following import Following
from aggregator.pipeline.opening import config_for_polling
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.remarks import Elsewhere, warn
from aggregator.pipeline.rounds import (
    PAGES_A_TIME,
    PAGES_OF_A_PUBLISHER,
    PICTURES_A_TIME,
    PICTURES_OF_A_PUBLISHER,
    SITES_A_TIME,
)
from aggregator.pipeline.usable import Database
from aggregator.store import DaemonLock, Store, only_daemon
from aggregator.text.dates import utc_now

TICK = timedelta(seconds=5)  # how late a poll may start
_GRACE_SECONDS = 4.0  # for polls in flight when the end is asked for; all has ended within five
_ALERT = timedelta(seconds=1)  # how late a report may be sent to somebody
_MAINTENANCE = timedelta(minutes=10)
# Visits to articles' pages: some thousands a day at most, so polls keep their places, and of one site a few at a time.
_RECHECK = timedelta(minutes=1)
_SIGNALS = timedelta(minutes=1)
_PICTURES = timedelta(seconds=30)


@click.command()
@click.option("--serve", "is_serving", is_flag=True, help="Publish the wire over HTTP too, as `serve` does.")
@LISTEN
@click.pass_obj
def run(paths: Paths, is_serving: bool, listen: str | None) -> None:
    """Run as a daemon: fetch every source when it is due.

    Between fetches it visits the pages of reports, to learn of withdrawals; `recheck` does that once. SIGTERM and
    SIGINT end it when the fetches under way are done. The configuration is read again within seconds when its files
    have changed, and at SIGHUP; while it has errors, the one before stays in force. Two daemons do not share a
    database. It logs a line for every fetch to standard error. Subscribers (config/subscribers/) are sent each change
    as it is stored; `aggregator subscribers` shows how far each has been brought.
    """
    if listen is not None and not is_serving:
        raise click.UsageError("--listen belongs to --serve")
    logging.getLogger("aggregator").setLevel(logging.INFO)
    paths = paths.resolved()
    config = config_for_polling(paths)
    # The server begins within the lock: a second daemon must not take its place.
    server = _server(paths, listen) if is_serving else nullcontext(lambda: None)
    with only_daemon(paths.database()) as lock, server as end_serving:
        asyncio.run(serve(Following(paths, config, utc_now()), poll_until, _noting(lock), end_serving))


def _noting(lock: DaemonLock) -> Callable[[Config, str], None]:
    return lambda config, since: lock.note(config.digest or "", since)


def _server(paths: Paths, listen: str | None) -> AbstractContextManager[Callable[[], None]]:
    from aggregator.cli.serve import serving  # most daemons need no web server in their memory

    return serving(paths, listen)


async def poll_until(config: Config, store: Store, stop: asyncio.Event, has_ended: HasEnded | None = None) -> None:
    """Polls by one configuration until `stop` is set: by a signal, or where `has_ended` says that another one is to be
    put in force.
    """
    async with Pipeline(config, store, utc_now) as pipeline:
        database = Database(pipeline.try_writing, TICK.total_seconds())
        polls: set[asyncio.Task[None]] = set()
        visits: set[asyncio.Task[None]] = set()
        elsewhere = Elsewhere()

        async def poll_due() -> None:
            # The clock does not wait for the polls: a host that hangs must not keep the others from their turn.
            _begin(database.use_again(lambda: _poll(pipeline, elsewhere)), polls)

        async def one_by_one(call: Callable[[], Awaitable[object]]) -> None:
            # The clock waits for the visits, so that no two are to the same page.
            await asyncio.wait({_begin(database.use(call), visits)})

        async def look() -> None:
            if has_ended and await has_ended(pipeline):
                stop.set()

        jobs = [
            Job("poll", TICK, poll_due),
            Job("maintain", _MAINTENANCE, lambda: database.use(pipeline.maintain)),
            Job("config", TICK, lambda: database.use(look)),
            Job("tags", TICK, lambda: database.use(pipeline.tag)),
            Job("notify", TICK, lambda: database.use(pipeline.notify)),
            Job("alerts", _ALERT, lambda: database.use(pipeline.alert)),
            Job("hub", TICK, lambda: database.use(pipeline.tell_hub)),
            Job("recheck", _RECHECK, lambda: one_by_one(lambda: pipeline.recheck(PAGES_A_TIME, PAGES_OF_A_PUBLISHER))),
            Job("signals", _SIGNALS, lambda: one_by_one(lambda: pipeline.read_signals(SITES_A_TIME))),
            Job(
                "pictures",
                _PICTURES,
                lambda: one_by_one(lambda: pipeline.copy_pictures(PICTURES_A_TIME, PICTURES_OF_A_PUBLISHER)),
            ),
        ]
        pipeline.deliver()
        await run_until(stop, jobs)
        pipeline.stop()
        for visit in visits:  # a site may want a minute between two; what is not visited now is due at the next start
            visit.cancel()
        await _let_end(polls)
        await asyncio.gather(*visits, return_exceptions=True)


async def _let_end(polls: set[asyncio.Task[None]]) -> None:
    """Waits a little for the polls in flight. What takes longer is given up and due again at the next start: nothing of
    it is stored, and nothing lost.
    """
    if polls:
        _, late = await asyncio.wait(polls, timeout=_GRACE_SECONDS)
        for poll in late:
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)


def _begin(work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


async def _poll(pipeline: Pipeline, elsewhere: Elsewhere) -> None:
    await pipeline.run(await pipeline.due(utc_now()), warn, elsewhere)
