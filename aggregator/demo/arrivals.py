"""Sockets that say when what they read arrived at this machine, however late their reader looks."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import Any, Self

# Linux says it beside the bytes, as seconds and nanoseconds of the wall clock (socket(7); asm-generic/socket.h).
_SO_TIMESTAMPNS = 35
_TIME = struct.Struct("@ll")
_IS_SAID = sys.platform == "linux"


class StampedSocket(socket.socket):
    """So is what it accepts."""

    arrived: float | None = None  # the last bytes that were read, on the monotonic clock; None: the system does not say

    def accept(self) -> tuple[Self, Any]:
        """As the socket's."""
        accepted, address = super().accept()
        stamped = type(self)(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        if _IS_SAID:
            with suppress(OSError):
                stamped.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        return stamped, address

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """As the socket's."""
        data, beside, _, _ = self.recvmsg(size, socket.CMSG_SPACE(_TIME.size), flags)
        self.arrived = None
        for level, kind, said in beside:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(said) == _TIME.size:
                seconds, nanoseconds = _TIME.unpack(said)
                self.arrived = time.monotonic() - (time.time() - seconds - nanoseconds / 1e9)
        return data


def arrived(transport: asyncio.BaseTransport) -> float:
    """When the last bytes that were read from a connection arrived, on the monotonic clock; now, where nobody says."""
    known = getattr(transport.get_extra_info("socket"), "_sock", None)  # asyncio hands out a view of it
    at = known.arrived if isinstance(known, StampedSocket) else None
    return time.monotonic() if at is None else at
