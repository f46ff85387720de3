"""A table of hostile servers: what becomes of each, what the others get meanwhile, and what it costs.

The limits of time and memory are ten times what was measured, so that a busy machine breaks none of them; most of what
stands here cost a hundred times as much, or did not end.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import process_time

import pytest
from msgspec import Struct
from msgspec.structs import replace

from aggregator.fetch import Fetcher, written_in
from aggregator.fetch.framing import read_head
from aggregator.fetch.metering import MOST_PACKETS, MeteredSocket, TooMuch
from aggregator.model import Validators
from aggregator.model.errors import FetchError
from tests.conftest import NOW, SOAK, WIRE, make_source, only_soak, some
from tests.hostile.servers import (
    CHUNKED,
    FEED,
    OK,
    always,
    answer,
    bomb,
    chunked,
    dripping,
    endless,
    in_pieces,
    members,
    redirecting,
)
from tests.hostile.table import Server, Table
from tests.rows import every_row

KB, MB = 1024, 1024 * 1024
ROBOTS = b"User-agent: TestWire\n"


class Expected(Struct, frozen=True, kw_only=True):
    """The outcome, the words of its error, and the most that it may cost."""

    outcome: str = "failed"
    error: str | None = None  # a part of it
    seconds: float = 1.0  # of processor time, of all processes
    peak: int = 30 * MB  # more than before
    asked: int | None = None  # connections, at most


def failed(error: str, seconds: float = 1.0, peak: int = 30 * MB, asked: int | None = None) -> Expected:
    return Expected(error=error, seconds=seconds, peak=peak, asked=asked)


FINE = Expected(outcome="ok")
COSTLY = replace(FINE, seconds=6.0, peak=200 * MB)
TOO_SMALL = "its chunks are too small"
FIELDS = "header fields have more than 262144 bytes"
LATE = "no whole answer within 1.5 s"
WHOLE = answer()
BOMB = bomb(100, 31)

NO_CONDITIONS = "to a request that had no conditions"
WILD = b"".join(b"Disallow: /*%d*q%d\n" % (number, number) for number in range(4_000))
AGENTS = b"".join(b"User-agent: a%d\n" % number for number in range(30_000))
SERVERS: dict[str, tuple[Server, Expected]] = {
    # what comes around a body
    "chunks of one byte": (Server(endless(CHUNKED, b"1\r\nx\r\n")), failed(TOO_SMALL, 4.0)),
    "chunks of 32 bytes": (Server(endless(CHUNKED, b"20\r\n" + b"x" * 32 + b"\r\n")), Expected(seconds=8.0)),
    "chunk extensions": (Server(endless(CHUNKED + b"1;", b"a=b;")), failed(TOO_SMALL)),
    "an extension at each chunk": (Server(endless(CHUNKED, b"1;a=b\r\nx\r\n")), failed(TOO_SMALL, 4.0)),
    "trailers": (Server(endless(CHUNKED + b"1\r\nx\r\n0\r\n", b"A: b\r\n")), failed("breaks off")),
    "header fields": (Server(endless(OK, b"X: a\r\n")), failed(FIELDS)),
    "one header field": (Server(endless(OK + b"X: ", b"a")), failed(FIELDS)),
    "folded lines": (Server(endless(OK + b"X: a\r\n", b" a\r\n")), failed(FIELDS)),
    "a status line": (Server(endless(b"HTTP/1.1 200", b" ")), failed(FIELDS)),
    "empty lines": (Server(endless(b"", b"\r\n")), failed(FIELDS)),
    "answers of 1xx": (Server(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")), failed("more than 20 answers of 1xx")),
    "large answers of 1xx": (
        Server(endless(b"", b"HTTP/1.1 103 Early Hints\r\n" + b"Link: a\r\n" * 5_000 + b"\r\n")),
        failed(FIELDS, 3.0),
    ),
    "garbage": (Server(endless(b"", bytes(range(256)))), failed("no HTTP that can be read")),
    "packets of one byte": (Server(in_pieces(WHOLE, 1)), FINE),
    # bodies
    "a body without end": (
        Server(endless(OK + b"\r\n", b"<!-- -->")),
        failed("the body is larger than", 2.0, 200 * MB),
    ),
    "a gzip bomb": (
        Server(always(answer(BOMB, b"Content-Encoding: gzip"))),
        failed("the body is larger than", 2.0, 200 * MB),
    ),
    "a bomb in a bomb": (
        Server(always(answer(gzip.compress(gzip.compress(BOMB)), b"Content-Encoding: gzip, gzip, gzip"))),
        failed("the body is larger than", 2.0, 200 * MB),
    ),
    "a deflate bomb": (
        Server(always(answer(bomb(100, -15), b"Content-Encoding: deflate"))),
        failed("the body is larger than", 2.0, 200 * MB),
    ),
    "members of gzip": (
        Server(always(answer(members(100_000), b"Content-Encoding: gzip"))),
        failed("more than 1000 members", 2.0, 200 * MB),
    ),
    "packed parts with nothing in them": (
        Server(always(answer(b"\x00\x00\x00\xff\xff" * 1_000_000, b"Content-Encoding: deflate"))),
        failed("breaks off before its end", 2.0, 300 * MB),
    ),
    "a wrong length": (
        Server(always(WHOLE.replace(b"Length: ", b"Length: 9"))),
        Expected(outcome="ok", error="breaks off"),
    ),
    "two lengths": (Server(always(answer(FEED, b"Content-Length: 5"))), failed("Content-Length")),
    # slow ones
    "a body that drips": (Server(dripping(OK + b"\r\n" + FEED[:50])), failed(LATE)),
    "fields that drip": (Server(dripping(OK, b"X: a\r\n")), failed(LATE)),
    "interim answers that drip": (Server(dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")), failed("more than 20")),
    "chunks that drip": (Server(dripping(CHUNKED, b"1\r\n \r\n")), failed(LATE)),
    "nothing at all": (Server(dripping(b"", b"")), failed(LATE)),
    "a large body that stalls": (
        Server(dripping(OK + b"\r\n" + b"<!-- -->" * 40_000)),
        failed("the body comes too slowly: after ", 2.0),
    ),
    "a robots.txt that drips": (Server(always(WHOLE), dripping(OK + b"\r\n", b"#")), FINE),
    # redirects and cookies
    "a redirect to itself": (Server(redirecting(lambda path: path.encode())), failed("in a circle", asked=3)),
    "redirects without end": (
        Server(redirecting(lambda path: path.encode() + b"/a")),
        failed("more than 5 redirects", asked=8),
    ),
    "cookies without end": (
        Server(redirecting(lambda path: path.encode(), b"Set-Cookie: a=b")),
        Expected(outcome="cookie", error="sets a cookie", asked=3),
    ),
    "a redirect of many kilobytes": (Server(redirecting(lambda path: b"/" + b"a/../" * 6_000)), failed("in a circle")),
    "a redirect to a host that is none": (
        Server(redirecting(lambda path: b"http://" + b"\xc3\xa9." * 9_000 + b"example/")),
        failed("cannot be looked up"),
    ),
    # fields that are read
    "cookies": (Server(always(answer(FEED, *[b"Set-Cookie: " + b"a=b; " * 6_000] * 7))), FINE),
    "a Cache-Control of quotes": (Server(always(answer(FEED, *[b"Cache-Control: " + b'a="\\' * 6_000] * 7))), FINE),
    "a Cache-Control of words": (Server(always(answer(FEED, *[b"Cache-Control: " + b"a " * 15_000] * 7))), COSTLY),
    "a Retry-After of digits": (Server(always(answer(FEED, b"Retry-After: " + b"1" * 31_000))), FINE),
    "dates of many words": (
        Server(always(answer(FEED, b"Expires: " + b"Mon, 1 " * 4_000, b"Date: " + b"Mon " * 7_000))),
        FINE,
    ),
    "an ETag that cannot be sent": (Server(always(answer(FEED, b'ETag: "caf\xe9-1"'))), FINE),
    # robots.txt
    "a robots.txt without end": (Server(always(WHOLE), endless(OK + b"\r\n" + ROBOTS, b"Disallow: /a\n")), COSTLY),
    "rules of robots.txt": (
        Server(always(WHOLE), always(answer(ROBOTS + WILD))),
        COSTLY,
    ),
    "wildcards of robots.txt": (
        Server(always(WHOLE), always(answer(ROBOTS + b"Disallow: /" + b"*d" * 240_000))),
        failed("so many rules with *", 6.0, 200 * MB),
    ),
    "agents of robots.txt": (
        Server(
            always(WHOLE),
            always(answer(AGENTS + ROBOTS + b"Disallow: /x\n")),
        ),
        COSTLY,
    ),
    # answers that are none
    "304 always": (
        Server(always(answer(b"", status=b"304 Not Modified"))),
        failed(NO_CONDITIONS),
    ),
    "the connection ends": (Server(always()), failed("disconnected")),
    "busy for years": (
        Server(always(answer(b"", b"Retry-After: 999999999999", status=b"503 Service Unavailable"))),
        failed("503"),
    ),
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    folder = tmp_path_factory.mktemp("servers")
    with Table(folder, rows=len(SERVERS) + 1, timeout=timedelta(seconds=1.5)) as opened:
        assert opened.run_beside(Server(always(WHOLE))).outcome == "ok"  # by now the reading process runs
        yield opened


# A neighbour in the table shows the same kind of fault for less, and tests/fetch/test_robots.py what rules cost.
_ONLY_SOAK = {
    "chunks of 32 bytes",
    "chunks that drip",
    "fields that drip",
    "rules of robots.txt",
    "agents of robots.txt",
}


@pytest.mark.soak
@pytest.mark.parametrize("name", [name for name in SERVERS if SOAK or name not in _ONLY_SOAK])
def test_a_hostile_server_costs_little_and_keeps_no_report_of_others(table: Table, name: str) -> None:
    server, expected = SERVERS[name]
    row = table.run_beside(server, good=2, seconds=30)
    assert row.outcome == expected.outcome, row.error
    assert (expected.error or "") in (row.error or "")
    assert len(row.error or "") <= 1_100
    assert row.others_stored == row.others_expected
    assert row.cpu_seconds < expected.seconds
    assert row.peak_bytes < expected.peak
    assert row.asked <= (expected.asked or 4)
    assert (table.health(row) is None) is (expected.outcome == "ok")
    if expected.outcome != "ok":
        assert (expected.error or "") in (table.health(row) or "")


# Many of them, and those who wait


CROWDS = {
    "bodies that drip": dripping(OK + b"\r\n" + FEED[:50]),
    "a beginning, and then a drip": dripping(OK + b"\r\n" + b" " * 200 * KB),
    "large bodies that drip": dripping(OK + b"\r\n" + b" " * 300 * KB),
    "fields that drip": dripping(OK, b"X: a\r\n"),
    "interim answers that drip": dripping(b"", b"HTTP/1.1 103 Early\r\n\r\n", seconds=0.5),
    "silence": dripping(b"", b""),
}


@pytest.mark.soak
@every_row("server", some(CROWDS.values(), 4), ids=some(CROWDS, 4))
def test_many_slow_servers_keep_nobody_behind_them_waiting(server: object, tmp_path: Path) -> None:
    """Twenty of them before six good ones, where two bodies are kept at once: these waited for their deadlines."""
    with Table(tmp_path, rows=20, timeout=timedelta(seconds=30), concurrency=2) as table:
        ended = table.crowd(Server(server), many=20, good=6)  # type: ignore[arg-type]
    assert [(poll.source.publisher[:5], poll.outcome) for poll in ended] == [("good-", "ok")] * 6


def test_large_bodies_wait_for_those_that_stall_no_longer_than_a_part_of_their_deadline(tmp_path: Path) -> None:
    large = FEED + b"<!-- -->" * 40_000
    with Table(tmp_path, rows=4, timeout=timedelta(seconds=4), concurrency=2) as table:
        stalls = dripping(OK + b"\r\n" + b" " * 300 * KB)
        ended = table.crowd(Server(stalls), many=4, good=3, document=large)
    assert {poll.outcome for poll in ended if poll.source.publisher.startswith("good-")} == {"ok"}
    # Those that stall may still be waited for then.
    assert {(poll.error or "")[:26] for poll in ended if poll.outcome == "failed"} <= {"the body comes too slowly:"}


HONEST = {
    "56 kbit/s": dripping(OK + b"\r\n" + FEED, b"<!--" + b" " * 690 + b"-->", seconds=0.1, times=8),
    "56 kbit/s in chunks": dripping(
        CHUNKED + b"".join(chunked([FEED])),
        b"2bc\r\n<!--" + b" " * 693 + b"-->\r\n",
        seconds=0.1,
        times=8,
        after=b"0\r\n\r\n",
    ),
    "a large one in pieces": dripping(OK + b"\r\n" + FEED, b"<!--" + b" " * 90_000 + b"-->", seconds=0.1, times=6),
    "a pause in the middle": dripping(OK + b"\r\n" + FEED + b"<!--" + b" " * 300 * KB + b"-->", b"<!-- -->", 0.3, 1),
}


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("patient"), rows=len(HONEST)) as opened:
        yield opened


@pytest.mark.parametrize("server", HONEST.values(), ids=HONEST)
def test_honest_servers_may_be_slow(server: object, patient: Table) -> None:
    assert patient.run_beside(Server(server), good=1).outcome == "ok"  # type: ignore[arg-type]


# Below HTTP


def test_packets_with_hardly_anything_in_them_are_counted() -> None:
    ours, theirs = socket.socketpair()
    with theirs, MeteredSocket(ours.family, ours.type, ours.proto, fileno=ours.detach()) as metered:
        metered.begin(16 * MB)
        theirs.sendall(b"x" * 205)
        for _ in range(MOST_PACKETS):
            theirs.send(b"x")
            metered.recv(1)
        with pytest.raises(TooMuch, match="packets"):
            [metered.recv(1) for _ in range(200)]
        metered.begin(16 * MB)  # and for each answer anew
        assert metered.recv(1) == b"x"


def test_bytes_off_the_wire_are_counted() -> None:
    ours, theirs = socket.socketpair()
    with theirs, MeteredSocket(ours.family, ours.type, ours.proto, fileno=ours.detach()) as metered:
        metered.begin(1 * MB)
        buffer = bytearray(64 * KB)
        theirs.settimeout(10)

        def pass_on() -> None:
            theirs.sendall(bytes(32 * KB))
            metered.recv_into(buffer)

        with pytest.raises(TooMuch, match="bytes off the wire"):
            [pass_on() for _ in range(200)]


RECORDS = {
    "handshake messages without end": b"\x16\x03\x03\x00\x05\x00\x00\x00\x01\x00",
    "alerts without end": b"\x15\x03\x03\x00\x02\x01\x5a",
    "application data": b"\x17\x03\x03\x00\x10" + b"x" * 16,
    "change cipher spec": b"\x14\x03\x03\x00\x01\x01",
    "no TLS": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "nothing but zeros": bytes(100),
}


@every_row("record", RECORDS.values(), ids=RECORDS)
def test_tls_that_is_none_ends_in_words_and_costs_little(record: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for _ in range(4_000):
                writer.write(record * (64 * KB // len(record)))
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        writer.close()

    async def fetch() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
        wire = replace(WIRE, fetch=replace(WIRE.fetch, timeout=timedelta(seconds=2)))
        async with server, Fetcher(wire) as fetcher, fetcher.turn(url, written_in((url,))) as turn:
            await fetcher.get(make_source(url), Validators(), turn, NOW)

    began = process_time()
    with pytest.raises(FetchError) as caught:
        asyncio.run(fetch())
    assert str(caught.value)
    assert process_time() - began < 5.0  # the server's own among it


def test_folded_lines_cost_no_more_than_their_length() -> None:
    began = process_time()
    known = read_head(b"HTTP/1.1 200 OK\nX: a" + b"\n a" * 85_000)
    assert known is not None
    assert len(known.fields[0][1]) == 2 * 85_000 + 1
    assert process_time() - began < 1.0


# For as long as the usual settings let them


@only_soak
@pytest.mark.soak
@pytest.mark.parametrize("name", SERVERS)
def test_a_hostile_server_with_the_usual_settings(name: str, tmp_path: Path) -> None:
    server, expected = SERVERS[name]
    with Table(tmp_path, rows=1, timeout=timedelta(seconds=30)) as table:
        row = table.run_beside(server, good=8, seconds=120)
    assert row.outcome == expected.outcome or expected.error == LATE
    assert row.others_stored == row.others_expected
    assert row.cpu_seconds < expected.seconds + 5


@only_soak
@pytest.mark.soak
@pytest.mark.parametrize("server", CROWDS.values(), ids=CROWDS)
def test_seventy_slow_servers_with_the_usual_settings(server: object, tmp_path: Path) -> None:
    with Table(tmp_path, rows=70, good=40, timeout=timedelta(seconds=30)) as table:
        ended = table.crowd(Server(server), many=70, good=40)  # type: ignore[arg-type]
    assert [(poll.source.publisher[:5], poll.outcome) for poll in ended] == [("good-", "ok")] * 40
