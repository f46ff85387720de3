"""Fetching, against the local press over real HTTP: what is sent, what comes back, where it stops."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.fetch import Fetcher, written_in
from aggregator.fetch.answers import retry_after
from aggregator.fetch.limits import Limits, jittered
from aggregator.fetch.transport import certificates
from aggregator.model import FetchResult, FetchSettings, Validators, Wire
from aggregator.model.errors import FetchError, HttpStatus
from tests.conftest import NOW, WIRE, make_source
from tests.rows import every_row

HOST = "daily.example"
NONE = Validators()
FEED = f"http://{HOST}/feed"
BODY = b"<rss version='2.0'><channel><title>Daily</title></channel></rss>"


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", BODY)
        yield opened


def wire(**settings: object) -> Wire:
    return replace(WIRE, fetch=replace(WIRE.fetch, **settings))


def get(press: Press, url: str = FEED, validators: Validators = NONE, **settings: object) -> FetchResult:
    """One fetch in which every `.example` host is the press."""

    async def trip() -> FetchResult:
        connect_to = lambda host: press.address if host.endswith(".example") else None  # noqa: E731
        async with Fetcher(wire(**settings), connect_to) as fetcher, fetcher.turn(url, written_in([url])) as turn:
            return await fetcher.get(make_source(url), validators, turn)

    return asyncio.run(trip())


def test_the_wire_says_who_it_is_and_never_poses_as_a_browser(press: Press) -> None:
    assert get(press).body == BODY
    (seen,) = press.requests
    assert seen.headers["user-agent"] == WIRE.user_agent
    assert seen.headers["host"] == HOST
    assert "cookie" not in seen.headers


@pytest.mark.parametrize("etag", ['"plain"', 'W/"weak"', '"a b"', "unquoted", '"--gzip"', '"x";y', "''"])
def test_validators_go_back_byte_for_byte(press: Press, etag: str) -> None:
    date = "sunday, 1 Febuary 2026"  # not a date; opaque all the same
    press.set_document(
        HOST,
        "/odd",
        Resource(BODY, "application/xml", headers=(("ETag", etag), ("Last-Modified", date)), validators=False),
    )
    first = get(press, f"http://{HOST}/odd")
    assert first.validators == Validators(etag, date)
    press.forget()
    get(press, f"http://{HOST}/odd", first.validators)
    (seen,) = press.requests
    assert (seen.headers["if-none-match"], seen.headers["if-modified-since"]) == (etag, date)


def test_a_304_keeps_the_validators_that_it_does_not_name(press: Press) -> None:
    first = get(press)
    second = get(press, validators=first.validators)
    assert (second.http_status, second.body) == (304, b"")
    assert second.validators == first.validators


@pytest.mark.parametrize("status", [404, 410, 500, 403, 451, 206])
def test_other_answers_are_errors_with_their_status(press: Press, status: int) -> None:
    press.misbehave(HOST, "/feed", "status", status=status)
    with pytest.raises(HttpStatus, match=str(status)) as caught:
        get(press)
    assert caught.value.status == status


@every_row(
    ("value", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("Sun, 22 Nov 2026 12:00:00 GMT", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        (None, None),
        ("-5", None),
        ("9" * 400, timedelta(seconds=10**9)),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: object) -> None:
    assert retry_after(value) == expected


def test_busy_answers_say_when_to_come_back(press: Press) -> None:
    press.misbehave(HOST, "/feed", "busy", retry_after=300)
    with pytest.raises(HttpStatus) as caught:
        get(press)
    assert caught.value.retry_after == timedelta(seconds=300)


def test_gzip_is_unpacked_in_all_its_members(press: Press) -> None:
    two = gzip.compress(BODY) + gzip.compress(b"<!-- more -->")
    packed = Resource(two, "application/xml", headers=(("Content-Encoding", "gzip"),))
    press.set_document(HOST, "/two", packed)
    assert get(press, f"http://{HOST}/two").body == BODY + b"<!-- more -->"


@pytest.mark.parametrize("cut", [10, 40])
def test_a_gzip_body_that_breaks_off_is_no_body(press: Press, cut: int) -> None:
    packed = Resource(gzip.compress(BODY)[:cut], "application/xml", headers=(("Content-Encoding", "gzip"),))
    press.set_document(HOST, "/cut", packed)
    with pytest.raises(FetchError, match=r"breaks off|damaged"):
        get(press, f"http://{HOST}/cut")


@pytest.mark.parametrize("kind", ["truncated", "close", "garbage", "huge_headers"])
def test_broken_servers_are_a_fetch_error_with_words(press: Press, kind: str) -> None:
    press.misbehave(HOST, "/feed", kind)
    with pytest.raises(FetchError) as caught:
        get(press)
    assert str(caught.value)


def test_a_dead_port_is_a_fetch_error() -> None:
    with Press(now=NOW) as gone:
        address = gone.address
    with pytest.raises(FetchError, match=r"[Cc]onnect"):
        asyncio.run(_get_plain("http://{}:{}/".format(*address)))


async def _get_plain(url: str, **settings: object) -> FetchResult:
    async with Fetcher(wire(**settings)) as fetcher, fetcher.turn(url, written_in([url])) as turn:
        return await fetcher.get(make_source(url), Validators(), turn)


def test_redirects_are_followed_and_the_last_address_told(press: Press) -> None:
    press.misbehave(HOST, "/old", "redirect", status=301, location="http://www.daily.example/new")
    press.set_document("www.daily.example", "/new", BODY)
    result = get(press, f"http://{HOST}/old")
    assert (result.body, result.url) == (BODY, "http://www.daily.example/new")


def test_one_domain_is_asked_one_at_a_time_and_spaced_while_others_go_on() -> None:
    starts: list[tuple[str, float]] = []

    async def ask(limits: Limits, host: str) -> None:
        async with limits.turn(host):
            starts.append((host, asyncio.get_running_loop().time()))

    async def trip() -> None:
        limits = Limits(10, 1, timedelta(seconds=0.05))
        await asyncio.gather(*(ask(limits, host) for host in ["a.b.co.za"] * 3 + ["c.b.co.za", "other.example"]))

    asyncio.run(trip())
    shared = [at for host, at in starts if host.endswith("b.co.za")]
    assert all(later - earlier >= 0.049 for earlier, later in itertools.pairwise(shared))
    assert starts[-1][0] != "other.example"


def test_the_spacing_is_irregular_and_never_shorter() -> None:
    chance = Random(7)
    drawn = [jittered(2.0, chance) for _ in range(1000)]
    assert 2.0 <= min(drawn) < 2.05
    assert 2.45 < max(drawn) <= 2.5


def test_those_who_wait_for_one_domain_go_in_the_order_in_which_they_came() -> None:
    async def trip() -> list[int]:
        limits, went = Limits(10, 64, timedelta(milliseconds=2), Random(7)), []

        async def ask(number: int) -> None:
            async with limits.turn("a.example"):
                went.append(number)

        await asyncio.gather(*(ask(number) for number in range(20)))
        return went

    assert asyncio.run(trip()) == list(range(20))


def test_no_more_bodies_at_once_than_allowed(press: Press) -> None:
    at_once = peak = 0

    async def one(limits: Limits, number: int) -> None:
        nonlocal at_once, peak
        async with limits.turn(f"h{number}.example") as turn:
            await turn.room()
            await turn.room()  # asking twice takes up no more
            at_once += 1
            peak = max(peak, at_once)
            for _ in range(5):  # so long that the others come as far as they may
                await asyncio.sleep(0)
            at_once -= 1

    async def trip() -> None:
        limits = Limits(3, 2, timedelta(0))
        await asyncio.gather(*(one(limits, number) for number in range(20)))

    asyncio.run(trip())
    assert peak == 3


def test_a_host_that_is_slow_to_answer_keeps_no_other_waiting() -> None:
    async def trip() -> int:
        limits, awaited = Limits(1, 1, timedelta(0)), 0
        async with limits.turn("a.example") as first, limits.turn("b.example"), limits.turn("c.example"):
            awaited = 3
            await first.room()
        return awaited

    assert asyncio.run(asyncio.wait_for(trip(), 5)) == 3


def test_settings_have_the_defaults_of_the_design() -> None:
    assert FetchSettings().timeout == timedelta(seconds=30)
    assert FetchSettings().max_body_bytes == 16 * 1024 * 1024


@pytest.mark.parametrize(("bundle", "files"), [("certs.pem", None), (None, 2), (None, 0), (None, None)])
def test_the_systems_authorities_are_trusted_and_certifis_where_there_are_none(
    bundle: str | None, files: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "certs"
    if files is not None:
        folder.mkdir()
    for number in range(files or 0):
        (folder / f"{number}.pem").touch()
    capath = str(folder) if files is not None else None
    found = ssl.DefaultVerifyPaths(bundle, capath, "SSL_CERT_FILE", "/no/file", "SSL_CERT_DIR", "/no/folder")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: found)
    trusted = certificates()
    if bundle or files:
        assert trusted is True
    else:
        assert isinstance(trusted, ssl.SSLContext)
        assert trusted.cert_store_stats()["x509_ca"] > 50
        assert trusted.verify_mode == ssl.CERT_REQUIRED
