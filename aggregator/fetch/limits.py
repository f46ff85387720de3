"""Keeps a publisher's servers from a burst: so many requests at once, so far apart, per registrable domain; for all
programs of a database together, where they share a file (`shared`) or the database itself (`SharedLimits`).
"""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from aggregator.fetch.addresses import NO_HOSTS
from aggregator.fetch.robots import LONGEST_DELAY
from aggregator.fetch.shared import Shared
from aggregator.fetch.starts import Start, Starts
from aggregator.model import Busy, FetchSettings
from aggregator.text.urls import domain_of

# A host that takes long to answer costs a socket and no memory, so it must not keep a fast one waiting: seven dead
# hosts would hold up a pass by their whole deadline. Only answers with a body take up room.
AWAITED_A_ROOM = 8
# Nor must hundreds of them: one that is awaited for longer than others usually take steps aside, so that the next may
# be asked. So many may stand aside for each that is awaited, if the system has sockets for them.
ASIDE_A_PLACE = 8
# Two starts are so much further apart at most than the spacing asks, so that many wires do not fall into step; the time
# for which a start is good comes on top.
MOST_JITTER = 1.25
_OWN_FILES = 256  # the database, the reading processes, connections that are kept for the next request


def shared_file(path: Path, settings: FetchSettings) -> Shared | None:
    """What the programs that have this file know together; None where it cannot be had."""
    longest = 2 * max(settings.per_domain_spacing.total_seconds() * MOST_JITTER, LONGEST_DELAY)
    return Shared.open(path, settings.per_domain_concurrency, longest)


class SharedLimits(Protocol):
    """What the programs of a database know together of a domain: how many requests are under way there, when the next
    may start, and until when it wants to be left alone. In a file of one machine (`shared`), or in the database, for
    programs of several machines. Each may raise StoreError.
    """

    async def begin(self) -> None:
        """Says that this program is there."""

    def place(self, domain: str, /) -> AbstractAsyncContextManager[None]:
        """Waits for one of the domain's places and holds it."""

    def alone(self, name: str, /) -> AbstractAsyncContextManager[None]:
        """Waits until no other program does what has this name, and keeps others from it."""

    async def start(self, domain: str, apart: float, held: float, /) -> tuple[float, float]:
        """As `starts.StartsOfAll`."""

    async def back_off(self, domain: str, seconds: float, /) -> None:
        """Notes that the domain wants to be left alone for so long."""

    async def is_backing_off(self, domain: str, /) -> bool:
        """Whether the domain has asked for that since this program began."""

    async def close(self) -> None:
        """Gives back all places."""


