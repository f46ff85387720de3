"""Fetching: an address and its validators in, one FetchResult out, or a FetchError. The only room with HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import httpx

from aggregator.errors import AddressRefused, FetchError, FetchTimeout, HttpStatus, RedirectRefused
from aggregator.fetch import answers, body
from aggregator.fetch.addresses import socket_factory
from aggregator.fetch.limits import AWAITED_A_ROOM, Limits, Turn
from aggregator.fetch.transport import make_transport
from aggregator.types import FetchResult, Validators, Wire

__all__ = ["ConnectTo", "Fetcher", "Turn"]

# Where to connect for a host instead of asking DNS; None: ask DNS. For the local press.
ConnectTo = Callable[[str], tuple[str, int] | None]

_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


class Fetcher:
    """Holds the client and the publishers' limits open. One event loop, one Fetcher; use it as a context manager."""

    def __init__(self, wire: Wire, connect_to: ConnectTo = lambda host: None) -> None:
        self._settings = wire.fetch
        self._connect_to = connect_to
        sockets = socket_factory(wire.fetch.allow_addresses)
        self._transport = make_transport(wire.fetch.concurrency * AWAITED_A_ROOM, sockets)
        self._headers = {"User-Agent": wire.user_agent, "Accept": _ACCEPT, "Accept-Encoding": body.ACCEPT_ENCODING}
        self._limits = Limits(wire.fetch.concurrency, wire.fetch.per_domain_concurrency, wire.fetch.per_domain_spacing)

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
        async with self._limits.turn(_host(url)) as turn:
            yield turn

    async def get(self, url: str, validators: Validators, turn: Turn) -> FetchResult:
        """One HTTP answer, 200 or 304, after at most five redirects; raises a FetchError for anything else.

        The deadline counts the requests, not the waits for a turn or for room.
        """
        left = self._settings.timeout.total_seconds()
        for _ in range(_MOST_REDIRECTS + 1):
            host = _host(url)
            began = time.monotonic()
            answer = await self._hop(url, host, validators, turn, left)
            left -= time.monotonic() - began
            if isinstance(answer, FetchResult):
                return answer
            url = _redirected(url, answer)
            await self._limits.space(_host(url))
        raise RedirectRefused(f"more than {_MOST_REDIRECTS} redirects, the last to {url}")

    async def _hop(self, url: str, host: str, validators: Validators, turn: Turn, seconds: float) -> FetchResult | str:
        """One request: its result, or the Location that it redirects to."""
        try:
            async with asyncio.timeout(seconds) as deadline:
                return await self._ask(url, host, validators, turn, deadline)
        except TimeoutError as error:
            raise FetchTimeout(f"no whole answer within {self._settings.timeout.total_seconds():g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            raise _explained(error) from error

    async def _ask(
        self, url: str, host: str, validators: Validators, turn: Turn, deadline: asyncio.Timeout
    ) -> FetchResult | str:
        request = httpx.Request("GET", self._address(url, host), headers=self._headers | _conditions(url, validators))
        answer = await self._transport.handle_async_request(request)
        try:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            if answer.status_code in _REDIRECTS and "location" in headers:
                return headers["location"]
            if answer.status_code == 304:
                return FetchResult(
                    url=url, status=304, headers=headers, validators=_validators(headers, otherwise=validators)
                )
            if answer.status_code != 200:
                raise HttpStatus(answer.status_code, answers.retry_after(headers.get("retry-after")))
            await _without_deadline(turn.room, deadline)
            encoding = headers.get("content-encoding", "")
            content = await body.read(answer.aiter_raw(), encoding, self._settings.max_body_bytes)
            return FetchResult(
                url=url, status=200, headers=headers, body=content, validators=_validators(headers, Validators())
            )
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


def _conditions(url: str, validators: Validators) -> dict[str, str]:
    """The validators, byte for byte, as RFC 9110 section 13.1 wants them sent; and the host we mean."""
    conditions = {"Host": urlsplit(url).netloc.rpartition("@")[2]}
    if validators.etag is not None:
        conditions["If-None-Match"] = validators.etag
    if validators.last_modified is not None:
        conditions["If-Modified-Since"] = validators.last_modified
    return conditions


def _validators(headers: dict[str, str], otherwise: Validators) -> Validators:
    return Validators(
        etag=headers.get("etag", otherwise.etag), last_modified=headers.get("last-modified", otherwise.last_modified)
    )


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise FetchError(f"{url!r} is not an address: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise RedirectRefused(f"{url!r} is no http or https address")
    return host


def _redirected(url: str, location: str) -> str:
    target = urljoin(url, location)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http":
        raise RedirectRefused(f"redirected from https down to {target}")
    return target


def _explained(error: Exception) -> FetchError:
    """The error in the words of its cause: httpx and aiohttp wrap what the system said."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        if isinstance(cause, PermissionError):
            break
        cause = cause.__cause__
    if isinstance(cause, PermissionError):
        return AddressRefused(cause.strerror or str(cause))
    said = " ".join((str(error) or str(cause)).split())
    return FetchError(f"{type(cause).__name__}: {said}" if said else type(cause).__name__)
