"""Polls sources as tasks ask for them: those that come at the same time are claimed together; each ends by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from aggregator.model import Due, Poll
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.remarks import Elsewhere, warn
from aggregator.text.dates import utc_now


class Polling:
    """Holds nothing open itself. One event loop, one Polling."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._claiming: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self._elsewhere = Elsewhere()

    async def poll(self, name: str) -> None:
        """Returns when the source of this name has been polled, or needs not be: it is not due any more, or another
        program polls it. Raises StoreError.
        """
        done = self._waiting.get(name)
        if done is None:
            done = self._waiting[name] = asyncio.get_running_loop().create_future()
        if self._claiming is None or self._claiming.done():
            self._claiming = asyncio.create_task(self._claim())
        await asyncio.shield(done)

    async def end(self) -> None:
        """Gives up what is under way; it is due again at once."""
        tasks = [*self._batches, *filter(None, [self._claiming])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim(self) -> None:
        """Takes up all that wait, as often as some do."""
        await asyncio.sleep(0)  # those that come in the same turn of the loop
        while self._waiting:
            taken, self._waiting = self._waiting, {}
            try:
                due = await self._pipeline.still_due([*taken], utc_now())
            except BaseException as error:
                _fail(taken.values(), error)
                if not isinstance(error, Exception):
                    raise
                continue
            batch = asyncio.create_task(self._run(due, taken))
            self._batches.add(batch)
            batch.add_done_callback(self._batches.discard)

    async def _run(self, due: Sequence[Due], taken: dict[str, asyncio.Future[None]]) -> None:
        names = {one.source.name for one in due}
        _end(future for name, future in taken.items() if name not in names)

        def done(poll: Poll) -> None:
            warn(poll)
            _end([taken[poll.source.name]])

        def elsewhere(those: Sequence[Due]) -> None:
            self._elsewhere(those)
            _end(taken[one.source.name] for one in those)

        try:
            await self._pipeline.run(due, done, elsewhere)
        except BaseException as error:
            _fail(taken.values(), error)
            if not isinstance(error, Exception):
                raise
        else:
            _end(taken.values())


def _end(futures: Iterable[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


def _fail(futures: Iterable[asyncio.Future[None]], error: BaseException) -> None:
    for future in futures:
        if future.done():
            continue
        if isinstance(error, Exception):
            future.set_exception(error)
            future.exception()  # whoever asked may be gone, and nobody else would look at it
        else:
            future.cancel()
