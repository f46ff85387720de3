"""Fetching: an address and its validators in, one FetchResult out, or a FetchError. The only room with HTTP.

Feeds that an operator configured are fetched unless robots.txt disallows them for our own token by name (`heed`);
pages are visited only where it lets us (`page`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
import httpx

from aggregator.errors import FetchError, FetchTimeout, HttpStatus, RedirectRefused, RobotsRefused
from aggregator.fetch import answers, body, hops, robots
from aggregator.fetch.addresses import socket_factory
from aggregator.fetch.limits import AWAITED_A_ROOM, Limits, Turn
from aggregator.fetch.transport import make_transport
from aggregator.types import FetchResult, PageVisit, RobotsCopy, Validators, Wire

__all__ = ["ConnectTo", "Fetcher", "Shelf", "Turn"]

T = TypeVar("T")

# Where to connect for a host instead of asking DNS; None: ask DNS. For the local press.
ConnectTo = Callable[[str], tuple[str, int] | None]

# Reads one answer (its address, the answer, its fields by names in lower case, the deadline) into what a caller wants.
Take = Callable[[str, httpx.Response, dict[str, str], asyncio.Timeout], Awaitable[T]]

_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_PAGE = {"Accept": "text/html, application/xhtml+xml, */*;q=0.8"}
_ROBOTS = {"Accept": "text/plain, */*;q=0.8"}
_ROBOTS_SECONDS = 10.0  # so long may it keep a poll waiting
_MOST_SITES = 10_000  # whose robots.txt is remembered in memory


async def _nothing(origin: str) -> None:
    return None


async def _forget(copy: RobotsCopy) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where copies of robots.txt outlive the process: what is kept for an origin, and how to keep one."""

    recall: Callable[[str], Awaitable[RobotsCopy | None]] = _nothing
    remember: Callable[[RobotsCopy], Awaitable[None]] = _forget