class Limits:
    """Holds the domains that were asked lately. One event loop, one Limits."""

    def __init__(
        self,
        concurrency: int,
        per_domain: int,
        spacing: timedelta,
        chance: random.Random | None = None,
        shared: SharedLimits | None = None,
        patience: timedelta = timedelta(seconds=1),
    ) -> None:
        """`patience`: after so long whoever is awaited steps aside."""
        self._rooms = asyncio.Semaphore(concurrency)  # of bodies that are whole: to be unpacked, read and stored
        self._arrivals = asyncio.Semaphore(concurrency)  # of large bodies that are not: for these others must not wait
        self._awaited = asyncio.Semaphore(concurrency * AWAITED_A_ROOM)
        self._aside = most_aside(concurrency)  # so many may step aside yet
        self._patience = patience.total_seconds()
        self._per_domain = per_domain
        self._spacing = spacing.total_seconds()
        self._chance = chance or random.Random()
        self._shared = shared
        self._domains: dict[str, _Domain] = {}
        self._hosts: dict[str, _Domain] = {}

    @asynccontextmanager
    async def turn(self, host: str, delay: float = 0.0) -> AsyncIterator[Turn]:
        """Waits for this host's turn and holds it; for `delay` seconds after its start the domain is left in peace.
        A domain that has to wait keeps no place from the others.
        """
        domain = self._domain(host)
        async with domain.places, self._shared.place(domain.name) if self._shared else nullcontext():
            start = await self.space(host, delay)
            async with self._awaited_place(), AsyncExitStack() as stack:
                yield Turn(stack, self._rooms, self._arrivals, start)

    @asynccontextmanager
    async def _awaited_place(self) -> AsyncIterator[None]:
        """Holds one of the places of those that are awaited, or one aside."""
        await self._awaited.acquire()
        loop, is_aside = asyncio.get_running_loop(), False
        timer: asyncio.TimerHandle

        def step_aside() -> None:
            nonlocal is_aside, timer
            if self._aside > 0:
                self._aside -= 1
                is_aside = True
                self._awaited.release()
            else:
                timer = loop.call_later(self._patience, step_aside)

        timer = loop.call_later(self._patience, step_aside)
        try:
            yield
        finally:
            timer.cancel()
            if is_aside:
                self._aside += 1
            else:
                self._awaited.release()

    async def space(self, host: str, delay: float = 0.0) -> Start:
        """Waits until this host's domain may be asked again, without holding a place: for a redirect's next request,
        which holds one already and would otherwise wait for those that wait for it.
        """
        starts = self._domain(host).starts
        start = Start(starts, max(jittered(self._spacing, self._chance), delay))
        await starts.wait(start)
        return start

    def alone(self, name: str) -> AbstractAsyncContextManager[None]:
        """Waits until no other program of the database does what has this name, and keeps others from it."""
        return self._shared.alone(name) if self._shared else nullcontext()

    async def back_off(self, host: str, seconds: float) -> None:
        """Notes that this host's domain wants to be left alone for so long. Nobody is kept waiting by it: whoever would
        ask has to look at `is_backing_off`, and come another time.
        """
        domain = self._domain(host)
        domain.backs_off_until = max(domain.backs_off_until, asyncio.get_running_loop().time() + seconds)
        if self._shared:
            await self._shared.back_off(domain.name, seconds)

    async def is_backing_off(self, host: str) -> bool:
        domain = self._domain(host)
        if asyncio.get_running_loop().time() < domain.backs_off_until:
            return True
        return self._shared is not None and await self._shared.is_backing_off(domain.name)

    def _domain(self, host: str) -> _Domain:
        if host not in self._hosts:
            name = domain_of(host)
            self._hosts[host] = self._domains.setdefault(name, _Domain(name, self._per_domain, self._shared))
        return self._hosts[host]


def most_aside(concurrency: int) -> int:
    """How many may stand aside: each has a socket, and the program needs some files for itself."""
    awaited = concurrency * AWAITED_A_ROOM
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = awaited * ASIDE_A_PLACE
    return most if files == resource.RLIM_INFINITY else max(0, min(most, files - _OWN_FILES - awaited))


def jittered(seconds: float, chance: random.Random) -> float:
    """At least `seconds`, and at most a quarter more."""
    return seconds * chance.uniform(1.0, MOST_JITTER)


class Turn:
    """A host's turn while it lasts. It has no room for a body until it asks for one."""

    def __init__(
        self, stack: AsyncExitStack, rooms: asyncio.Semaphore, arrivals: asyncio.Semaphore, start: Start
    ) -> None:
        self._stack = stack
        self._rooms = rooms
        self._arrivals = arrivals
        self._has_room = False
        self.start = start  # of the next request
        self.spent = 0.0  # seconds of the deadline that went to what had to be asked first
        self.busy: list[Busy] = []  # what asked to be left alone within
        self.hosts = NO_HOSTS  # for which `allow_addresses` holds in what is asked within

    async def arrival(self) -> None:
        """Waits for room for the rest of a large body, and keeps it to the end of the turn. To be called once."""
        await self._stack.enter_async_context(self._arrivals)

    async def room(self) -> None:
        """Waits for room for a whole body, and keeps it to the end of the turn."""
        if not self._has_room:
            await self._stack.enter_async_context(self._rooms)
            self._has_room = True


class _Domain:
    def __init__(self, name: str, places: int, shared: SharedLimits | None) -> None:
        self.name = name
        self.places = asyncio.Semaphore(places)
        self.starts = Starts(name, shared)
        self.backs_off_until = 0.0  # on the event loop's clock


async def without_deadline(wait: Callable[[], Awaitable[None]], deadline: asyncio.Timeout) -> None:
    """Waits for something that is not the server's fault; the deadline moves on by as long."""
    until, began = deadline.when(), time.monotonic()
    deadline.reschedule(None)
    await wait()
    deadline.reschedule(until + time.monotonic() - began if until is not None else None)
