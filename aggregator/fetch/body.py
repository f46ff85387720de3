"""Reads a body up to a cap that counts after decompression, so that a small bomb stops where a large body does."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from aggregator.errors import BodyTooLarge, FetchError

ACCEPT_ENCODING = "gzip"
_GZIP = 16 + zlib.MAX_WBITS  # zlib reads the gzip header itself (RFC 1952)
_PIECE = 64 * 1024  # so much is unpacked at a time, so that a bomb never takes more room than the cap


async def read(chunks: AsyncIterator[bytes], encoding: str, most: int) -> bytes:
    """The whole body, decompressed. `encoding` is the field Content-Encoding; raises BodyTooLarge past `most` bytes,
    and FetchError for an encoding that was not asked for or a body that breaks off.
    """
    codings = [coding for part in encoding.lower().split(",") if (coding := part.strip()) not in ("", "identity")]
    if not codings:
        return await _plain(chunks, most)
    if codings not in (["gzip"], ["x-gzip"]):
        raise FetchError(f"the body came in Content-Encoding {encoding!r}; only gzip was asked for")
    return await _gunzipped(chunks, most)


async def head(chunks: AsyncIterator[bytes], encoding: str, most: int) -> bytes:
    """At most the first `most` bytes of a body, decompressed; what is damaged or in another coding ends it there."""
    member = zlib.decompressobj(_GZIP) if encoding.strip().lower() in ("gzip", "x-gzip") else None
    body = bytearray()
    async for chunk in chunks:
        try:
            body += member.decompress(chunk, most) if member else chunk
        except zlib.error:
            break
        if len(body) >= most:
            break
    return bytes(body[:most])


async def _plain(chunks: AsyncIterator[bytes], most: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        _cap(len(body), most)
    return bytes(body)


async def _gunzipped(chunks: AsyncIterator[bytes], most: int) -> bytes:
    body = bytearray()
    member = zlib.decompressobj(_GZIP)
    async for chunk in chunks:
        piece = b""
        while chunk or len(piece) == _PIECE:  # a full piece may leave output waiting when all input is taken
            if member.eof:  # a gzip file may have several members, one after the other
                member = zlib.decompressobj(_GZIP)
            try:
                piece = member.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise FetchError(f"the gzip body is damaged: {error}") from error
            body += piece
            _cap(len(body), most)
            chunk = member.unused_data if member.eof else member.unconsumed_tail
            if member.eof and not chunk:
                break
    if not member.eof:
        raise FetchError("the gzip body breaks off before its end")
    return bytes(body)


def _cap(size: int, most: int) -> None:
    if size > most:
        raise BodyTooLarge(f"the body is larger than {most} bytes; raise [fetch] max_body_bytes if that is right")
