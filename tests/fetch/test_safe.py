"""What a hostile or broken publisher cannot make the wire do: reach inside, take more than its share, lower its guard.

Each proof is over real HTTP, and against the address of the socket that is really connected.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from aggregator.demo import Press, Resource
from aggregator.fetch import Fetcher, written_in
from aggregator.fetch.addresses import refuse_private
from aggregator.model import FetchResult, Validators
from aggregator.model.errors import (
    AddressRefused,
    BodyTooLarge,
    FetchError,
    FetchTimeout,
    HttpStatus,
    PressError,
    RedirectRefused,
)
from tests.conftest import NOW, make_source
from tests.fetch.test_fetch import BODY, FEED, HOST, get, wire
from tests.rows import every_row

MEGABYTE = 1_000_000


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", BODY)
        yield opened


def get_plain(url: str, *allowed: str) -> FetchResult:
    """One fetch of a source that the operator wrote, with the system's own DNS, in which only `allowed` blocks may be
    reached although private.
    """

    async def trip() -> FetchResult:
        async with Fetcher(wire(allow_addresses=allowed)) as fetcher, fetcher.turn(url, written_in([url])) as turn:
            return await fetcher.get(make_source(url), Validators(), turn)

    return asyncio.run(trip())


# Addresses that are not to be reached

# This machine, in every spelling that a resolver understands.
SPELLINGS = (
    "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "0.0.0.0",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
)  # fmt: skip
# Others' insides: private blocks, link-local with the metadata of clouds, multicast, carriers, IPv4 within IPv6.
INSIDES = (
    "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "100.64.1.1", "224.0.0.1",
    "255.255.255.255", "[fe80::1]", "[fc00::1]", "[ff02::1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
)  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_this_machine_is_refused_in_every_spelling(press: Press, host: str) -> None:
    with pytest.raises(FetchError, match=r"allow_addresses|IPv4"):
        get_plain(f"http://{host}:{press.address[1]}/")
    assert press.requests == ()


@every_row("host", INSIDES)
def test_the_insides_of_networks_are_refused(host: str) -> None:
    with pytest.raises(FetchError, match=r"allow_addresses|IPv4"):
        get_plain(f"http://{host}/latest/meta-data/")


@pytest.mark.parametrize("host", INSIDES)
def test_a_redirect_to_the_insides_is_refused(press: Press, host: str) -> None:
    press.misbehave(HOST, "/feed", "redirect", status=302, location=f"http://{host}/latest/meta-data/")
    with pytest.raises(FetchError, match=r"allow_addresses|IPv4"):
        get(press)


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_redirect_to_this_machine_is_refused(press: Press, host: str) -> None:
    """From a door that the operator opened, 127.0.0.2, to one that stayed closed."""
    with ExitStack() as stack:
        try:
            found_feed = stack.enter_context(Press(now=NOW, host="127.0.0.2"))
        except PressError:
            pytest.skip("this system has no 127.0.0.2")
        found_feed.misbehave("127.0.0.2", "/feed", "redirect", location=f"http://{host}:{press.address[1]}/feed")
        with pytest.raises(FetchError, match=r"allow_addresses|IPv4"):
            get_plain(f"{found_feed.url}/feed", "127.0.0.2/32")
        assert len(found_feed.requests) == 1
    assert press.requests == ()


def test_a_block_that_the_operator_allows_is_open_and_no_other(press: Press) -> None:
    port = press.address[1]
    press.set_document("127.0.0.1", "/feed", BODY)
    assert get_plain(f"http://127.0.0.1:{port}/feed", "127.0.0.1/32").body == BODY
    assert get_plain(f"http://[::ffff:127.0.0.1]:{port}/127.0.0.1/feed", "127.0.0.0/8").body == BODY
    with pytest.raises(AddressRefused):
        get_plain(f"http://127.0.0.1:{port}/feed", "127.0.0.2/32", "10.0.0.0/8")


def test_a_name_that_resolves_differently_the_second_time_gains_nothing(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: there is no look-up to check and another to connect, but one, and its socket is checked."""
    port, asked = press.address[1], []
    press.set_document("rebound.test", "/feed", BODY)
    answers = iter(["127.0.0.1", "169.254.169.254", "127.0.0.1"])

    def rebinding(host: str, *rest: object, **options: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    url = f"http://rebound.test:{port}/feed"
    assert get_plain(url, "127.0.0.0/8").body == BODY
    assert len(asked) == 1
    with pytest.raises(AddressRefused, match=r"169\.254\.169\.254"):
        get_plain(url, "127.0.0.0/8")
    assert len(asked) == 2
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
        get_plain(url)


@every_row(
    "address", ["10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.1.1", "224.0.0.1", "0.0.0.0", "::1",
                "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "255.255.255.255"],
)  # fmt: skip
def test_private_addresses_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        refuse_private(address, [])


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:1"])
def test_public_addresses_are_not(address: str) -> None:
    refuse_private(address, [])


# Redirects and schemes


@pytest.mark.parametrize(
    "url", ["ftp://daily.example/feed", "file:///etc/passwd", "http:///feed", "feed", "http://[::1"]
)
def test_what_is_no_web_address_is_refused_before_anything_is_sent(press: Press, url: str) -> None:
    with pytest.raises(FetchError, match="address"):
        get(press, url)
    assert press.requests == ()


@pytest.mark.parametrize("location", ["/feed", "file:///etc/passwd", "ftp://daily.example/", "javascript:alert(1)"])
def test_redirects_that_lead_nowhere_are_refused(press: Press, location: str) -> None:
    press.misbehave(HOST, "/feed", "redirect", status=302, location=location)
    with pytest.raises(FetchError) as caught:
        get(press)
    assert not isinstance(caught.value, HttpStatus)
    assert len(press.requests) <= 6


def test_at_most_five_redirects_are_followed(press: Press) -> None:
    for number in range(6):
        press.misbehave(HOST, f"/{number}", "redirect", location=f"/{number + 1}")
    press.set_document(HOST, "/6", BODY)
    assert get(press, f"http://{HOST}/1").body == BODY
    press.forget()
    with pytest.raises(RedirectRefused, match="more than 5 redirects"):
        get(press, f"http://{HOST}/0")
    assert [seen.path for seen in press.requests] == [f"/{number}" for number in range(6)]


@pytest.mark.parametrize("location", [FEED, "http://other.example/feed", "HTTP://daily.example/feed"])
def test_https_is_never_lowered(press: Press, location: str) -> None:
    press.misbehave(HOST, "/old", "redirect", location=location)
    with pytest.raises(RedirectRefused, match="from https down to http"):
        get(press, f"https://{HOST}/old")
    assert len(press.requests) == 1


# Sizes


def test_a_body_over_the_cap_is_cut_off(press: Press) -> None:
    press.set_document(HOST, "/large", b"x" * 50_000_000)
    with pytest.raises(BodyTooLarge, match="max_body_bytes"):
        get(press, f"http://{HOST}/large", max_body_bytes=1_000_000)


def test_an_endless_body_is_cut_off(press: Press) -> None:
    press.misbehave(HOST, "/feed", "endless")
    with pytest.raises(BodyTooLarge):
        get(press, max_body_bytes=200_000)


def test_a_bomb_stops_at_the_cap_and_takes_no_more_room(press: Press) -> None:
    """Its zeros are a thousandth of them on the wire. A growing buffer is copied, so that its double is in memory."""
    press.misbehave(HOST, "/feed", "gzip_bomb", size=64 * MEGABYTE)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        with pytest.raises(BodyTooLarge):
            get(press, max_body_bytes=8 * MEGABYTE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 24 * MEGABYTE


def test_a_packed_body_under_the_cap_is_read_whole(press: Press) -> None:
    """Its pieces are a part of it: zeros unpack to many times what came over the wire at once."""
    for size in (64 * 1024 - 1, 64 * 1024, 128 * 1024, 5 * MEGABYTE):
        press.set_document(HOST, "/zeros", bytes(size))
        result = get(press, f"http://{HOST}/zeros")
        assert (result.headers["content-encoding"], result.body) == ("gzip", bytes(size))


@pytest.mark.parametrize("encoding", ["br", "zstd"])
def test_an_encoding_that_was_not_asked_for_is_refused(press: Press, encoding: str) -> None:
    packed = Resource(gzip.compress(BODY), "application/xml", headers=(("Content-Encoding", encoding),))
    press.set_document(HOST, "/odd", packed)
    with pytest.raises(FetchError, match="only gzip"):
        get(press, f"http://{HOST}/odd")


def test_only_gzip_is_asked_for(press: Press) -> None:
    get(press)
    assert press.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    "fields",
    [
        {"size": 40_000, "each": 40_000},  # a long one
        {"size": 4_000, "each": 10},  # many small ones
        {"size": MEGABYTE, "each": 10},
    ],
)
def test_the_fields_of_an_answer_have_a_limit(press: Press, fields: dict[str, int]) -> None:
    press.misbehave(HOST, "/feed", "huge_headers", **fields)
    with pytest.raises(FetchError, match=r"(?i)header|line|field|bytes"):
        get(press)


# Time


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_the_deadline_is_of_the_whole_request(press: Press, kind: str) -> None:
    press.misbehave(HOST, "/feed", kind, seconds=0.1 if kind == "drip" else 30)
    began = time.monotonic()
    with pytest.raises(FetchTimeout, match=r"0\.4 s"):
        get(press, timeout=timedelta(seconds=0.4))
    assert time.monotonic() - began < 3


def test_a_slow_drip_of_redirects_has_one_deadline(press: Press) -> None:
    press.misbehave(HOST, "/0", "redirect", location="/1")
    press.misbehave(HOST, "/1", "slow", seconds=30)
    began = time.monotonic()
    with pytest.raises(FetchTimeout):
        get(press, f"http://{HOST}/0", timeout=timedelta(seconds=0.4))
    assert time.monotonic() - began < 3


def test_a_refusal_that_drips_is_not_waited_for(press: Press) -> None:
    press.set_document(HOST, "/feed", Resource(b"<h1>Forbidden</h1>" * 100, "text/html", status=403))
    press.misbehave(HOST, "/feed", "drip", seconds=0.5)
    began = time.monotonic()
    with pytest.raises((HttpStatus, FetchTimeout)):
        get(press, timeout=timedelta(seconds=1))
    assert time.monotonic() - began < 3
