"""The feeds that are served: what is in them, how their pages follow, and what an answer allows a cache."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import feedparser
import pytest

from aggregator.desk import acts
from aggregator.model import Cause, Selection
from aggregator.pipeline.opening import open_existing
from aggregator.text.query import parse
from tests.web.serving import Served, served

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = [
    "/feeds/latest.atom", "/feeds/latest.rss", "/feeds/latest.json", "/feeds/country/ke.atom",
    "/feeds/country/KE.atom", "/feeds/publisher/nawras.rss", "/feeds/language/fr.json",
    "/feeds/kind/government.atom", "/feeds/group/institution.atom", "/feeds/class/press-release.atom",
]  # fmt: skip


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that a test may change."""
    with served(tmp_path_factory.mktemp("served")) as found:
        yield found


def entries(wire: Served, path: str) -> list[str]:
    """The ids of all pages of a feed of Atom."""
    found: list[str] = []
    address: str | None = path
    while address:
        top = ElementTree.fromstring(wire.get(address).content)
        found += [each.findtext(f"{ATOM}id") or "" for each in top.iter(f"{ATOM}entry")]
        links = {each.get("rel"): each.get("href") or "" for each in top.findall(f"{ATOM}link")}
        parts = urlsplit(links.get("next", ""))
        address = f"{parts.path}?{parts.query}" if "next" in links else None
    return found


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_has_reports_with_their_publisher(wire: Served, path: str) -> None:
    answer = wire.get(path)
    assert answer.status_code == 200, answer.text
    if path.endswith("json"):
        items = answer.json()["items"]
        assert items
        assert all(each["_wire"]["publisher"]["name"] and each["_wire"]["credit"] for each in items)
        return
    read = feedparser.parse(answer.content)
    assert not read.bozo
    assert read.entries
    assert all(each.source.title for each in read.entries)


def test_the_pages_of_a_feed_are_all_reports_once(wire: Served) -> None:
    ids = entries(wire, "/feeds/latest.atom")
    assert len(ids) == len(set(ids)) > 50
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM wire WHERE ' ' || channels || ' ' LIKE '% feed %' AND NOT backfill"
        ).fetchone()
    assert len(ids) == count


def test_whoever_turns_pages_goes_on_where_a_report_has_left(own: Served) -> None:
    address = own.get("/feeds/latest.json").json()["next_url"]
    path = "/feeds/" + address.partition("/feeds/")[2]
    older = own.get(path).json()["items"]
    with open_existing(own.paths) as store:
        acts.withhold(store, path.partition("before=")[2], Cause(actor="person:ama", reason="a mistake"), own.now[0])
    again = own.get(path)
    assert [each["id"] for each in again.json()["items"]] == [each["id"] for each in older]


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/latest.exe", "/feeds/country/zz.atom", "/feeds/publisher/nobody.atom", "/feeds/colour/red.atom",
        "/feeds/latest.atom?before=nothing", "/feeds/", "/nothing", "/feeds/publisher/..%2f..%2fetc%2fpasswd.atom",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_problem_in_json(wire: Served, path: str) -> None:
    answer = wire.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_an_answer_that_is_known_is_304_until_anything_changes(own: Served) -> None:
    first = own.get("/feeds/latest.atom")
    etag = first.headers["etag"]
    assert 0 < int(first.headers["cache-control"].partition("max-age=")[2]) <= 60
    for said in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = own.get("/feeds/latest.atom", If_None_Match=said)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert own.get("/feeds/latest.atom", If_None_Match='"other"').status_code == 200
    with open_existing(own.paths) as store:
        gone = store.latest(Selection(limit=1))[0]
        acts.withdraw(store, gone.id, Cause(actor="person:ama", reason="a mistake"), own.now[0])
    after = own.get("/feeds/latest.atom", If_None_Match=etag)
    assert after.status_code == 200
    assert gone.id not in "".join(each for each in entries(own, "/feeds/latest.atom"))
    assert f"{gone.id}" in after.text  # as a tombstone
    assert (gone.title or "") not in after.text


def test_no_answer_outlasts_the_end_of_an_embargo(own: Served) -> None:
    with open_existing(own.paths) as store:
        held = store.latest(Selection(limit=1))[0]
        until = own.now[0] + timedelta(seconds=30)
        acts.embargo(store, held.id, until, Cause(actor="person:ama", reason="their embargo"), own.now[0])
    before = own.get("/feeds/latest.atom")
    assert held.id not in "".join(entries(own, "/feeds/latest.atom"))
    assert int(before.headers["cache-control"].partition("max-age=")[2]) <= 30
    own.now[0] = until + timedelta(seconds=1)
    after = own.get("/feeds/latest.atom", If_None_Match=before.headers["etag"])
    assert after.status_code == 200
    assert held.id in "".join(entries(own, "/feeds/latest.atom"))


