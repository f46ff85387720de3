"""HTTP, robots.txt and addresses as they are on the web: what is wrong and can be read is read, what cannot has words
of its own, and no source is lost for good by anything that a server once said.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.cli import aggregator
from aggregator.config.loading import load
from aggregator.config.new_publishers import Known, LeftOut, NewPublisher, Told
from aggregator.config.opml import Outline
from aggregator.demo import Press, Resource
from aggregator.fetch import Fetcher, framing, written_in
from aggregator.fetch.answers import retry_after
from aggregator.fetch.body import decoded
from aggregator.fetch.iri import to_uri
from aggregator.model import Contact, Due, FetchResult, Poll, PollSettings, Publisher, Recheck, Source, Validators
from aggregator.model.errors import (
    Challenge,
    CookiePage,
    FetchError,
    FetchTimeout,
    HttpStatus,
    PaymentRequired,
    RedirectRefused,
)
from aggregator.pipeline.probing import open_prober
from aggregator.scheduling.polls import pause_of_host, validators_for
from aggregator.scheduling.rechecks import judge
from aggregator.text.urls import ascii_host, is_https_of
from tests.cli.test_cli import Desk, make_config
from tests.config.test_config import SOUND
from tests.conftest import NOW, WIRE, make_publisher, some
from tests.fetch.test_fetch import get
from tests.fetch.test_robots import rules
from tests.rows import every_row
from tests.test_trip import Trip, feed

HOST = "daily-example.example"
FEED = f"http://{HOST}/feed"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BODY = feed(1, 2, 3)
NONE = Validators()


def source_of(url: str) -> Source:
    return Source(publisher="p", key="feed", url=url)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", BODY)
        yield opened


@pytest.fixture
def trip(press: Press, tmp_path: Path, publisher: Publisher) -> Trip:
    known = replace(publisher, contact=Contact(technical="webmaster@daily.example"))
    return Trip(press, tmp_path / "wire.db", [known])


def poll(trip: Trip, after: timedelta = timedelta(0)) -> Poll:
    trip.now += after
    (made,) = trip()
    return made


def asked(press: Press, path: str = "/feed") -> list[dict[str, str]]:
    return [dict(seen.headers) for seen in press.requests if seen.path == path]


def say(press: Press, status: int, *fields: tuple[str, str], body: bytes = b"", path: str = "/feed") -> None:
    press.misbehave(HOST, path, "status", status=status, headers=fields, body=body)


def serve(press: Press, body: bytes, *fields: tuple[str, str], path: str = "/feed") -> None:
    press.set_document(HOST, path, Resource(body, "application/xml", headers=fields, validators=False))


# A server that sends whatever bytes it is given, in pieces of one size


def raw(
    answer: bytes, size: int | None = None, closes: bool = True, seconds: float = 5.0, **options: bool
) -> FetchResult:
    """What is fetched where a server sends these bytes; `closes`: it ends the connection behind them."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            step = size or len(answer) or 1
            for start in range(0, len(answer), step):
                writer.write(answer[start : start + step])
                await writer.drain()
                await asyncio.sleep(0)  # whoever reads reads it now, by itself
            if not closes:
                await reader.read()
        writer.close()

    async def fetch() -> FetchResult:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
        wire = replace(WIRE, fetch=replace(WIRE.fetch, timeout=timedelta(seconds=seconds)))
        async with server, Fetcher(wire) as fetcher, fetcher.turn(url, written_in((url,))) as turn:
            return await fetcher.get(source_of(url), NONE, turn, NOW, **options)

    return asyncio.run(fetch())


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


def head(*lines: bytes, first: bytes = HEAD) -> bytes:
    return first + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def length(by: int = 0, body: bytes = BODY) -> bytes:
    return b"Content-Length: %d" % (len(body) + by)


def chunked(body: bytes = BODY, size: int = 100, ends: bool = True) -> bytes:
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + (b"0\r\n\r\n" if ends else b"")


CHUNKED = b"Transfer-Encoding: chunked"
WHOLE = {
    "honest": head(length()) + BODY,
    "until the end of the connection": head() + BODY,
    "HTTP/1.0": head(first=b"HTTP/1.0 200 OK\r\n") + BODY,
    "HTTP/1.0 with a length": head(length(), first=b"HTTP/1.0 200 OK\r\n") + BODY,
    "HTTP/2 in the status line": head(length(), first=b"HTTP/2 200\r\n") + BODY,
    "no phrase": head(length(), first=b"HTTP/1.1 200\r\n") + BODY,
    "a phrase in Latin-1": head(length(), first=b"HTTP/1.1 200 Trouv\xe9\r\n") + BODY,
    "empty lines first": b"\r\n\r\n" + head(length()) + BODY,
    "lines that end with LF": (head(length()) + b"").replace(b"\r\n", b"\n") + BODY,
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + head(length()) + BODY,
    "stray bytes behind the end": head(length()) + BODY + b"EVIL!",
    "stray bytes, and the connection closes": head(b"Connection: close", length()) + BODY + b"\r\n\r\n<!-- -->",
    "another answer behind the end": head(length()) + BODY + head(b"Content-Length: 3") + b"bad",
    "chunked": head(CHUNKED) + chunked(),
    "stray bytes behind the last chunk": head(CHUNKED) + chunked() + b"EVIL!",
    "chunked and a length": head(length(-20), CHUNKED) + chunked(),
    "chunked twice": head(CHUNKED, CHUNKED) + chunked(),
    "a transfer coding that is none": head(b"Transfer-Encoding: utf-8", length()) + BODY,
    "the same length twice": head(length(), length()) + BODY,
    "the same length in a list": head(length() + b", %d" % len(BODY)) + BODY,
    "a length that is no number": head(b"Content-Length: many") + BODY,
    "a length below zero": head(b"Content-Length: -1") + BODY,
    "a length without end": head(b"Content-Length: " + b"9" * 40) + BODY,
    "no length in its field": head(b"Content-Length:") + BODY,
    "one length that is a number": head(b"Content-Length: none", length()) + BODY,
    "a line without a colon": head(b"this is no field", length()) + BODY,
    "a line of mark-up": head(b"<br /><b>Warning</b>: Cannot modify header in x.php", length()) + BODY,
    "a blank before the colon": head(length().replace(b":", b" :")) + BODY,
    "a name that no field has": head(b"X Powered (By): a", length()) + BODY,
    "no name": head(b": a", length()) + BODY,
    "a folded line": head(b"X-Long: a", b"\t b: c", length()) + BODY,
    "control characters": head(b"X-Odd: a\x00b\x01c\x7f", length()) + BODY,
    "bytes of Latin-1": head(b"X-Odd: caf\xe9", length()) + BODY,
    "300 fields": head(*(b"X-%d: a" % number for number in range(300)), length()) + BODY,
    "a field of 30 kB": head(b"Content-Security-Policy: " + b"a" * 30_000, length()) + BODY,
}


