"""The one writer: takes whatever polls have ended meanwhile and stores them in one transaction, in a thread.

While documents are being read, it waits a moment for what they bring: a transaction, and a batch of the search index,
costs as much for thirty reports as for two hundred.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from aggregator.desk import clock
from aggregator.desk.housekeeping import housekeeping, tick
from aggregator.model import Due, KeptTariff, Listed, Poll, PollSettings, articles_of
from aggregator.model.errors import StoreError
from aggregator.pipeline.recording import lists_anything, record
from aggregator.scheduling.polls import Pace, reckon
from aggregator.store import Store

T = TypeVar("T")

# A transaction holds the lock that other programs wait for, so it stays short: about 2,000 rows.
_ARTICLES_A_TRANSACTION = 250
_POLLS_A_TRANSACTION = 500
_GATHER_SECONDS = 0.25  # so long at most a poll waits for others
_REVISIONS_A_BATCH = 500  # of the search index, while documents are being read
_BATCHES_AT_THE_END = 10  # of the search index; what is left stays in its queue
_GOOD_FOR = timedelta(hours=1)  # what a request costs
_END = object()
_Waiting = tuple[Poll, Sequence[Listed], "asyncio.Future[Poll | None]"]


class Writer:
    """Holds the writing thread open. Every call on the store goes through that thread while polls are under way."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], is_reading: Callable[[], bool] = lambda: False
    ) -> None:
        """`is_reading`: whether documents are being read whose polls will come here."""
        self._store = store
        self._clock = clock
        self._is_reading = is_reading
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._waiting: deque[_Waiting] = deque()
        self._has_come = asyncio.Event()  # one more waits
        self._to_index = 0  # revisions that were stored here and wait for the search index
        self._task: asyncio.Task[None] | None = None
        self._pace = Pace()
        self._batches_left: int | None = None  # None: the end was not asked for
        self.has_written: Callable[[], None] = lambda: None  # is told when polls have been stored

    async def record(self, poll: Poll, listed: Sequence[Listed]) -> Poll | None:
        """Stores the poll with all that it brought; returns it with its counts, or None as `recording.record` does.
        Raises StoreError.
        """
        future: asyncio.Future[Poll | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((poll, listed, future))
        self._has_come.set()
        self._begin()
        return await future

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        """Writes until nobody waits; then the search index catches up, a batch at a time, so that polls go first. While
        documents are being read, it waits until it has a whole batch.
        """
        usable = True
        while usable:
            if self._waiting:
                await self._gather()
                usable = await self._write(self._take())
                continue
            if self._is_reading() and self._to_index < _REVISIONS_A_BATCH:
                return
            if not await self._index() and not self._waiting:  # somebody may have come while the index was written
                return

    async def _gather(self) -> None:
        """Waits for more polls that bring articles; whoever brings none would wait in vain."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + _GATHER_SECONDS
        while self._is_reading() and loop.time() < ends and all(articles_of(listed) for _, listed, _ in self._waiting):
            if sum(len(articles_of(listed)) for _, listed, _ in self._waiting) >= _ARTICLES_A_TRANSACTION:
                return
            self._has_come.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(ends):
                    await self._has_come.wait()

    def _take(self) -> list[_Waiting]:
        """The next that are stored together: of a publisher one that lists anything, because what a second one means
        depends on what the first one stores.
        """
        taken: list[_Waiting] = []
        later: list[_Waiting] = []
        publishers: set[str] = set()
        articles = 0
        while self._waiting and len(taken) < _POLLS_A_TRANSACTION and articles < _ARTICLES_A_TRANSACTION:
            one = self._waiting.popleft()
            publisher = one[0].source.publisher
            if lists_anything(*one[:2]) and publisher in publishers:
                later.append(one)
                continue
            taken.append(one)
            if lists_anything(*one[:2]):
                publishers.add(publisher)
                articles += len(articles_of(one[1]))
        self._waiting.extendleft(reversed(later))
        return taken

    async def _write(self, taken: list[_Waiting]) -> bool:
        """Whether the store can be used."""
        polled = [(poll, listed) for poll, listed, _ in taken]
        try:
            counted = await self.on_store(lambda store: record(store, polled, self._clock(), self._pace))
        except StoreError as error:  # what waits behind them could not be stored either, and need not try for as long
            _fail([*taken, *self._waiting], error)
            self._waiting.clear()
            self._to_index = 0
            return False
        except Exception as error:  # a bug belongs to the poll that meets it; nobody else would hear of it
            if len(taken) == 1:
                _fail(taken, error)
                return True
            return all([await self._write([one]) for one in taken])
        self.has_written()
        self._to_index += sum(poll.new + poll.revised for poll in counted if poll)
        for (_, _, future), poll in zip(taken, counted, strict=True):
            if not future.done():
                future.set_result(poll)
        return True

    async def _index(self) -> int:
        if self._batches_left is not None:
            if not self._batches_left:
                return 0
            self._batches_left -= 1
        try:
            indexed = await self.on_store(Store.index)
        except StoreError:  # what waits stays in its queue; a poll that cannot be stored either will say so
            indexed = 0
        self._to_index = max(0, self._to_index - indexed) if indexed else 0
        return indexed

    async def on_store(self, call: Callable[[Store], T]) -> T:
        """What one call on the store returns, made between those that store polls; raises StoreError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, self._store)

    async def due(self, now: datetime) -> list[Due]:
        """The sources whose time has come; raises StoreError."""

        def due(store: Store) -> list[Due]:
            tick(store, now)
            return store.due(now)

        return await self.on_store(due)

    async def reckon(self, settings: PollSettings) -> None:
        """Learns what a request costs, so that all of them together keep to the budget; raises StoreError."""
        now = self._clock()
        self._pace = await self.on_store(lambda store: pace(store, settings, now))

    async def maintain(
        self,
        keep_polls: timedelta,
        keep_complaints: timedelta,
        keep_taken: timedelta,
        subscribers: Collection[str] | None = None,
    ) -> None:
        """The store's housekeeping, a step at a time, so that polls go between; raises StoreError."""
        steps = housekeeping(self._store, self._clock(), keep_polls, keep_complaints, keep_taken, subscribers)
        while self._batches_left is None and not await self.on_store(lambda _: next(steps, _END) is _END):
            pass
        await self.idle()

    async def idle(self) -> None:
        """Returns when everything handed over has been written, and can be searched."""
        if self._to_index:
            self._begin()
        if self._task is not None:
            await asyncio.shield(self._task)  # whoever waits may be cancelled, and what is written may not

    async def close(self) -> None:
        """Writes what was handed over. An index that is made anew is gone on with at the next start."""
        self._batches_left = _BATCHES_AT_THE_END
        await self.idle()
        self._thread.shutdown()


def pace(store: Store, settings: PollSettings, now: datetime) -> Pace:
    """What a request costs: as it was reckoned last, or anew where that is older than an hour or the settings are
    others.
    """
    clock.look(store, now)  # before polls have its times
    kept = store.kept_tariff()
    if kept is None or kept.settings != repr(settings) or not timedelta() <= now - kept.at < _GOOD_FOR:
        tariff = reckon(store.rhythms(), settings, now)
        kept = KeptTariff(tariff=tariff, at=now, settings=repr(settings))
        store.keep_tariff(kept)
    return Pace(settings=settings, tariff=kept.tariff)


def _fail(those: Iterable[_Waiting], error: Exception) -> None:
    for _, _, future in those:
        if not future.done():
            future.set_exception(error)
