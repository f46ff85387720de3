"""What goes wrong on the real web, on request: one function a kind, in the table MISBEHAVIOURS.

A kind turns what the server would honestly have said into a Plan: the bytes to send and the seconds to wait, lazily, so
that an answer without an end costs nothing until somebody reads it. The server bounds every plan in time and size.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from itertools import repeat

from msgspec import Struct

Headers = tuple[tuple[str, str], ...]
Answer = tuple[int, Headers, bytes]  # status, headers, body
Step = bytes | float  # bytes to send, or seconds to wait

CONSENT_PAGE = b"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Before you continue</title></head>
<body><h1>We value your privacy</h1><p>Please accept our 734 partners to go on.</p>
<form method="post" action="/consent"><button name="accept">Accept all</button></form></body></html>
"""

CHALLENGE = b"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Just a moment...</title></head>
<body><noscript>Enable JavaScript and cookies to continue</noscript><script>window._cf_chl_opt = {};</script>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>
"""


class Exchange(Struct, frozen=True):
    """A request and its honest answers: `answer` to what was asked, `plain` as if it had asked without conditions."""

    method: str
    conditional: bool
    answer: Answer
    plain: Answer


class Plan(Struct, frozen=True):
    """What goes over the wire. `keep`: whether the connection may serve another request after it."""

    status: int
    steps: Iterator[Step]
    keep: bool = True


def behave(exchange: Exchange) -> Plan:
    """The honest answer, for the requests with which nothing is wrong."""
    return _whole(exchange.answer)


def slow(exchange: Exchange, *, seconds: float = 5.0) -> Plan:
    """The first byte comes after so many seconds."""
    return Plan(exchange.answer[0], iter((float(seconds), _bytes(exchange.answer))))


def drip(exchange: Exchange, *, seconds: float = 0.5, size: int = 1) -> Plan:
    """The head at once, then `size` bytes of the body every so many seconds."""
    status, headers, body = exchange.answer

    def steps() -> Iterator[Step]:
        yield head(status, headers)
        for start in range(0, len(body), size):
            yield float(seconds)
            yield body[start : start + size]

    return Plan(status, steps())


def status(exchange: Exchange, *, status: int = 500, headers: Headers = (), body: bytes | None = None) -> Plan:
    """Any status: 403, 404, 410, 451, 500 ..."""
    page = f"<h1>{status}</h1>\n".encode() if body is None else body
    return _whole(_instead(exchange, status, headers, page))


def busy(exchange: Exchange, *, status: int = 429, retry_after: int | str | datetime = 120) -> Plan:
    """429 or 503 with Retry-After: seconds, an HTTP-date (from a datetime), or any literal."""
    stated = _http_date(retry_after) if isinstance(retry_after, datetime) else str(retry_after)
    return _whole(_instead(exchange, status, (("Retry-After", stated),), b"<h1>Too many requests</h1>\n"))


def truncated(exchange: Exchange, *, share: float = 0.5, chunked: bool = False) -> Plan:
    """The connection closes after a share of the body; `chunked`: in the middle of a chunk instead of a length."""
    status, headers, body = exchange.plain
    sent = body[: int(len(body) * share)]
    if chunked:
        return Plan(status, iter((head(status, _chunked(headers)), b"%x\r\n" % len(body), sent)), keep=False)
    return Plan(status, iter((head(status, headers), sent)), keep=False)


def endless(exchange: Exchange, *, fill: bytes = b"<!-- and so on -->\n") -> Plan:
    """The body never ends: after the honest bytes comes `fill` for as long as anybody reads."""
    status, headers, body = exchange.plain

    def steps() -> Iterator[Step]:
        yield head(status, _chunked(headers))
        yield _chunk(body or fill)
        yield from repeat(_chunk(fill * (65_536 // len(fill))))

    return Plan(status, steps(), keep=False)


def gzip_(exchange: Exchange, *, really: bool = True) -> Plan:
    """Content-Encoding: gzip although nobody asked; `really=False`: only the header says so."""
    status, headers, body = exchange.plain
    packed = gzip.compress(body, compresslevel=1, mtime=0) if really else body
    labelled = _with(headers, ("Content-Encoding", "gzip"), ("Content-Length", str(len(packed))))
    return _whole((status, labelled, packed if exchange.method != "HEAD" else b""))


def gzip_bomb(exchange: Exchange, *, size: int = 1 << 30) -> Plan:
    """`size` bytes of zeros, a thousandth of that on the wire, packed while they are sent."""
    headers = _with(_chunked(exchange.plain[1]), ("Content-Encoding", "gzip"))

    def steps() -> Iterator[Step]:
        yield head(200, headers)
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        zeros = bytes(1 << 20)
        for start in range(0, size, len(zeros)):
            packed = packer.compress(zeros[: size - start])
            if packed:
                yield _chunk(packed)
        yield _chunk(packer.flush()) + b"0\r\n\r\n"

    return Plan(200, steps(), keep=False)


def wrong_charset(exchange: Exchange, *, charset: str = "windows-1252") -> Plan:
    """The header names another charset than the bytes are in."""
    status, headers, body = exchange.answer
    media_type = dict(headers).get("Content-Type", "text/xml").partition(";")[0]
    return _whole((status, _with(headers, ("Content-Type", f"{media_type}; charset={charset}")), body))


def redirect(exchange: Exchange, *, location: str, status: int = 301) -> Plan:
    """301, 302, 303, 307 or 308 to any place, itself included."""
    return _whole(_instead(exchange, status, (("Location", location),), b""))


def close(exchange: Exchange) -> Plan:
    """The connection is accepted and closed without an answer."""
    return Plan(0, iter(()), keep=False)


def garbage(exchange: Exchange) -> Plan:
    """Bytes that are not HTTP."""
    return Plan(0, iter((b"\x00\x01SSH-2.0-not-a-web-server\r\n\r\n",)), keep=False)


def html(exchange: Exchange, *, body: bytes = CONSENT_PAGE) -> Plan:
    """A consent wall, with 200."""
    return _whole(_instead(exchange, 200, (), body))


def challenge(exchange: Exchange, *, status: int = 403, mitigated: bool = True) -> Plan:
    """Cloudflare asks for a browser; `mitigated`: and says so in the field that it documents."""
    fields = (("Server", "cloudflare"), *((("cf-mitigated", "challenge"),) if mitigated else ()))
    return _whole(_instead(exchange, status, fields, CHALLENGE))


def empty(exchange: Exchange) -> Plan:
    """200 and no body at all."""
    return _whole((200, _with(exchange.plain[1], ("Content-Length", "0")), b""))


def wrong_length(exchange: Exchange, *, by: int = -10) -> Plan:
    """Content-Length is off by so many bytes: below the truth when negative. The connection closes after the body."""
    status, headers, body = exchange.plain
    wrong = max(0, len(body) + by)
    return Plan(status, iter((head(status, _with(headers, ("Content-Length", str(wrong)))), body)), keep=False)


def huge_headers(exchange: Exchange, *, size: int = 1 << 20, each: int = 8000) -> Plan:
    """Headers of `size` bytes altogether, in fields of `each`, before an honest body."""
    status, headers, body = exchange.plain
    padding = tuple((f"X-Padding-{number}", "x" * each) for number in range(max(1, size // each)))
    return Plan(status, iter((head(status, headers + padding), body)), keep=False)


def lying_etag(exchange: Exchange, *, etag: str = '"never-changes"') -> Plan:
    """Whoever sends a validator is told 304, whatever has changed; everybody gets the same ETag."""
    status, headers, body = exchange.plain
    labelled = _with(_without(headers, "Last-Modified"), ("ETag", etag))
    if exchange.conditional:
        return _whole((304, _without(labelled, "Content-Length"), b""))
    return _whole((status, labelled, body))


def no_validators(exchange: Exchange) -> Plan:
    """Neither ETag nor Last-Modified, and conditions are ignored."""
    status, headers, body = exchange.plain
    return _whole((status, _without(headers, "ETag", "Last-Modified"), body))


def bad_dates(exchange: Exchange, *, last_modified: str = "Tue, 01 Jan 2041 00:00:00 GMT") -> Plan:
    """A Last-Modified in the future (or any literal), and no ETag."""
    status, headers, body = exchange.plain
    return _whole((status, _with(_without(headers, "ETag"), ("Last-Modified", last_modified)), body))


# Parts of an answer


def head(status: int, headers: Headers) -> bytes:
    """The status line and the header fields, with the empty line after them."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unheard Of"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1")


