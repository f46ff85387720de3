"""Reads answers whose framing is wrong as far as their bytes can be read, and always in the same way, however the
packets fall; it alone knows how aiohttp's parser is fed.

The parser is strict in places where a recipient may go on (RFC 9110 section 5.5, RFC 9112 sections 5.1 and 6.3): it
loses a whole answer for one line without a colon, for a length that is stated twice, or for a byte behind the end of
the body that came in the same packet. So it is handed the head of each answer put right, and then the body by itself:

- a line without a colon, or with a name that no field has, is left out; a folded line is joined to the one before;
- of several equal lengths one is left; a length that is no number is none, so the body ends with the connection;
- `Transfer-Encoding: chunked` stands above a length; other transfer codings, which nobody asked for, are left out;
- what follows the end of a body is dropped, and the connection with it;
- of a body that breaks off, all that came is handed on before the error.

Two lengths that differ are an error: nobody can know which of them is true. So is more framing than any document needs:
it costs as much to read as a body does, and nothing comes with it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import Any

from aiohttp import ClientPayloadError, StreamReader
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct

from aggregator.fetch.metering import TooMuch, metered
from aggregator.model.errors import AnswerTooCostly

MOST_HEAD_BYTES = 256 * 1024  # as in browsers; no publisher's head is longer
_MOST_INTERIM = 20  # answers of 1xx before the answer itself
# Bytes of framing around a body. What costs processor time is each chunk, however small it is.
_MOST_FRAMING = 512 * 1024
_BODY_A_FRAMING = 32  # and a byte more for every so many of the body

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/(\d)(?:\.(\d))?[ \t]+(\d{3})(?:[ \t].*)?", re.DOTALL)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token (RFC 9110 section 5.6.2)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(rb"\d{1,18}")  # more digits are no length of anything

_Field = tuple[bytes, bytes]


class Head(Struct, frozen=True):
    """A status line and its fields, put right."""

    status: int
    fields: tuple[_Field, ...]
    length: int | None  # of the body, in bytes; None: not said, or it comes in chunks

    def __bytes__(self) -> bytes:
        lines = b"".join(b"%s: %s\r\n" % field for field in self.fields)
        return b"HTTP/1.1 %d \r\n%s\r\n" % (self.status, lines)


def read_head(head: bytes) -> Head | None:
    """The head of an answer, without the empty line behind it; None: it is none of HTTP."""
    first, *lines = head.split(b"\n")
    status = _STATUS.fullmatch(first.rstrip(b"\r"))
    if status is None:
        return None
    fields = list(_fields(lines))
    if status[1] == b"1" and status[2] == b"0" and b"keep-alive" not in _said(fields, b"connection"):
        fields.append((b"Connection", b"close"))
    # One word at most stays on where the body ends (RFC 9112 section 6.3).
    others = tuple(field for field in fields if field[0].lower() not in (b"content-length", b"transfer-encoding"))
    if b"chunked" in _said(fields, b"transfer-encoding"):
        return Head(int(status[3]), (*others, (b"Transfer-Encoding", b"chunked")), None)
    lengths = dict.fromkeys(int(value) for value in _said(fields, b"content-length") if _LENGTH.fullmatch(value))
    stated = tuple((b"Content-Length", b"%d" % length) for length in lengths)  # the parser refuses two
    return Head(int(status[3]), (*others, *stated), next(iter(lengths)) if len(lengths) == 1 else None)


def _fields(lines: Iterable[bytes]) -> Iterator[_Field]:
    """Names and values of the lines that are fields."""
    unfolded: list[list[bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded[-1].append(line.strip())
        else:
            unfolded.append([line])
    for parts in unfolded:
        name, colon, value = b" ".join(parts).partition(b":")
        if colon and _NAME.fullmatch(name.strip()):
            yield name.strip(), _CONTROL.sub(b" ", value).strip()


def _said(fields: Iterable[_Field], of: bytes) -> list[bytes]:
    """The members of a field's list, in small letters (RFC 9110 section 5.6.1)."""
    return [part.strip().lower() for name, value in fields if name.lower() == of for part in value.split(b",")]


