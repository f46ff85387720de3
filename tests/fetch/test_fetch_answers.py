"""What an answer says beside its document: how long it is fresh, where it moved, and what stands in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from aggregator.demo import Press, Resource
from aggregator.fetch import Fetcher, written_in
from aggregator.fetch.answers import fresh_for
from aggregator.fetch.challenges import HEAD_BYTES, is_html
from aggregator.model import Validators
from aggregator.model.errors import Challenge, ConsentPage, FetchError, FetchTimeout, HttpStatus, RedirectRefused
from aggregator.text.urls import is_https_of
from tests.conftest import NOW, WIRE, make_source
from tests.fetch.test_fetch import BODY, FEED, HOST, get
from tests.rows import every_row

OTHER = "other.example"
HOME = b"<!DOCTYPE html><html><head><title>Daily</title></head><body>News of all kinds</body></html>"
SECONDS = timedelta(seconds=1)
DATE = "Sun, 22 Nov 2026 10:00:00 GMT"
LATER = "Sun, 22 Nov 2026 10:10:00 GMT"


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", BODY)
        yield opened


# How long it is fresh (RFC 9111)


@every_row(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, MAX-AGE = 600, must-revalidate"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=600, max-age=5"}, 600),
        ({"cache-control": "max-age=0"}, 0),
        ({"cache-control": "max-age=soon"}, 0),
        ({"cache-control": "max-age=-5"}, 0),
        ({"cache-control": "max-age"}, 0),
        ({"cache-control": "max-age=" + "9" * 400}, 10**9),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "s-maxage=600, max-age=60"}, 60),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "no-store, max-age=600"}, None),
        ({"cache-control": 'no-cache="Set-Cookie, X", max-age=600'}, 600),
        ({"cache-control": 'ext="max-age=5", max-age=600'}, 600),
        ({"cache-control": "private"}, None),
        ({"cache-control": ""}, None),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "700"}, 0),
        ({"cache-control": "max-age=600", "age": "old"}, 600),
        ({"cache-control": "max-age=60", "expires": LATER, "date": DATE}, 60),
        ({"cache-control": "public", "expires": LATER, "date": DATE}, 600),
        ({"cache-control": "no-cache", "expires": LATER, "date": DATE}, None),
        ({"expires": LATER, "date": DATE, "age": "60"}, 540),
        ({"expires": LATER, "date": "Sun, 22 Nov 2026 10:09:00 GMT"}, 60),
        ({"expires": DATE, "date": LATER}, 0),
        ({"expires": "0", "date": DATE}, 0),
        ({"expires": "-1"}, 0),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT", "date": DATE}, 0),
        ({"expires": LATER}, 600),  # counted from when it came
        ({"expires": LATER, "date": "today"}, 600),
    ],
)
def test_freshness_is_what_the_answer_says(headers: dict[str, str], seconds: int | None) -> None:
    assert fresh_for(headers, NOW) == (None if seconds is None else seconds * SECONDS)


def test_expires_says_nothing_where_nobody_knows_the_time() -> None:
    assert fresh_for({"expires": LATER}) is None
    assert fresh_for({"expires": "0"}) == timedelta(0)


def test_freshness_comes_with_200_and_with_304(press: Press) -> None:
    fields = (("Cache-Control", "max-age=900"), ("ETag", '"a"'))
    press.set_document(HOST, "/fresh", Resource(BODY, "application/xml", headers=fields))
    first = get(press, f"http://{HOST}/fresh")
    assert first.fresh_for == 900 * SECONDS
    assert get(press).fresh_for is None
    # The press leaves Cache-Control out of its 304, as servers do that have nothing new to say; this one says it.
    lasting = (("ETag", '"a"'), ("Cache-Control", "max-age=60"))
    press.misbehave(HOST, "/fresh", "status", status=304, headers=lasting, body=b"")
    second = get(press, f"http://{HOST}/fresh", first.validators)
    assert (second.http_status, second.fresh_for) == (304, 60 * SECONDS)


# Where it moved


def hop(press: Press, path: str, location: str, status: int = 301, host: str = HOST) -> None:
    press.misbehave(host, path, "redirect", status=status, location=location)


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [
        ((), None),
        ((301,), "/1"),
        ((308,), "/1"),
        ((302,), None),
        ((303,), None),
        ((307,), None),
        ((301, 308, 301), "/3"),
        ((301, 302), "/1"),
        ((301, 302, 301), "/1"),
        ((302, 301), None),
    ],
)
def test_a_source_moves_as_far_as_permanent_redirects_lead(
    press: Press, statuses: tuple[int, ...], moved_to: str | None
) -> None:
    for number, status in enumerate(statuses):
        hop(press, f"/{number}", f"/{number + 1}", status)
    last = f"http://{HOST}/{len(statuses)}"
    press.set_document(HOST, f"/{len(statuses)}", BODY)
    result = get(press, f"http://{HOST}/0")
    assert (result.url, result.moved_to) == (last, moved_to and f"http://{HOST}{moved_to}")


def test_a_move_is_told_with_304_too(press: Press) -> None:
    first = get(press)
    hop(press, "/old", "/feed")
    assert get(press, f"http://{HOST}/old", first.validators).moved_to == FEED


def test_a_way_back_to_where_it_began_is_no_move(press: Press) -> None:
    hop(press, "/a", "/feed")
    press.misbehave(HOST, "/feed", "redirect", times=1, location="/a")
    assert get(press).moved_to is None


@pytest.mark.parametrize(
    ("location", "moved_to"),
    [
        (f"http://{OTHER}/feed#top", f"http://{OTHER}/feed"),
        (f"http://user:pass@{OTHER}/feed", f"http://{OTHER}/feed"),
        (f"//{OTHER}/feed?a=${{PATH}}", f"http://{OTHER}/feed?a=$%7BPATH%7D"),
        (f"http://{OTHER}/a feed", f"http://{OTHER}/a%20feed"),
    ],
)
def test_a_new_address_is_one_that_can_be_stored(press: Press, location: str, moved_to: str) -> None:
    for path in ("/feed", "/feed?a=$%7BPATH%7D", "/a%20feed"):
        press.set_document(OTHER, path, BODY)
    hop(press, "/old", location)
    assert get(press, f"http://{HOST}/old").moved_to == moved_to
    assert all("authorization" not in seen.headers for seen in press.requests)


def test_https_moves_nowhere_without_it(press: Press) -> None:
    hop(press, "/old", f"http://{HOST}/feed")
    with pytest.raises(RedirectRefused, match="from https down to http"):
        get(press, f"https://{HOST}/old")


@every_row(
    ("old", "new", "expected"),
    [
        ("http://daily.example/feed?a=b", "https://daily.example/feed?a=b", True),
        ("http://Daily.example", "https://daily.example/", True),
        ("http://daily.example:80/feed", "https://daily.example:443/feed", True),
        ("http://daily.example:8080/feed", "https://daily.example:8080/feed", True),
        ("http://daily.example:8080/feed", "https://daily.example/feed", False),
        ("http://daily.example/feed", "https://www.daily.example/feed", False),
        ("http://daily.example/feed", "https://daily.example/feed/", False),
        ("http://daily.example/feed?a=b", "https://daily.example/feed", False),
        ("https://daily.example/feed", "http://daily.example/feed", False),
        ("https://daily.example/feed", "https://daily.example/feed", False),
    ],
)
def test_an_upgrade_is_https_and_nothing_else(old: str, new: str, expected: bool) -> None:
    assert is_https_of(old, new) is expected


# Home pages and logins


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/", "the home page http://daily.example/"),
        (f"http://{OTHER}/", "the home page http://other.example/"),
        ("/index.php?from=feed", "the home page"),
        ("/user/login", "a login"),
        ("/wp-login.php?redirect_to=%2Ffeed", "a login"),
        ("/members?redirect_to=%2Ffeed", "a login"),
        ("/SignIn.aspx", "a login"),
        ("/account/register", "a login"),
        ("/sso/start", "a login"),
        ("http://login.other.example/", "the home page"),
        ("http://login.other.example/start", "a login"),
    ],
)
def test_a_redirect_to_a_home_page_or_a_login_is_a_failure(press: Press, location: str, said: str) -> None:
    for host in (HOST, OTHER, "login.other.example"):
        press.misbehave(host, "*", "html", body=HOME)
    hop(press, "/old", location)
    with pytest.raises(RedirectRefused, match=f"redirected to {said}.*, an HTML page instead of the document"):
        get(press, f"http://{HOST}/old")


@pytest.mark.parametrize("location", ["/", "/login", "/?feed=rss2"])
def test_a_redirect_to_a_feed_is_fine_wherever_it_stands(press: Press, location: str) -> None:
    press.misbehave(HOST, "*", "html", body=BODY)  # with the type text/html, as many do
    hop(press, "/old", location)
    result = get(press, f"http://{HOST}/old")
    assert (result.body, result.moved_to) == (BODY, f"http://{HOST}{location}")


@pytest.mark.parametrize(("asked", "location"), [("/", "/?lang=fr"), ("/account/feed", "/account/news")])
def test_a_web_page_elsewhere_is_left_to_who_reads_it(press: Press, asked: str, location: str) -> None:
    press.misbehave(HOST, "*", "html", body=HOME)
    press.misbehave(HOST, asked, "redirect", times=1, location=location)
    if asked == "/":
        with pytest.raises(RedirectRefused, match="home page"):  # another page than the one asked for
            get(press, f"http://{HOST}{asked}")
    else:
        assert get(press, f"http://{HOST}{asked}").body == HOME


def test_a_home_page_that_was_asked_for_is_an_answer(press: Press) -> None:
    press.misbehave(HOST, "/", "html", body=HOME)
    assert get(press, f"http://{HOST}/").body == HOME


@every_row(
    ("content_type", "body", "html"),
    [
        ("text/html", b"", True),
        ("text/html; charset=utf-8", b"words", True),
        ("application/xml", b"  <!DOCTYPE html><html>", True),
        ("application/xml", b'<?xml version="1.0"?><!DOCTYPE HTML PUBLIC "x"><html>', True),
        ("text/html", BODY, False),
        ("text/html", BODY.decode().encode("utf-16"), False),
        (
            "text/html",
            b"\xef\xbb\xbf\n<?xml version='1.0'?><!-- x --><feed xmlns='http://www.w3.org/2005/Atom'>",
            False,
        ),
        ("text/html", b"<br /><b>Warning</b>: x.php<?xml version='1.0'?><rdf:RDF xmlns='x'>", False),
        ("text/html", b' {"version": "https://jsonfeed.org/version/1.1"}', False),
        ("application/xml", b"<opml>", False),
        ("", b"words", False),
    ],
)
def test_a_web_page_is_told_by_its_bytes_before_its_type(content_type: str, body: bytes, html: bool) -> None:
    assert is_html({"content-type": content_type}, body) is html


# Walls for browsers

AKAMAI = (
    b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>Reference&#32;&#35;18&#46;e3c1202"
    b"<P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18&#46;e3c1202</P></BODY></HTML>"
)
ANUBIS = (
    b"<!doctype html><html><head><title>Making sure you&#39;re not a bot!</title>"
    b'<link rel="stylesheet" href="/.within.website/x/xess/xess.min.css">'
    b'<script id="anubis_challenge" type="application/json">{}</script></head></html>'
)
IMPERVA = (
    b'<html><body><iframe id="main-iframe" src="/_Incapsula_Resource?CWUDNSAI=1">Request unsuccessful. '
    b"Incapsula incident ID: 1-2</iframe></body></html>"
)
BLOCKED = b"<html><head><title>Attention Required! | Cloudflare</title></head><body>You have been blocked</body></html>"
SUCURI = b"<html><title>You are being redirected...</title><script>var sucuri_cloudproxy_js='';</script></html>"
DDOS_GUARD = b"<html><head><title>DDoS-Guard</title></head><body></body></html>"
SITEGROUND = b'<html><head><meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=%2F"></head></html>'


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize("mitigated", [True, False])
def test_cloudflare_s_challenge_is_named(press: Press, status: int, mitigated: bool) -> None:
    press.misbehave(HOST, "/feed", "challenge", status=status, mitigated=mitigated)
    with pytest.raises(Challenge, match=rf"^Cloudflare .*only browsers pass \({status}\)$") as caught:
        get(press)
    assert (caught.value.status, caught.value.answered) == (status, True)


@pytest.mark.parametrize(
    ("who", "status", "headers", "body"),
    [
        ("Cloudflare", 403, (("Server", "cloudflare"),), BLOCKED),
        ("Cloudflare", 404, (("cf-mitigated", "challenge"),), b""),
        ("Akamai", 403, (), AKAMAI),
        ("Akamai", 403, (("Server", "AkamaiGHost"),), b"<h1>Access Denied</h1>"),
        ("Imperva", 403, (), IMPERVA),
        ("Imperva", 200, (), IMPERVA),
        ("Sucuri", 200, (), SUCURI),
        ("Sucuri", 403, (), b"<title>Sucuri WebSite Firewall - Access Denied</title>"),
        ("DDoS-Guard", 403, (), DDOS_GUARD),
        ("DDoS-Guard", 403, (("Server", "ddos-guard"),), b"no"),
        ("PerimeterX", 403, (), b'<html><div id="px-captcha"></div></html>'),
        ("DataDome", 403, (), b'<script src="https://ct.captcha-delivery.com/c.js"></script>'),
        ("Anubis", 200, (), ANUBIS),
        ("SiteGround", 202, (), SITEGROUND),
        ("AWS WAF", 405, (("x-amzn-waf-action", "captcha"),), b""),
        ("Vercel", 429, (("x-vercel-mitigated", "challenge"),), b""),
        ("Wordfence", 503, (), b"<p>Generated by Wordfence at Sun, 22 Nov 2026</p>"),
    ],
)
def test_its_kin_are_named_too(
    press: Press, who: str, status: int, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    press.misbehave(HOST, "/feed", "status", status=status, headers=headers, body=body)
    with pytest.raises(Challenge, match=f"^{who} answered in the site's place"):
        get(press)


JSD = (
    b'<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'  # on pages that Cloudflare lets through
)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (403, (), b"<h1>Forbidden</h1>"),
        (403, (("Server", "cloudflare"),), b"<h1>Members only</h1>" + JSD),
        (429, (("Server", "cloudflare"), ("Retry-After", "300")), b"error code: 1015"),
        (503, (("Server", "AkamaiGHost"), ("Retry-After", "300")), b"<h1>Down for maintenance</h1>"),
        (500, (), ANUBIS),
    ],
)
def test_a_refusal_without_marks_is_its_status(
    press: Press, status: int, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    press.misbehave(HOST, "/feed", "status", status=status, headers=headers, body=body)
    with pytest.raises(HttpStatus) as caught:
        get(press)
    assert caught.value.status == status
    assert caught.value.retry_after == (300 * SECONDS if len(headers) == 2 else None)


def test_of_a_refusal_only_the_head_is_read(press: Press) -> None:
    press.misbehave(HOST, "/feed", "status", status=403, body=b"x" * HEAD_BYTES + ANUBIS)
    with pytest.raises(HttpStatus):
        get(press)
    press.set_document(HOST, "/feed", Resource(b"x", "text/html", status=503))
    press.misbehave(HOST, "/feed", "endless")
    with pytest.raises(HttpStatus):
        get(press)


def test_a_refusal_that_breaks_off_is_its_status(press: Press) -> None:
    press.set_document(HOST, "/feed", Resource(b"x" * 1000, "text/html", status=503))
    press.misbehave(HOST, "/feed", "truncated")
    with pytest.raises(HttpStatus, match="503"):
        get(press)


def test_words_about_walls_in_a_feed_are_words(press: Press) -> None:
    words = BODY.replace(b"Daily", b"_cf_chl_opt sucuri_cloudproxy_js onetrust We value your privacy &lt;form")
    press.misbehave(HOST, "/feed", "html", body=words)
    assert get(press).body == words


# Consent walls


@pytest.mark.parametrize(
    "location",
    [
        "http://consent.google.example/m?continue=x",
        "http://guce.other.example/collectConsent?sessionId=1",
        "http://cdn.privacy-mgmt.com.example/consent/tcfv2",
        "/privacy/consent?redirect=%2Frss",
        "/remote/check_cookie.html?url=x",
    ],
)
def test_a_redirect_to_a_consent_page_is_named(press: Press, location: str) -> None:
    for host in ("consent.google.example", "guce.other.example", "cdn.privacy-mgmt.com.example", HOST):
        press.misbehave(host, "*", "html", body=HOME)
    hop(press, "/old", location, 302)
    with pytest.raises(ConsentPage, match="asks for consent came instead of the document, from http"):
        get(press, f"http://{HOST}/old")


def test_the_consent_wall_of_the_press_is_named(press: Press) -> None:
    press.misbehave(HOST, "/feed", "html")
    with pytest.raises(ConsentPage, match=FEED) as caught:
        get(press)
    assert caught.value.answered


MANAGED = b'<html><head><script src="https://cdn.privacy-mgmt.com/wrapper.js"></script></head><body></body></html>'
ALTERNATE = b'<link rel="alternate" type="application/rss+xml" href="/rss">'


@pytest.mark.parametrize(
    ("body", "wall"),
    [
        (MANAGED, True),
        (MANAGED.replace(b"<body>", ALTERNATE), False),  # it names a feed: a page, and `parse` will say which
        (MANAGED.replace(b"<body>", b"news " * 20_000), False),
        (b"<html><body>We value your privacy</body></html>", False),
        (HOME, False),
    ],
)
def test_a_page_that_embeds_a_consent_manager_is_a_wall_if_it_has_nothing_else(
    press: Press, body: bytes, wall: bool
) -> None:
    press.misbehave(HOST, "/feed", "html", body=body)
    if wall:
        with pytest.raises(ConsentPage):
            get(press)
    else:
        assert get(press).body == body


# Whether anybody answered


def failure(press: Press, url: str = FEED, **settings: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        get(press, url, **settings)
    return caught.value


def test_nobody_answers_where_there_is_no_such_host(press: Press) -> None:
    error = failure(press, "http://nowhere.invalid/feed")
    assert not error.answered
    assert "nowhere.invalid" in str(error)


def test_nobody_answers_at_a_port_that_refuses(press: Press) -> None:
    with Press(now=NOW) as gone:
        address = gone.address
    assert not failure(press, "http://{}:{}/".format(*address)).answered


def test_nobody_answers_before_the_deadline(press: Press) -> None:
    press.misbehave(HOST, "/feed", "slow", seconds=30)
    error = failure(press, timeout=timedelta(seconds=0.3))
    assert isinstance(error, FetchTimeout)
    assert not error.answered


@pytest.mark.parametrize("kind", ["drip", "truncated", "garbage", "close", "status"])
def test_whoever_answers_badly_has_answered(press: Press, kind: str) -> None:
    press.misbehave(HOST, "/feed", kind, **({"seconds": 0.1} if kind == "drip" else {}))
    assert failure(press, timeout=timedelta(seconds=0.3)).answered


def test_whoever_redirects_to_a_silent_address_has_answered(press: Press) -> None:
    hop(press, "/old", "/feed")
    press.misbehave(HOST, "/feed", "slow", seconds=30)
    assert failure(press, f"http://{HOST}/old", timeout=timedelta(seconds=0.3)).answered


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "ftp://daily.example/", "http://[::1"])
def test_what_was_not_asked_is_no_sign_of_a_network_that_is_down(press: Press, url: str) -> None:
    assert failure(press, url).answered


def test_who_speaks_no_tls_has_answered(press: Press) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 no TLS here\r\n")
        writer.close()

    async def trip() -> FetchError:
        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server, Fetcher(WIRE) as fetcher, fetcher.turn(url, written_in([url])) as turn:
            with pytest.raises(FetchError, match=r"(?i)ssl") as caught:
                await fetcher.get(make_source(url), Validators(), turn)
        return caught.value

    assert asyncio.run(trip()).answered
