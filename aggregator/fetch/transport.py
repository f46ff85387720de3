"""Makes the one HTTP transport of a process, and keeps it from what it must not do.

httpx speaks through aiohttp here, and is used at the level of its transport: redirects, cookies and proxies, which its
client adds and the wire decides for itself, cost more than a request that is answered with 304 (bench/README.md).
"""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any, cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from aggregator.fetch import framing
from aggregator.fetch.first_addresses import FirstAddresses
from aggregator.fetch.lookup import Lookup
from aggregator.fetch.starts import leaving

SocketFactory = Callable[..., socket.socket]

# No publisher's fields are longer or more; aiohttp refuses the answer beyond. Its defaults of 8 kB and 128 are too
# little for some content security policies, and for sites that name every file of a page in a field of its own.
_MOST_FIELD_BYTES = 32 * 1024
_MOST_FIELDS = 384


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
