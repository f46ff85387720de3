"""What the programs of a database know together of a domain, on however many machines: leases in PostgreSQL.

That a request is under way is a row that names its worker; it counts as long as the worker gives signs of life. Times
are those of the database's clock, so no machine's clock matters. As `fetch.limits.SharedLimits`.

A worker that was out of reach for longer than `lost_after` may have requests under way that count no more: they end by
their deadlines, and it begins no others meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import count
from typing import Any

import psycopg

from aggregator.model.errors import StoreError
from aggregator.model.place import PostgresPlace
from aggregator.store.postgres.connecting import connected_async
from aggregator.store.postgres.errors import explained

_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 0.5  # seconds between two looks for a place
_SIGNS = 4  # of life within `lost_after`
_AGAIN_SECONDS = 1.0  # after a sign of life that did not arrive

_Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class PostgresLimits:
    """Holds one connection open, from the first call on. One event loop, one PostgresLimits."""

    def __init__(
        self,
        place: PostgresPlace,
        per_domain: int,
        lost_after: float,
        version: str,
        doing: Callable[[], Mapping[str, int]],
    ) -> None:
        """`lost_after`: seconds without a sign of life; `doing`: how many tasks of each kind this program does."""
        self._place = place
        self._per_domain = per_domain
        self._lost_after = lost_after
        self._version = version
        self._doing = doing
        self._connection: _Connection | None = None
        self._worker = 0  # as which it holds places; 0: it is not known to the database
        self._turn = asyncio.Lock()  # of the connection
        self._held: dict[int, str] = {}
        self._numbers = count(1)
        self._living: asyncio.Task[None] | None = None
        self._began = 0.0  # by the database's clock, in seconds

    async def begin(self) -> None:
        """Says that this program is there; raises StoreError."""
        async with self._turn:
            with explained(self._place):
                await self._open()

    def place(self, domain: str) -> AbstractAsyncContextManager[None]:
        """Waits for one of the domain's places and holds it."""
        return self._one_of(domain, self._per_domain)

    def alone(self, name: str) -> AbstractAsyncContextManager[None]:
        """Waits until no other program does what has this name, and keeps others from it."""
        return self._one_of(name, 1)

    @asynccontextmanager
    async def _one_of(self, name: str, places: int) -> AsyncIterator[None]:
        number = next(self._numbers)
        try:
            await self._take(name, number, places)
            yield
        finally:
            if self._held.pop(number, None) is not None:
                # Where the database cannot be reached, the next sign of life takes it back.
                with suppress(StoreError):
                    await self._run("DELETE FROM engine.places WHERE worker_id = %s AND place = %s", number)

    async def _take(self, name: str, number: int, places: int) -> None:
        wait = _SHORTEST_WAIT
        while not await self._took(name, number, places):
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT)

    async def _took(self, name: str, number: int, places: int) -> bool:
        sql = "SELECT engine.take_place(%s, %s, %s, %s)"
        async with self._turn:
            with explained(self._place):
                connection = await self._open()
                given = (name, self._worker, number, places)
                cursor = await connection.execute(sql, given)
                is_taken = await cursor.fetchone() == (True,)
                if is_taken:  # else, or where the answer does not arrive, the next sign of life takes it back
                    self._held[number] = name
                return is_taken

    async def start(self, domain: str, apart: float, held: float) -> tuple[float, float]:
        """As `fetch.starts.StartsOfAll`; a start is known by when the next one may be."""
        sql = "SELECT wait, number FROM engine.start(%(domain)s, %(apart)s, %(held)s)"
        wait, number = await self._row(sql, {"domain": domain, "apart": apart, "held": held})
        return float(wait), float(number)

    async def back_off(self, domain: str, seconds: float) -> None:
        """Notes that the domain wants to be left alone for so long."""
        sql = """
            INSERT INTO engine.domains (domain, paused_at, paused_until)
            VALUES (%(domain)s, clock_timestamp(), clock_timestamp() + make_interval(secs => %(seconds)s))
            ON CONFLICT (domain) DO UPDATE
            SET paused_at = excluded.paused_at, paused_until = greatest(domains.paused_until, excluded.paused_until)
            RETURNING true
            """
        await self._row(sql, {"domain": domain, "seconds": seconds})

    async def is_backing_off(self, domain: str) -> bool:
        """Whether the domain has asked for that since this program began. What it asked for before stands in the
        tables of the wire.
        """
        sql = """
            SELECT EXISTS (SELECT 1 FROM engine.domains WHERE domain = %(domain)s AND clock_timestamp() < paused_until
                           AND paused_at >= to_timestamp(%(began)s))
            """
        (is_so,) = await self._row(sql, {"domain": domain, "began": self._began})
        return bool(is_so)

    async def close(self) -> None:
        """Gives back all places."""
        if self._living:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        if self._connection is not None:
            with suppress(psycopg.Error):
                if not self._connection.closed:
                    await self._connection.execute("DELETE FROM engine.workers WHERE worker_id = %s", (self._worker,))
            await self._connection.close()

    # The connection

    async def _run(self, sql: str, number: int) -> None:
        async with self._turn:
            with explained(self._place):
                connection = await self._open()
                await connection.execute(sql, (self._worker, number))

    async def _row(self, sql: str, given: Mapping[str, object]) -> Sequence[Any]:
        async with self._turn:
            with explained(self._place):
                connection = await self._open()
                cursor = await connection.execute(sql, {**given, "worker": self._worker})
                row = await cursor.fetchone()
                assert row is not None  # each of these statements returns one
                return row

    async def _open(self) -> _Connection:
        """The connection, of a worker that the database knows of."""
        if self._living is None or self._living.done():
            self._living = asyncio.create_task(self._live())
        if self._connection is None or self._connection.closed:
            self._connection = None
            connection = await connected_async(self._place)
            # Of what a crash of the server makes forgotten, see engine.is_starting.
            await connection.execute("SET synchronous_commit = off")
            self._connection = connection
            await self._give_sign(connection)
        return self._connection

    async def _live(self) -> None:
        """Gives signs of life. Where the database is away, it is tried every second, so that what is held is known to
        it again at once.
        """
        while True:
            await asyncio.sleep(self._lost_after / _SIGNS)
            while True:
                try:
                    async with self._turn:
                        with explained(self._place):
                            if self._connection is None or self._connection.closed:
                                await self._open()
                            else:
                                await self._give_sign(self._connection)
                    break
                except StoreError:  # whoever stores polls says so
                    await asyncio.sleep(_AGAIN_SECONDS)

    async def _give_sign(self, connection: _Connection) -> None:
        """And brings the places in line with what is held; those of workers that are lost go."""
        doing, lost = json.dumps(self._doing()), self._lost_after
        async with connection.transaction():
            found = await connection.execute(
                "UPDATE engine.workers SET seen_at = clock_timestamp(), doing = %s WHERE worker_id = %s RETURNING 1",
                (doing, self._worker),
            )
            if await found.fetchone() is None:
                made = await connection.execute(
                    "INSERT INTO engine.workers (host, pid, version, lost_after, doing) VALUES (%s, %s, %s, %s, %s)"
                    " RETURNING worker_id, extract(epoch FROM started_at)",
                    (socket.gethostname(), os.getpid(), self._version, lost, doing),
                )
                self._worker, began = await made.fetchone() or (0, 0)
                self._began = self._began or float(began)
            numbers, domains = list(self._held), list(self._held.values())
            await connection.execute(
                "INSERT INTO engine.places (domain, worker_id, place)"
                " SELECT domain, %s, place FROM unnest(%s::text[], %s::bigint[]) AS held (domain, place)"
                " ON CONFLICT DO NOTHING",
                (self._worker, domains, numbers),
            )
            await connection.execute(
                "DELETE FROM engine.places WHERE worker_id = %s AND NOT place = ANY (%s::bigint[])",
                (self._worker, numbers),
            )
            await connection.execute(
                "DELETE FROM engine.workers WHERE seen_at < clock_timestamp() - make_interval(secs => lost_after)"
            )
