"""Reads a body up to a cap that counts before and after decompression, so that a small bomb stops where a large body
does; and undoes its content codings as far as its bytes can be read, whatever the field Content-Encoding says of them.
"""

from __future__ import annotations

import asyncio
import codecs
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import aiohttp
import httpx
from msgspec import Struct

from aggregator.fetch.limits import without_deadline
from aggregator.model.errors import BodyTooLarge, FetchError, FetchTimeout

ACCEPT_ENCODING = "gzip"
_GZIP = 16 + zlib.MAX_WBITS  # zlib reads the gzip header itself (RFC 1952)
# `deflate` is the first of these (RFC 9110 section 8.4.1.2), and often the second.
_ZLIB, _DEFLATE = zlib.MAX_WBITS, -zlib.MAX_WBITS
_MAGIC = b"\x1f\x8b"
_PIECE = 64 * 1024  # so much is unpacked at a time, so that a bomb never takes more room than the cap
_MOST_CODINGS = 3  # one over the other
_MOST_MEMBERS = 1_000  # of a gzip file
PACKED_MORE = 64 * 1024  # by so much may a packed body be larger than what it unpacks to
# What comes within the usual deadline over 56 kbit/s is less: it keeps no room from others, and has all the time.
_WITHOUT_ROOM = 256 * 1024
_PACE_BYTES = 32 * 1024
_MARGIN = 0.1  # seconds before a deadline, in which what came can be looked at

_GZIP_WORDS = frozenset(("gzip", "x-gzip"))
_PACKED_WORDS = frozenset((*_GZIP_WORDS, "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz", "aes128gcm"))
# How documents begin, after blanks: mark-up, JSON, or a byte order mark.
_BEGINS = re.compile(rb"[\0\t\n\r ]*(?:[<{\[]|\xef\xbb\xbf|\xff\xfe|\xfe\xff)")
_NO_TEXT = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
# The end of the root element of whatever the wire reads, with comments of caches behind it.
_ENDS = re.compile(
    rb"</(?:[\w.-]+:)?(?:rss|feed|rdf|urlset|sitemapindex|html)\s*>(?!.*<(?!!--))", re.IGNORECASE | re.DOTALL
)
_HAS_ENTRY = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry|url|sitemap)\s*>", re.IGNORECASE)
_LAST = 4096  # bytes, in which the end is looked for
_BREAKS_OFF = (httpx.HTTPError, aiohttp.ClientError, OSError)


class Body(Struct, frozen=True):
    """What came, unpacked."""

    content: bytes
    remark: str | None = None  # what was wrong with it; None: nothing
    is_cut: bool = False  # it does not end as a document does, so there is more of it


class Room(Struct, frozen=True):
    """Where a body is kept. Its beginning needs no room, so that one that comes slowly keeps it from nobody; a larger
    body takes it, and then has to go on; and a whole one takes another, which slow ones never have.
    """

    arrive: Callable[[], Awaitable[None]]  # waits for room for the rest of a large body; it is kept
    take: Callable[[], Awaitable[None]]  # waits for room for a whole one; it is kept
    deadline: asyncio.Timeout  # of the request, which the wait does not count for
    seconds: float  # in which `_PACE_BYTES` must come


async def read(
    chunks: AsyncIterator[bytes], encoding: str, most: int, *, room: Room | None = None, partial: bool = False
) -> Body:
    """The whole body, decompressed. `encoding` is the field Content-Encoding. Raises BodyTooLarge past `most` bytes,
    and FetchError for a body that cannot be unpacked or that breaks off.

    One that breaks off is read all the same where it ends as a whole document does, so that only its length was stated
    wrongly; and with `partial` also where it has at least one whole entry. With a `room`, where nothing more comes
    before its deadline, what came is looked at in the same way; else TimeoutError is raised, and FetchTimeout for one
    that comes too slowly.
    """
    packed = bytearray()
    broken = await _collect(chunks, packed, most + PACKED_MORE, room)
    if room is not None:
        await without_deadline(room.take, room.deadline)
    body = decoded(bytes(packed), encoding, most, is_whole=broken is None)
    if broken is None:
        return body
    if _is_complete(body.content):
        return Body(body.content, f"{broken}; it ends as a whole document does, and was read")
    if isinstance(broken, TimeoutError | FetchTimeout):
        raise broken
    if partial and _has_entry(body.content):
        return Body(body.content, f"{broken}; what came was read", is_cut=True)
    raise FetchError(str(broken)) from broken


async def head(chunks: AsyncIterator[bytes], encoding: str, most: int) -> bytes:
    """At most the first `most` bytes of a body, decompressed; where it breaks off, or is damaged, it ends there."""
    packed = bytearray()
    try:
        async for chunk in chunks:
            packed += chunk
            if len(packed) >= most:
                break
    except _BREAKS_OFF:
        if not packed:
            raise
    try:
        return _decoded(bytes(packed[:most]), encoding, most, cuts=True).content
    except FetchError:
        return b""


