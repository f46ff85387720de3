"""Makes the one HTTP transport of a process, and keeps it from what it must not do.

httpx speaks through aiohttp here, and is used at the level of its transport: redirects, cookies and proxies, which its
client adds and the wire decides for itself, cost more than a request that is answered with 304 (bench/README.md).
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

SocketFactory = Callable[..., socket.socket]

# No publisher's fields are longer; aiohttp refuses the answer beyond. Its default of 8 kB is too little for some
# content security policies.
_MOST_FIELD_BYTES = 32 * 1024
_MOST_FIELDS = 128


def make_transport(connections: int, sockets: SocketFactory) -> httpx.AsyncBaseTransport:
    """The transport. It follows no redirect, keeps no cookie, asks no proxy, and connects only where `sockets`, which
    is handed every address before it is connected to, makes a socket. It has no timeout: the whole request has one.
    """
    certificates = httpx.create_ssl_context()  # 30 ms to load, so once

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, socket_factory=sockets, ssl=certificates),
            cookie_jar=aiohttp.DummyCookieJar(),
            max_field_size=_MOST_FIELD_BYTES,
            max_line_size=_MOST_FIELD_BYTES,
            max_headers=_MOST_FIELDS,
        )

    return AiohttpTransport(verify=certificates, client=session)