class Handler(ResponseHandler):
    """One connection. `most`: the bytes that a body may have."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        super().__init__(loop=loop)
        self._most = most
        self._head: bytearray | None = None  # what came of it; None: no answer has been asked for, or it has passed
        self._interim = 0
        self._passed = 0  # bytes before the head: of interim answers and empty lines
        self._taken = 0  # bytes behind the head
        self._length: int | None = None
        self._broken: tuple[StreamReader, Exception] | None = None  # a body that breaks off, and how

    def set_response_params(self, **params: Any) -> None:
        self._head, self._interim, self._passed, self._taken = bytearray(), 0, 0, 0
        if known := metered(self.transport):
            known.begin(self._most)
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        if self._head is None or not data:
            self._go_on(data)
            return
        new = max(0, len(self._head) - 3)
        self._head += data
        while self._head is not None:
            if self._head.startswith((b"\r", b"\n")):  # empty lines before a status line (RFC 9112 section 2.2)
                begins = len(self._head) - len(self._head.lstrip(b"\r\n"))
                self._passed += begins
                del self._head[:begins]
            end = _END_OF_HEAD.search(self._head, min(new, len(self._head)))
            if end is None:
                break
            new = 0
            self._passed += end.end()
            self._pass_on(bytes(self._head[: end.start()]), bytes(self._head[end.end() :]))
        if self._head is not None:
            self._refuse_others()

    def _pass_on(self, head: bytes, rest: bytes) -> None:
        """Hands a head to the parser, and what follows it by itself: of what it is handed together it loses all."""
        known = read_head(head)
        if known is not None and 100 <= known.status < 200 and known.status != 101:
            self._interim += 1
            self._head = bytearray(rest)
            if self._interim > _MOST_INTERIM:
                self._refuse(f"more than {_MOST_INTERIM} answers of 1xx came before the answer itself")
            return
        self._head, self._length = None, known.length if known else None
        super().data_received(bytes(known) if known else head + b"\r\n\r\n")
        if rest and self.exception() is None:
            self._go_on(rest)

    def _go_on(self, data: bytes) -> None:
        """Hands a part of the body to the parser, and ends one that is hardly anything but framing."""
        super().data_received(data)
        self._taken += len(data)
        body = self._payload
        if body is None or body.is_eof() or body.exception() is not None:
            return
        framing = self._taken - body.total_bytes
        if framing > _MOST_FRAMING + body.total_bytes // _BODY_A_FRAMING:
            said = f"there are {framing} bytes of framing around {body.total_bytes} of a body"
            self._end(AnswerTooCostly(f"{said}: its chunks are too small, or what comes with them is too long"))

    def _refuse_others(self) -> None:
        """What cannot become a head is not waited for."""
        assert self._head is not None
        if not b"HTTP/".startswith(bytes(self._head[:5])):
            said, self._head = bytes(self._head), None
            super().data_received(said)
        elif self._passed + len(self._head) > MOST_HEAD_BYTES:
            self._refuse(f"its header fields have more than {MOST_HEAD_BYTES} bytes")

    def _refuse(self, why: str) -> None:
        self._head = None
        self._end(HttpProcessingError(message=why))

    def _end(self, error: Exception) -> None:
        """Ends the answer, and the connection at once: to close it in order would be to read on what comes."""
        if self._payload is not None:
            self._payload.set_exception(error)
        self.set_exception(error)
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """A body that breaks off ends with an error; but what came of it can be read before."""
        body, self._payload = self._payload, None  # else its error would stand before its bytes
        super().connection_lost(exc)
        if body is None or body.is_eof() or body.exception() is not None:
            return
        if isinstance(exc, TooMuch):
            body.set_exception(AnswerTooCostly(str(exc)))
            return
        came = body.total_bytes
        how = f"{came} bytes, before its last chunk" if self._length is None else f"{came} of {self._length} bytes"
        error = ClientPayloadError(f"the body breaks off after {how}")
        if body._size == 0:  # somebody may be waiting for more
            body.set_exception(error)
        else:
            self._broken = body, error
            body.feed_eof()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Is called whenever a body has been read so far that more can come."""
        if self._broken is not None and self._broken[0].at_eof():
            body, error = self._broken
            self._broken = None
            body.set_exception(error)
        super().resume_reading(resume_parser)
