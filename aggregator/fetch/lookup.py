"""Looks names up with the system's resolver, in threads of its own: a name that answers slowly, or never, keeps no
other name from being looked up, nor the program from ending.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from aiohttp.abc import AbstractResolver, ResolveResult

T = TypeVar("T")

SECONDS = 10.0  # for one name; the whole request has a deadline besides
REMEMBERED_SECONDS = 60.0  # so long a name that failed is not looked up again
_MOST_REMEMBERED = 10_000

# As `socket.getaddrinfo`: host, port and family to the addresses that the system knows. Raises OSError.
GetAddresses = Callable[[str, int, socket.AddressFamily], "list[tuple[int, int, int, str, tuple[object, ...]]]"]


def _of_the_system(
    host: str, port: int, family: socket.AddressFamily
) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
    return list(socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG))


class Lookup(AbstractResolver):
    """Holds which names failed of late. One event loop, one Lookup."""

    def __init__(self, get_addresses: GetAddresses = _of_the_system, seconds: float = SECONDS) -> None:
        self._get_addresses = get_addresses
        self._seconds = seconds
        self._failed: dict[str, tuple[float, OSError]] = {}  # until when (monotonic seconds) its error stands

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name; raises OSError, also for one that has failed a moment ago."""
        until, known = self._failed.get(host, (0.0, None))
        if known and time.monotonic() < until:
            raise OSError(known.errno, known.strerror) from known
        try:
            async with asyncio.timeout(self._seconds):
                found = await _in_a_thread(lambda: self._get_addresses(host, port, family))
        except TimeoutError:
            raise self._remembered(host, OSError(None, f"its name was not found within {self._seconds:g} s")) from None
        except OSError as error:
            self._remembered(host, error)
            raise
        self._failed.pop(host, None)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for kind, _, proto, _, address in found
            if kind == socket.AF_INET or (kind == socket.AF_INET6 and not (len(address) > 3 and address[3]))
        ]  # an address of IPv6 with a scope is one of this machine's own network, which is refused

    def _remembered(self, host: str, error: OSError) -> OSError:
        while len(self._failed) >= _MOST_REMEMBERED:
            self._failed.pop(next(iter(self._failed)))
        self._failed[host] = (time.monotonic() + REMEMBERED_SECONDS, error)
        return error

    async def close(self) -> None:
        """Nothing is held open: a thread that still waits for the system ends by itself, or with the program."""


async def _in_a_thread(call: Callable[[], T]) -> T:
    """As `asyncio.to_thread`, in a thread that the end of the program does not wait for."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]  # a value, where there is no error

    def run() -> None:
        value, error = None, None
        try:
            value = call()
        except Exception as raised:
            error = raised
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=run, name="lookup", daemon=True).start()
    return await answer