def _whole(answer: Answer) -> Plan:
    return Plan(answer[0], iter((_bytes(answer),)))


def _bytes(answer: Answer) -> bytes:
    return head(answer[0], answer[1]) + answer[2]


def _instead(exchange: Exchange, status: int, headers: Headers, body: bytes) -> Answer:
    about = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))))
    kept = tuple(pair for pair in exchange.plain[1] if pair[0] == "Date")
    return status, (*about, *kept, *headers), b"" if exchange.method == "HEAD" else body


def _with(headers: Headers, *pairs: tuple[str, str]) -> Headers:
    return _without(headers, *(name for name, _ in pairs)) + pairs


def _without(headers: Headers, *names: str) -> Headers:
    dropped = {name.lower() for name in names}
    return tuple(pair for pair in headers if pair[0].lower() not in dropped)


def _chunked(headers: Headers) -> Headers:
    return _with(_without(headers, "Content-Length"), ("Transfer-Encoding", "chunked"))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


MISBEHAVIOURS: Mapping[str, Callable[..., Plan]] = {
    "slow": slow,
    "drip": drip,
    "status": status,
    "busy": busy,
    "truncated": truncated,
    "endless": endless,
    "gzip": gzip_,
    "gzip_bomb": gzip_bomb,
    "wrong_charset": wrong_charset,
    "redirect": redirect,
    "close": close,
    "garbage": garbage,
    "html": html,
    "challenge": challenge,
    "empty": empty,
    "wrong_length": wrong_length,
    "huge_headers": huge_headers,
    "lying_etag": lying_etag,
    "no_validators": no_validators,
    "bad_dates": bad_dates,
}
