"""A dumb clock: calls jobs at intervals until told to stop. What is due, the store says; why, decide does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from msgspec import Struct

from aggregator.text.dates import utc_now

# APScheduler tells of every run; a person at three in the morning wants what went wrong.
logging.getLogger("apscheduler").setLevel(logging.WARNING)
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)  # that a job still runs at its next time is no fault

_LOOK_SECONDS = 1.0  # between two looks at the clock
_NOTICED = timedelta(seconds=1)  # a step back that matters


class Job(Struct, frozen=True):
    name: str
    every: timedelta
    call: Callable[[], Awaitable[None]]


async def run_until(stop: asyncio.Event, jobs: Sequence[Job]) -> None:
    """Runs each job now and then at its interval, until `stop` is set. A job that is still running is not started
    again, and missed times (a suspended machine, a clock set forward) count once. A clock set back does not stop it.
    None begins once `stop` is set.
    """
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            _until_stopped,
            "interval",
            args=[job.call, stop],
            seconds=job.every.total_seconds(),
            id=job.name,
            next_run_time=utc_now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    try:
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
            _bring_back(scheduler)
    finally:
        scheduler.pause()
        await asyncio.sleep(0)  # a job cancelled before its first step would be logged as a fault
        scheduler.shutdown(wait=False)


async def _until_stopped(call: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Calls it, unless the end has been asked for: APScheduler ends an iteration of the event loop later, and begins
    jobs until then. Its end cancels what runs, which it would call a fault of the job.
    """
    with suppress(asyncio.CancelledError):
        if not stop.is_set():
            await call()


def _bring_back(scheduler: AsyncIOScheduler) -> None:
    """A job is never further away than its interval; where it is, the clock has been set back, and APScheduler would
    wait until the clock has caught up.
    """
    now = utc_now()
    for job in scheduler.get_jobs():
        if job.next_run_time - now > job.trigger.interval + _NOTICED:
            job.modify(next_run_time=now)
