"""HTTP/1.1 on loopback: one thread with one event loop, so that a thousand slow connections cost next to nothing.

It reads requests and plays what a handler answers: a series of bytes to send and seconds to wait. It knows nothing of
documents, and refuses to listen where anybody but this machine could reach it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aggregator.demo.arrivals import StampedSocket, arrived
from aggregator.model.errors import PressError

IDLE_SECONDS = 60.0  # how long a connection may stand open between two requests
ANSWER_SECONDS = 60.0  # the longest that one answer may take
ANSWER_BYTES = 64 << 20  # after this much, an answer of many steps is cut off
HEAD_BYTES = 64 << 10  # the longest request head that is read
BODY_BYTES = 1 << 20  # the longest request body that is read, and thrown away
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body; `host` without its port, header names in lower case."""

    method: str
    host: str
    target: str  # path and query
    headers: Mapping[str, str]
    at: float  # when it arrived, in seconds of the monotonic clock


Handler = Callable[[Request], tuple[Iterator[bytes | float], bool]]  # the steps; may the connection be kept


class Server:
    """Listens from `start` to `stop`. The handler is called in the server's thread."""

    def __init__(self, handler: Handler, host: str, port: int) -> None:
        self._handler = handler
        self.address = (host, port)  # with port 0 until `start` has found a free one
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="press", daemon=True)
        self._connections: set[asyncio.StreamWriter] = set()

    def start(self) -> None:
        """Raises PressError when the address is not loopback or the port is in use."""
        self._socket = _bound(*self.address)
        self.address = self._socket.getsockname()[:2]
        self._thread.start()
        if not self._ready.wait(10):
            raise PressError(f"the press did not start on {self.address[0]} within 10 seconds")

    def stop(self) -> None:
        """Cuts every connection and waits until the thread has ended, which takes milliseconds."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._connected, sock=self._socket, backlog=BACKLOG, limit=HEAD_BYTES)
        self._ready.set()
        await self._stopping.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for writer in tuple(self._connections):
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            # A client that hangs up, sends rubbish or waits too long is an ordinary end of a connection.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                while await self._exchange(reader, writer):
                    pass
        except asyncio.CancelledError:
            writer.transport.abort()  # the press is closing; raising on would only be logged
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer. True when the connection may serve another."""
        async with asyncio.timeout(IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            parsed = _parsed(head, arrived(writer.transport))
            if parsed is None:
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return False
            request, keep = parsed
            length = int(request.headers.get("content-length", 0))
            if length > BODY_BYTES:
                return False
            await reader.readexactly(length)
        steps, may_keep = self._handler(request)
        return await _play(reader, writer, steps) and keep and may_keep


async def _play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, steps: Iterator[bytes | float]) -> bool:
    """Sends and waits. False when the answer was cut short."""
    sent = 0
    async with asyncio.timeout(ANSWER_SECONDS):
        for step in steps:
            if isinstance(step, float):
                await asyncio.sleep(step)
                if reader.at_eof() or writer.is_closing():
                    return False  # nobody waits any more
                continue
            if sent > ANSWER_BYTES:
                return False
            writer.write(step)
            await writer.drain()
            sent += len(step)
    return True


def _parsed(head: bytes, at: float) -> tuple[Request, bool] | None:
    """The request, and whether the client keeps the connection; None when it is not HTTP/1."""
    first, _, rest = head.decode("latin-1").partition("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return None
    pairs = (line.partition(":") for line in rest.split("\r\n") if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if not headers.get("content-length", "0").isdecimal():
        return None
    host, target = headers.get("host", ""), words[1]
    if target.lower().startswith("http://"):  # absolute form, as to a proxy (RFC 9112 section 3.2.2)
        parts = urlsplit(target)
        host, target = parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    keep = headers.get("connection", "").lower() != "close" and words[2] != "HTTP/1.0"
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() and ":" in host else host
    return Request(words[0], name.lower(), target, headers, at), keep


def _bound(host: str, port: int) -> socket.socket:
    address = _loopback(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = StampedSocket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(BACKLOG)  # here already, so that a port in use is told by `start`
    except (OSError, OverflowError) as error:
        listening.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PressError(
                f"port {port} on {host} is in use; choose another with --port or stop the program that holds it"
            ) from error
        raise PressError(f"the press cannot listen on {host} port {port}: {error}") from error
    return listening


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    raise PressError(f"the press listens on loopback only: found host {host!r}, expected 127.0.0.1, ::1 or localhost")