class Fetcher:
    """Holds the client and the publishers' limits open. One event loop, one Fetcher; use it as a context manager."""

    def __init__(self, wire: Wire, connect_to: ConnectTo = lambda host: None, shelf: Shelf | None = None) -> None:
        self._settings = wire.fetch
        self._connect_to = connect_to
        sockets = socket_factory(wire.fetch.allow_addresses)
        self._transport = make_transport(wire.fetch.concurrency * AWAITED_A_ROOM, sockets)
        self._headers = {"User-Agent": wire.user_agent, "Accept": _ACCEPT, "Accept-Encoding": body.ACCEPT_ENCODING}
        self._limits = Limits(wire.fetch.concurrency, wire.fetch.per_domain_concurrency, wire.fetch.per_domain_spacing)
        self._token = wire.robots_token
        self._shelf = shelf or Shelf()
        self._rules: dict[str, robots.Rules] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[Turn]:
        """Waits for the turn of the address's domain and holds it; raises FetchError for what is no address. A body
        takes up room until the end of the turn, so the holder digests it within: that bounds the bodies in memory.
        """
        async with self._limits.turn(hops.host_of(url)) as turn:
            yield turn

    async def get(self, url: str, validators: Validators, turn: Turn) -> FetchResult:
        """One HTTP answer, 200 or 304, after at most five redirects; raises a FetchError for anything else.

        The deadline counts the requests, not the waits for a turn or for room.
        """

        async def take(
            url: str, answer: httpx.Response, headers: dict[str, str], deadline: asyncio.Timeout
        ) -> FetchResult:
            if answer.status_code == 304:
                told = hops.validators_of(headers, otherwise=validators)
                return FetchResult(url=url, status=304, headers=headers, validators=told)
            if answer.status_code != 200:
                raise HttpStatus(answer.status_code, answers.retry_after(headers.get("retry-after")))
            await _without_deadline(turn.room, deadline)
            encoding = headers.get("content-encoding", "")
            content = await body.read(answer.aiter_raw(), encoding, self._settings.max_body_bytes)
            told = hops.validators_of(headers, Validators())
            return FetchResult(url=url, status=200, headers=headers, body=content, validators=told)

        return await self._follow(url, hops.conditions(validators), take, self._settings.timeout.total_seconds())

    async def heed(self, url: str, now: datetime) -> None:
        """Raises RobotsRefused if the site's robots.txt names our token and disallows this feed. Within `turn`.

        Asks for robots.txt where the copy at hand is older than a day; a site that has none, or does not answer for
        it, does not keep us from an address that an operator configured.
        """
        rules = await self._rules_for(url, now)
        if rules is None:
            rules = await self._ask_robots(url, now)
            await self._limits.space(hops.host_of(url))
        if rules.names_us_and_disallows(url):
            raise RobotsRefused(f"{rules.copy.origin}/robots.txt names {self._token} and disallows {url}")

    async def page(self, url: str, validators: Validators, now: datetime) -> PageVisit:
        """What an article's page answers, whatever its status, after at most five redirects; its body is not read.

        Waits its turn for every hop, and so long as crawl-delay asks. Raises RobotsRefused where robots.txt does not
        let us go, and other FetchErrors where there was no answer.
        """

        async def take(
            url: str, answer: httpx.Response, headers: dict[str, str], deadline: asyncio.Timeout
        ) -> PageVisit:
            told = hops.validators_of(headers, validators if answer.status_code == 304 else Validators())
            retry_after = answers.retry_after(headers.get("retry-after"))
            return PageVisit(status=answer.status_code, url=url, validators=told, retry_after=retry_after)

        seconds = self._settings.timeout.total_seconds()
        for _ in range(hops.MOST_REDIRECTS + 1):
            delay = await self._permitted(url, now)
            async with self._limits.turn(hops.host_of(url), delay):
                visit = await self._hop(url, _PAGE | hops.conditions(validators), take, seconds)
            if isinstance(visit, PageVisit):
                return visit
            url = hops.redirected(url, visit)
        raise hops.too_many(url)

    async def _permitted(self, url: str, now: datetime) -> float:
        """The seconds that the site wants between two visits; raises RobotsRefused where it wants none at all."""
        rules = await self._rules_for(url, now)
        if rules is None:
            async with self._limits.turn(hops.host_of(url)):
                rules = await self._ask_robots(url, now)
        if not rules.allows(url):
            raise RobotsRefused(f"{rules.copy.origin}/robots.txt ({rules.copy.status or 'no answer'}) disallows {url}")
        return rules.delay

    async def _rules_for(self, url: str, now: datetime) -> robots.Rules | None:
        """The rules at hand, from memory or from the shelf, if they are fresh."""
        hops.host_of(url)  # raises FetchError for what is no address
        origin = robots.origin_of(url)
        if origin not in self._rules and (copy := await self._shelf.recall(origin)):
            self._rules[origin] = robots.Rules(copy, self._token)
        rules = self._rules.get(origin)
        return rules if rules and rules.is_fresh(now) else None

    async def _ask_robots(self, url: str, now: datetime) -> robots.Rules:
        """Asks the site, once for all that wait for it; its answer is remembered, and that it gave none."""
        origin = robots.origin_of(url)
        async with self._asking.setdefault(origin, asyncio.Lock()):
            if rules := await self._rules_for(url, now):
                return rules
            old = self._rules.get(origin)
            copy = robots.kept(await self._robots_copy(origin, now), old.copy if old else None)
            while len(self._rules) >= _MOST_SITES:
                self._rules.pop(next(iter(self._rules)))
            self._rules[origin] = rules = robots.Rules(copy, self._token)
            await self._shelf.remember(copy)
        self._asking.pop(origin, None)
        return rules

    async def _robots_copy(self, origin: str, now: datetime) -> RobotsCopy:
        async def take(
            url: str, answer: httpx.Response, headers: dict[str, str], deadline: asyncio.Timeout
        ) -> RobotsCopy:
            encoding, content = headers.get("content-encoding", ""), b""
            if answer.status_code == 200:
                content = await body.head(answer.aiter_raw(), encoding, robots.MOST_BYTES)
            return RobotsCopy(origin=origin, fetched_at=now, status=answer.status_code, body=content)

        seconds = min(self._settings.timeout.total_seconds(), _ROBOTS_SECONDS)
        try:
            return await self._follow(f"{origin}/robots.txt", _ROBOTS, take, seconds)
        except RedirectRefused:
            return RobotsCopy(origin=origin, fetched_at=now, status=robots.UNAVAILABLE)
        except FetchError:
            return RobotsCopy(origin=origin, fetched_at=now, status=None)

    async def _follow(self, url: str, headers: dict[str, str], take: Take[T], seconds: float) -> T:
        """What `take` makes of the first answer that is no redirect. Within `turn`."""
        left = seconds
        for _ in range(hops.MOST_REDIRECTS + 1):
            began = time.monotonic()
            answer = await self._hop(url, headers, take, left)
            left -= time.monotonic() - began
            if not isinstance(answer, str):
                return answer
            url = hops.redirected(url, answer)
            await self._limits.space(hops.host_of(url))
        raise hops.too_many(url)

    async def _hop(self, url: str, headers: dict[str, str], take: Take[T], seconds: float) -> T | str:
        """One request: what `take` makes of its answer, or the Location that it redirects to."""
        try:
            async with asyncio.timeout(seconds) as deadline:
                return await self._ask(url, headers, take, deadline)
        except TimeoutError as error:
            raise FetchTimeout(f"no whole answer within {self._settings.timeout.total_seconds():g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            raise hops.explained(error) from error

    async def _ask(self, url: str, headers: dict[str, str], take: Take[T], deadline: asyncio.Timeout) -> T | str:
        sent = self._headers | {"Host": hops.authority_of(url)} | headers
        request = httpx.Request("GET", self._address(url, hops.host_of(url)), headers=sent)
        answer = await self._transport.handle_async_request(request)
        try:
            told = {name.lower(): value for name, value in answer.headers.items()}
            if answer.status_code in hops.REDIRECTS and "location" in told:
                return told["location"]
            return await take(url, answer, told, deadline)
        finally:
            await answer.aclose()

    def _address(self, url: str, host: str) -> str:
        mapped = self._connect_to(host)
        if mapped is None:
            return url
        parts = urlsplit(url)
        return parts._replace(scheme="http", netloc="{}:{}".format(*mapped)).geturl()


async def _without_deadline(wait: Callable[[], Awaitable[None]], deadline: asyncio.Timeout) -> None:
    """Waits for something that is not the server's fault; the deadline moves on by as long."""
    until, began = deadline.when(), time.monotonic()
    deadline.reschedule(None)
    await wait()
    deadline.reschedule(until + time.monotonic() - began if until is not None else None)