async def _collect(chunks: AsyncIterator[bytes], packed: bytearray, most: int, room: Room | None) -> Exception | None:
    """Adds what comes to `packed`; returns the error that ended it, where bytes had come before; None: it is whole."""
    until = room.deadline.when() if room else None
    try:
        async with asyncio.timeout_at(until - _MARGIN if until is not None else None) as ends:
            look_at = _WITHOUT_ROOM  # bytes, at which there is something to do
            async with asyncio.timeout(None) as stalls:
                async for chunk in chunks:
                    packed += chunk
                    if len(packed) > most:
                        raise _too_large(most)
                    if room is None or len(packed) < look_at:
                        continue
                    if look_at == _WITHOUT_ROOM:  # a large body: it takes its room, and then has to go on
                        stalls.reschedule(None)
                        await without_deadline(lambda: without_deadline(room.arrive, room.deadline), ends)
                    look_at = len(packed) + _PACE_BYTES
                    stalls.reschedule(asyncio.get_running_loop().time() + room.seconds)
    except TimeoutError:
        if not packed:
            raise
        if room and stalls.expired():
            return FetchTimeout(
                f"the body comes too slowly: after {len(packed)} bytes less than {_PACE_BYTES} in {room.seconds:g} s"
            )
        return TimeoutError("the server did not end its answer")
    except _BREAKS_OFF as error:
        if packed:
            return error
        raise
    return None


def decoded(packed: bytes, encoding: str, most: int, *, is_whole: bool = True) -> Body:
    """What a body unpacks to. Codings that are none, and those that the bytes do not have, are passed over: `utf-8` is
    a common one, and many a proxy unpacks a body and leaves the field. `is_whole`: its framing says that all of it
    came.

    Raises FetchError where the bytes are neither a document nor what can be unpacked, and BodyTooLarge.
    """
    body = _decoded(packed, encoding, most, cuts=False)
    if body.remark is None or not body.is_cut or not is_whole:
        return body
    if _is_complete(body.content):
        return Body(body.content, body.remark)
    if not _has_entry(body.content):
        raise FetchError(body.remark)
    return body


def _decoded(packed: bytes, encoding: str, most: int, *, cuts: bool) -> Body:
    """`cuts`: past `most` bytes the rest is left out, instead of an error."""
    codings = [word for part in encoding.lower().split(",") if (word := part.strip()) in _PACKED_WORDS]
    if len(codings) > _MOST_CODINGS:
        raise FetchError(f"the body came in Content-Encoding {encoding[:80]!r}; nobody packs one so often")
    content, remarks, is_cut = packed, [], False
    for coding in reversed(codings):
        wbits = _bits(content, coding)
        if wbits is None:
            if content and not _is_text(content):
                raise FetchError(
                    f"the body came in Content-Encoding {encoding[:80]!r}, and cannot be read; only gzip was asked for"
                )
            remarks.append(f"Content-Encoding says {coding}, and the body is not packed so")
            continue
        content, damage = _unpacked(content, wbits, most, cuts)
        if damage:
            remarks.append(f"the {coding} body {damage}")
            is_cut = True
    if len(content) > most:
        if not cuts:
            raise _too_large(most)
        content = content[:most]
    return Body(content, "; ".join(remarks) or None, is_cut)


def _bits(content: bytes, coding: str) -> int | None:
    """How zlib unpacks a body that is said to be in this coding, by its first bytes; None: not at all."""
    if coding not in ("deflate", *_GZIP_WORDS) or _is_text(content) or len(content) < 2:
        return None
    if content.startswith(_MAGIC):
        return _GZIP
    if content[0] & 0x0F == 8 and int.from_bytes(content[:2]) % 31 == 0:  # RFC 1950 section 2.2
        return _ZLIB
    return _DEFLATE if coding == "deflate" else _GZIP


def _is_text(content: bytes) -> bool:
    """Whether bytes are words, and not packed ones: these have control characters soon, or are no UTF-8."""
    start = content[:256]
    if _NO_TEXT.search(start):
        return False
    with suppress(UnicodeDecodeError):
        codecs.getincrementaldecoder("utf-8")().decode(start)
        return True
    return _BEGINS.match(content) is not None


def _unpacked(packed: bytes, wbits: int, most: int, cuts: bool) -> tuple[bytes, str | None]:
    """What a body unpacks to, and what is wrong with its end. A gzip file may have several members, one after the
    other; what stands behind the last, and begins as no member does, is left out.

    Raises FetchError for one that is damaged, and BodyTooLarge; with `cuts` neither: then it ends there.
    """
    content, at, members = bytearray(), 0, 0
    while not members or (wbits == _GZIP and packed.startswith(_MAGIC, at)):
        members += 1
        if members > _MOST_MEMBERS:
            raise FetchError(f"the gzip body has more than {_MOST_MEMBERS} members; no server packs one so")
        member = zlib.decompressobj(wbits)
        while not member.eof:
            given = member.unconsumed_tail
            if not given:
                given = packed[at : at + _PIECE]
                at += len(given)
            try:
                piece = member.decompress(given, _PIECE)
            except zlib.error as error:
                if cuts:
                    return bytes(content), f"is damaged: {error}"
                raise FetchError(f"the body is damaged, or not packed as it says: {error}") from error
            content += piece
            if len(content) > most:
                if cuts:
                    return bytes(content), None
                raise _too_large(most)
            if not given and not piece:  # all is taken, and no output is waiting
                return bytes(content), "breaks off before its end"
        at -= len(member.unused_data)
    return bytes(content), None


def _is_complete(content: bytes) -> bool:
    """Whether it ends as a whole document does."""
    last = content[-_LAST:].replace(b"\0", b"").rstrip()  # as good as decoded, should it be UTF-16
    if content[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith((b"{", b"[")):
        return last.endswith((b"}", b"]"))  # whoever reads JSON reads it whole, or not at all
    return _ENDS.search(last) is not None


def _has_entry(content: bytes) -> bool:
    return _HAS_ENTRY.search(content.replace(b"\0", b"")) is not None


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {most} bytes; raise [fetch] max_body_bytes if that is right")
