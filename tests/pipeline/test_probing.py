"""Discovery and live checks, over real HTTP against the press."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from aggregator.demo import Press, Resource
from aggregator.fetch import Fetcher, RobotsCache
from aggregator.model import FetchResult, RobotsCopy, Source
from aggregator.pipeline.discovery.measure import Measure, measure
from aggregator.pipeline.discovery.prober import MOST_REQUESTS, Look, Prober, Survey
from tests.conftest import NOW, WIRE
from tests.test_trip import HOST, feed

SITE = f"http://{HOST}/"
LONG = " ".join(["words"] * 200)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/robots.txt", Resource(b"User-agent: *\nAllow: /\n", "text/plain"))
        yield opened


def page(*links: str) -> Resource:
    head = "".join(f"<link {link}>" for link in links)
    return Resource(f"<!DOCTYPE html><html><head>{head}</head><body>News</body></html>".encode(), "text/html")


def alternate(href: str, media_type: str = "application/rss+xml") -> str:
    return f'rel="alternate" type="{media_type}" href="{href}"'


def whole(*numbers: object) -> bytes:
    """A feed that carries whole reports."""
    return feed(*numbers).replace(b"Words of", f"{LONG} of".encode())


async def _with(press: Press, url: str, look: bool) -> Survey | Look:
    kept: dict[str, RobotsCopy] = {}

    async def recall(origin: str) -> RobotsCopy | None:
        return kept.get(origin)

    async def remember(copy: RobotsCopy) -> None:
        kept[copy.origin] = copy

    async def measured(result: FetchResult, source: Source) -> Measure:
        return measure(result, source)

    async with Fetcher(WIRE, lambda host: press.address, RobotsCache(recall, remember)) as fetcher:
        prober = Prober(fetcher, measured, recall, lambda: NOW)
        if look:
            return await prober.look(Source(publisher="daily-example", key="feed", url=url))
        return await prober.discover(url)


def discover(press: Press, url: str = SITE) -> Survey:
    found = asyncio.run(_with(press, url, look=False))
    assert isinstance(found, Survey)
    return found


def look(press: Press, path: str = "/feed") -> Look:
    found = asyncio.run(_with(press, f"http://{HOST}{path}", look=True))
    assert isinstance(found, Look)
    return found


def asked(press: Press) -> list[str]:
    return [seen.path for seen in press.requests if seen.path != "/robots.txt"]


# The doors of a site


def test_an_address_that_is_a_feed_is_the_door(press: Press) -> None:
    press.set_document(HOST, "/news.xml", feed(1, 2))
    survey = discover(press, f"{SITE}news.xml")
    (found_feed,) = survey.feeds
    assert (found_feed.url, found_feed.kind, found_feed.described) == (f"{SITE}news.xml", "feed", "rss20, 2 entries")
    assert asked(press) == ["/news.xml"]


def test_the_feeds_that_a_page_names_are_ranked_by_completeness(press: Press) -> None:
    names = ("/short.xml", "/whole.xml", "/empty.xml", "/feed.json", "/comments/feed/")
    types = (*["application/rss+xml"] * 3, "application/feed+json", "application/rss+xml")
    press.set_document(HOST, "/", page(*(alternate(*pair) for pair in zip(names, types, strict=True))))
    press.set_document(HOST, "/short.xml", feed(*range(9)))
    press.set_document(HOST, "/whole.xml", whole(1, 2))
    press.set_document(HOST, "/empty.xml", feed())
    item = b'{"id": "1", "title": "One", "content_text": "Short."}'
    press.set_document(HOST, "/feed.json", b'{"version": "https://jsonfeed.org/version/1.1", "items": [%s]}' % item)
    survey = discover(press)
    assert [found_feed.url for found_feed in survey.feeds] == [
        f"{SITE}whole.xml",
        f"{SITE}short.xml",
        f"{SITE}feed.json",
    ]
    assert [found_feed.kind for found_feed in survey.feeds] == ["feed", "feed", "jsonfeed"]
    best = survey.feeds[0].carries
    assert (best.entries, best.full_text, best.dated, best.summaries) == (2, 1.0, 1.0, 1.0)
    assert best.newest == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert "/comments/feed/" not in asked(press)
    assert "/feed/" not in asked(press)  # what a site names itself is preferred to guesses


def test_a_door_that_nothing_has_come_through_for_long_is_the_worse(press: Press) -> None:
    press.set_document(HOST, "/", page(alternate("/old.xml"), alternate("/new.xml")))
    press.set_document(HOST, "/old.xml", whole(1, 2).replace(b"2026", b"2019"))
    press.set_document(HOST, "/new.xml", feed(1))
    assert [found_feed.url for found_feed in discover(press).feeds] == [f"{SITE}new.xml", f"{SITE}old.xml"]


@pytest.mark.parametrize("path", ["/feed/", "/rss.xml", "/feeds/posts/default", "/?format=feed&type=rss"])
def test_where_a_page_names_none_the_usual_places_are_tried(press: Press, path: str) -> None:
    press.set_document(HOST, "/", page())
    press.set_document(HOST, path, feed(1))
    survey = discover(press)
    assert [found_feed.url for found_feed in survey.feeds] == [f"{SITE.rstrip('/')}{path}"]
    assert survey.tried[0].said == "an HTML page"
    assert len(asked(press)) <= MOST_REQUESTS


def test_a_section_has_its_own_feed_and_else_its_home_page_is_asked(press: Press) -> None:
    press.set_document(HOST, "/sport/", page())
    press.set_document(HOST, "/", page(alternate("/all.xml")))
    press.set_document(HOST, "/all.xml", feed(1))
    assert [found_feed.url for found_feed in discover(press, f"{SITE}sport/").feeds] == [f"{SITE}all.xml"]
    press.set_document(HOST, "/", page())
    press.set_document(HOST, "/feed/", feed(1))
    assert [found_feed.url for found_feed in discover(press, f"{SITE}sport/").feeds] == [f"{SITE}feed/"]


def robots(press: Press, *lines: str) -> None:
    text = "\n".join(("User-agent: *", "Allow: /", *lines, ""))
    press.set_document(HOST, "/robots.txt", Resource(text.encode(), "text/plain"))


def news_sitemap(*numbers: object) -> bytes:
    urls = "".join(
        f"<url><loc>{SITE}{number}</loc><news:news><news:publication><news:name>Daily</news:name>"
        "<news:language>fr</news:language></news:publication>"
        "<news:publication_date>2026-11-21T08:00:00Z</news:publication_date>"
        f"<news:title>Report {number}</news:title></news:news></url>"
        for number in numbers
    )
    spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    spaces += ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    return f"<?xml version='1.0' encoding='UTF-8'?><urlset {spaces}>{urls}</urlset>".encode()


def index(*paths: str) -> bytes:
    rows = (
        f"<sitemap><loc>{SITE}{path}</loc><lastmod>2026-11-{10 + n}</lastmod></sitemap>" for n, path in enumerate(paths)
    )
    return f"<sitemapindex>{''.join(rows)}</sitemapindex>".encode()


def test_news_sitemaps_that_robots_txt_names_are_doors_and_others_are_told_of(press: Press) -> None:
    robots(press, f"Sitemap: {SITE}news-sitemap.xml", f"sitemap: {SITE}pages.xml", f"Sitemap: {SITE}2-news.xml.gz")
    press.set_document(HOST, "/", page())
    press.set_document(HOST, "/news-sitemap.xml", news_sitemap(1, 2))
    press.set_document(HOST, "/2-news.xml.gz", Resource(gzip.compress(news_sitemap(1)), "application/gzip"))
    survey = discover(press)
    assert [(found_feed.kind, found_feed.url, found_feed.described) for found_feed in survey.feeds] == [
        ("sitemap", f"{SITE}news-sitemap.xml", "sitemap-news09, 2 entries"),
        ("sitemap", f"{SITE}2-news.xml.gz", "sitemap-news09, 1 entries"),
    ]
    assert [each.named_by for each in survey.tried if each.feed] == ["robots.txt", "robots.txt"]
    assert [(other.what, other.url) for other in survey.others] == [("sitemap of pages", f"{SITE}pages.xml")]
    assert "/pages.xml" not in asked(press)
    assert len(asked(press)) <= MOST_REQUESTS


def test_any_feed_that_is_alive_is_better_than_a_news_sitemap(press: Press) -> None:
    robots(press, f"Sitemap: {SITE}news.xml")
    press.set_document(HOST, "/news.xml", news_sitemap(*range(9)))
    press.set_document(HOST, "/", page(alternate("/feed.xml")))
    for body, expected in (
        (feed(1), ["feed", "sitemap"]),
        (re.sub(b"<(pubDate|description)>.*?</(pubDate|description)>", b"", feed(1)), ["feed", "sitemap"]),
        (feed(1).replace(b"2026", b"2019"), ["sitemap", "feed"]),
        (feed(), ["sitemap"]),
    ):
        press.set_document(HOST, "/feed.xml", body)
        assert [found_feed.kind for found_feed in discover(press).feeds] == expected


def test_an_index_of_news_sitemaps_is_followed_one_level(press: Press) -> None:
    robots(press, f"Sitemap: {SITE}sitemaps/news.xml")
    press.set_document(HOST, "/", page())
    press.set_document(HOST, "/sitemaps/news.xml", index("news-1.xml", "pages.xml", "news-2.xml", "news-index.xml"))
    press.set_document(HOST, "/news-index.xml", index("news-9.xml"))
    press.set_document(HOST, "/news-2.xml", news_sitemap(1))
    survey = discover(press)
    assert [(found_feed.kind, found_feed.url) for found_feed in survey.feeds] == [("sitemap", f"{SITE}news-2.xml")]
    assert asked(press)[-3:] == ["/sitemaps/news.xml", "/news-index.xml", "/news-2.xml"]
    (said,) = (each.said for each in survey.tried if each.url.endswith("sitemaps/news.xml"))
    assert "an index of 4 sitemaps" in said


def test_a_few_news_sitemaps_are_tried_and_the_others_are_told_of(press: Press) -> None:
    robots(press, *(f"Sitemap: {SITE}news-{number}.xml" for number in range(5)))
    press.set_document(HOST, "/", page(alternate("/feed.xml")))
    press.set_document(HOST, "/feed.xml", feed(1))
    survey = discover(press)
    assert asked(press) == ["/", "/feed.xml", "/news-0.xml", "/news-1.xml", "/news-2.xml"]
    assert [(other.what, other.url) for other in survey.others] == [
        ("news sitemap", f"{SITE}news-3.xml"),
        ("news sitemap", f"{SITE}news-4.xml"),
    ]


@pytest.mark.parametrize("body", [b"<!DOCTYPE x><sitemapindex/>", b"<urlset><url><loc>x</loc></url></urlset>", b""])
def test_a_news_sitemap_that_is_none_says_why(press: Press, body: bytes) -> None:
    robots(press, f"Sitemap: {SITE}news.xml", "Sitemap: http://[news.xml", "Sitemap: gopher://x.example/news.xml")
    press.set_document(HOST, "/", page())
    press.set_document(HOST, "/news.xml", body)
    survey = discover(press)
    assert survey.feeds == ()
    assert all(each.said for each in survey.tried)


def test_robots_txt_binds_news_sitemaps_too(press: Press) -> None:
    robots(press, f"Sitemap: {SITE}news.xml", "Disallow: /news")
    press.set_document(HOST, "/", page())
    press.set_document(HOST, "/news.xml", news_sitemap(1))
    survey = discover(press)
    assert survey.feeds == ()
    assert "/news.xml" not in asked(press)
    assert "disallows" in survey.tried[-1].said


@pytest.mark.parametrize("other", [f"http://other.example/{HOST}.xml", f"{SITE}private/feed.xml"])
@pytest.mark.parametrize("disallowed", [True, False])
def test_robots_txt_binds_where_a_door_is_redirected_to(press: Press, other: str, disallowed: bool) -> None:
    rules = b"User-agent: *\nDisallow: /private\nDisallow: /daily" if disallowed else b""
    for host in (HOST, "other.example"):
        press.set_document(host, "/robots.txt", Resource(rules, "text/plain"))
        press.set_document(host, f"/{other.split('/', 3)[3]}", feed(1))
    press.set_document(HOST, "/", page(alternate("/moved.xml")))
    press.misbehave(HOST, "/moved.xml", "redirect", status=302, location=other)
    survey = discover(press)
    assert [found_feed.url for found_feed in survey.feeds] == ([] if disallowed else [f"{SITE}moved.xml"])
    said = next(each.said for each in survey.tried if each.url == f"{SITE}moved.xml")
    assert (f"disallows {other}" in said) == disallowed
    assert (urlsplit(other).path in asked(press)) != disallowed


@pytest.mark.parametrize(
    ("root", "path"), [("/wp-json/", "/wp-json/wp/v2/posts?"), ("/?rest_route=/", "/?rest_route=/wp/v2/posts&")]
)
def test_wordpress_is_asked_for_posts_where_its_feed_has_no_whole_texts(press: Press, root: str, path: str) -> None:
    path += "per_page=20&_embed=author,wp:featuredmedia,wp:term"
    links = alternate("/news.xml"), f'rel="https://api.w.org/" href="{root}"'
    press.set_document(HOST, "/", page(*links))
    press.set_document(HOST, "/news.xml", feed(1, 2))
    text = {"rendered": f"<p>{LONG}</p>"}
    post = {"guid": {"rendered": f"{SITE}?p=1"}, "link": f"{SITE}1/", "title": {"rendered": "One"}, "content": text}
    body = json.dumps([{**post, "date_gmt": "2026-11-21T08:00:00"}]).encode()
    press.set_document(HOST, path, Resource(body, "application/json"))
    survey = discover(press)
    assert [(found_feed.kind, found_feed.url) for found_feed in survey.feeds] == [
        ("wordpress", f"{SITE.rstrip('/')}{path}"),
        ("feed", f"{SITE}news.xml"),
    ]
    press.set_document(HOST, "/news.xml", whole(1, 2))
    press.forget()
    assert [found_feed.kind for found_feed in discover(press).feeds] == ["feed"]
    assert asked(press) == ["/", "/news.xml"]


def test_no_address_is_asked_that_robots_txt_keeps_from_anybody(press: Press) -> None:
    rules = b"User-agent: *\nDisallow: /feed\nDisallow: /named\n"
    press.set_document(HOST, "/robots.txt", Resource(rules, "text/plain"))
    press.set_document(HOST, "/", page(alternate("/named.xml")))
    press.set_document(HOST, "/named.xml", feed(1))
    press.set_document(HOST, "/feed/", feed(1))
    press.set_document(HOST, "/atom.xml", feed(2))
    survey = discover(press)
    assert [found_feed.url for found_feed in survey.feeds] == [f"{SITE}atom.xml"]
    assert not [path for path in asked(press) if path.startswith(("/feed", "/named"))]
    assert any("disallows" in each.said for each in survey.tried)


def test_a_site_is_asked_so_many_times_at_most(press: Press) -> None:
    press.set_document(HOST, "/", page(*(alternate(f"/{number}.xml") for number in range(30))))
    assert discover(press).feeds == ()
    assert len(asked(press)) == MOST_REQUESTS


@pytest.mark.parametrize(("kind", "options"), [("close", {}), ("busy", {"status": 503}), ("challenge", {})])
def test_a_site_that_wants_to_be_left_alone_is(press: Press, kind: str, options: dict[str, object]) -> None:
    press.misbehave(HOST, "/", kind, **options)
    survey = discover(press)
    assert (survey.feeds, len(survey.tried)) == ((), 1)
    assert survey.failure is not None
    assert set(asked(press)) == {"/"}


def test_a_door_is_where_it_has_moved_for_good(press: Press) -> None:
    press.set_document(HOST, "/", page(alternate("/old.xml"), alternate("/new.xml")))
    press.set_document(HOST, "/new.xml", feed(1))
    press.misbehave(HOST, "/old.xml", "redirect", status=301, location=f"{SITE}new.xml")
    assert [found_feed.url for found_feed in discover(press).feeds] == [f"{SITE}new.xml"]


# A source as it is now


def test_a_look_says_what_a_source_carries_and_whether_validators_count(press: Press) -> None:
    press.set_document(HOST, "/feed", whole(1, 2))
    seen = look(press)
    assert (seen.status, seen.error, seen.validators, seen.redirected_to) == (200, None, "yes", None)
    assert seen.carries is not None
    assert (seen.carries.format, seen.carries.full_text) == ("rss20", 1.0)
    assert [each.status for each in press.requests if each.path == "/feed"] == [200, 304]


def test_validators_that_are_not_sent_or_do_not_count(press: Press) -> None:
    press.set_document(HOST, "/feed", feed(1))
    press.misbehave(HOST, "/feed", "no_validators")
    assert look(press).validators == "none sent"
    fields = (("ETag", '"1"'),)
    press.behave(HOST, "/feed")
    press.set_document(HOST, "/feed", Resource(feed(1), "application/xml", validators=False, headers=fields))
    assert look(press).validators == "no"


def test_a_look_at_what_is_dead_or_has_moved(press: Press) -> None:
    press.set_document(HOST, "/new", feed(1))
    press.misbehave(HOST, "/feed", "redirect", status=302, location=f"{SITE}new")
    assert look(press).redirected_to == f"{SITE}new"
    assert (look(press, "/none").status, look(press, "/none").error) == (404, "the server answered 404")
    press.set_document(HOST, "/page", page())
    seen = look(press, "/page")
    assert (seen.status, seen.carries) == (200, None)
    assert "HTML page" in (seen.error or "")
