"""Whether the database can be used, for a program that runs for long: without it no publisher is asked for what could
not be stored.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from aggregator.model.errors import StoreError

log = logging.getLogger("aggregator.run")

PAUSED = "polling is paused, and resumes by itself: %s"
RESUMED = "the database can be used again: polling is resumed"
PAUSE_SECONDS = 5.0  # between two attempts to use it again
_LONGEST_PAUSE = 300.0  # seconds between two attempts to poll into a database that had no room


async def surviving(call: Callable[[], Awaitable[object]]) -> None:
    """Calls it; a bug is written down with all that is known of it, and the daemon goes on. Raises StoreError."""
    try:
        await call()
    except StoreError:
        raise
    except OSError as error:  # no more files may be opened, a disk is full: it is tried again at its next turn
        log.error("the operating system refused something, and it is tried again: %s", error)
    except Exception:
        log.exception("internal error (bug), please report it")


class Database:
    """Whether the database can be used. When it cannot, that is logged once, and no publisher is polled for
    what could not be stored: the database alone is tried, and polling goes on once it can be written.
    """

    def __init__(self, try_writing: Callable[[], Awaitable[None]], pause: float = PAUSE_SECONDS) -> None:
        """`pause`: seconds between two attempts to use it again, at first."""
        self._try_writing = try_writing
        self._error = ""  # '': it can be used
        self._under_way = 0  # calls
        self._pause = self._shortest = pause
        self._not_before = 0.0

    async def use(self, call: Callable[[], Awaitable[object]]) -> None:
        """Calls it, unless the database cannot be used."""
        if self._error:
            return
        self._under_way += 1
        try:
            await surviving(call)
        except StoreError as error:
            self._report(error)
        finally:
            self._under_way -= 1

    async def use_again(self, call: Callable[[], Awaitable[object]]) -> None:
        """Calls it; where the database could not be used, tries that first, and says when it can."""
        if not self._error:
            await self.use(call)
        elif not self._under_way and time.monotonic() >= self._not_before:
            self._under_way += 1  # an attempt alone says something
            try:
                await self._write_and(call)
            except StoreError as error:
                self._report(error)
            else:
                self._error, self._pause = "", self._shortest
                log.info(RESUMED)
            finally:
                self._under_way -= 1

    async def _write_and(self, call: Callable[[], Awaitable[object]]) -> None:
        await self._try_writing()
        self._not_before = time.monotonic() + self._pause  # should it take this, and then not what polls bring
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        await surviving(call)

    def _report(self, error: StoreError) -> None:
        if str(error) != self._error:
            log.error(PAUSED, error)
        self._error = str(error)
