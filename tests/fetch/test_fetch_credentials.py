"""Private sources: a secret is sent where it belongs, and is found nowhere else."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from aggregator.demo import Press, Resource, Seen
from aggregator.fetch import Fetcher
from aggregator.fetch.credentials import Opened
from aggregator.model import Credentials, FetchResult, Template, Validators, Wire
from aggregator.model.errors import FetchError, HttpStatus, RedirectRefused
from aggregator.model.plain import as_dict
from tests.conftest import NOW, make_source
from tests.fetch.test_fetch import BODY, HOST, wire

OTHER = "other.example"
SECRET = "s3cret/+&=é 7"
TOKEN = "abcDEF-123._~+/=="
ENVIRONMENT = {"DAILY_TOKEN": SECRET, "BEARER": TOKEN, "DESK": "the desk", "PASSWORD": "pass:wörd 99"}
URL = f"http://{HOST}/feed?token=${{DAILY_TOKEN}}"
BASIC = Credentials(username=Template("${DESK}"), password=Template("${PASSWORD}"))
BEARER = Credentials(bearer=Template("${BEARER}"))
PAIR = base64.b64encode("the desk:pass:wörd 99".encode()).decode()
ENCODED = "s3cret%2F%2B%26%3D%C3%A9%207"
# Every way in which a server may repeat one.
LEAKS = (
    SECRET,
    ENCODED,
    ENCODED.lower(),
    ENCODED.replace("%", "%25"),
    "s3cret/%2B&=%c3%a9+7",
    TOKEN,
    PAIR,
    "pass:wörd 99",
)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", BODY)
        yield opened


def ask(
    press: Press,
    url: str = URL,
    credentials: Credentials | None = None,
    environment: Mapping[str, str] = ENVIRONMENT,
    settings: Wire | None = None,
) -> FetchResult:
    async def trip() -> FetchResult:
        connect_to = lambda host: press.address if host.endswith(".example") else None  # noqa: E731
        opened = Fetcher(settings or wire(), connect_to, environment=environment)
        async with opened as fetcher, fetcher.turn(url) as turn:
            await fetcher.heed(url, turn, NOW)
            return await fetcher.get(make_source(url, credentials), Validators(), turn, NOW)

    return asyncio.run(trip())


def sent(press: Press) -> list[Seen]:
    return [seen for seen in press.requests if seen.path != "/robots.txt"]


def leaks(text: str) -> list[str]:
    return [leak for leak in LEAKS if leak in text]


def everything_in(result: FetchResult) -> str:
    return repr(as_dict(result)) + result.body.decode("utf-8", "replace")


def chain(error: BaseException | None) -> str:
    """All that a traceback would say of an error and of those it came from."""
    said = []
    while error is not None:
        said.append(f"{error} {error!r} {error.args}")
        error = error.__cause__ or error.__context__
    return "\n".join(said)


# What is sent


def test_a_secret_is_filled_in_while_the_request_is_sent(press: Press) -> None:
    result = ask(press)
    (seen,) = sent(press)
    assert parse_qs(seen.path.partition("?")[2]) == {"token": [SECRET]}
    assert (result.body, result.url) == (BODY, URL)
    assert not leaks(everything_in(result))


def test_a_secret_may_stand_in_the_path(press: Press) -> None:
    press.set_document(HOST, "/u/s3cret%2F%2B&=%C3%A9%207/feed", BODY)  # & and = are no delimiters in a path
    url = f"http://{HOST}/u/${{DAILY_TOKEN}}/feed"
    assert ask(press, url).url == url


def test_basic_is_of_rfc_7617_and_in_utf_8(press: Press) -> None:
    result = ask(press, f"http://{HOST}/feed", BASIC)
    (seen,) = sent(press)
    assert seen.headers["authorization"] == f"Basic {PAIR}"
    assert not leaks(everything_in(result))


def test_bearer_is_of_rfc_6750(press: Press) -> None:
    ask(press, f"http://{HOST}/feed", BEARER)
    (seen,) = sent(press)
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"


def test_robots_txt_is_asked_without(press: Press) -> None:
    ask(press, URL, BASIC)
    first = press.requests[0]
    assert first.path == "/robots.txt"
    assert "authorization" not in first.headers
    assert not leaks(f"{first.path} {first.headers}")


def test_a_public_source_sends_none(press: Press) -> None:
    ask(press, f"http://{HOST}/feed")
    assert all("authorization" not in seen.headers for seen in press.requests)


def test_the_environment_of_the_process_is_the_default(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAILY_TOKEN", "fromoutside")

    async def trip() -> FetchResult:
        async with Fetcher(wire(), lambda host: press.address) as fetcher, fetcher.turn(URL) as turn:
            return await fetcher.get(make_source(URL), Validators(), turn)

    assert asyncio.run(trip()).url == URL
    assert sent(press)[0].path == "/feed?token=fromoutside"


# What cannot be sent


@pytest.mark.parametrize("environment", [{}, {"DAILY_TOKEN": ""}])
def test_a_variable_that_is_not_set_is_named(press: Press, environment: dict[str, str]) -> None:
    with pytest.raises(FetchError, match="DAILY_TOKEN is not set") as caught:
        ask(press, environment=environment)
    assert URL in str(caught.value)
    assert caught.value.answered
    assert sent(press) == []


@pytest.mark.parametrize(
    ("credentials", "environment", "said"),
    [
        (BEARER, {"BEARER": "two words"}, "bearer token ${BEARER}"),
        (BEARER, {"BEARER": "line\nX-Injected: 1"}, "bearer token ${BEARER}"),
        (BASIC, {"DESK": "a:b", "PASSWORD": "pass"}, "user name ${DESK} has a colon"),
        (BASIC, {"DESK": "desk"}, "PASSWORD is not set"),
    ],
)
def test_what_no_field_can_hold_is_refused_without_being_shown(
    press: Press, credentials: Credentials, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(FetchError) as caught:
        ask(press, f"http://{HOST}/feed", credentials, environment)
    assert said in str(caught.value)
    assert not any(value in chain(caught.value) for value in environment.values())
    assert sent(press) == []


# Redirects


def hop(press: Press, location: str, status: int = 301) -> None:
    press.misbehave(HOST, "/old", "redirect", status=status, location=location)


OLD = f"http://{HOST}/old?token=${{DAILY_TOKEN}}"


@pytest.mark.parametrize("credentials", [BASIC, BEARER])
@pytest.mark.parametrize(
    "location", [f"http://{OTHER}/feed", f"http://{HOST}:8080/feed", f"https://{HOST}/feed", f"http://www.{HOST}/feed"]
)
def test_another_origin_gets_no_credentials(press: Press, credentials: Credentials, location: str) -> None:
    for host in (OTHER, f"www.{HOST}"):
        press.set_document(host, "/feed", BODY)
    hop(press, location)
    result = ask(press, f"http://{HOST}/old", credentials)
    first, second = sent(press)
    assert "authorization" in first.headers
    assert "authorization" not in second.headers
    assert not leaks(f"{second.path} {second.headers}")
    assert (result.url, result.moved_to) == (location, None)  # or the next poll would take them there


def test_the_same_origin_gets_them_again(press: Press) -> None:
    hop(press, f"http://{HOST}:80/feed")
    assert ask(press, f"http://{HOST}/old", BEARER).moved_to == f"http://{HOST}:80/feed"
    assert [seen.headers["authorization"] for seen in sent(press)] == [f"Bearer {TOKEN}"] * 2


@pytest.mark.parametrize("leak", LEAKS[:5])
def test_a_redirect_that_repeats_a_secret_is_shown_with_its_name_and_is_no_move(press: Press, leak: str) -> None:
    """What is stored is never filled in, so the source would be asked without its secret from then on."""
    press.set_document(HOST, "/feed", BODY)
    hop(press, f"/feed?token={leak}&page=1")
    result = ask(press, OLD)
    assert (result.url, result.moved_to) == (f"http://{HOST}/feed?token=${{DAILY_TOKEN}}&page=1", None)
    assert not leaks(everything_in(result))


@pytest.mark.parametrize("leak", LEAKS[:5])
def test_a_redirect_that_would_carry_a_secret_away_is_not_followed(press: Press, leak: str) -> None:
    hop(press, f"http://{OTHER}/feed?token={leak}")
    with pytest.raises(RedirectRefused, match="another site with a secret of ours") as caught:
        ask(press, OLD)
    assert [seen.host for seen in sent(press)] == [HOST]
    assert not leaks(chain(caught.value))


def test_an_address_that_a_server_wrote_is_never_filled_in(press: Press) -> None:
    """Or a publisher could read the environment by redirecting to `?x=${AWS_SECRET_ACCESS_KEY}`, for good."""
    hop(press, f"http://{OTHER}/feed?x=${{BEARER}}")
    press.set_document(OTHER, "/feed", BODY)
    result = ask(press, f"http://{HOST}/old")
    assert sent(press)[-1].path == "/feed?x=$%7BBEARER%7D"
    assert result.moved_to == f"http://{OTHER}/feed?x=$%7BBEARER%7D"
    assert Opened.of_source(make_source(result.moved_to), ENVIRONMENT).url == result.moved_to


# What comes back


@pytest.mark.parametrize("leak", LEAKS)
def test_nothing_that_comes_back_repeats_a_secret(press: Press, leak: str) -> None:
    field = leak.encode().decode("latin-1")
    fields = (("X-Asked", f"you sent {field}"), ("Link", f"<http://{HOST}/feed?token={field}>"), ("ETag", f'"{field}"'))
    feed = BODY.replace(b"Daily", f"<link>http://{HOST}/1?token={leak}</link>".encode())
    press.set_document(HOST, "/feed", Resource(feed, "application/xml", headers=fields, validators=False))
    credentials = BEARER if leak == TOKEN else BASIC
    result = ask(press, URL, credentials)
    said = everything_in(result)
    assert leak not in said
    assert field not in said
    assert "${" in result.body.decode()
    assert result.validators.etag is None


def test_short_secrets_are_left_in_a_publisher_s_words(press: Press) -> None:
    """`press` is a password and a word; a wire that altered the word would break its first promise."""
    feed = BODY.replace(b"Daily", b"press freedom")
    press.set_document(HOST, "/feed", Resource(feed, "application/xml", headers=(("X-Said", "press"),)))
    result = ask(press, f"http://{HOST}/feed?press", BASIC, {"DESK": "press desk", "PASSWORD": "press"})
    assert result.body == feed
    assert result.headers["x-said"] == "${PASSWORD}"
    assert result.url == f"http://{HOST}/feed?${{PASSWORD}}"


def test_a_host_is_no_secret_though_a_secret_is_in_it(press: Press) -> None:
    environment = {"DESK": "daily", "PASSWORD": "example"}
    hop(press, "/feed")
    result = ask(press, f"http://{HOST}/old", BASIC, environment)
    assert (result.url, result.moved_to) == (f"http://{HOST}/feed", f"http://{HOST}/feed")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("status", {"status": 403}),
        ("status", {"status": 401}),
        ("slow", {"seconds": 30.0}),
        ("close", {}),
        ("garbage", {}),
        ("truncated", {}),
        ("huge_headers", {}),
        ("html", {}),
        ("challenge", {}),
        ("redirect", {"location": f"/feed?token={ENCODED}"}),
        ("redirect", {"location": f"/login?redirect_to={ENCODED}"}),
        ("redirect", {"location": f"ftp://{OTHER}/{ENCODED}"}),
        ("redirect", {"location": f"http://[{ENCODED}"}),
        ("redirect", {"location": f"http://{ENCODED}.invalid/"}),
        ("redirect", {"location": "http://nowhere.invalid/"}),
        ("redirect", {"location": "http://169.254.169.254/"}),
    ],
)
def test_no_error_and_no_log_says_a_secret(
    press: Press, caplog: pytest.LogCaptureFixture, kind: str, options: dict[str, object]
) -> None:
    caplog.set_level(logging.DEBUG)
    press.misbehave(HOST, "/login", "html", body=b"<html>log in</html>")
    press.misbehave(HOST, "/feed", kind, **options)
    with pytest.raises(FetchError) as caught:
        ask(press, URL, BASIC, settings=wire(timeout=timedelta(seconds=0.5)))
    assert not leaks(chain(caught.value))
    assert not leaks(caplog.text)
    assert isinstance(caught.value, HttpStatus) == (kind == "status")


def test_what_is_opened_does_not_show_itself() -> None:
    assert not leaks(repr(Opened.of_source(make_source(f"http://{HOST}/feed", BASIC), ENVIRONMENT)))
