"""Sources that are news sitemaps: polled, found, written down; and the same reports in a feed and in a sitemap."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Entry, Link, Publisher, Selection, Source
from aggregator.store import Store
from tests.cli.test_cli import Desk
from tests.cli.test_doors import publisher_file
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.pipeline.test_discover import accept
from tests.pipeline.test_probing import news_sitemap
from tests.pipeline.test_probing import page as html_page
from tests.releases import printed
from tests.test_trip import HOST, Trip, feed

SITE = f"http://{HOST}/"
MAP = f"{SITE}news-sitemap.xml"


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/news-sitemap.xml", news_sitemap(1, 2))
        yield opened


def trip_of(press: Press, folder: Path, *sources: Source) -> Trip:
    return Trip(press, folder / "wire.db", [make_publisher(sources=sources)])


def source(key: str = "map", url: str = MAP, kind: str = "sitemap") -> Source:
    return Source(publisher="daily-example", key=key, url=url, kind=kind)


def test_a_news_sitemap_is_polled_and_asked_for_again_with_its_validators(press: Press, tmp_path: Path) -> None:
    trip = trip_of(press, tmp_path, source())
    (poll,) = trip()
    assert (poll.outcome, poll.format, poll.entries, poll.new) == ("ok", "sitemap-news09", 2, 2)
    (poll,) = trip()
    assert (poll.outcome, poll.http_status) == ("not_modified", 304)
    press.set_document(HOST, "/news-sitemap.xml", news_sitemap(3, 1, 2))
    (poll,) = trip()
    assert (poll.outcome, poll.new, poll.revised, poll.unchanged, poll.gap) == ("ok", 1, 0, 2, None)
    assert trip.rows("SELECT url, title, published, language FROM articles ORDER BY article_id DESC LIMIT 1") == [
        (f"{SITE}3", "Report 3", "2026-11-21T08:00:00Z", "fr")
    ]


def test_a_headline_without_words_leaves_with_its_credit(press: Press, tmp_path: Path) -> None:
    trip = trip_of(press, tmp_path, source())
    trip()
    with Store.read(trip.place) as store:
        reports = store.latest(Selection())
        shown = printed(store, reports, NOW)
    assert sorted((report.title, report.text, report.summary) for report in reports) == [
        ("Report 1", "", ""),
        ("Report 2", "", ""),
    ]
    for said in shown:
        assert "Report 1" in said
        assert "Daily Example (Bamako)" in said
    assert trip.rows("SELECT title, summary, text, credit FROM wire WHERE title = 'Report 1'") == [
        ("Report 1", "", "", "Daily Example (Bamako)")
    ]


def test_a_gzip_file_is_polled(press: Press, tmp_path: Path) -> None:
    press.set_document(HOST, "/news.xml.gz", Resource(gzip.compress(news_sitemap(1)), "application/gzip"))
    (poll,) = trip_of(press, tmp_path, source(url=f"{SITE}news.xml.gz"))()
    assert (poll.outcome, poll.new) == ("ok", 1)


@pytest.mark.parametrize(
    ("body", "drops"),
    [
        (news_sitemap(), {}),
        (b"<urlset/>", {}),
        (f"<urlset><url><loc>{SITE}</loc></url><url><loc>{SITE}kuhusu</loc></url></urlset>".encode(), {"not_news": 2}),
        (gzip.compress(f"<urlset><url><loc>{SITE}</loc></url></urlset>".encode()), {"not_news": 1}),
        (f"<urlset><url><loc>{SITE}?a=1&b=2</loc></url></urlset>".encode(), {"not_news": 1}),
        (news_sitemap(2, 1), {}),
    ],
    ids=["no-news", "empty", "pages", "pages-gzip", "pages-ampersand", "known"],
)
def test_a_sitemap_that_brings_nothing_new_is_no_failure(
    press: Press, tmp_path: Path, body: bytes, drops: dict[str, int]
) -> None:
    trip = trip_of(press, tmp_path, source())
    trip()
    press.set_document(HOST, "/news-sitemap.xml", body)
    (poll,) = trip()
    assert (poll.outcome, poll.new, poll.revised, dict(poll.drops)) == ("ok", 0, 0, drops)
    assert ("if that stays so, look for the site's news sitemap" in (poll.error or "")) == bool(drops)
    press.set_document(HOST, "/news-sitemap.xml", news_sitemap(3, 1))
    (poll,) = trip()
    assert (poll.outcome, poll.new, poll.revised) == ("ok", 1, 0)


def test_a_feed_that_has_become_a_sitemap_of_pages_is_a_failure(press: Press, tmp_path: Path) -> None:
    press.set_document(HOST, "/feed", f"<urlset><url><loc>{SITE}</loc></url></urlset>".encode())
    (poll,) = trip_of(press, tmp_path, source("feed", f"{SITE}feed", "feed"))()
    assert poll.outcome == "failed"
    assert "it is a sitemap of 1 pages, and of no news" in (poll.error or "")


@pytest.mark.parametrize("rows", ["", f"<sitemap><loc>{SITE}news-1.xml</loc></sitemap>"])
def test_an_index_of_sitemaps_is_a_failure_that_says_what_to_do(press: Press, tmp_path: Path, rows: str) -> None:
    press.set_document(HOST, "/news-sitemap.xml", f"<sitemapindex>{rows}</sitemapindex>".encode())
    (poll,) = trip_of(press, tmp_path, source())()
    assert poll.outcome == "failed"
    assert ("poll one of those" if rows else "look for the site's feed") in (poll.error or "")


@pytest.mark.parametrize("first", ["feed", "map"])
def test_a_report_in_a_feed_and_in_a_sitemap_is_one_article(press: Press, tmp_path: Path, first: str) -> None:
    press.set_document(HOST, "/feed", feed(1, 2))
    sources = {"feed": source("feed", f"{SITE}feed", "feed"), "map": source()}
    trip = trip_of(press, tmp_path, sources[first])
    assert sum(poll.new for poll in trip()) == 2
    trip.config = replace(trip.config, publishers=(make_publisher(sources=tuple(sources.values())),))
    for _ in range(2):
        polls = trip()
        assert sum(poll.new + poll.revised for poll in polls) == 0
    assert trip.rows("SELECT count(*) FROM articles") == [(2,)]
    assert trip.rows("SELECT count(*) FROM revisions") == [(2,)]


def test_a_report_of_a_feed_is_known_again_by_its_address_and_keeps_its_words(
    store: Store, publisher: Publisher
) -> None:
    two = replace(publisher, sources=(publisher.sources[0], source()))
    sync(store, WIRE, [two], NOW, NOW.date())
    record(store, two, make_entry(1))
    in_map = Entry(title=make_entry(1).title, links=(Link("https://www.daily.example/1/"),), published="2026-11-21")
    poll = record(store, replace(two, sources=two.sources[1:]), in_map)
    assert (poll.new, poll.revised, poll.unchanged) == (0, 0, 1)
    (report,) = store.latest(Selection())
    assert report.text.startswith("BAMAKO — Le pont n° 1 rouvre lundi.")


def test_a_search_proposes_a_news_sitemap_and_polls_it_where_it_may(press: Press, tmp_path: Path) -> None:
    press.set_document(HOST, "/robots.txt", Resource(f"Sitemap: {MAP}\n".encode(), "text/plain"))
    press.set_document(HOST, "/", html_page())
    trip = trip_of(press, tmp_path, source("main", SITE, "discover"))
    accept(trip)
    (poll,) = trip()
    assert (poll.proposal and poll.proposal.url, poll.new) == (MAP, 0)
    assert trip.rows("SELECT proposed, proposed_as FROM sources") == [(MAP, "sitemap-news09, 2 entries")]
    (poll,) = trip()
    assert (poll.outcome, poll.format, poll.new) == ("ok", "sitemap-news09", 2)


def test_probe_writes_a_news_sitemap_and_check_reads_it(tmp_path: Path) -> None:
    with Press(now=NOW) as press:
        desk, host = Desk(tmp_path, press), "127.0.0.1"
        url, file = f"{press.url}/news.xml", publisher_file(desk)
        kept = file.read_text().partition("[[source]]")[0]
        file.write_text(f'{kept}[[source]]\nurl = "{press.url}/"\nkind = "discover"\n')
        named = f"Sitemap: {url}\nSitemap: {press.url}/a.xml\n".encode()
        press.set_document(host, "/robots.txt", Resource(named, "text/plain"))
        press.set_document(host, "/", html_page())
        press.set_document(host, "/news.xml", news_sitemap(1, 2))
        said = desk("probe", "--write", "one", f"{press.url}/")
        table = f'url = "{url}"\nkind = "sitemap"\n'
        for words in ("robots.txt", "sitemap-news09, 2 entries", table, "sitemap of pages"):
            assert words in said
        assert file.read_text() == f"{kept}[[source]]\n{table}"
        (row,) = json.loads(desk("check", "--live", "--json", "one"))
        assert [row[key] for key in ("state", "format", "entries", "dated", "summaries")] == [
            "fine",
            "sitemap-news09",
            2,
            1.0,
            0.0,
        ]
