"""One worker at its tasks, by one configuration: what `aggregator run` does by its own clock, shared with others."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from aggregator.engine.deferring import POLL, SEARCH, TICK_SECONDS, Tick, defer
from aggregator.engine.polling import Polling
from aggregator.engine.tasks import (
    EVERY_HALF_MINUTE,
    EVERY_MINUTE,
    EVERY_TEN_MINUTES,
    EVERY_TICK,
    Round,
    app_of,
)
from aggregator.model import Config
from aggregator.model.errors import StoreError
from aggregator.pipeline.daemon import HasEnded
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.rounds import (
    PAGES_A_TIME,
    PAGES_OF_A_PUBLISHER,
    PICTURES_A_TIME,
    PICTURES_OF_A_PUBLISHER,
    SITES_A_TIME,
)
from aggregator.pipeline.usable import PAUSED, surviving
from aggregator.store import Store
from aggregator.text.dates import utc_now

# Procrastinate tells of every task, and the pool of every attempt to connect; what matters of it is said here.
logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)

log = logging.getLogger("aggregator.engine")

_GRACE_SECONDS = 4.0  # for tasks under way when the end is asked for
_LOOK_SECONDS = 1.0  # between two looks whether a task waits
_WHILE_SECONDS = 55.0  # so long one worker delivers; then another may
_SEARCHES = 4  # at once, each of half a minute
_SIGNS = 4  # of life within `lost_after`


async def work_until(
    at_once: int, config: Config, store: Store, stop: asyncio.Event, has_ended: HasEnded | None = None
) -> None:
    """Does tasks, `at_once` polls at the same time, until `stop` is set: by a signal, or where `has_ended` says that
    another configuration is to be put in force. Raises StoreError as soon as the database cannot be used; what was
    under way is due again.
    """
    async with Pipeline(config, store, utc_now) as pipeline:
        await _Worker(config, pipeline, at_once, stop, has_ended).work()


class _Worker:
    def __init__(
        self, config: Config, pipeline: Pipeline, at_once: int, stop: asyncio.Event, has_ended: HasEnded | None
    ) -> None:
        self._config = config
        self._pipeline = pipeline
        self._at_once = at_once
        self._stop = stop
        self._has_ended = has_ended
        self._lost_after = config.wire.engine.lost_after.total_seconds()
        self._tick = Tick(config.wire.fetch, pipeline.domain_of)
        self._polling = Polling(pipeline)
        self._doing: Counter[str] = Counter()
        self._ended = asyncio.Event()  # by `stop`, or by trouble
        self._trouble: StoreError | None = None
        self._app: App | None = None
        pipeline.doing = self._counts

    async def work(self) -> None:
        """Raises StoreError."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._forgive)
        try:
            await self._pipeline.begin()
            connector = PsycopgConnector(**await self._pipeline.on_store(Store.task_connection))
            self._app = app_of(connector, self._of(POLL, self._poll), self._of(SEARCH, self._poll), self._rounds())
            async with self._app.open_async():
                await self._run(self._app)
        except ConnectorException as error:
            self._note(_as_ours(error))
        except StoreError as error:
            self._note(error)
        finally:
            loop.set_exception_handler(None)
        if self._trouble:
            raise self._trouble

    async def _run(self, app: App) -> None:
        rounds = [each.name for each in self._rounds()]
        queues = [(self._at_once, [POLL]), (_SEARCHES, [SEARCH]), (len(rounds), rounds)]
        working = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=names,
                    concurrency=most,
                    wait=True,
                    fetch_job_polling_interval=_LOOK_SECONDS,
                    abort_job_polling_interval=self._lost_after,
                    shutdown_graceful_timeout=_GRACE_SECONDS,
                    listen_notify=False,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    update_heartbeat_interval=self._lost_after / _SIGNS,
                    stalled_worker_timeout=self._lost_after,
                )
            )
            for most, names in queues
        ]
        beside = [asyncio.create_task(self._look_at_configuration()), asyncio.create_task(self._wait_for_stop())]
        ended = asyncio.create_task(self._ended.wait())
        await asyncio.wait([ended, *working], return_when=asyncio.FIRST_COMPLETED)
        self._ended.set()
        self._pipeline.stop()
        for task in [*working, *beside]:
            task.cancel()
        for error in await asyncio.gather(*working, return_exceptions=True):
            if isinstance(error, ConnectorException):
                self._note(_as_ours(error))
            elif isinstance(error, Exception):
                log.error("internal error (bug), please report it", exc_info=error)
        await asyncio.gather(ended, *beside, return_exceptions=True)
        await self._polling.end()

    # What is done

    def _rounds(self) -> tuple[Round, ...]:
        pipeline = self._pipeline
        rounds = (
            Round("recover", EVERY_TICK, 100, self._recover, is_alone=False),
            Round("tick", EVERY_TICK, 90, self._defer),
            Round("alert", EVERY_TICK, 80, partial(self._for_a_while, pipeline.alert, 1.0)),
            Round("deliver", EVERY_TICK, 70, self._deliver),
            Round("notify", EVERY_TICK, 60, pipeline.notify),
            Round("tag", EVERY_TICK, 50, pipeline.tag),
            Round("recheck", EVERY_MINUTE, 40, self._recheck),
            Round("signals", EVERY_MINUTE, 30, self._read_signals),
            Round("pictures", EVERY_HALF_MINUTE, 20, self._copy_pictures),
            Round("maintain", EVERY_TEN_MINUTES, 10, pipeline.maintain),
        )
        return tuple(
            Round(each.name, each.cron, each.priority, partial(self._do, each.name, each.call), each.is_alone)
            for each in rounds
        )

    async def _poll(self, source: str) -> None:
        await self._polling.poll(source)

    async def _recover(self) -> None:
        """Takes away the tasks of workers that are lost. What they were about is due by the tables of the wire, and is
        deferred again; of a round another one waits already, perhaps.
        """
        assert self._app is not None
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self._lost_after):
            with suppress(ConnectorException):  # it has ended meanwhile
                await manager.finish_job(job, Status.FAILED, delete_job=True)

    async def _defer(self) -> None:
        assert self._app is not None
        chosen = await self._pipeline.on_store(lambda store: self._tick.chosen(store, utc_now()))
        await defer(self._app, chosen)

    async def _deliver(self) -> None:
        telling = asyncio.create_task(self._for_a_while(self._pipeline.tell_hub, float(TICK_SECONDS)))
        await self._pipeline.deliver_for(_WHILE_SECONDS, self._ended)
        await telling

    async def _recheck(self) -> None:
        await self._unless_ended(self._pipeline.recheck(PAGES_A_TIME, PAGES_OF_A_PUBLISHER))

    async def _read_signals(self) -> None:
        await self._unless_ended(self._pipeline.read_signals(SITES_A_TIME))

    async def _copy_pictures(self) -> None:
        await self._unless_ended(self._pipeline.copy_pictures(PICTURES_A_TIME, PICTURES_OF_A_PUBLISHER))

    async def _for_a_while(self, call: Callable[[], Awaitable[object]], apart: float) -> None:
        """Calls it again and again, so many seconds apart."""
        ends = asyncio.get_running_loop().time() + _WHILE_SECONDS
        while not self._ended.is_set() and asyncio.get_running_loop().time() < ends:
            await call()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), apart)

    async def _unless_ended(self, visits: Awaitable[object]) -> None:
        """A site may want a minute between two visits; what is not visited now is due again."""
        visiting = asyncio.ensure_future(visits)
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait([visiting, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (visiting, ended):
                task.cancel()
            await asyncio.gather(ended, return_exceptions=True)
        with suppress(asyncio.CancelledError):
            await visiting

    # How it is done

    def _of(self, name: str, call: Callable[[str], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
        async def of_source(source: str) -> None:
            await self._do(name, partial(call, source))

        return of_source

    async def _do(self, name: str, call: Callable[[], Awaitable[object]]) -> None:
        """One task. What goes wrong with the database ends them all; a bug is written down, and ends none."""
        if self._ended.is_set():
            return
        self._doing[name] += 1
        try:
            await surviving(partial(_told, call))
        except StoreError as error:
            self._note(error)
        finally:
            self._doing[name] -= 1

    def _note(self, error: StoreError) -> None:
        """Says so once, however many tasks meet it."""
        if self._trouble is None:
            log.error(PAUSED, error)
            self._trouble = error
        self._ended.set()

    def _forgive(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """That Procrastinate could not write the end of a task, which is found to be lost then."""
        error = context.get("exception")
        if isinstance(error, ConnectorException):
            self._note(_as_ours(error))
        else:
            loop.default_exception_handler(context)

    def _counts(self) -> Mapping[str, int]:
        return {name: number for name, number in self._doing.items() if number}

    async def _look_at_configuration(self) -> None:
        while self._has_ended is not None:
            await asyncio.sleep(TICK_SECONDS)
            try:
                if await self._has_ended(self._pipeline):
                    self._stop.set()
            except StoreError as error:
                self._note(error)

    async def _wait_for_stop(self) -> None:
        await self._stop.wait()
        self._ended.set()


async def _told(call: Callable[[], Awaitable[object]]) -> None:
    """Calls it; what Procrastinate raises is a StoreError."""
    try:
        await call()
    except ConnectorException as error:
        raise _as_ours(error) from error


def _as_ours(error: ConnectorException) -> StoreError:
    said = " ".join(str(error.__cause__ or error).split())
    return StoreError(f"the tasks in the database cannot be reached: {said}")