@every_row("size", [None, 1, 997])
@every_row("answer", WHOLE.values(), ids=WHOLE)
def test_a_wrong_framing_costs_no_document_however_the_packets_fall(answer: bytes, size: int | None) -> None:
    result = raw(answer, size and max(size, len(answer) // 2_000), seconds=60.0)
    assert (result.http_status, result.body, result.remark, result.is_cut) == (200, BODY, None, False)


@every_row("size", [None, 1, 997])
@every_row("close", [[], [b"Connection: close"]])
def test_what_stands_behind_the_stated_length_is_left_out_in_one_packet_and_in_many(
    close: list[bytes], size: int | None
) -> None:
    assert raw(head(*close, length(-15)) + BODY, size).body == BODY[:-15]


def test_what_a_server_sends_unasked_is_no_answer_to_the_next_request() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(head(length()) + BODY + head(b"Content-Length: 3") + b"bad")
                await writer.drain()
        writer.close()

    async def fetch() -> list[bytes]:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
        async with server, Fetcher(WIRE) as fetcher:
            bodies = []
            for _ in range(5):
                async with fetcher.turn(url, written_in((url,))) as turn:
                    bodies.append((await fetcher.get(source_of(url), NONE, turn, NOW)).body)
        return bodies

    assert asyncio.run(fetch()) == [BODY] * 5


@pytest.mark.parametrize(("by", "new", "drops"), [(-1, 3, {}), (-15, 3, {}), (-40, 2, {"cut_off": 1})])
def test_what_such_a_length_leaves_of_a_document_is_mended(
    trip: Trip, by: int, new: int, drops: dict[str, int]
) -> None:
    """A length in characters, where the words have accents. The server always does so: it is no failure."""
    trip.press.misbehave(HOST, "/feed", "wrong_length", by=by)
    made = poll(trip)
    assert (made.outcome, made.new, dict(made.drops)) == ("ok", new, drops)


UNENDED = {
    "a length too great": head(length(+15)) + BODY,
    "a length in another unit": head(length(len(BODY))) + BODY,
    "no last chunk": head(CHUNKED) + chunked(ends=False),
    "a last chunk cut off": head(CHUNKED) + chunked(ends=False) + b"0",
    "garbage in a chunk's place": head(CHUNKED) + chunked(ends=False) + b"zz\r\n",
    "packed, and the rest missing": head(b"Content-Encoding: gzip", length(+15, gzip.compress(BODY)))
    + gzip.compress(BODY),
}


@every_row("size", [None, 1, 997])
@every_row("answer", UNENDED.values(), ids=UNENDED)
def test_a_document_that_ends_as_a_whole_one_does_is_read_whatever_its_framing_says(
    answer: bytes, size: int | None
) -> None:
    result = raw(answer, size)
    assert (result.body, result.is_cut) == (BODY, False)
    assert result.remark is not None
    assert result.remark.startswith("the body breaks off after ")


@pytest.mark.parametrize("tail", [b"", b"\r\n<!-- cached at 10:00 -->\n", b"\0" * 8])
def test_a_server_that_waits_for_nothing_behind_a_whole_document_does_not_keep_it_from_us(tail: bytes) -> None:
    result = raw(head(length(+500)) + BODY + tail, closes=False, seconds=0.5)
    assert result.body == BODY + tail
    assert "the server did not end its answer" in (result.remark or "")
    with pytest.raises(FetchTimeout):
        raw(head(length()) + BODY[:-40], closes=False, seconds=0.5)


JSON = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": "a"}]}'


@pytest.mark.parametrize("body", [JSON, BODY.decode().encode("utf-16"), b"<urlset><url></url></urlset>"])
def test_whole_documents_of_other_kinds_are_known_too(body: bytes) -> None:
    assert raw(head(length(+9, body)) + body).body == body


CUT = {
    "by its length": head(length()) + BODY[:-40],
    "by its chunks": head(CHUNKED) + chunked(BODY, 100)[: -(len(BODY) % 100) - 60],
    "before its first entry": head(length()) + BODY[:60],
    "before its first byte": head(length()),
}


@every_row("size", [None, 1])
@every_row("answer", CUT.values(), ids=CUT)
def test_a_document_that_breaks_off_fails_and_says_how_much_came(answer: bytes, size: int | None) -> None:
    with pytest.raises(FetchError, match=r"the body breaks off after \d+ (of|bytes)"):
        raw(answer, size)


def test_the_poll_after_takes_what_comes_of_it_and_no_validators() -> None:
    tagged = head(length(), b'ETag: "a"')
    result = raw(tagged + BODY[:-40], after_failure=True)
    assert (result.body, result.is_cut, result.validators) == (BODY[:-40], True, NONE)
    with pytest.raises(FetchError, match="breaks off"):  # there is no whole entry in it
        raw(tagged + BODY[:60], after_failure=True)


@every_row(
    ("answer", "said"),
    [
        (head(length(), length(-3)) + BODY, "Content-Length"),
        (b"\x00\x01SSH-2.0-x\r\n\r\n", "no HTTP"),
        (b"<rss></rss>", "no HTTP"),
        (head(b"X: " + b"a" * 40_000, length()) + BODY, "bytes"),
        (head(*[b"X: a"] * 500, length()) + BODY, "Too many headers"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30 + head(length()) + BODY, "more than 20 answers of 1xx"),
        (HEAD + b"X: a\r\n" * 60_000, "262144 bytes"),
        (HEAD, "disconnected"),
        (b"", "disconnected"),
    ],
)
def test_what_cannot_be_read_has_words(answer: bytes, said: str) -> None:
    with pytest.raises(FetchError, match=said) as caught:
        raw(answer)
    assert caught.value.answered


@given(st.binary(max_size=200), st.lists(st.binary(max_size=30), max_size=8))
def test_no_bytes_break_the_reading_of_a_head(first: bytes, lines: list[bytes]) -> None:
    known = framing.read_head(b"HTTP/1.1 200 " + first.replace(b"\n", b"") + b"\n" + b"\n".join(lines))
    assert known is not None
    said = bytes(known)
    assert said.count(b"\r\n") == len(known.fields) + 2
    assert framing.read_head(said.removesuffix(b"\r\n\r\n")) == known  # what was put right is right
    framing.read_head(first)


def test_a_source_that_always_breaks_off_is_read_from_its_second_poll_on(trip: Trip) -> None:
    trip.press.misbehave(HOST, "/feed", "truncated", share=0.8)
    first = poll(trip)
    assert (first.outcome, first.new) == ("failed", 0)
    second = poll(trip, HOUR)
    assert (second.outcome, second.new) == ("ok", 2)
    assert "breaks off after" in (second.error or "")
    assert trip.rows("SELECT etag, last_modified, body_hash FROM sources") == [(None, None, None)]
    trip.press.behave(HOST, "/feed")
    third = poll(trip, HOUR)
    assert (third.outcome, third.new, third.error) == ("ok", 1, None)
    assert "if-none-match" not in asked(trip.press)[-1]


# Content codings


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKED = gzip.compress(BODY)
CODED = {
    ("utf-8", BODY), ("none", BODY), ("binary", BODY), ("7bit", BODY), ("8bit", BODY), ("identity", BODY), ("", BODY),
    ("ISO-8859-1", BODY), ("chunked", BODY), ("gzip", BODY), ("x-gzip", BODY), ("deflate", BODY), ("br", BODY),
    ("gzip", PACKED), ("GZIP", PACKED), ("x-gzip", PACKED), ("gzip, gzip", gzip.compress(PACKED)),
    ("gzip, gzip", PACKED),
    ("identity, gzip", PACKED), ("gzip, utf-8", PACKED), ("deflate", zlib.compress(BODY)), ("deflate", deflated(BODY)),
    ("deflate", PACKED), ("gzip", zlib.compress(BODY)), ("deflate, gzip", gzip.compress(zlib.compress(BODY))),
    ("gzip", PACKED + b"\0" * 512), ("gzip", PACKED + b"trailing garbage"), ("gzip", PACKED[:-8]),
    ("gzip", b"\xef\xbb\xbf" + BODY), ("deflate", b"\r\n" + BODY), ("gzip", BODY.decode().encode("utf-16")),
    ("gzip", JSON), ("utf-8", JSON),
}  # fmt: skip


@pytest.mark.parametrize(("coding", "packed"), sorted(CODED))
def test_a_coding_is_undone_where_the_bytes_have_it_and_passed_over_where_not(
    press: Press, coding: str, packed: bytes
) -> None:
    fields = (("Content-Encoding", coding),) if coding else ()
    serve(press, packed, *fields)
    result = get(press, FEED)
    plain = {BODY, JSON, b"\xef\xbb\xbf" + BODY, b"\r\n" + BODY, BODY.decode().encode("utf-16")}
    assert result.body in plain
    assert (result.body == JSON) == (packed == JSON)
    assert not result.is_cut
    truthful = coding in ("gzip", "GZIP", "x-gzip") and packed in (PACKED, PACKED + b"\0" * 512)
    assert not (truthful and result.remark)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [("br", PACKED), ("zstd", b"\x28\xb5\x2f\xfd\x04\x00"), ("gzip", PACKED[:60] + b"\xff" * 9 + PACKED[69:]),
     ("gzip", b"\x1f\x8b\x08\x00"), ("deflate", b"\x00\xff\x00\xff"), ("gzip, gzip, gzip, gzip", PACKED)],
)  # fmt: skip
def test_bytes_that_nobody_can_unpack_have_words(press: Press, coding: str, packed: bytes) -> None:
    serve(press, packed, ("Content-Encoding", coding))
    with pytest.raises(FetchError, match=r"Content-Encoding|damaged|breaks off"):
        get(press, FEED)


def test_a_gzip_body_that_breaks_off_is_read_to_there_with_a_warning(trip: Trip) -> None:
    many = feed(*range(200))
    packed = gzip.compress(many, compresslevel=9)
    say(trip.press, 200, ("Content-Encoding", "gzip"), ("ETag", '"a"'), body=packed[: len(packed) // 2])
    made = poll(trip)
    assert made.outcome == "ok"
    assert "the gzip body breaks off before its end" in (made.error or "")
    assert 10 < made.new < 200
    assert trip.rows("SELECT etag, body_hash FROM sources") == [(None, None)]  # a 304 must not confirm it
    say(trip.press, 200, ("Content-Encoding", "gzip"), ("ETag", '"a"'), body=packed)
    again = poll(trip, HOUR)
    assert (again.outcome, again.error, again.new) == ("ok", None, 200 - made.new)


def test_bombs_of_every_kind_are_bounded() -> None:
    zeros = bytes(50_000_000)
    once = gzip.compress(zeros)
    for encoding, packed in (("gzip", once), ("deflate", zlib.compress(zeros)), ("gzip, gzip", gzip.compress(once))):
        with pytest.raises(FetchError, match="larger than 1000000 bytes"):
            decoded(packed, encoding, 1_000_000)
    with pytest.raises(FetchError, match="members"):
        decoded(gzip.compress(b"") * 2_000, "gzip", 1_000_000)


# Statuses


@pytest.mark.parametrize("status", [200, 201, 203, 207, 226, 299])
def test_a_success_with_a_document_is_one(press: Press, status: int) -> None:
    say(press, status, ("Content-Type", "application/rss+xml"), body=BODY)
    result = get(press, FEED)
    assert (result.http_status, result.body) == (status, BODY)


@pytest.mark.parametrize(
    ("status", "said"), [(202, "no document yet"), (204, "no document"), (205, "no document"), (206, "a part")]
)
def test_a_success_without_a_document_is_a_failure_with_words(press: Press, status: int, said: str) -> None:
    say(press, status, body=b"" if status == 204 else BODY)
    with pytest.raises(HttpStatus, match=rf"{status}: .*{said}"):
        get(press, FEED)


@pytest.mark.parametrize(
    ("stated", "is_cut"),
    [(f"bytes 0-{len(BODY) - 1}/{len(BODY)}", False), ("bytes 0-99/200", True), ("BYTES 0-99/*", True),
     ("bytes 10-99/100", None), ("bytes */100", None), ("0-99/100", None), ("", None)],
)  # fmt: skip
def test_a_part_counts_where_it_is_the_beginning(press: Press, stated: str, is_cut: bool | None) -> None:
    say(press, 206, ("Content-Range", stated), ("ETag", '"a"'), body=BODY)
    if is_cut is None:
        with pytest.raises(HttpStatus, match="206"):
            get(press, FEED)
    else:
        assert get(press, FEED).is_cut is is_cut


def test_a_redirect_that_leads_nowhere_says_so(press: Press) -> None:
    say(press, 302)
    with pytest.raises(HttpStatus, match="302: it redirects, and does not say where"):
        get(press, FEED)


# A source that always recovers


def test_a_304_that_nobody_asked_for_is_a_failure_and_heals_by_itself(trip: Trip) -> None:
    say(trip.press, 304)
    for number in range(1, 4):
        made = poll(trip, HOUR)
        assert (made.outcome, made.http_status) == ("failed", 304)
        assert trip.rows("SELECT failures, last_success FROM sources") == [(number, None)]
    ((problem, repair),) = trip.rows("SELECT problem, advice FROM health")
    assert "304: not modified, to a request that had no conditions" in str(problem)
    assert "aggregator fetch daily-example/feed" in str(repair)
    assert [fields.get("cache-control") for fields in asked(trip.press)] == [None, "no-cache", "no-cache"]
    trip.press.behave(HOST, "/feed")
    assert poll(trip, HOUR).outcome == "ok"
    assert trip.rows("SELECT failures, problem FROM health") == [(0, None)]


def test_such_a_304_in_between_forgets_what_it_would_have_confirmed(trip: Trip) -> None:
    trip.config = replace(trip.config, wire=replace(trip.config.wire, poll=PollSettings(unconditional_every=2)))
    poll(trip)
    assert poll(trip, HOUR).outcome == "not_modified"
    say(trip.press, 304)
    assert poll(trip, HOUR).outcome == "failed"
    assert trip.rows("SELECT etag, last_modified FROM sources") == [(None, None)]
    trip.press.behave(HOST, "/feed")
    trip.press.forget()
    assert poll(trip, HOUR).outcome == "unchanged"
    (fields,) = asked(trip.press)
    assert "if-none-match" not in fields
    assert fields["cache-control"] == "no-cache"
    trip.press.forget()
    assert poll(trip, HOUR).outcome == "not_modified"
    assert "cache-control" not in asked(trip.press)[0]


def test_a_304_says_nothing_of_a_page_that_was_asked_without_conditions(publisher: Publisher) -> None:
    async def visit(press: Press, validators: Validators) -> int:
        async with Fetcher(WIRE, lambda host: press.address) as fetcher:
            return (await fetcher.page(f"http://{HOST}/1", validators, NOW)).http_status

    step = Recheck(article_id=1, id="a", publisher="p", url=f"http://{HOST}/1", first_seen=NOW - HOUR)
    with Press(now=NOW) as press:
        say(press, 304, path="/1")
        assert asyncio.run(visit(press, NONE)) == 304
        visited = asyncio.run(_visited(press, step))
    assert judge(step, publisher, visited, NOW).there is None
    known = replace(step, validators=Validators('"a"'))
    assert judge(known, publisher, visited, NOW).there is True


async def _visited(press: Press, step: Recheck) -> object:
    async with Fetcher(WIRE, lambda host: press.address) as fetcher:
        return await fetcher.page(step.url, step.validators, NOW)


UTF_8 = '"été-✓"'
LATIN_1 = '"\xe9t\xe9"'


def as_sent(text: str) -> str:
    """As the press, which takes and gives fields in Latin-1, has the bytes of UTF-8."""
    return text.encode().decode("latin-1")


@pytest.mark.soak
@pytest.mark.parametrize(
    ("etag", "stored"),
    some(
        [
            (as_sent(UTF_8), UTF_8),
            (LATIN_1, None),  # bytes that are no UTF-8 cannot be sent back as they came
            ('"caf\xe9-1"', None),
            (as_sent('"a\x85b"'), '"a\x85b"'),
            ('"' + "a" * 1022 + '"', '"' + "a" * 1022 + '"'),
            ("", None),
            ('"' + "a" * 1023 + '"', None),
        ],
        5,
    ),
)
def test_a_validator_goes_back_byte_for_byte_or_not_at_all(trip: Trip, etag: str, stored: str | None) -> None:
    modified = "Sat, 21 Nov 2026 08:00:00 GMT"
    serve(trip.press, BODY, ("ETag", etag), ("Last-Modified", modified))
    assert poll(trip).outcome == "ok"
    assert trip.rows("SELECT etag, last_modified FROM sources") == [(stored, modified)]
    for _ in range(3):
        assert poll(trip, HOUR).outcome == "unchanged"
    for fields in asked(trip.press)[1:]:
        assert fields.get("if-none-match") == (etag if stored else None)
        assert fields["if-modified-since"] == modified
    assert trip.rows("SELECT failures, problem FROM health") == [(0, None)]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("etag", "modified"),
    some(
        [('"été"', None), ("été\x01", "Sat\r\nX: y"), ("a\nb", "\x7f"), ("\x00", "\x85"), ("x" * 5_000, "y" * 5_000)],
        3,
    ),
)
def test_a_database_with_a_validator_that_cannot_be_sent_heals_at_the_next_poll(
    trip: Trip, etag: str, modified: str | None
) -> None:
    poll(trip)
    with sqlite3.connect(trip.place) as connection:
        connection.execute("UPDATE sources SET etag = ?, last_modified = ?, failures = 24", (etag, modified))
    connection.close()
    made = poll(trip, HOUR)
    assert made.outcome in ("ok", "unchanged")
    assert trip.rows("SELECT failures, etag = ? FROM sources".replace("?", "'été'")) == [(0, 0)]
    assert poll(trip, HOUR).outcome == "not_modified"


@pytest.mark.soak
@pytest.mark.parametrize("status", some([400, 412, 431, 500], 2))
def test_a_server_that_fails_at_conditions_is_asked_without(trip: Trip, status: int) -> None:
    """Its validators are stored, and sending them is what it fails at: else it would fail for ever."""
    poll(trip)
    say(trip.press, status)
    poll(trip, HOUR)
    poll(trip, HOUR)
    trip.press.forget()
    trip.press.behave(HOST, "/feed")
    assert poll(trip, HOUR).outcome == "unchanged"
    assert "if-none-match" not in asked(trip.press)[0]
    assert poll(trip, HOUR).outcome == "not_modified"


def test_from_the_second_failure_on_no_validators_are_sent() -> None:
    source = Source(publisher="p", key="feed", url=FEED)
    kept = Validators('"a"')
    sent = [validators_for(Due(source=source, validators=kept, failures=n), PollSettings()) for n in range(4)]
    assert sent == [kept, kept, NONE, NONE]


# Retry-After, and the host's other sources


@every_row(
    ("value", "expected"),
    [("120.5", timedelta(seconds=121)), ("120.0", timedelta(seconds=120)), ("1d", None), ("-120", None), ("+5", None),
     ("1.5.5", None), ("10e3", None), ("1000000000000", timedelta(seconds=10**9)), ("\u0663", None), ("60 s", None),
     ("Fri, 31 Dec 9999 23:59:59 GMT", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))],
)  # fmt: skip
def test_retry_after_in_the_forms_of_the_web(value: str, expected: object) -> None:
    assert retry_after(value) == expected


SMALL = ("Wed, 21 Oct 2015 07:28:00 GMT", "0", "-1", "soon", "1", "59.9")


@pytest.mark.soak
@pytest.mark.parametrize(("status", "stated"), some(itertools.product((429, 503), SMALL), 2))
def test_a_tiny_or_old_retry_after_does_not_shorten_the_back_off(trip: Trip, stated: str, status: int) -> None:
    say(trip.press, status, ("Retry-After", stated))
    waits = []
    for _ in range(5):
        made = poll(trip, DAY)
        assert made.next is not None
        waits.append(made.next.at - made.started)
    assert waits[0] >= timedelta(minutes=30)
    assert all(later > earlier for earlier, later in itertools.pairwise(waits))


@pytest.mark.parametrize("stated", ["999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_retry_after_is_taken_for_more_than_a_week(trip: Trip, stated: str) -> None:
    say(trip.press, 503, ("Retry-After", stated))
    made = poll(trip)
    assert made.next is not None
    assert 7 * DAY <= made.next.at - made.started <= 8 * DAY


@pytest.mark.parametrize("status", [403, 404, 500, 502, 402])
def test_other_failures_may_say_when_to_come_back_too(trip: Trip, status: int) -> None:
    say(trip.press, status, ("Retry-After", "72000"))
    made = poll(trip)
    assert made.next is not None
    assert made.next.at - made.started >= timedelta(hours=20)


def test_a_document_and_a_redirect_may_say_so_too(trip: Trip) -> None:
    serve(trip.press, BODY, ("Retry-After", "36000"))
    made = poll(trip)
    assert made.next is not None
    assert (made.outcome, made.next.reason) == ("ok", "retry_after")
    assert made.next.at - made.started >= timedelta(hours=10)
    serve(trip.press, BODY, path="/there")
    say(trip.press, 302, ("Location", "/there"), ("Retry-After", "36000"))
    made = poll(trip, DAY)
    assert made.next is not None
    assert (made.outcome, made.next.reason) == ("unchanged", "retry_after")
    say(trip.press, 302, ("Location", "/nowhere"), ("Retry-After", "36000"))
    made = poll(trip, DAY)
    assert made.next is not None
    assert (made.http_status, made.next.reason) == (404, "retry_after")


def sisters(trip: Trip, *hosts: str) -> None:
    """One publisher each at these hosts, beside the first."""
    others = [
        replace(
            make_publisher(f"p{number}"),
            sources=(Source(publisher=f"p{number}", key="feed", url=f"http://{host}/feed"),),
        )
        for number, host in enumerate(hosts)
    ]
    trip.config = replace(trip.config, publishers=(*trip.config.publishers, *others))
    for host in hosts:
        trip.press.set_document(host, "/feed", feed(host))


def next_polls(trip: Trip) -> dict[str, tuple[str, str]]:
    return {
        str(key): (str(at), str(why))
        for key, at, why in trip.rows("SELECT publisher, next_at, next_reason FROM sources")
    }


@pytest.mark.parametrize(
    ("status", "fields", "hours"),
    [
        (429, (("Retry-After", "7200"),), 2.0),
        (503, (("Retry-After", "7200"),), 2.0),
        (429, (), 5 / 60),
        (503, (), None),
    ],
)
def test_a_host_that_has_too_much_to_do_is_spared_by_its_other_sources(
    trip: Trip, status: int, fields: Sequence[tuple[str, str]], hours: float | None
) -> None:
    sisters(trip, f"www.{HOST}", f"feeds.{HOST}", "elsewhere.example")
    trip.config = replace(
        trip.config,
        wire=replace(trip.config.wire, fetch=replace(trip.config.wire.fetch, per_domain_concurrency=1)),
    )
    say(trip.press, status, *fields)
    outcomes = {made.source.publisher: made.outcome for made in trip()}
    if hours is None:
        assert outcomes == {"daily-example": "failed", "p0": "ok", "p1": "ok", "p2": "ok"}
        return
    assert outcomes == {"daily-example": "failed", "p2": "ok"}  # the others were not asked at all
    assert {seen.host for seen in trip.press.requests if seen.path == "/feed"} == {HOST, "elsewhere.example"}
    planned = next_polls(trip)
    earliest = (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert all(planned[key][0] >= earliest and planned[key][1] == "retry_after" for key in ("p0", "p1"))
    assert trip.rows("SELECT sum(failures) FROM sources WHERE publisher LIKE 'p%'") == [(0,)]
    # A process that begins anew knows it too, and when the time is over all are asked.
    trip.press.forget()
    trip.now += timedelta(hours=hours) - timedelta(minutes=1)
    trip(due_only=True)
    assert not [seen for seen in trip.press.requests if seen.host in (f"www.{HOST}", f"feeds.{HOST}")]
    trip.now += timedelta(hours=1)
    assert {made.source.publisher: made.outcome for made in trip(due_only=True)}.items() >= {("p0", "ok"), ("p1", "ok")}


@pytest.mark.parametrize("path", ["/robots.txt", "/older"])
@pytest.mark.parametrize("status", [429, 503])
def test_so_it_is_when_an_older_page_or_robots_txt_says_so(trip: Trip, status: int, path: str) -> None:
    sisters(trip, f"www.{HOST}", "elsewhere.example")
    trip.config = replace(
        trip.config,
        wire=replace(trip.config.wire, fetch=replace(trip.config.wire.fetch, per_domain_concurrency=1)),
    )
    if path == "/older":  # is asked for where nothing that was listed before is listed still
        serve(trip.press, BODY)
        trip()
        trip.now += DAY
        named = f'<link xmlns="http://www.w3.org/2005/Atom" rel="next" href="http://{HOST}/older"/>'
        serve(trip.press, feed(7, 8, extra=named))
        trip.press.set_document(f"www.{HOST}", "/feed", feed(9))
    say(trip.press, status, ("Retry-After", "7200"), path=path)
    trip.press.forget()
    outcomes = {made.source.publisher: made.outcome for made in trip()}
    assert path in {seen.path for seen in trip.press.requests if seen.host == HOST}
    assert outcomes.keys() == {"daily-example", "p1"}  # the sister was not asked at all
    assert outcomes["daily-example"] == "ok"
    planned = next_polls(trip)
    earliest = (trip.now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert planned["p0"][0] >= earliest
    assert planned["p0"][1] == "retry_after"
    assert (planned["daily-example"][0] >= earliest) is (path == "/older")


def test_a_robots_txt_that_is_always_busy_postpones_no_source_for_ever(trip: Trip) -> None:
    sisters(trip, f"www.{HOST}")
    for host in (HOST, f"www.{HOST}"):
        trip.press.misbehave(host, "/robots.txt", "busy", retry_after=86_400)
    for _ in range(20):
        trip(due_only=True)
        trip.now += timedelta(hours=6)
    polled = trip.rows(
        "SELECT publisher, count(*) FROM polls JOIN sources ON sources.source_id = polls.source_id GROUP BY 1 ORDER"
        " BY 1"
    )
    assert all(count >= 3 for _, count in polled), polled
    assert len(polled) == 2


def test_what_another_host_says_to_an_address_that_a_publisher_chose_spares_none_of_its_sources(trip: Trip) -> None:
    sisters(trip, "elsewhere.example")
    trip.press.misbehave("elsewhere.example", "/limited", "busy", retry_after=86_400)
    say(trip.press, 302, ("Location", "http://elsewhere.example/limited"))
    assert {made.source.publisher: made.outcome for made in trip()} == {"daily-example": "failed", "p0": "ok"}
    assert next_polls(trip)["p0"][1] != "retry_after"


def test_the_command_says_how_many_were_not_asked(tmp_path: Path) -> None:
    with Press(now=NOW) as press:
        desk = Desk(tmp_path, press)  # of two publishers, who stand on one host
        wire = desk.config / "wire.toml"
        wire.write_text(wire.read_text().replace("per_domain_concurrency = 8", "per_domain_concurrency = 1"))
        press.misbehave("one.example", "/feed", "busy", retry_after=3600)
        told = desk("fetch", code=1)
        assert "one/one-example-feed: the server answered 429" in told
        assert "1 source was not fetched, because the host wants to be left alone for a while" in told
        assert desk("fetch") == ""
        assert [seen.host for seen in press.requests if seen.path == "/feed"] == ["one.example"]


def test_the_pause_of_a_host_is_bounded() -> None:
    settings = PollSettings()
    made = Poll(
        source=Source(publisher="p", key="f", url=FEED), started=NOW, seconds=0.1, outcome="failed", http_status=429
    )
    assert pause_of_host(made, settings) == settings.shortest
    for said in (timedelta(0), timedelta(seconds=-5), NOW - DAY):
        assert pause_of_host(replace(made, retry_after=said), settings) == settings.shortest
    for said in (365 * DAY, datetime(9999, 1, 1, tzinfo=UTC)):
        assert pause_of_host(replace(made, retry_after=said), settings) == settings.longest
    assert pause_of_host(replace(made, http_status=500, retry_after=HOUR), settings) is None
    assert pause_of_host(replace(made, http_status=None), settings) is None


# robots.txt

OURS = (
    "# rules",
    "User-agent: *",
    "Disallow:",
    "",
    "User-agent: TestWire",
    "Crawl-delay: 9",
    "Disallow: /private # all",
)


@every_row("end", ["\n", "\r\n", "\r", "\n\r", "\r\r\n", "\x0c\n", "\u2028", "\x85"])
@every_row("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_group_that_names_us_is_seen_with_any_line_ends_in_any_encoding(end: str, encoding: str) -> None:
    known = rules(end.join((*OURS, "")).encode(encoding))
    assert known.names_us_and_disallows(f"http://{HOST}/private/1")
    assert not known.names_us_and_disallows(f"http://{HOST}/public")
    assert (known.allows(f"http://{HOST}/private"), known.allows(f"http://{HOST}/"), known.delay) == (False, True, 9.0)


@every_row(
    "text",
    [
        "User-agent: OtherBot\r\nDisallow: /a\r\rUser-agent: TestWire\nDisallow: /",  # ends that differ
        "User-agent : TestWire\r\nDisallow : /",
        "  User-agent:TestWire\r\n\tDisallow:/",
        "USER-AGENT: TESTWIRE\r\nDISALLOW: /",
        "User-agent: TestWire # that is you\r\nDisallow: / # all of it",
        "User-agent: TestWire/2.1\r\nDisallow: /",
        "User-agent: TestWire/1.0 (+https://wire.example/bot)\r\nDisallow: /",
        'User-agent: "TestWire"\r\nDisallow: /',
        "User-agent: TestWire\u00a0\r\nDisallow:\u00a0/",
        "User-agent:\u200b TestWire\r\nDisallow: /",
        "\0User-agent: Test\0Wire\r\nDisallow: /",
        "User-agent: OtherBot, TestWire\r\nDisallow: /",
        "User-agent: OtherBot\r\nUser-agent: TestWire\r\nUser-agent: Third\r\nDisallow: /",
        "User-agent: TestWire\r\n\r\nDisallow: /",
        "User-agent: TestWire\r\nSitemap: http://x.example/s.xml\r\nUser-agent: Third\r\nDisallow: /",
        "User-agent: TestWire\r\nContent-Signal: ai-train=no\r\nNoindex: /a\r\nDisallow: /",
        "User-agent TestWire\r\nDisallow /",
        "Useragent: TestWire\r\nDissallow: /",
        "User_agent: TestWire\r\nDisalow: /",
        "User agent: TestWire\r\nDisallow: *",
        "\ufeff\ufeff# joined\r\n\ufeffUser-agent: TestWire\r\nDisallow: /",
        "User-agent：TestWire\r\nDisallow：/",
        "User-agent: *\r\nAllow: /\r\nUser-agent: TestWire\r\nDisallow: /\r\nUser-agent: testwire\r\nAllow: /b\r\n",
    ],
)
def test_slips_of_the_pen_do_not_hide_a_rule_for_us(text: str) -> None:
    assert rules(text).names_us_and_disallows(f"http://{HOST}/a")


@every_row(
    "text",
    [
        "User-agent: TestWireFeed\r\nDisallow: /",
        "User-agent: Test Wire\r\nDisallow: /",
        "User-agent: *\r\nDisallow: /",
        "User-agent: TestWire\r\nDisallow:\r\n",
        "# User-agent: TestWire\r\n# Disallow: /\r\n",
        "Disallow: /\r\nUser-agent: TestWire\r\nAllow: /",
        "User-agent: TestWire\r\nAllow: /\r\nUser-agent: Third\r\nDisallow: /",
        "User-agent: TestWire\r\nCrawl-delay: 3\r\nUser-agent: Third\r\nDisallow: /",
        "",
        "\r\n\r\n",
    ],
)
def test_no_rule_is_invented_for_us(text: str) -> None:
    assert not rules(text).names_us_and_disallows(f"http://{HOST}/a")


def test_an_address_of_many_kilobytes_is_not_visited_and_costs_nothing() -> None:
    text = "User-agent: *\n" + "".join(f"Disallow: /*{chr(97 + n % 26)}q*z{n}\n" for n in range(25_000))
    known = rules(text)
    assert known.allows(f"http://{HOST}/2026/11/29/le-pont-de-bamako-rouvre-lundi.html")
    assert not known.allows(f"http://{HOST}/" + "aq" * 2_000_000)


@pytest.mark.parametrize(("status", "refused"), [(200, True), (203, True), (204, False), (404, False)])
def test_robots_txt_of_any_success_counts(trip: Trip, status: int, refused: bool) -> None:
    text = b"" if status == 204 else b"User-agent: TestWire\r\nDisallow: /\r\n"
    trip.press.misbehave(HOST, "/robots.txt", "status", status=status, body=text)
    assert (poll(trip).outcome == "failed") is refused


@pytest.mark.parametrize(
    ("fields", "packed"),
    [(("gzip",), False), (("utf-8",), False), (("gzip",), True), (("deflate",), True), (("gzip, gzip",), True)],
)
def test_robots_txt_is_unpacked_as_documents_are(trip: Trip, fields: tuple[str], packed: bool) -> None:
    text = b"User-agent: TestWire\rDisallow: /\r"
    body = gzip.compress(text) if packed else text
    trip.press.set_document(
        HOST, "/robots.txt", Resource(body, "text/plain", headers=(("Content-Encoding", fields[0]),))
    )
    made = poll(trip)
    assert "names TestWire and disallows" in (made.error or "")


def test_a_robots_txt_whose_length_is_wrong_counts_as_far_as_it_came(trip: Trip) -> None:
    trip.press.set_document(HOST, "/robots.txt", Resource(b"User-agent: TestWire\rDisallow: /\r", "text/plain"))
    trip.press.misbehave(HOST, "/robots.txt", "wrong_length", by=20)
    assert "names TestWire and disallows" in (poll(trip).error or "")


# Internationalised hosts and addresses

IDN = "journal-été.example"
ACE = "xn--journal-t-i4ab.example"


@pytest.mark.parametrize(
    "host",
    [
        "☕.example",
        "-é.example",
        "é..example",
        "a" * 64 + ".example",
        "%ff.example",
        "%2f.example",
        "é." * 200 + "example",
    ],
)
def test_a_host_that_dns_cannot_hold_is_refused_in_words(press: Press, host: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ascii_host(host)
    with pytest.raises(FetchError, match="a host that cannot be looked up"):
        get(press, f"http://{host}/feed")
    assert press.requests == ()


@every_row(
    "url",
    [f"http://{IDN}/feed", f"http://{ACE}/feed", "http://journal-%C3%A9t%C3%A9.example/feed", f"http://{IDN}:80/feed"],
)
def test_an_internationalised_host_is_connected_to_and_named(url: str) -> None:
    connected = []

    async def fetch(press: Press) -> FetchResult:
        def connect_to(host: str) -> tuple[str, int]:
            connected.append(host)
            return press.address

        async with Fetcher(WIRE, connect_to) as fetcher, fetcher.turn(url, written_in((url,))) as turn:
            await fetcher.heed(url, turn, NOW)
            return await fetcher.get(source_of(url), NONE, turn, NOW)

    with Press(now=NOW) as press:
        press.set_document(ACE, "/feed", BODY)
        assert asyncio.run(fetch(press)).body == BODY
        assert set(connected) == {ACE}
        assert {seen.headers["host"].removesuffix(":80") for seen in press.requests} == {ACE}
        press.set_document(ACE, "/robots.txt", Resource(b"User-agent: TestWire\r\nDisallow: /feed", "text/plain"))
        with pytest.raises(FetchError, match=rf"{ACE}.*/robots.txt \(200\) names TestWire"):
            asyncio.run(fetch(press))


@pytest.mark.parametrize(
    ("location", "at"),
    [
        (as_sent(f"http://{IDN}/f"), f"http://{ACE}/f"),
        (f"http://{IDN}/f", f"http://{ACE}/f"),  # in Latin-1
        ("//journal-%C3%A9t%C3%A9.example/f", f"http://{ACE}/f"),
        (f"http://{ACE}/f", f"http://{ACE}/f"),
        (as_sent("/été?q=thé"), f"http://{HOST}/%C3%A9t%C3%A9?q=th%C3%A9"),
        ("/\xe9t\xe9", f"http://{HOST}/%E9t%E9"),  # its own bytes, whatever they mean
        ("/%C3%A9t%C3%A9", f"http://{HOST}/%C3%A9t%C3%A9"),
        (as_sent("/نص"), f"http://{HOST}/%D9%86%D8%B5"),
    ],
)
def test_redirects_in_other_scripts_are_followed_byte_for_byte(press: Press, location: str, at: str) -> None:
    say(press, 301, ("Location", location))
    for host in (ACE, HOST):
        for path in ("/f", "/%C3%A9t%C3%A9", "/%E9t%E9", "/%D9%86%D8%B5"):
            press.set_document(host, path, BODY)
    result = get(press, FEED)
    assert (result.url, result.moved_to) == (at, at)


@pytest.mark.parametrize("location", ["http://☕.example/", "http://é..example/"])
def test_a_redirect_to_a_host_that_is_none_says_so(press: Press, location: str) -> None:
    say(press, 301, ("Location", as_sent(location)))
    with pytest.raises(FetchError, match="a host that cannot be looked up"):
        get(press, FEED)


@pytest.mark.parametrize("path", ["/fil/actualités.xml", "/fil/actualit%C3%A9s.xml"])
def test_an_address_of_a_source_may_have_other_scripts(trip: Trip, path: str) -> None:
    (publisher,) = trip.config.publishers
    source = replace(publisher.sources[0], url=f"http://{IDN}{path}?thème=économie")
    trip.config = replace(trip.config, publishers=(replace(publisher, sources=(source,)),))
    trip.press.set_document(ACE, "/fil/actualit%C3%A9s.xml?th%C3%A8me=%C3%A9conomie", BODY)
    assert poll(trip).outcome == "ok"
    assert poll(trip, HOUR).outcome == "not_modified"
    assert trip.rows("SELECT url, old_url, moved_to FROM sources") == [(source.url, None, None)]


def configured(tmp_path: Path, url: str) -> Path:
    import shutil

    folder = Path(shutil.copytree(SOUND, tmp_path / "config"))
    daily = folder / "publishers" / "ml" / "daily.toml"
    daily.write_text(daily.read_text() + f'\n[[source]]\nkey = "other"\nurl = "{url}"\n')
    return folder


def test_check_takes_hosts_in_other_scripts_and_refuses_those_that_are_none(tmp_path: Path) -> None:
    load(configured(tmp_path / "a", f"http://{IDN}/feed"))
    [fault] = load(configured(tmp_path / "b", "http://☕.example/feed")).faults
    assert "☕" in fault
    assert "a host that can be looked up by IDNA" in fault


def test_one_address_in_two_spellings_is_one_address(tmp_path: Path) -> None:
    folder = configured(tmp_path, f"http://{IDN}/feed")
    other = folder / "publishers" / "ml" / "daily.toml"
    other.write_text(other.read_text() + f'\n[[source]]\nkey = "third"\nurl = "https://www.{ACE}/feed/"\n')
    [fault] = load(folder).faults
    assert "an address that no other source has" in fault


def test_import_knows_a_domain_in_every_spelling(tmp_path: Path) -> None:
    known = Known(load(configured(tmp_path, f"http://{IDN}/feed")).publishers)
    told = Told(country="ML", language="fr")
    urls = (
        f"http://{ACE}/feed",
        "http://été.example/feed",
        "http://www.xn--t-9fab.example/other",
        "http://☕.example/",
    )
    sorted_ = list(known.sort([Outline(title=url, url=url) for url in urls], told))
    assert [type(each) for each in sorted_] == [LeftOut, NewPublisher, LeftOut, LeftOut]
    assert "its host cannot be looked up" in sorted_[-1].why  # type: ignore[union-attr]


def test_probe_finds_the_feed_of_an_internationalised_site() -> None:
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/fil"></head></html>'

    async def probe(press: Press) -> list[str]:
        async with open_prober(WIRE, lambda: NOW, lambda host: press.address) as prober:
            return [found_feed.url for found_feed in (await prober.discover(f"http://{IDN}/")).feeds]

    with Press(now=NOW) as press:
        press.set_document(ACE, "/", Resource(page, "text/html"))
        press.set_document(ACE, "/fil", BODY)
        press.set_document(
            ACE,
            "/robots.txt",
            Resource(f"Sitemap: http://{ACE}/news-sitemap.xml\rUser-agent: x\r".encode(), "text/plain"),
        )
        assert asyncio.run(probe(press)) == [f"http://{ACE}/fil"]
        assert "/news-sitemap.xml" in {seen.path for seen in press.requests}  # robots.txt with CR alone


@given(st.text(max_size=40))
def test_no_text_breaks_the_writing_of_addresses(text: str) -> None:
    with suppress(FetchError):
        written = to_uri(f"http://daily.example/{text}")
        assert written.isascii()
        assert to_uri(written) == written


def test_an_upgrade_to_https_is_one_in_either_spelling_of_the_host() -> None:
    assert is_https_of(f"http://{IDN}/feed", f"https://{ACE}/feed")
    assert not is_https_of(f"http://{IDN}/feed", "https://xn--t-9fab.example/feed")


# Walls


def test_a_wall_that_asks_for_a_cookie_is_named_at_its_first_repeat(trip: Trip) -> None:
    say(trip.press, 302, ("Location", "/feed"), ("Set-Cookie", "seen=1; path=/"))
    made = poll(trip)
    assert made.outcome == "cookie"
    assert "sets a cookie and redirects back" in (made.error or "")
    assert "ask Daily Example to let this wire's reader through: webmaster@daily.example" in (made.error or "")
    assert len(asked(trip.press)) == 1
    assert trip.rows("SELECT failures FROM sources") == [(1,)]


def test_a_wall_may_lead_through_other_addresses(press: Press) -> None:
    say(press, 302, ("Location", f"http://auth.{HOST}/check"), ("Set-Cookie", "seen=1"))
    press.misbehave(f"auth.{HOST}", "/check", "redirect", status=302, location=FEED)
    with pytest.raises(CookiePage, match=FEED):
        get(press, FEED)
    assert [seen.path for seen in press.requests] == ["/feed", "/check"]


def test_redirects_in_a_circle_are_told_when_they_repeat(press: Press) -> None:
    say(press, 302, ("Location", "/feed"))
    with pytest.raises(RedirectRefused, match="in a circle"):
        get(press, FEED)
    assert len(press.requests) == 1
    press.forget()
    say(press, 302, ("Location", "/a"))
    say(press, 302, ("Location", "/feed"), path="/a")
    with pytest.raises(RedirectRefused, match="in a circle"):
        get(press, FEED)
    assert len(press.requests) == 3


def test_a_way_without_end_on_which_cookies_are_set_is_a_wall(press: Press) -> None:
    for number in range(7):
        fields = (("Location", f"/feed?try={number + 1}"), ("Set-Cookie", f"try={number}"))
        say(press, 302, *fields, path="/feed" if not number else f"/feed?try={number}")
    with pytest.raises(CookiePage, match="more than 5 redirects"):
        get(press, FEED)


def test_a_cookie_on_the_way_to_a_document_is_no_wall(press: Press) -> None:
    say(press, 302, ("Location", "/there"), ("Set-Cookie", "seen=1"))
    press.set_document(HOST, "/there", BODY)
    assert get(press, FEED).body == BODY


@pytest.mark.parametrize(
    ("fields", "page"),
    [
        ((), b"<html><script>document.cookie='a=1; path=/'; location.reload();</script></html>"),
        ((), b"<html><body><script>document.cookie = 'human=1';window.location.href='/feed?i=1'</script>"
             b"<noscript>This site requires Javascript to work, please enable Javascript</noscript></body></html>"),
        ((), b"<html><head><meta http-equiv='refresh' content='0'><script>document.cookie='x'</script></head></html>"),
        ((("Set-Cookie", "a=1"),), b"<html><head><meta http-equiv=refresh content=\"0; url=/feed\"></head></html>"),
    ],
)  # fmt: skip
def test_a_page_that_only_sets_a_cookie_is_a_wall(
    press: Press, fields: tuple[tuple[str, str], ...], page: bytes
) -> None:
    say(press, 200, *fields, body=page)
    with pytest.raises(CookiePage, match="a page that sets a cookie came"):
        get(press, FEED)
    say(press, 503, *fields, body=page)
    with pytest.raises(CookiePage, match=r"instead of the document \(503\)"):
        get(press, FEED)


@pytest.mark.parametrize(
    "page",
    [
        b"<html><script>document.cookie='a=1'; location.reload()</script>" + b"<p>News of today.</p>" * 60 + b"</html>",
        b"<html><link type='application/rss+xml' href='/rss'><script>document.cookie=1; location.href</script></html>",
        b"<html><p>Welcome</p></html>",
    ],
)
def test_ordinary_pages_that_set_cookies_are_none(press: Press, page: bytes) -> None:
    say(press, 200, ("Set-Cookie", "a=1"), body=page)
    assert get(press, FEED).body == page


CHALLENGES = {
    "F5": (200, b'<html><script>(function(){window["bobcmn"] = "10111";})();</script></html>'),
    "Kasada": (
        429,
        b'<script src="/149e9513-01fa-4fb0-aad4-566afd725d1b/2d206a39-8ed7-437e-a3be-862e0f06eea3/ips.js">',
    ),
    "Radware": (200, b"<html><head><title>Radware Captcha Page</title></head></html>"),
    "Fastly": (200, b'<html><title>Client Challenge</title><script src="/_fs-ch-1T1wmsGaOgGaSxcX/script.js"></html>'),
    "LiteSpeed": (200, b'<html><form id="lsrecaptcha-form" action="/.lsrecap/recaptcha?"></form></html>'),
    "Alibaba Cloud": (
        200,
        b"<html><script>var arg1='A1B2';document.cookie='acw_sc__v2='+x;location.reload()</script></html>",
    ),
    "Deflect": (429, b'<html><img src="/__banjax/logo.png"></html>'),
    "Project Shield": (
        200,
        b'<html><script src="https://storage.googleapis.com/ddos-shield.appspot.com/aes.js"></html>',
    ),
    "Imunify360": (415, b'{"message":"Access denied by Imunify360 bot-protection."}'),
    "SafeLine": (468, b'<html><link rel="icon" href="/.safeline/static/favicon.png"></html>'),
    "Azure": (403, b"<html><title>Azure WAF</title></html>"),
    "StackPath": (403, b"You performed an action that triggered the service and blocked your request."),
    "Google": (200, b"<html>Our systems have detected unusual traffic from your computer network.</html>"),
    "go-away": (200, b'<html><link href="/.well-known/.git.gammaspectra.live/git/go-away/assets/x.css"></html>'),
}


@pytest.mark.parametrize("who", CHALLENGES)
def test_further_challenges_are_named(trip: Trip, who: str) -> None:
    status, page = CHALLENGES[who]
    say(trip.press, status, body=page)
    made = poll(trip)
    assert (made.outcome, made.http_status) == ("challenge", status)
    assert (made.error or "").startswith(f"{who} answered in the site's place")


@pytest.mark.parametrize(
    "location",
    [f"http://validate.perfdrive.com.{HOST}/x", "/captcha?r=/feed", "/sorry/index", f"http://captcha.{HOST}/x"],
)
def test_a_redirect_to_a_captcha_is_a_challenge(press: Press, location: str) -> None:
    for host in (HOST, f"captcha.{HOST}", f"validate.perfdrive.com.{HOST}"):
        press.misbehave(host, "*", "html", body=b"<html><p>Are you a robot?</p></html>")
    say(press, 302, ("Location", location))
    with pytest.raises(Challenge, match="only people with browsers"):
        get(press, FEED)


def test_a_challenge_may_say_when_to_come_back(trip: Trip) -> None:
    say(trip.press, 429, ("Retry-After", "72000"), ("cf-mitigated", "challenge"))
    made = poll(trip)
    assert made.next is not None
    assert (made.outcome, made.next.reason) == ("challenge", "retry_after")


@pytest.mark.parametrize(
    ("fields", "said"),
    [((("crawler-price", "USD 0.01"),), "USD 0.01 for each request"), ((), r"asks to be paid \(402\)"),
     ((("crawler-price", "\x1b[31m" + "9" * 300),), r"asks to be paid \(402\)")],
)  # fmt: skip
def test_a_site_that_sells_what_it_has_has_an_outcome_of_its_own(
    trip: Trip, fields: tuple[tuple[str, str], ...], said: str
) -> None:
    say(trip.press, 402, *fields)
    with pytest.raises(PaymentRequired, match=said):
        get(trip.press, FEED)
    made = poll(trip)
    assert (made.outcome, made.http_status) == ("payment_required", 402)
    assert made.next is not None
    assert made.next.at - made.started >= DAY  # no hour changes it
    ((problem,),) = trip.rows("SELECT problem FROM health")
    assert "this wire pays nobody; ask Daily Example to let this wire's reader through" in str(problem)


def test_a_crawler_that_is_blocked_by_name_is_told(press: Press) -> None:
    say(press, 403, ("crawler-error", "CrawlerForbidden"))
    with pytest.raises(Challenge, match="Cloudflare"):
        get(press, FEED)


def test_a_wall_is_a_failure_of_the_command_too(trip: Trip, tmp_path: Path) -> None:
    """`fetch` ends with 1, and says why; nothing in the vocabulary of outcomes is forgotten there."""
    from typing import get_args

    from aggregator.cli.fetch import NO_ANSWER
    from aggregator.model import Outcome

    assert set(NO_ANSWER) == set(get_args(Outcome)) - {"ok", "unchanged", "not_modified"}
    say(trip.press, 402)
    poll(trip)
    config = str(make_config(tmp_path / "config"))
    told = CliRunner().invoke(aggregator, ["--config", config, "--db", str(trip.place), "health", "--json"])
    assert any("402" in str(row.get("problem")) for row in json.loads(told.output))
