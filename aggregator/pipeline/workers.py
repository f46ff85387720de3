"""The processes that read documents, so that a hostile one can hang or crash nothing but itself.

The first starts when the first document comes, another when the first has a queue: a pass in which little has changed
does not pay for what it does not need.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from aggregator.errors import ParseError
from aggregator.reader import Reading, in_time, read
from aggregator.types import FetchResult, Publisher, Source

if TYPE_CHECKING:  # these take as long to load as a hundred answers of 304 to read
    from pebble import ProcessPool

    from aggregator.probing import Measure

T = TypeVar("T")

# Honest documents take milliseconds, huge and broken ones seconds; what takes longer is hostile.
PARSE_SECONDS = 60.0
# A process that has read so many documents is replaced, so that memory stays flat over weeks.
_DOCUMENTS_EACH = 2_000
_GARBAGE = 50_000  # as in __main__
_QUEUE = 64  # documents; starting a process costs about as much time as reading so many of them, most of them known


class Workers:
    """Holds the processes open."""

    def __init__(self, processes: int | None = None, seconds: float = PARSE_SECONDS) -> None:
        self._most = processes or os.cpu_count() or 1
        self._seconds = seconds
        self._pools: list[ProcessPool] = []  # of one process each
        self._waiting: list[int] = []  # documents that each has to read

    async def read(
        self, result: FetchResult, source: Source, publisher: Publisher, said: Mapping[str, bytes]
    ) -> Reading:
        """`read` in one of the processes; raises ParseError also for a document that hangs or crashes it."""
        return await self._in_process(read, (result, source, publisher, said))

    async def measured(self, result: FetchResult, source: Source) -> Measure:
        """`measure`, likewise."""
        from aggregator.probing import measure

        return await self._in_process(measure, (result, source))

    async def _in_process(self, call: Callable[..., T], arguments: tuple[object, ...]) -> T:
        from pebble import ProcessExpired

        mine = self._choose()
        self._waiting[mine] += 1
        future = self._pools[mine].schedule(in_time, args=(self._seconds, call, *arguments))
        try:
            # Shielded, because a poll may be cancelled: pebble would kill the process, and with it the next document
            # that the process may have taken up by then, whose reader would wait for ever.
            return await asyncio.shield(_heard(asyncio.wrap_future(future)))
        except ProcessExpired as error:
            if error.exitcode == -signal.SIGALRM:
                said_so = f"reading the document took longer than {self._seconds:g} s; it was given up"
                raise ParseError(said_so) from error
            raise ParseError("the document broke its reader (ProcessExpired)") from error
        except (MemoryError, RecursionError) as error:
            raise ParseError(f"the document broke its reader ({type(error).__name__})") from error
        finally:
            self._waiting[mine] -= 1

    def _choose(self) -> int:
        """The process with the shortest queue, or a new one where all are long."""
        if not self._pools or (min(self._waiting) >= _QUEUE and len(self._pools) < self._most):
            from pebble import ProcessPool

            # spawn: a forked child would inherit the event loop's threads and locks in whatever state they are
            context = multiprocessing.get_context("spawn")
            self._pools.append(
                ProcessPool(
                    1, max_tasks=_DOCUMENTS_EACH, initializer=gc.set_threshold, initargs=[_GARBAGE], context=context
                )
            )
            self._waiting.append(0)
        return self._waiting.index(min(self._waiting))

    def close(self) -> None:
        """Ends the processes; whatever they were reading is read again at the next poll."""
        for pool in self._pools:
            pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves this one out
            pool.join()


def _heard(future: asyncio.Future[T]) -> asyncio.Future[T]:
    """The same; what goes wrong in it after everybody has left is not complained of."""
    future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return future
