"""What a document says of itself: when to come back, and where the older entries are; an archive walked over HTTP."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

import feedparser
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.demo import Press, Resource, generate_archive, generate_feed
from aggregator.model import Document, FetchResult, Hints, Source
from aggregator.model.errors import ParseError
from aggregator.parse import channel, encoding, hints, older, parse, xml
from tests import ROOT
from tests.conftest import SOAK, examples
from tests.rows import every_row

SHARED = ROOT.parent / "shared"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOST = "daily.example"
URL = f"https://{HOST}/feed/"
SPACES = (
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:admin="http://webns.net/mvcb/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
)
ITEM = "<item><title>Bridge open</title><guid>1</guid></item>"


def read(body: bytes, url: str = URL, kind: str = "feed") -> Document:
    source = Source(publisher="daily", key="all", url=url, kind=kind)
    return parse(FetchResult(url=url, http_status=200, headers={}, body=body), source)


def rss(head: str, items: str = ITEM, behind: str = "") -> bytes:
    return f'<rss version="2.0" {SPACES}><channel><title>T</title>{head}{items}{behind}</channel></rss>'.encode()


def atom(head: str) -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES}>{head}<entry><id>1</id></entry></feed>'.encode()


# Hints


@every_row(
    ("said", "minutes"),
    [
        ([("ttl", "60")], 60), ([("ttl", "\n 060\t")], 60), ([("ttl", "1")], 1), ([("ttl", "60.0")], None),
        ([("ttl", "+60")], None), ([("ttl", "٦٠")], None), ([("ttl", "1 hour")], None), ([("ttl", "6" * 5_000)], None),
        ([("ttl", "527040")], 527_040), ([("ttl", "527041")], None), ([("ttl", "0"), ("ttl", "5")], 5),
        ([("period", "hourly")], 60), ([("period", " Hourly\n"), ("frequency", "2")], 30), ([("frequency", "3")], 480),
        ([("period", "weekly"), ("frequency", "1")], 10_080), ([("period", "monthly")], 43_200),
        ([("period", "yearly")], 525_600), ([("period", ""), ("frequency", "1")], None),
        ([("period", "fortnightly")], None), ([("period", "daily"), ("frequency", "")], None),
        ([("period", "daily"), ("frequency", "-1")], None), ([("period", "daily"), ("frequency", "0.5")], None),
        ([("period", "always"), ("ttl", "15")], 15), ([("period", "hourly"), ("ttl", "15")], 60),
        ([("period", "hourly"), ("ttl", "90")], 90), ([("generator", "60")], None), ([], None),
    ],
)  # fmt: skip
def test_how_long_to_wait(said: list[tuple[str, str]], minutes: int | None) -> None:
    assert hints.hints(said) == Hints(every=None if minutes is None else timedelta(minutes=minutes))


@every_row(
    ("hours", "expected"),
    [
        (["0", "23", "5"], (0, 5, 23)), (["24"], (0,)), (["25", "-1", "noon", "", "1,2"], ()), (["7", "07"], (7,)),
        ([str(hour) for hour in range(24)], ()), ([str(hour) for hour in range(1, 25)], ()),
        ([str(hour) for hour in range(23)], tuple(range(23))),
    ],
)  # fmt: skip
def test_hours_to_stay_away(hours: list[str], expected: tuple[int, ...]) -> None:
    assert hints.hints(("hour", hour) for hour in hours) == Hints(skip_hours=expected)


WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@every_row(
    ("days", "expected"),
    [(["Sunday", " monday ", "SUNDAY"], (0, 6)), (["Lundi", "", "6"], ()), (WEEK, ()), (WEEK[1:], (1, 2, 3, 4, 5, 6))],
)
def test_days_to_stay_away(days: list[str], expected: tuple[int, ...]) -> None:
    assert hints.hints(("day", day) for day in days) == Hints(skip_days=expected)


def said_in(document: bytes) -> channel.Said:
    read = xml.read(document)
    assert read is not None
    return channel.read(read, URL)


def check_shape(said: Hints) -> None:
    assert said.every is None or timedelta() < said.every <= hints.LONGEST
    for skipped, of in ((said.skip_hours, 24), (said.skip_days, 7)):
        assert skipped == tuple(sorted(set(skipped)))
        assert set(skipped) < set(range(of))


def check_address(address: str | None, url: str = URL) -> None:
    if address is None:
        return
    parts = urlsplit(address)
    assert (parts.scheme, parts.fragment) == ("https", "")
    assert (parts.hostname or "").removeprefix("www.") == urlsplit(url).hostname
    assert parts.username is None
    assert address != url
    assert address.isprintable()
    assert len(address) <= older.LONGEST + 1  # https for http


FORBIDDEN = "".join(map(chr, [*range(9), 11, 12, *range(13, 32), 0xFFFE, 0xFFFF]))
XML_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=FORBIDDEN), max_size=20)
NUMBERS = st.one_of(st.integers(-2, 30), st.integers()).map(str)
PERIODS = st.sampled_from(["hourly", "daily", " Weekly", "monthly", "yearly", "never"])
TEXTS = st.one_of(NUMBERS, st.sampled_from([*WEEK, "24", "1e3"]), PERIODS, XML_TEXTS)
KEYS = st.sampled_from(["ttl", "hour", "day", "period", "frequency", "generator"])


@given(st.lists(st.tuples(KEYS, st.one_of(TEXTS, st.text())), max_size=40))
@settings(deadline=None)
def test_any_words_give_hints_of_their_shape(said: list[tuple[str, str]]) -> None:
    check_shape(hints.hints(said))


ADDRESSES = st.one_of(
    st.sampled_from(
        [
            "?paged=2",
            "/older",
            "http://daily.example/2",
            "//www.daily.example:443/2",
            "http://[x",
            "https://daily.example:x",
        ]
    ),
    st.text(st.sampled_from("https:/w.daily.example@?&#[]\\ \n%é1"), max_size=40),
    XML_TEXTS,
)
PARTS = st.one_of(
    st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["ttl", "generator", "sy:updatePeriod"]), TEXTS.map(escape)),
    st.builds("<sy:updateFrequency>{}</sy:updateFrequency>".format, TEXTS.map(escape)),
    st.builds("<skipHours><hour>{}</hour><x/>{}</skipHours>".format, TEXTS.map(escape), TEXTS.map(escape)),
    st.builds("<skipDays>{}<day>{}</day></skipDays>".format, TEXTS.map(escape), TEXTS.map(escape)),
    st.builds("<skipDays><day>{}<b>Monday</b></day></skipDays>".format, TEXTS.map(escape)),
    st.builds(
        "<atom:link rel={} href={} xml:base={}/>".format,
        st.sampled_from(["'next'", "'prev-archive'", "'self'"]),
        ADDRESSES.map(quoteattr),
        ADDRESSES.map(quoteattr),
    ),
    st.sampled_from(
        ["<ttl>", "</channel>", "<item>", "<!--", "]]>", ITEM, "<x:y/>", "<generator>wordpress.org</generator>"]
    ),
)


@given(st.lists(PARTS, max_size=8), st.lists(PARTS, max_size=3), st.sampled_from([rss, lambda head, *_: atom(head)]))
@settings(deadline=None, max_examples=examples(400), suppress_health_check=[HealthCheck.too_slow])
def test_whatever_stands_in_a_channel(head: list[str], behind: list[str], write: Callable[..., bytes]) -> None:
    body = write("".join(head), ITEM, "".join(behind))
    try:
        parsed = read(body)
    except ParseError:
        return
    check_shape(parsed.hints)
    check_address(parsed.older)


@given(st.binary(max_size=200), st.text(max_size=20))
@settings(deadline=None)
def test_any_bytes_are_read(body: bytes, url: str) -> None:
    assert xml.read(body) is None
    older.of_wordpress(["https://wordpress.org/"], url)


SAID_ONCE = st.fixed_dictionaries(
    {},
    optional={
        "ttl": NUMBERS,
        "sy:updatePeriod": PERIODS,
        "sy:updateFrequency": NUMBERS,
        "hour": NUMBERS,
        "day": st.sampled_from(WEEK),
        "next": st.sampled_from(["https://daily.example/2", "?paged=2", "/2"]),
    },
)


@given(SAID_ONCE)
@example({"ttl": "60", "hour": "24", "day": "Sunday", "next": "?paged=2"})
@settings(deadline=None)
def test_feedparser_reads_the_same_where_it_reads_anything(said: dict[str, str]) -> None:
    around = {"hour": "skipHours", "day": "skipDays"}
    head = "".join(
        f'<atom:link rel="next" href="{text}"/>' if name == "next"
        else f"<{around[name]}><{name}>{text}</{name}></{around[name]}>" if name in around
        else f"<{name}>{text}</{name}>"
        for name, text in said.items()
    )  # fmt: skip
    body = rss(head)
    parsed = read(body)
    assert parsed.hints == by_feedparser(body)
    links = [link for link in feedparser.parse(io.BytesIO(body)).feed.get("links", []) if link.rel == "next"]
    assert parsed.older == older.older([(link.rel, "", link.href, URL) for link in links], URL)


def by_feedparser(body: bytes) -> Hints:
    """Of what feedparser keeps, which of several is the last."""
    feed = dict(feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False).feed)
    keys = {"ttl": "ttl", "hour": "hour", "day": "day", "period": "sy_updateperiod", "frequency": "sy_updatefrequency"}
    return hints.hints((key, feed[name]) for key, name in keys.items() if name in feed)


def real() -> list[Any]:
    files = sorted(SHARED.joinpath("feeds").glob("*.xml"))
    skipped = pytest.mark.skip(reason=f"{SHARED} is not here: real feeds are not part of the project")
    return [pytest.param(file, id=file.stem) for file in files] or [pytest.param(Path(), marks=skipped)]


@pytest.mark.parametrize("path", real())
def test_a_real_feed(path: Path) -> None:
    document = encoding.to_utf8(path.read_bytes(), None)[0]
    parsed = read(document)
    check_shape(parsed.hints)
    check_address(parsed.older)
    if b"<skip" not in document:
        assert parsed.hints == by_feedparser(document)


def test_a_fault_elsewhere_changes_nothing() -> None:
    """A DOCTYPE, a fault in an item, something behind the end, half a document."""
    head = "<ttl>90</ttl><skipHours><hour>3</hour></skipHours><atom:link rel='next' href='/2'/>"
    plain = read(rss(head))
    assert plain.hints == Hints(every=timedelta(minutes=90), skip_hours=(3,))
    assert plain.older == "https://daily.example/2"
    for other in (
        b"<!DOCTYPE rss [<!ENTITY e 'x'>]>" + rss(head),
        rss(head, ITEM.replace("Bridge", "<b>Bridge")),
        rss(head, ITEM.replace("<guid", "<link>/1</link><guid")),
        rss(head) + b"<script>junk</script>",
        rss(head, ITEM * 2)[:-40],
    ):
        parsed = read(other)
        assert (parsed.hints, parsed.older) == (plain.hints, plain.older)


# The older page


@every_row(
    ("href", "expected"),
    [
        ("https://daily.example/2", "https://daily.example/2"), ("2", "https://daily.example/feed/2"),
        ("//daily.example/2", "https://daily.example/2"), ("  /2 ", "https://daily.example/2"),
        ("https://WWW.Daily.example/2", "https://WWW.Daily.example/2"), ("#older", None), ("", None),
        ("http://daily.example/2", "https://daily.example/2"), ("http://daily.example:80/2", None),
        ("https://daily.example:443/2", "https://daily.example:443/2"), ("https://daily.example:8443/2", None),
        ("https://daily.example:0/2", None), ("https://daily.example:/2", "https://daily.example:/2"),
        ("https://daily.example.evil.example/2", None), ("https://feeds.daily.example/2", None),
        ("https://example/2", None), ("https://a:b@daily.example/2", None),
        ("https://daily.example@evil.example/2", None),
        ("https://evil.example\\@daily.example/2", None), ("ftp://daily.example/2", None), ("file:///etc/passwd", None),
        ("javascript:alert(1)", None), ("http://[::1", None), ("https://daily.example/a b", None),
        ("https://daily.example/" + "x" * 2_000, None), ("https://daily.example/\u202egnp", None),
        ("/été?page=2", "https://daily.example/été?page=2"),
    ],
)  # fmt: skip
def test_where_a_link_may_lead(href: str, expected: str | None) -> None:
    assert read(rss(f"<atom:link rel='next' href={quoteattr(href)}/>")).older == expected
    feed = {"version": "https://jsonfeed.org/version/1.1", "next_url": href, "items": [{"id": "1"}]}
    assert read(json.dumps(feed).encode(), kind="jsonfeed").older == expected


@every_row(
    ("url", "href", "expected"),
    [
        ("http://daily.example/feed", "https://daily.example/2", "https://daily.example/2"),
        ("http://127.0.0.1:4012/daily/feed", "?page=2", "http://127.0.0.1:4012/daily/feed?page=2"),
        ("http://127.0.0.1:4012/daily/feed", "http://127.0.0.1:4013/", None),
        ("https://www.daily.example/feed", "https://daily.example/2", "https://daily.example/2"),
        ("", "https://daily.example/2", None), ("http://[", "/2", None), ("file:///feed.xml", "/2", None),
    ],
)  # fmt: skip
def test_where_a_link_may_lead_from_elsewhere(url: str, href: str, expected: str | None) -> None:
    assert read(rss(f"<atom:link rel='next' href='{href}'/>"), url).older == expected


@every_row(
    ("url", "expected"),
    [
        ("https://daily.example/feed", "https://daily.example/feed?paged=2"),
        ("https://daily.example/topic/river/feed/rss2/", "https://daily.example/topic/river/feed/rss2/?paged=2"),
        ("http://daily.example/rss/", "http://daily.example/rss/?paged=2"),
        ("https://daily.example/?feed=atom", "https://daily.example/?feed=atom&paged=2"),
        ("https://daily.example/feed/?paged=9#x", "https://daily.example/feed/?paged=10"),
        ("https://daily.example/feed/?paged=", "https://daily.example/feed/?paged=2"),
        ("https://daily.example/feed/?paged=0&a=%C3%A9", "https://daily.example/feed/?a=%C3%A9&paged=2"),
        ("https://daily.example/feed/?unpaged=3", "https://daily.example/feed/?unpaged=3&paged=2"),
        ("https://daily.example/comments/feed/", None), ("https://daily.example/?feed=comments-rss2", None),
        ("https://daily.example/", None), ("https://daily.example/feed.xml", None),
        ("https://daily.example/feeds", None), ("https://feeds.burner.example/daily", None), ("file:///feed/", None),
        ("feed/", None), ("http://[/feed/", None),
    ],
)  # fmt: skip
def test_the_pages_of_wordpress(url: str, expected: str | None) -> None:
    assert read(rss("<generator>https://wordpress.org/?v=6.4</generator>"), url).older == expected
    assert read(rss("<generator>Ghost 5</generator>"), url).older is None


MANY = 50_000 if SOAK else 20_000


@pytest.mark.soak
def test_bases_that_grow_are_left() -> None:
    """One within the other, and one before many links: resolving them all costs the square of the document."""
    nested = rss("<ttl>60</ttl>" + "<atom:x xml:base='x/'>" * 900 + "</atom:x>" * 900)
    assert said_in(nested).words == (("ttl", "60"),)
    with pytest.raises(ParseError, match="nested more than 1000 deep"):
        xml.read(rss("<atom:x xml:base='x/'>" * MANY))
    links = "<link rel='next' href='2'/>" * MANY
    assert older.older(said_in(atom(f"<x xml:base='/a/'>{links}</x>{links}")).links, URL) == f"{URL}2"
    long = atom(links).replace(b"<feed ", b"<feed xml:base='/%s/' " % (b"x/" * (10 * MANY)))
    said = said_in(long)
    assert len(said.links) == channel.MOST
    assert older.older(said.links, URL) is None


# An archive over HTTP


def ask(press: Press, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*press.address, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": HOST})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def walked(press: Press, most: int = 20) -> tuple[list[list[str | None]], int]:
    """The ids on each page from the newest back, and the last status, by the addresses that the pages give."""
    found, path = [], "/feed/"
    while len(found) < most:
        status, body = ask(press, path)
        if status != 200:
            return found, status
        parsed = read(body, f"http://{HOST}{path}")
        found.append([entry.id for entry in parsed.entries])
        if parsed.older is None:
            return found, status
        parts = urlsplit(parsed.older)
        path = f"{parts.path}?{parts.query}"
    raise AssertionError("an archive without end")


@pytest.mark.parametrize(("rel", "last"), [(None, 404), ("next", 200), ("prev-archive", 200)])
def test_an_archive_is_walked_to_its_end(rel: str | None, last: int) -> None:
    with Press(now=NOW) as press:
        for version, sizes in ((25, [10, 10, 10, 5]), (0, [10])):  # the second takes the place of the first
            press.set_pages(HOST, "/feed/", generate_archive(3, 10, now=NOW, version=version, rel=rel))
            found, status = walked(press)
            assert [len(page) for page in found] == sizes
            ids = [int(str(each).rpartition("-")[2]) for page in found for each in page]
            assert ids == list(range(version + 9, -1, -1))
            assert status == last
            assert ask(press, f"/feed/?paged={len(sizes) + 1}")[0] == 404


def test_the_first_page_of_an_archive_is_the_feed() -> None:
    made = [generate_archive(3, 10, now=NOW, version=version)[at] for version, at in ((25, 1), (15, 0))]
    assert made[0] == made[1]
    first, feed = read(made[1]), read(generate_feed(3, 10, now=NOW, version=15))
    assert first.entries == feed.entries


def test_a_path_with_any_query() -> None:
    with Press(now=NOW) as press:
        press.set_document(HOST, "/feed", b"<rss>all</rss>")
        assert ask(press, "/feed?page=2") == (200, b"<rss>all</rss>")
        press.set_document(HOST, "/feed?", Resource(b"none", status=404))
        press.set_document(HOST, "/feed?page=1", b"<rss>one</rss>")
        assert ask(press, "/feed?page=2") == (404, b"none")
        assert ask(press, "/feed?page=1") == (200, b"<rss>one</rss>")
        assert ask(press, "/feed") == (200, b"<rss>all</rss>")
