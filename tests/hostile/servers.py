"""Servers that send what no honest one does: each a function of the path that yields bytes, and seconds to wait."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat

Sent = Iterator[bytes | float]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
FEED = (
    b"<rss version='2.0'><channel><title>Hostile</title><item><guid>1</guid><title>One</title>"
    b"<link>http://hostile.example/1</link><description>Words.</description></item></channel></rss>"
)
ENDLESS = 4_000  # blocks of 64 kB, so that a test ends though nothing is bounded
BLOCK = 64 * 1024


def block(piece: bytes) -> bytes:
    """As many of the piece as a block holds."""
    return piece * max(1, BLOCK // len(piece))


def answer(body: bytes = FEED, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole answer, whose connection is closed behind it."""
    lines = (b"Content-Length: %d" % len(body), b"Connection: close", *fields)
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def always(*pieces: bytes | float) -> Callable[[str], Sent]:
    """The same for every path."""

    def steps(path: str) -> Sent:
        yield from pieces

    return steps


def endless(before: bytes, piece: bytes, blocks: int = ENDLESS) -> Callable[[str], Sent]:
    """Something, and then the same piece for ever, as fast as it is taken."""

    def steps(path: str) -> Sent:
        yield before
        yield from repeat(block(piece), blocks)

    return steps


def dripping(
    before: bytes, piece: bytes = b" ", seconds: float = 0.05, times: int = 2_000, after: bytes = b""
) -> Callable[[str], Sent]:
    """Something, and then the same piece again and again, with a wait before each; and how it ends."""

    def steps(path: str) -> Sent:
        yield before
        for _ in range(times):
            yield seconds
            yield piece
        yield after

    return steps


def in_pieces(whole: bytes, size: int) -> Callable[[str], Sent]:
    """An answer in packets of so many bytes; a wait of nothing sends each by itself."""

    def steps(path: str) -> Sent:
        for start in range(0, len(whole), size):
            yield whole[start : start + size]
            yield 0.0

    return steps


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Each as a chunk, without the last one."""
    return (b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def bomb(megabytes: int, wbits: int) -> bytes:
    """So many megabytes of zeros, packed as zlib's `wbits` says."""
    packer = zlib.compressobj(1, zlib.DEFLATED, wbits)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(megabytes)), packer.flush()])


def members(number: int) -> bytes:
    """A gzip file of so many members with nothing in them."""
    return gzip.compress(b"", mtime=0) * number


def redirecting(where: Callable[[str], bytes], *fields: bytes) -> Callable[[str], Sent]:
    """A redirect to the place that is made of each path."""

    def steps(path: str) -> Sent:
        yield answer(b"", b"Location: " + where(path), *fields, status=b"302 Found")

    return steps
