"""A dumb clock: calls jobs at intervals until told to stop. What is due, the store says; why, decide does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.dates import utc_now

# APScheduler tells of every run; a person at three in the morning wants what went wrong.
logging.getLogger("apscheduler").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    call: Callable[[], Awaitable[None]]


async def run_until(stop: asyncio.Event, jobs: Sequence[Job]) -> None:
    """Runs each job now and then at its interval, until `stop` is set. A job that is still running is not started
    again, and missed times (a suspended machine, a clock set forward) count once.
    """
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            job.call,
            "interval",
            seconds=job.every.total_seconds(),
            id=job.name,
            next_run_time=utc_now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    try:
        await stop.wait()
    finally:
        scheduler.shutdown(wait=False)
