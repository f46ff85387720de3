"""Tells a publisher's failure from one of our own network: while nobody at all answers, the fault is ours."""

from __future__ import annotations

import asyncio

from msgspec import Struct

_ENOUGH = 3  # domains that do not answer, and nobody between them who does


class Begun(Struct, frozen=True):
    """A request under way."""

    number: int
    answers: int  # that anybody had given before it


class Connectivity:
    """Holds who did not answer of late. One event loop, one Connectivity."""

    def __init__(self) -> None:
        self._begun = 0
        self._answers = 0
        self._silent: set[str] = set()  # domains, since somebody last answered
        self._under_way: set[int] = set()
        self._news = asyncio.Condition()

    def begin(self) -> Begun:
        """To be called before a request; `end` or `is_ours` must follow."""
        self._begun += 1
        self._under_way.add(self._begun)
        return Begun(self._begun, self._answers)

    async def end(self, request: Begun, answered: bool) -> None:
        """The request has ended; `answered`: somebody was there, whatever was said."""
        self._under_way.discard(request.number)
        if answered:
            self._answers += 1
            self._silent.clear()
        async with self._news:
            self._news.notify_all()

    async def is_ours(self, request: Begun, domain: str) -> bool:
        """Whether the request that got no answer failed for a fault of ours. Waits for the requests that are under way,
        whose answers tell, and so no longer than the deadline of one.
        """
        await self.end(request, answered=False)
        self._silent.add(domain)
        others = frozenset(self._under_way)
        async with self._news:
            await self._news.wait_for(lambda: self._answers > request.answers or not others & self._under_way)
        return self._answers == request.answers and len(self._silent) >= _ENOUGH
