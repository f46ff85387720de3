"""What a request must be before anything is read for it: of a known host, small, and one of few of its address."""

from __future__ import annotations

import ipaddress
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from urllib.parse import unquote

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.text.printable import log_line
from aggregator.web.accepting import weights
from aggregator.web.problems import response

log = logging.getLogger("aggregator.web")

CLIENT = "aggregator.client"  # of a scope: the address that asks, behind proxies that are trusted; '': not known
_MOST_BODY = 65_536  # bytes
_MOST_HEADERS, _MOST_HEADER_BYTES = 100, 16_384
_MOST_ADDRESS = 4_096  # characters of path and query
# RFC 9112 section 3.2.2; RFC 9110 section 7.2: a host and a port, and nothing else.
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]*)?")
_REFERENCE = re.compile(r"/complaint/.*", re.IGNORECASE | re.DOTALL)
_HOP = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")
_SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
# Pages of other sites may read feeds and the API: no cookie is involved, and a token is sent only by whoever has it
# (https://fetch.spec.whatwg.org/#http-cors-protocol).
_OPEN = ("/feeds/", "/api/")
_READING = ("GET", "HEAD")
_FOR_ALL = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, Location, Retry-After, WWW-Authenticate"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_FOR_OURS = ((b"cross-origin-resource-policy", b"same-origin"),)
# Never over plain HTTP (RFC 6797 section 7.2); whoever brought HTTPS to readers is the proxy.
_BY_HTTPS = ((b"strict-transport-security", b"max-age=31536000"),)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": ", ".join(_READING),
    "Access-Control-Allow-Headers": "Authorization, If-None-Match",
    "Access-Control-Max-Age": "7200",
}


class Guards:
    """ASGI middleware, the outermost: refuses, bounds, logs without addresses, and adds what every answer has."""

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str], proxies: Collection[str], most: int,
        answered: Callable[[int], None], is_https: bool = False,
    ) -> None:  # fmt: skip
        """`is_https`: the wire's own address begins with https:, which a trusted proxy brings."""
        self._app, self._hosts, self._most, self._answered = app, frozenset(hosts), most, answered
        self._is_https = is_https
        self._proxies = tuple(ipaddress.ip_network(each) for each in proxies)
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _as_accepted(_of_origin_form(scope))
        began, status = time.monotonic(), 0
        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
        wanted = asked.get(b"access-control-request-method", "") if scope["method"] == "OPTIONS" else ""
        is_open = scope["path"].startswith(_OPEN) and (wanted or scope["method"]) in _READING

        transport = _BY_HTTPS if self._is_https and self._is_proxy(_peer(scope)) else ()

        async def said(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name for name, _ in message["headers"]}
                also = (*_SAFE, *(_FOR_ALL if is_open else _FOR_OURS), *transport)
                message["headers"] = [*message["headers"], *(each for each in also if each[0] not in names)]
            await send(message)

        client = self._client(scope)
        refused = self._refusal(scope, client)
        self._open[client] += 1
        try:
            if refused is not None:
                await response(*refused)(scope, receive, said)
            elif is_open and wanted:
                await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, said)
            else:
                await self._app({**scope, CLIENT: client}, _bounded(receive), said)
        except Exception:  # a fault of ours: the log has all of it, the client nothing
            log.exception("a request failed")
            if status:
                raise  # it has begun to be answered, so the connection is closed
            await response(500, "the program has a fault", "the operator finds it in the log")(scope, receive, said)
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]
            self._answered(status)
            taken = round(1_000 * (time.monotonic() - began), 1)
            path = without_reference(scope["path"])
            log.info("%s", log_line({"method": scope["method"], "path": path, "status": status, "ms": taken}))

    def _client(self, scope: Scope) -> str:
        """The address that asks: that of the last hop before a proxy that is trusted."""
        client = _peer(scope)
        said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = [_without_port(hop.strip()) for hop in ",".join(said).split(",") if hop.strip()]
        while hops and self._is_proxy(client):
            client = hops.pop()
        return client

    def _is_proxy(self, client: str) -> bool:
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def _refusal(
        self, scope: Scope, client: str
    ) -> tuple[int, str, str] | tuple[int, str, str, Mapping[str, str]] | None:
        headers = scope["headers"]
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        if len(hosts) != 1 or _host(hosts[0]) not in self._hosts:
            return 421, "this host is not served here", "set [serve] hosts in wire.toml to the names of this server"
        if len(headers) > _MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > _MOST_HEADER_BYTES:
            return 431, "the headers of the request are too large", ""
        if len(scope["raw_path"]) + len(scope["query_string"]) > _MOST_ADDRESS:
            return 414, "the address is too long", ""
        length = next((value for name, value in headers if name == b"content-length"), b"0")
        if not length.isdigit() or int(length) > _MOST_BODY:
            return 413, "the body of the request is too large", f"at most {_MOST_BODY:,} bytes are read"
        if self._open[client] >= self._most:
            return 429, "too many requests at once", "wait until others have been answered", {"Retry-After": "1"}
        return None


def without_reference(path: str) -> str:
    """A path as it may be logged, and linked to: without the reference of a complaint, by which its answer is read."""
    return _REFERENCE.sub("/complaint/-", path)


def _without_port(hop: str) -> str:
    """Some proxies name the port, too, which is another one for each connection."""
    found = _HOP.fullmatch(hop)
    return found[1] or found[2] if found else hop


def _of_origin_form(scope: Scope) -> Scope:
    """A request with its whole address is one for the host in it, whatever its field Host says."""
    found = _ABSOLUTE.match(scope["raw_path"])
    if found is None:
        return scope
    path = found[2] or b"/"
    others = ((name, value) for name, value in scope["headers"] if name != b"host")
    return {
        **scope,
        "raw_path": path,
        "path": unquote(path.decode("latin-1")),
        "headers": [(b"host", found[1]), *others],
    }


def _as_accepted(scope: Scope) -> Scope:
    """With `gzip` where the client accepts it, and else nothing: what compresses looks for this word alone."""
    said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-encoding"]
    accepted = [(b"accept-encoding", b"gzip")] if weights(said).get("gzip", 0.0) > 0 else []
    return {**scope, "headers": [*(each for each in scope["headers"] if each[0] != b"accept-encoding"), *accepted]}


def _peer(scope: Scope) -> str:
    """The address at the other end of the connection; '': there is none."""
    return str(scope["client"][0]) if scope.get("client") else ""


def _host(said: str) -> str:
    """The name in a field Host; '' where it is none."""
    found = _HOST.fullmatch(said)
    return (found[1] or found[2]).lower().rstrip(".") if found else ""


def _bounded(receive: Receive) -> Receive:
    """The body as far as it is read: what is sent without a length is bounded too."""
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return {"type": "http.disconnect"} if size > _MOST_BODY else message

    return bounded
