"""Counts what an answer takes off the wire: bytes and packets, of TLS and of HTTP alike.

A cap on the body bounds what is kept, but not what it costs to read: records of TLS that hold nothing, chunks of one
byte, fields without end and packets of one byte all cost processor time, and no byte of a document comes with them. So
the socket itself counts, below everything that reads it.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

# Beside the bytes of a body, for whatever it is wrapped in: fields, chunks, records of TLS and its handshake.
WRAPPING = 2 * 1024 * 1024
# A packet costs about as much as a thousand bytes do. Networks carry some 500 bytes in each at least (RFC 9293 section
# 3.7.1), and a small document may come as it likes.
MOST_PACKETS = 50_000
_BYTES_A_PACKET = 256


class TooMuch(OSError):
    """The answer costs more to read than a document may. Of the system's kind, so that asyncio ends the connection."""


class MeteredSocket(socket.socket):
    """A socket that fails at reading once an answer has taken too much. `begin` says that another begins."""

    _most = WRAPPING  # bytes; until a first request is sent there is only a handshake
    _bytes = 0
    _packets = 0

    def begin(self, most: int) -> None:
        """From here on an answer is counted whose body may have so many bytes."""
        self._most, self._bytes, self._packets = most + most // 8 + WRAPPING, 0, 0

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """As the socket's; raises TooMuch."""
        data = super().recv(size, flags)
        self._count(len(data))
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        """As the socket's; raises TooMuch."""
        came = super().recv_into(buffer, size, flags)
        self._count(came)
        return came

    def _count(self, came: int) -> None:
        self._bytes += came
        self._packets += 1
        if self._bytes > self._most:
            raise TooMuch(f"the answer takes more than {self._most} bytes off the wire")
        if self._packets > MOST_PACKETS + self._bytes // _BYTES_A_PACKET:
            raise TooMuch(f"the answer comes in more than {MOST_PACKETS} packets, of few bytes each")


def metered(transport: asyncio.BaseTransport | None) -> MeteredSocket | None:
    """The socket below a connection, if it is one that counts."""
    known = transport.get_extra_info("socket") if transport is not None else None
    inner = getattr(known, "_sock", None)  # asyncio hands out a view of it that cannot be read from
    return inner if isinstance(inner, MeteredSocket) else None
