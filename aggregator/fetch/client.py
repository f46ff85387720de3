"""One request and all that it is redirected to, up to the answer that counts, within a deadline and by its turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import aiohttp
import httpx
from msgspec import Struct

from aggregator.fetch import answers, body, redirects
from aggregator.fetch.addresses import Hosts
from aggregator.fetch.credentials import Opened
from aggregator.fetch.limits import without_deadline
from aggregator.fetch.redirects import Redirect, Way
from aggregator.fetch.starts import Start, leaving
from aggregator.fetch.transport import Connections
from aggregator.model.errors import FetchError, FetchTimeout

T = TypeVar("T")


class Answer(Struct, frozen=True):
    """An answer that is no redirect, while its connection is open."""

    way: Way
    status: int
    headers: dict[str, str]  # names in lower case, values as `redirects.fields_of` has them
    chunks: AsyncIterator[bytes]
    deadline: asyncio.Timeout
    encoding: str
    retry_after: timedelta | datetime | None


# Reads an answer into what a caller wants.
Take = Callable[[Answer], Awaitable[T]]
# Waits until an address may be asked, or raises what forbids it.
Before = Callable[[str], Awaitable[Start]]


class Trip(Struct, frozen=True):
    """What holds for a request and for all that it is redirected to."""

    opened: Opened
    hosts: Hosts  # for which `allow_addresses` holds
    start: Start  # of the first request
    before: Before  # each further request


class Client:
    """Holds the connections open, which are closed with it."""

    def __init__(self, connections: Connections, user_agent: str, timeout: timedelta) -> None:
        """`timeout`: of a whole request, as it is said where one took longer."""
        self._connections = connections
        self._seconds = timeout.total_seconds()
        self._fields = {
            "User-Agent": user_agent,
            "Accept": redirects.ACCEPT,
            "Accept-Encoding": body.ACCEPT_ENCODING,
        }

    async def close(self) -> None:
        await self._connections.close()

    async def follow(self, trip: Trip, headers: dict[str, str], take: Take[T], seconds: float) -> T:
        """What `take` makes of the first answer that is no redirect; what is raised has no secret."""
        opened, start = trip.opened, trip.start
        left, way = seconds, Way(opened.url, opened.url)
        try:
            for _ in range(redirects.MOST_REDIRECTS + 1):
                began, fields = time.monotonic(), headers | opened.fields_for(way.at)
                try:
                    answer = await self.request(way, trip.hosts, start, fields, take, left)
                    left -= time.monotonic() - began - start.waited
                    if not isinstance(answer, Redirect):
                        return answer
                    way = way.on(answer)
                    way.refuse_circles()
                    opened.follow(way.at)
                except FetchError as error:
                    error.retry_after = error.retry_after or way.retry_after
                    raise
                start = await trip.before(way.at)
            raise redirects.too_many(way)
        except FetchError as error:
            opened.hush(error)
            raise

    async def request(
        self, way: Way, hosts: Hosts, start: Start, headers: dict[str, str], take: Take[T], seconds: float
    ) -> T | Redirect:
        """One request, which leaves when `start` lets it: what `take` makes of its answer, or where it redirects to."""
        answer: httpx.Response | None = None
        try:
            async with asyncio.timeout(seconds) as deadline:
                leaving.set(partial(without_deadline, start.leave, deadline))
                answer = await self._connections.send("GET", way.at, self._fields | headers, hosts)
                told = redirects.fields_of(answer.headers.raw)
                asked = answers.retry_after(told.get("retry-after"))
                status, encoding = answer.status_code, told.get("content-encoding", "")
                if status in redirects.REDIRECTS and "location" in told:
                    return Redirect(status, told["location"], "set-cookie" in told, asked)
                return await take(Answer(way, status, told, answer.aiter_raw(), deadline, encoding, asked))
        except TimeoutError as error:
            said = f"no whole answer within {self._seconds:g} s"
            raise FetchTimeout(said, answered=answer is not None or way.is_redirected) from error
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            raise redirects.explained(error) from error
        finally:
            leaving.set(None)
            if answer is not None:
                await answer.aclose()
