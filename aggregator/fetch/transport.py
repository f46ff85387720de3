"""The connections to servers, by HTTP, and what keeps them from what they must not do.

httpx speaks through aiohttp here, and is used at the level of its transport: redirects, cookies and proxies, which its
client adds and the wire decides for itself, cost more than a request that is answered with 304 (bench/README.md).
"""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from aggregator.fetch import framing, iri, redirects
from aggregator.fetch.addresses import Hosts, is_written, socket_factory
from aggregator.fetch.first_addresses import FirstAddresses
from aggregator.fetch.lookup import Lookup
from aggregator.fetch.starts import leaving
from aggregator.text.urls import without_user

SocketFactory = Callable[..., socket.socket]

# No publisher's fields are longer or more; aiohttp refuses the answer beyond. Its defaults of 8 kB and 128 are too
# little for some content security policies, and for sites that name every file of a page in a field of its own.
_MOST_FIELD_BYTES = 32 * 1024
_MOST_FIELDS = 384


# Where to connect for a host instead of asking DNS; None: ask DNS. For the local press.
ConnectTo = Callable[[str], tuple[str, int] | None]


class Connections:
    """Holds them open: those to public addresses, and by themselves those that may lead to private ones too, so that
    none of these ever serves a request that may not go there. One event loop, one Connections.
    """

    def __init__(self, count: int, blocks: Sequence[str], most: int, connect_to: ConnectTo) -> None:
        """`count`: at once; `blocks`: the private addresses that may be reached; `most`: bytes of a body."""
        self._connect_to = connect_to
        self._public = self._open = make_transport(count, socket_factory(blocks, is_open=False), most)
        if blocks:
            self._open = make_transport(count, socket_factory(blocks, is_open=True), most)

    async def close(self) -> None:
        await self._public.aclose()
        await self._open.aclose()

    async def send(
        self, method: str, address: str, fields: Mapping[str, str], hosts: Hosts, content: bytes | None = None
    ) -> httpx.Response:
        """The answer, of which the body has yet to be read. `hosts`: those on which private addresses may be reached;
        whoever says where to connect for a host has opened that address for it.
        """
        url = iri.to_uri(address)
        mapped = self._connect_to(redirects.host_of(url))
        transport = self._open if mapped is not None or is_written(url, hosts) else self._public
        if mapped is not None:
            url = urlsplit(url)._replace(scheme="http", netloc="{}:{}".format(*mapped)).geturl()
        # Validators may have other scripts, which aiohttp sends in UTF-8; httpx by itself takes ASCII alone.
        headers = httpx.Headers({"Host": iri.authority(address), **fields}, encoding="utf-8")
        # aiohttp would send a user name as ours.
        request = httpx.Request(method, without_user(url), headers=headers, content=content)
        return await transport.handle_async_request(request)


class _Leaving(aiohttp.ClientRequest):
    """A request that is sent when it may leave, over the connection that it has by then."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """As the request's; nothing is awaited between the leave and the sending."""
        if leave := leaving.get():
            await leave()
        return await super().send(conn)


def make_transport(connections: int, sockets: SocketFactory, most: int) -> httpx.AsyncBaseTransport:
    """The transport. It follows no redirect, keeps no cookie, asks no proxy, and connects only where `sockets`, which
    is handed every address before it is connected to, makes a socket. It has no timeout: the whole request has one.
    `most`: the bytes that a body may have; what comes around it is bounded accordingly.
    """

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=connections, socket_factory=sockets, ssl=certificates(), resolver=FirstAddresses(Lookup())
        )
        # There is no other way to say what reads a connection.
        connector._factory = cast(Any, functools.partial(framing.Handler, asyncio.get_running_loop(), most))
        return aiohttp.ClientSession(
            connector=connector,
            request_class=_Leaving,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_field_size=_MOST_FIELD_BYTES,
            max_line_size=_MOST_FIELD_BYTES,
            max_headers=_MOST_FIELDS,
        )

    # Its own context is for sessions that it makes itself; left to itself it would read all certificates for it.
    return AiohttpTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client=session)


def certificates() -> ssl.SSLContext | bool:
    """Whom to trust: True, the authorities that this system trusts, an operator's own among them, or those that
    SSL_CERT_FILE and SSL_CERT_DIR name; where there are none, as in a bare container, certifi's.
    """
    paths = ssl.get_default_verify_paths()  # None for those that are missing
    return bool(paths.cafile or (paths.capath and os.listdir(paths.capath))) or httpx.create_ssl_context()
