"""The trip: what is due is fetched, read, and stored with the record of its poll. Decides nothing, knows no format."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Self

from aggregator.dates import to_iso
from aggregator.decide import next_after_failure, next_after_success
from aggregator.errors import FetchError, HttpStatus, ParseError
from aggregator.fetch import ConnectTo, Fetcher, Shelf, Turn
from aggregator.pipeline.rechecks import Rechecks
from aggregator.pipeline.workers import Workers
from aggregator.pipeline.writer import Writer
from aggregator.store import Store, robots
from aggregator.types import Article, Config, Due, FetchResult, Finding, Poll, RobotsCopy

__all__ = ["Pipeline"]

log = logging.getLogger("aggregator.poll")


class Pipeline:
    """Holds open what a trip needs. Use it as an async context manager; one at a time for a Store."""

    def __init__(
        self, config: Config, store: Store, clock: Callable[[], datetime], connect_to: ConnectTo | None = None
    ) -> None:
        self._poll_settings = config.wire.poll
        self._publishers = {publisher.key: publisher for publisher in config.publishers}
        self._clock = clock
        self._workers = Workers()
        self._writer = Writer(store, clock)
        shelf = Shelf(self._recall_robots, self._remember_robots)
        self._fetcher = Fetcher(config.wire, connect_to or (lambda host: None), shelf)
        self._under_way: set[str] = set()
        self._stopping = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._writer.close()
        self._workers.close()
        await self._fetcher.__aexit__(kind, error, trace)

    def stop(self) -> None:
        """Polls that have not begun are left for another time; those in flight are finished."""
        self._stopping = True

    async def due(self, now: datetime) -> list[Due]:
        """What is due now and not being polled; raises StoreError."""
        return [due for due in await self._writer.due(now) if due.source.name not in self._under_way]

    async def run(self, due: Iterable[Due], done: Callable[[Poll], None] = lambda poll: None) -> list[Poll]:
        """Polls all these sources, but those that are being polled already; calls `done` as each is stored.

        What goes wrong with a source is its Poll. What goes wrong with the store is raised, StoreError, and ends
        the others: without a store there is nothing to poll for.
        """
        mine = [one for one in due if one.source.name not in self._under_way]
        self._under_way |= {one.source.name for one in mine}
        tasks = [asyncio.create_task(self._one(one, done)) for one in mine]
        try:
            return [poll for poll in await asyncio.gather(*tasks) if poll is not None]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._under_way -= {one.source.name for one in mine}

    async def maintain(self) -> None:
        """Housekeeping between polls; raises StoreError."""
        await self._writer.maintain()

    async def recheck(self, limit: int, per_publisher: int) -> list[Finding]:
        """Visits the pages of at most `limit` articles whose time for it has come; raises StoreError."""
        rechecks = Rechecks(self._fetcher, self._writer.on_store, self._publishers, self._clock, lambda: self._stopping)
        return await rechecks.run(limit, per_publisher)

    async def _recall_robots(self, origin: str) -> RobotsCopy | None:
        def recall(store: Store) -> RobotsCopy | None:
            with store.writing() as connection:
                return robots.recall(connection, origin)

        return await self._writer.on_store(recall)

    async def _remember_robots(self, copy: RobotsCopy) -> None:
        def remember(store: Store) -> None:
            with store.writing() as connection:
                robots.remember(connection, copy)

        await self._writer.on_store(remember)

    async def _one(self, due: Due, done: Callable[[Poll], None]) -> Poll | None:
        try:
            async with self._fetcher.turn(due.source.url) as turn:
                if self._stopping:
                    return None
                poll, articles = await self._poll(due, turn)
                poll = await self._writer.record(poll, articles)
        except FetchError as error:  # its address is none, so there was no turn to wait for
            poll = await self._writer.record(self._failed(due, self._clock(), 0.0, error), ())
        if log.isEnabledFor(logging.INFO):
            log.info("%s", _line(poll))
        done(poll)
        return poll

    async def _poll(self, due: Due, turn: Turn) -> tuple[Poll, Sequence[Article]]:
        """The one place where an error of fetching or reading becomes a Poll."""
        started, began = self._clock(), time.monotonic()
        result: FetchResult | None = None
        try:
            await self._fetcher.heed(due.source.url, started)
            result = await self._fetcher.get(due.source.url, due.validators, turn)
            return await self._read(due, result, started, began)
        except (FetchError, ParseError) as error:
            poll = self._failed(due, started, time.monotonic() - began, error)
            return (replace(poll, status=200, body_bytes=len(result.body)) if result else poll), ()

    async def _read(
        self, due: Due, result: FetchResult, started: datetime, began: float
    ) -> tuple[Poll, Sequence[Article]]:
        poll = Poll(
            source=due.source,
            started=started,
            seconds=0.0,
            outcome="not_modified",
            next=next_after_success(started, due.source.every, self._poll_settings),
            status=result.status,
            body_bytes=len(result.body),
            validators=result.validators,
        )
        if result.status == 304:
            return replace(poll, seconds=time.monotonic() - began), ()
        body_hash = hashlib.sha256(result.body).digest()
        if body_hash == due.body_hash:
            return replace(poll, outcome="unchanged", seconds=time.monotonic() - began), ()
        said = await self._said(due)
        reading = await self._workers.read(result, due.source, self._publishers[due.source.publisher], said)
        read = replace(
            poll,
            outcome="ok",
            error=reading.warning,
            format=reading.format,
            body_hash=body_hash,
            entries=len(reading.articles) + len(reading.settled) + sum(reading.drops.values()),
            drops=reading.drops,
            withdrawn=reading.withdrawn,
            settled=reading.settled,
            seconds=time.monotonic() - began,
        )
        return read, reading.articles

    async def _said(self, due: Due) -> Mapping[str, bytes]:
        """What the source said before, so that only the rest is read closely. Keys that are not trusted are weighed
        one by one when they are recorded.
        """
        if due.body_hash is None or due.ladder != "id":
            return {}
        return await self._writer.on_store(lambda store: store.said(due.source))

    def _failed(self, due: Due, started: datetime, seconds: float, error: Exception) -> Poll:
        asked = error.retry_after if isinstance(error, HttpStatus) else None
        return Poll(
            source=due.source,
            started=started,
            seconds=seconds,
            outcome="failed",
            next=next_after_failure(started, due, self._poll_settings, asked),
            status=error.status if isinstance(error, HttpStatus) else None,
            error=str(error),
        )


def _line(poll: Poll) -> str:
    """The canonical line of a poll, for a log: `key=value`, values with spaces quoted."""
    said = {
        "source": poll.source.name,
        "outcome": poll.outcome,
        "status": poll.status,
        "new": poll.new,
        "revised": poll.revised,
        "unchanged": poll.unchanged,
        "dropped": sum(poll.drops.values()),
        "bytes": poll.body_bytes,
        "ms": round(poll.seconds * 1000),
        "next": to_iso(poll.next.at),
        "reason": poll.next.reason,
        "error": json.dumps(poll.error, ensure_ascii=False) if poll.error else None,
    }
    return " ".join(f"{key}={value}" for key, value in said.items() if value is not None)
