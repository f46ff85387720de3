"""Sends bodies to addresses that the operator wrote, such as those of subscribers: one request, no redirect followed.

Addresses are guarded as those of sources are: a private one is reached only where `[fetch] allow_addresses` has its
block, on the host and port that stand in the operator's own file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Self

import aiohttp
import httpx
from msgspec import Struct

from aggregator.fetch import ConnectTo, answers, body, redirects
from aggregator.fetch.addresses import written_in
from aggregator.fetch.credentials import Opened
from aggregator.fetch.transport import Connections
from aggregator.model import Template, Wire
from aggregator.model.errors import FetchError, FetchTimeout

_CONNECTIONS = 256  # at once, so that some that hang keep nobody waiting; each receiver has one at a time
_SHOWN_BYTES = 300  # of the answer to a failure, for whoever looks for the fault
_READ_BYTES = 16 * 1024  # of the answer to a success, after which its connection is closed and not used again
_READ_SECONDS = 1.0


class Posted(Struct, frozen=True):
    """What a server answered."""

    status: int
    retry_after: timedelta | datetime | None  # None: it did not say
    location: str | None  # where it redirects to, without our secrets; None: nowhere
    said: str  # the beginning of its body, where it is no success, without our secrets


class Poster:
    """Holds the connections open. One event loop, one Poster; use it as an async context manager."""

    def __init__(
        self, wire: Wire, connect_to: ConnectTo = lambda host: None, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._agent = wire.user_agent
        self._environment = environment
        self._connections = Connections(_CONNECTIONS, wire.fetch.allow_addresses, _READ_BYTES, connect_to)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._connections.close()

    async def post(self, url: Template, fields: Mapping[str, str], content: bytes, seconds: float) -> Posted:
        """The answer to one POST, within so many seconds for all of it. Raises a FetchError where none came: a variable
        that is not set, a forbidden address, a failed connection, a deadline. `${NAME}` in the address is filled in.
        """
        opened = Opened.of_template(url, self._environment)
        try:
            return await self._within(seconds, opened, url, fields, content)
        except FetchError as error:
            opened.hush(error)
            raise

    async def _within(
        self, seconds: float, opened: Opened, url: Template, fields: Mapping[str, str], content: bytes
    ) -> Posted:
        try:
            async with asyncio.timeout(seconds):
                return await self._posted(opened, url, fields, content)
        except TimeoutError as error:
            raise FetchTimeout(f"no answer within {seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            raise redirects.explained(error) from error

    async def _posted(self, opened: Opened, url: Template, fields: Mapping[str, str], content: bytes) -> Posted:
        sent = {"User-Agent": self._agent, "Accept-Encoding": "identity", **fields}
        answer = await self._connections.send("POST", opened.url, sent, written_in([url.text]), content)
        try:
            told = redirects.fields_of(answer.headers.raw)
            is_success = 200 <= answer.status_code < 300
            beginning = await _beginning(answer, told, _READ_BYTES if is_success else _SHOWN_BYTES)
            location = told.get("location")
            return Posted(
                status=answer.status_code,
                retry_after=answers.retry_after(told.get("retry-after")),
                location=opened.redacted(location) if location else None,
                said="" if is_success else opened.redacted(beginning.decode("utf-8", "replace")),
            )
        finally:
            await answer.aclose()


async def _beginning(answer: httpx.Response, told: Mapping[str, str], most: int) -> bytes:
    """The beginning of a body, of which nothing depends: what the status says counts, however the body ends."""
    with suppress(TimeoutError, httpx.HTTPError, aiohttp.ClientError, OSError, ValueError):
        async with asyncio.timeout(_READ_SECONDS):
            return await body.head(answer.aiter_raw(), told.get("content-encoding", ""), most)
    return b""
