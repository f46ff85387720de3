"""Makes the one HTTP client of a process: httpx, and what it is kept from.

aiohttp carries the requests, through httpx-aiohttp: a conditional request then takes a tenth of the processor time
that httpx's own transport takes when many hosts are asked at once (bench/README.md).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

SocketFactory = Callable[..., socket.socket]

# No publisher's fields are longer; aiohttp refuses the answer beyond. Its default of 8 kB is too little for some
# content security policies.
_MOST_FIELD_BYTES = 32 * 1024


_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


def make_client(user_agent: str, accept_encoding: str, concurrency: int, sockets: SocketFactory) -> httpx.AsyncClient:
    """The client. It follows no redirect, keeps no cookie, asks no proxy, and connects only where `sockets`, which is
    handed every address before it is connected to, makes a socket.
    """

    certificates = httpx.create_ssl_context()  # 30 ms to load, so once

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=concurrency, socket_factory=sockets, ssl=certificates)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_field_size=_MOST_FIELD_BYTES,
            max_line_size=_MOST_FIELD_BYTES,
        )

    return httpx.AsyncClient(
        transport=AiohttpTransport(verify=certificates, client=session),
        headers={
            "User-Agent": user_agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": accept_encoding,
        },
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        timeout=None,  # the whole request has a deadline of its own; httpx counts each read anew
        trust_env=False,
    )