def test_answers_are_compressed_for_those_who_ask(wire: Served) -> None:
    assert wire.get("/feeds/latest.atom", Accept_Encoding="gzip").headers["content-encoding"] == "gzip"
    assert wire.get("/feeds/latest.atom", Accept_Encoding="br;q=1, GZIP;q=0.5").headers["content-encoding"] == "gzip"
    for said in ("identity", "gzip;q=0", "*;q=1, gzip; q=0.0", "xgzip", ""):
        assert "content-encoding" not in wire.get("/feeds/latest.atom", Accept_Encoding=said).headers


def raw(wire: Served, request: bytes) -> bytes:
    """What the server says to these bytes."""
    parts = urlsplit(wire.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /feeds/latest.atom HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421),
        (b"GET /feeds/latest.atom HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200),
        (b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 414),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + b"".join(b"X-%d: 1\r\n" % number for number in range(200))
            + b"\r\n",
            431,
        ),
        (b"POST /feeds/latest.atom HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n", 413),
        # With the whole address, as some proxies ask, the host in it counts (RFC 9112 section 3.2.2).
        (b"GET http://LOCALHOST:80/healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 200),
        (b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 421),
        (b"GET http://localhost HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200),
        *(
            (b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n", status)
            for host, status in (
                (b"localhost:8080", 200),
                (b"[::1]:8080", 200),
                (b"LocalHost.", 200),
                (b"evil.example@localhost", 421),
                (b"localhost/evil", 421),
                (b"localhost:evil", 421),
                (b"localhost#evil", 421),
                (b"localhost, evil.example", 421),
                (b"", 421),
            )
        ),
        # No answer leads to an address that the request has made up.
        (b"GET /api/reports/ HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n", 404),
    ],
)
def test_what_no_client_needs_is_refused(wire: Served, request_: bytes, status: int) -> None:
    said = raw(wire, request_)
    assert said.startswith(b"HTTP/1.1 %d " % status), said[:300]


def test_every_answer_forbids_what_a_browser_might_do_with_it(wire: Served) -> None:
    for path in ("/feeds/latest.atom", "/nothing", "/healthz"):
        headers = wire.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_any_search_is_a_feed_with_the_words_and_filters_of_the_page(wire: Served) -> None:
    for suffix in ("atom", "rss", "json"):
        assert wire.get(f"/feeds/search.{suffix}?q=bridge").status_code == 200
    found = set(entries(wire, "/feeds/search.atom?q=bridge"))
    with open_existing(wire.paths) as store:
        every = list(store.reports(Selection(channel="feed"), parse("bridge")))
    assert len(found) == len(every) > 1
    some = set(entries(wire, f"/feeds/search.atom?q=bridge&publisher={every[0].publisher}"))
    assert some < found
    assert some == set(entries(wire, f"/feeds/search.atom?publisher={every[0].publisher}&q=bridge"))
    top = ElementTree.fromstring(wire.get("/feeds/search.atom?q=%3Cb%3E+OR+%22bridge%22%07").content)
    assert (top.findtext(f"{ATOM}title") or "").endswith('search: <b> OR "bridge"')
    links = {each.get("rel"): each.get("href") or "" for each in top.findall(f"{ATOM}link")}
    assert wire.get(f"/feeds/search.atom?{urlsplit(links['self']).query}").status_code == 200


def test_a_feed_of_a_search_that_can_find_nothing_is_refused(wire: Served) -> None:
    for asked, said in (
        ("", "write words"),
        ("q=", "write words"),
        ("q=%28flood", "never closed"),
        ("q=flood&publisher=nawra", "nawras"),
        ("q=flood&kind=governmnt", "government"),
        ("q=flood&token=1", "parameter"),
        ("q=flood&since=2d", "parameter"),
        ("q=flood&before=nothing", "page begins"),
    ):
        answer = wire.get(f"/feeds/search.atom?{asked}")
        assert answer.status_code in (400, 404), asked
        assert said in answer.json()["detail"], asked
    assert wire.get("/feeds/search.xml?q=flood").status_code == 404
