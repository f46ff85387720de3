"""When a request may leave for a domain: what is agreed is the time between the moments at which two requests are sent.

A start that is given is good for a short time, and the next one is given so much later: whatever comes between (a look
into the database, a connection that is made), no request leaves closer to the one before than was agreed. What comes
too late to leave asks again; where nobody has started since, it need not wait.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Protocol

_GOOD_FOR = 1 / 20  # of the time between two starts


class StartsOfAll(Protocol):
    """What the programs of a database know together of when a domain may be asked."""

    async def start(self, domain: str, apart: float, held: float, /) -> tuple[float, float]:
        """Seconds to wait until the domain may be asked, and 0.0; or 0.0: now, the next start is `apart` seconds later,
        and by which number this one is known. `held`: the number of a start that did not leave; where it is the latest,
        there is nothing to wait for.
        """


class Starts:
    """Those of one domain, in this program and, where it knows of others, in all. One event loop, one Starts."""

    def __init__(self, domain: str, of_all: StartsOfAll | None) -> None:
        self._domain = domain
        self._of_all = of_all
        self._gate = asyncio.Lock()  # first come, first served; and a start that came late holds up the next
        self._next = 0.0  # on the event loop's clock
        self._latest: Start | None = None

    async def wait(self, start: Start) -> None:
        """Until it may leave."""
        if not start.may_be_renewed or await self._take(start) > 0:
            async with self._gate:
                while (seconds := await self._take(start)) > 0:
                    await asyncio.sleep(seconds)

    async def _take(self, start: Start) -> float:
        """Seconds to wait; 0.0: it may leave from now on, for a short time."""
        at = asyncio.get_running_loop().time()
        apart = start.apart + start.good_for
        if at < self._next and not (start.may_be_renewed and self._latest is start):
            return self._next - at
        if self._of_all:
            held = start.number if start.may_be_renewed else 0.0
            wait, number = await self._of_all.start(self._domain, apart, held)
            if wait > 0:
                return wait
            start.number = number
        self._next, self._latest = max(self._next, at + apart), start
        start.good_until = at + start.good_for
        return 0.0


class Start:
    """Leave to ask a domain, once; `apart` seconds later, or more, another one has it."""

    def __init__(self, starts: Starts, apart: float) -> None:
        self._starts = starts
        self.apart = apart
        self.good_for = apart * _GOOD_FOR
        self.number = 0.0  # by which all programs know it
        self.waited = 0.0  # seconds, since it was given first
        self.is_used = False  # a request has left
        self.good_until = -math.inf  # on the event loop's clock; it has not been given yet

    @property
    def may_be_renewed(self) -> bool:
        """Whether it was given and nothing has left by it."""
        return self.good_until > -math.inf and not self.is_used

    async def leave(self) -> None:
        """Waits, if it must, until a request may leave, which has to be sent before anything else is awaited."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while self.apart and (self.is_used or clock() > self.good_until):
            # Whoever takes long to be told that it may leave has longer for it the next time.
            self.good_for = min(2 * self.good_for, self.apart)
            await self._starts.wait(self)
            self.is_used = False
        self.is_used = True
        self.waited += clock() - began


# What the request of this task waits for before it is sent. A variable of the task, because nothing can be handed
# through httpx to where that is done; None: the request is not to a publisher.
leaving: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("leaving", default=None)
