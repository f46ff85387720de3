"""The local press, asked over real HTTP by clients that know nothing of it: http.client, raw sockets, feedparser."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import io
import json
import re
import socket
import threading
import time
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops

from aggregator.config.loading import load
from aggregator.demo import (
    FORMATS,
    MISBEHAVIOURS,
    Event,
    Feed,
    Press,
    Report,
    Resource,
    Site,
    generate_archive,
    generate_feed,
    read_sites,
)
from aggregator.demo.sites.world import PICTURE_SIZE
from aggregator.model.errors import PressError
from tests import ROOT
from tests.make_demo_pictures import DRAWN
from tests.make_demo_pictures import write as write_pictures
from tests.rows import every_row

DEMO = ROOT / "data" / "demo"
SHARED_FEEDS = ROOT.parent / "shared" / "feeds"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOST = "daily.example"
BODY = b"<rss><channel><title>A plain document</title></channel></rss>" * 40


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


def ask(press: Press, path: str, *, host: str = HOST, method: str = "GET", **headers: str) -> Reply:
    """One request by http.client; header names with `_` for `-`."""
    connection = http.client.HTTPConnection(*press.address, timeout=5)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host, **named})
        response = connection.getresponse()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def raw(press: Press, sent: bytes, most: int = 1 << 30) -> bytes:
    """What comes back over a bare socket until it closes, or until `most` bytes have come."""
    received = bytearray()
    with socket.create_connection(press.address, timeout=5) as connection:
        connection.sendall(sent)
        while len(received) < most and (data := connection.recv(1 << 20)):
            received += data
    return bytes(received)


def get(path: str = "/feed", host: str = HOST) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


def parsed(reply: Reply) -> Any:
    return feedparser.parse(io.BytesIO(reply.body), response_headers={"content-type": reply.headers["content-type"]})


def items_of(reply: Reply) -> list[tuple[str, str, str]]:
    """(id, title, address) of each item, whatever the format."""
    if "json" in reply.headers["content-type"]:
        return [(item["id"], item["title"], item["url"]) for item in json.loads(reply.body)["items"]]
    feed = parsed(reply)
    assert not feed.bozo, feed.bozo_exception
    return [(entry.get("id", entry.link), entry.title, entry.link) for entry in feed.entries]


def one_site(feeds: tuple[Feed, ...] = (Feed(path="/feed"),), *reports: Report) -> Site:
    return Site(key="daily", host=HOST, title="Daily", description="News", language="fr", feeds=feeds, reports=reports)


def report(number: int = 1, **fields: Any) -> Report:
    made = Report(
        guid=f"daily-{number}",
        path=f"/news/{number}",
        title="Crue à l'Été & <autres> œuvres",
        summary="Le pont est fermé.",
        body="<p>Le pont est fermé &amp; la route aussi.</p>",
        minutes=60 + number,
        byline="Awa Keïta",
        categories=("Crues",),
    )
    return replace(made, **fields)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", Resource(BODY, "application/rss+xml; charset=utf-8"))
        yield opened


@pytest.fixture
def demo() -> Iterator[Press]:
    with Press(read_sites(DEMO / "press"), now=NOW) as opened:
        yield opened


# The demo's world


def test_the_demo_has_many_publishers_and_every_format() -> None:
    sites = read_sites(DEMO / "press")
    assert len(sites) >= 14
    assert 55 <= sum(len(site.reports) for site in sites) <= 80
    assert {feed.format for site in sites for feed in site.feeds} == set(FORMATS)
    assert {site.language for site in sites} == {"am", "ar", "en", "fr", "pt", "sw"}
    assert all(site.host.endswith(".example") for site in sites), "no real host is ever named"


def test_the_demo_config_loads_and_names_what_the_press_serves() -> None:
    sites = {site.key: site for site in read_sites(DEMO / "press")}
    config = load(DEMO / "config")
    assert {publisher.key for publisher in config.publishers} == set(sites)
    for publisher in config.publishers:
        site = sites[publisher.key]
        served = {f"http://{site.host}{feed.path}": "json" in feed.format for feed in site.feeds}
        assert {source.url: source.kind == "jsonfeed" for source in publisher.sources} == served
        assert site.language in publisher.languages
    assert len({publisher.country for publisher in config.publishers}) >= 7
    demo, shipped = (tomllib.loads((folder / "config" / "rights.toml").read_text()) for folder in (DEMO, ROOT))
    assert set(demo) == set(shipped)


@every_row("site", read_sites(DEMO / "press"), ids=lambda site: site.key)
def test_every_report_of_the_demo_is_read_back_at_every_round(site: Site) -> None:
    with Press([site], now=NOW) as opened:
        for number in range(4):
            for feed in site.feeds:
                reply = ask(opened, feed.path, host=site.host)
                listed = items_of(reply)
                links = {link for _, _, link in listed}
                assert len(listed) == len(links), "one address an item"
                for _, title, link in listed:
                    page = ask(opened, link.removeprefix(f"http://{site.host}"), host=site.host)
                    assert page.status == (410 if title.startswith(("WITHDRAWN", "RETIRÉ")) else 200)
                if number == 0:
                    fresh = [r for r in site.reports if r.round == 0 and feed.section in (None, *r.sections)]
                    assert {title for _, title, _ in listed} == {r.title for r in fresh}
            opened.advance()


@every_row("site", read_sites(DEMO / "press"), ids=lambda site: site.key)
def test_the_demo_writes_well_formed_documents_of_the_present(site: Site) -> None:
    for event in (event for each in site.reports for event in each.events):
        assert 1 <= event.round <= 3
    for each in site.reports:
        ET.fromstring(f"<div>{each.body}</div>")
        assert each.minutes > 0
        assert each.round == 0 or each.minutes < 20 or "/archive/" in each.path, "news of a round is fresh at it"
    with Press([site], now=NOW) as opened:
        for feed in site.feeds:
            reply = ask(opened, feed.path, host=site.host)
            if "json" not in feed.format:
                ET.fromstring(reply.body)
            for entry in parsed(reply).entries:
                assert "published" not in entry or entry.published_parsed < NOW.timetuple()


def test_a_story_in_three_sections_has_one_guid(demo: Press) -> None:
    feeds = [
        items_of(ask(demo, f"/{name}/feed", host="lakeshore-lantern.example")) for name in ("news", "business", "sport")
    ]
    shared = set(feeds[0]) & set(feeds[1]) & set(feeds[2])
    assert [guid for guid, _, _ in shared] == ["lantern-40120"]


def test_the_demo_corrects_moves_and_withdraws_on_its_timeline(demo: Press) -> None:
    def words(host: str, path: str) -> str:
        return ask(demo, path, host=host).body.decode()

    nettle, lantern, pump = "kumasi-nettle.example", "lakeshore-lantern.example", "hand-pump-network.example"
    assert "38 per cent" in words(nettle, "/atom.xml")
    assert "draft of the desk" in words(pump, "/feed/atom")
    assert demo.last_round == 3
    assert [demo.advance(), demo.advance(), demo.round] == [1, 2, 2]
    assert "CORRECTION: An earlier version of this report" in words(nettle, "/atom.xml")
    assert "RECTIFICATIF" in words("courrier-des-pirogues.example", "/index.rdf")
    moved = ask(demo, "/news/mbalawe-bridge-shut-to-lorries", host=lantern)
    assert (moved.status, moved.headers["location"]) == (
        301,
        f"http://{lantern}/news/mbalawe-bridge-shut-to-all-traffic",
    )
    assert "draft of the desk" not in words(pump, "/feed/atom")
    assert '<at:deleted-entry ref="tag:hand-pump-network.example,2024:appeal-b"' in words(pump, "/feed/atom")
    kurunzi = items_of(ask(demo, "/atom", host="kurunzi-ya-pwani.example"))
    demo.advance()
    assert "WITHDRAWN: Depot said" in words(lantern, "/news/feed")
    assert ask(demo, "/news/depot-said-to-hold-back-maize", host=lantern).status == 410
    after = items_of(ask(demo, "/atom", host="kurunzi-ya-pwani.example"))
    assert {item[1:] for item in kurunzi} == {item[1:] for item in after}
    assert len({item[0] for item in kurunzi} ^ {item[0] for item in after}) == 2, "one report changed its guid"
    columns = parsed(ask(demo, "/feeds/posts/default", host="the-last-seat.example")).entries
    assert min(entry.published_parsed for entry in columns).tm_year < NOW.year, "an archive came up"


# Formats and encodings


@every_row("name", FORMATS)
def test_a_format_is_read_back(name: str) -> None:
    feeds = (Feed(path="/feed", format=name),)
    with Press([one_site(feeds, report(1), report(2, title="ደጋ ዜና · النورس"))], now=NOW) as opened:
        reply = ask(opened, "/feed")
        listed = items_of(reply)
    assert [title for _, title, _ in listed] == [report().title, "ደጋ ዜና · النورس"]
    assert [link for _, _, link in listed] == [f"http://{HOST}/news/1", f"http://{HOST}/news/2"]
    if name not in ("rss091", "rss092", "rss10"):  # the three that have no id of their own
        assert [guid for guid, _, _ in listed] == ["daily-1", "daily-2"]
    if "json" not in name:
        version = {"rss20-full": "rss20", "atom10-xhtml": "atom10", "rss091": "rss091u"}.get(name, name)
        assert parsed(reply).version == version
        assert reply.headers["content-type"].startswith(FORMATS[name].media_type)


@every_row("name", ["jsonfeed10", "jsonfeed11", "atom10", "atom10-xhtml", "rss10"])
def test_a_change_is_dated_where_the_format_can_say_it(name: str) -> None:
    changed = report(1, events=(Event(round=1, minutes=30, title="Le pont rouvre"),))
    with Press([one_site((Feed(path="/feed", format=name),), changed)], now=NOW) as opened:
        opened.advance()
        reply = ask(opened, "/feed")
    [(_, title, _)] = items_of(reply)
    assert title == "Le pont rouvre"
    if "json" in name:
        [said] = [item["date_modified"] for item in json.loads(reply.body)["items"]]
    else:
        said = parsed(reply).entries[0].updated
    assert datetime.fromisoformat(said) == NOW - timedelta(minutes=30)


@every_row("name", sorted(set(FORMATS) - {"rss091", "rss092", "rss10", "rss20"}))
def test_a_full_format_brings_every_word(name: str) -> None:
    with Press([one_site((Feed(path="/feed", format=name),), report())], now=NOW) as opened:
        reply = ask(opened, "/feed")
    if "json" in name:
        item = json.loads(reply.body)["items"][0]
        content, byline, date = item["content_html"], str(item.get("author") or item["authors"]), item["date_published"]
    else:
        entry = parsed(reply).entries[0]
        content, byline, date = entry.content[0].value, entry.author, entry.published
    assert content.replace('<div xmlns="http://www.w3.org/1999/xhtml">', "").startswith("<p>Le pont est fermé &amp; la")
    assert "Awa Keïta" in byline
    assert date in ("2026-11-22T08:59:00+00:00", "Sun, 22 Nov 2026 08:59:00 +0000")


@every_row(
    ("encoding", "title"),
    [
        ("iso-8859-1", "Cheia do rio: três aldeias «isoladas»"),
        ("windows-1252", "Statement 118 – “power that stays on”"),
        ("windows-1256", "وكالة النورس للأنباء، «خاص»"),
        ("utf-16", "ضفاف · ደጋ ዜና · 🌊"),
        ("iso-8859-1", "What the encoding lacks: ደጋ ዜና – النورس"),
    ],
)
@every_row("name", ["rss20-full", "rss10", "atom10"])
def test_an_encoding_keeps_every_character(name: str, encoding: str, title: str) -> None:
    feeds = (Feed(path="/feed", format=name, encoding=encoding),)
    with Press([one_site(feeds, report(title=title))], now=NOW) as opened:
        reply = ask(opened, "/feed")
    assert reply.headers["content-type"].endswith(f"charset={encoding}")
    assert [found for _, found, _ in items_of(reply)] == [title]
    if encoding == "utf-16":
        assert reply.body.startswith(b"\xff\xfe")


def test_cdata_cannot_be_ended_by_a_report() -> None:
    body = "<p>a ]]> b</p>"
    with Press([one_site((Feed(path="/feed", format="rss20-full"),), report(body=body))], now=NOW) as opened:
        item = ET.fromstring(ask(opened, "/feed").body).find("channel/item")
    assert item is not None
    assert item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded") == body


# Pages and places


def test_a_site_answers_to_its_host_header_and_below_the_address(demo: Press) -> None:
    by_host = ask(demo, "/atom.xml", host="kumasi-nettle.example:8080")
    by_path = ask(demo, "/Kumasi-Nettle.example/atom.xml?x=1", host="127.0.0.1")
    absolute = ask(demo, "http://kumasi-nettle.example/atom.xml", host="proxy.example")
    assert by_host.status == 200
    assert by_host.body == by_path.body == absolute.body
    assert [(seen.host, seen.path) for seen in demo.requests] == [
        ("kumasi-nettle.example", "/atom.xml"),
        ("kumasi-nettle.example", "/atom.xml?x=1"),
        ("kumasi-nettle.example", "/atom.xml"),
    ]
    assert ask(demo, "/atom.xml", host="nobody.example").status == 404
    assert ask(demo, "/no-such-page", host="kumasi-nettle.example").status == 404
    assert demo.url == f"http://127.0.0.1:{demo.address[1]}"
    assert "kumasi-nettle.example" in demo.hosts


def test_a_report_has_a_page_that_says_whose_it_is(demo: Press) -> None:
    page = ask(demo, "/ar/20417", host="nawras.example").body.decode()
    assert '<html lang="ar" dir="rtl">' in page
    assert '<link rel="canonical" href="http://nawras.example/ar/20417">' in page
    assert '<link rel="alternate" type="application/rss+xml" href="http://nawras.example/rss/ar.xml">' in page
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    about = json.loads(found[1])
    assert (about["@type"], about["publisher"]["name"]) == ("NewsArticle", "وكالة النورس للأنباء")
    home = ask(demo, "/", host="nawras.example").body.decode()
    assert 'href="http://nawras.example/ar/20417"' in home


def graph_of(page: str) -> Any:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return found and json.loads(found[1])


def test_pages_are_written_in_three_ways_with_picture_credit_and_byline(demo: Press) -> None:
    news = ask(demo, "/enquetes/la-nuit-au-pied-de-la-pompe", host="faits-a-ciel-ouvert.example").body.decode()
    credit = "Blaise Fotso-Wambé/Les Faits à ciel ouvert, CC BY 4.0"
    assert f'<span class="credit">{credit}</span></figcaption></figure>' in news
    assert graph_of(news)["image"][0]["creditText"] == credit
    wordpress = ask(demo, "/power/traders-march-with-candles", host="kumasi-nettle.example").body.decode()
    assert [each["@type"] for each in graph_of(wordpress)["@graph"]] == ["NewsArticle", "WebPage", "WebSite", "Person"]
    assert '<figcaption class="wp-caption-text">Traders leave Suame market' in wordpress
    assert '<p class="byline">By Kwabena Ofosu-Tweneboah</p>' in wordpress
    old = ask(demo, "/siasa/kivumoni-matokeo", host="kurunzi-ya-pwani.example").body.decode()
    assert graph_of(old) is None
    assert "(Picha: Mwanaisha Tsuma-Kombo)</p>" in old


@every_row("site", read_sites(DEMO / "press"), ids=lambda site: site.key)
def test_every_picture_of_the_demo_is_served_small_and_as_large_as_its_page_says(site: Site) -> None:
    with Press([site], now=NOW) as opened:
        for each in filter(None, (report.picture for report in site.reports)):
            folder = "/wp-content/uploads" if site.style == "wordpress" else "/pictures"
            reply = ask(opened, f"{folder}/{each.file}", host=site.host)
            assert (reply.status, reply.headers["content-type"]) == (200, each.type)
            assert len(reply.body) < 12_000
            assert Image.open(io.BytesIO(reply.body)).size == PICTURE_SIZE
            assert each.caption
            assert each.credit
            assert each.alt


def test_the_pictures_are_those_that_the_script_draws(tmp_path: Path) -> None:
    """By their pixels: how well they are packed is Pillow's affair."""
    write_pictures(tmp_path)
    folder = DEMO / "press" / "pictures"
    assert {file.name for file in folder.iterdir()} == set(DRAWN)
    for file in folder.glob("*.png"):
        ours, drawn = (Image.open(each).convert("RGB") for each in (file, tmp_path / file.name))
        difference = ImageChops.difference(ours, drawn).convert("L").histogram()
        assert sum(difference[64:]) < 0.01 * ours.width * ours.height, file.name


def test_a_report_that_must_be_paid_for_shows_its_beginning_alone(demo: Press) -> None:
    [report] = [
        each for site in read_sites(DEMO / "press") for each in site.reports if each.path == "/opinion/two-minutes"
    ]
    page = ask(demo, report.path, host="difaf.example").body.decode()
    first, *others = report.body.split("\n")
    assert first in page
    assert others
    assert not any(each in page for each in others)
    assert graph_of(page)["isAccessibleForFree"] is False


def test_a_page_has_a_correction_that_no_feed_has(demo: Press) -> None:
    page = ask(demo, "/briefs/78", host="public-purse.example").body.decode()
    note = graph_of(page)["correction"]
    assert f'<p class="correction">{note}</p>' in page
    assert note not in ask(demo, "/feed.json", host="public-purse.example").body.decode()


def test_a_feed_has_pictures_in_media_rss_where_its_publisher_wants_it(demo: Press) -> None:
    found = parsed(ask(demo, "/rss/ar.xml", host="nawras.example"))
    pictures = {entry.id: entry.media_content[0]["url"] for entry in found.entries if "media_content" in entry}
    assert pictures == {
        "NWR-20417": "http://nawras.example/pictures/estuaries-cup.png",
        "NWR-20409": "http://nawras.example/pictures/chissola-bridge.png",
    }
    assert {entry.media_credit[0]["content"] for entry in found.entries if "media_credit" in entry} == {
        "هند الوسلاتي/النورس"
    }
    assert "picture" not in ask(demo, "/atom.xml", host="kumasi-nettle.example").body.decode()


def test_robots_txt_allows_all_until_it_is_set(demo: Press) -> None:
    assert ask(demo, "/robots.txt", host="nawras.example").body == b"User-agent: *\nDisallow:\n"
    demo.set_document("nawras.example", "/robots.txt", Resource(b"User-agent: *\nDisallow: /\n", "text/plain"))
    assert ask(demo, "/robots.txt", host="nawras.example").body == b"User-agent: *\nDisallow: /\n"


def test_documents_are_served_as_they_are(press: Press) -> None:
    odd = Resource(
        b"\xff\xfe\x00", "text/x-odd", status=203, headers=(("X-Two", "1"), ("X-Two", "2")), validators=False
    )
    press.set_document(HOST, "/odd", odd)
    press.set_document(HOST, "/feed?page=2", b"<rss/>")
    reply = ask(press, "/odd")
    assert (reply.status, reply.body, reply.headers["content-type"]) == (203, b"\xff\xfe\x00", "text/x-odd")
    assert raw(press, get("/odd")).count(b"X-Two: ") == 2
    assert "etag" not in reply.headers
    assert "last-modified" not in reply.headers
    assert ask(press, "/feed?page=2").body == b"<rss/>"
    assert ask(press, "/feed?page=3").body == BODY, "without a document of its own a query changes nothing"


def test_a_folder_is_served_untouched(press: Press, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "secret.xml").write_bytes(b"not this one")
    (tmp_path / "files" / "a b.xml").write_bytes(b"\xef\xbb\xbf<rss>\xff</rss>\r\n")
    (tmp_path / "files" / "feed.json").write_bytes(b"{}")
    press.folder(tmp_path / "files", "files.example")
    reply = ask(press, "/a%20b.xml", host="files.example")
    assert (reply.body, reply.headers["content-type"]) == (b"\xef\xbb\xbf<rss>\xff</rss>\r\n", "application/xml")
    assert ask(press, "/a%20b.xml", host="files.example", If_None_Match=reply.headers["etag"]).status == 304
    assert ask(press, "/feed.json", host="files.example").headers["content-type"] == "application/json"
    for path in ("/../secret.xml", "/..%2Fsecret.xml", "/", "/.", "/none.xml", "/%00"):
        assert ask(press, path, host="files.example").status == 404
    with pytest.raises(PressError, match="found no folder"):
        press.folder(tmp_path / "none", "none.example")


@pytest.mark.skipif(not SHARED_FEEDS.is_dir(), reason="../shared/feeds is not here")
def test_real_feeds_are_served_untouched(press: Press) -> None:
    press.folder(SHARED_FEEDS, "real.example")
    for file in sorted(SHARED_FEEDS.glob("*.xml")):
        assert ask(press, f"/{file.name}", host="real.example").body == file.read_bytes()


# Validators


def test_validators_bring_304_and_if_none_match_wins(press: Press) -> None:
    first = ask(press, "/feed")
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag), "strong"
    later, earlier = "Sun, 22 Nov 2026 12:00:00 GMT", "Sun, 22 Nov 2026 08:00:00 GMT"
    for conditions, status in [
        ({"If_None_Match": etag}, 304),
        ({"If_None_Match": f'"other", W/{etag}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_None_Match": '"other"', "If_Modified_Since": later}, 200),
        ({"If_None_Match": etag, "If_Modified_Since": earlier}, 304),
        ({"If_Modified_Since": modified}, 304),
        ({"If_Modified_Since": later}, 304),
        ({"If_Modified_Since": earlier}, 200),
        ({"If_Modified_Since": "last Tuesday"}, 200),
        ({"If_Modified_Since": later.replace("GMT", "-0000")}, 304),  # a zone that is not stated: UTC
        ({"If_Modified_Since": earlier.replace("GMT", "-0000")}, 200),
    ]:
        reply = ask(press, "/feed", **conditions)
        assert reply.status == status, conditions
        assert reply.headers["etag"] == etag
        assert reply.headers["last-modified"] == modified
        assert reply.body == (b"" if status == 304 else BODY)


def test_validators_change_with_the_document(press: Press) -> None:
    first = ask(press, "/feed")
    press.set_document(HOST, "/feed", BODY + b"\n")
    second = ask(press, "/feed", If_None_Match=first.headers["etag"])
    assert second.status == 200
    third = ask(press, "/feed", If_Modified_Since=first.headers["last-modified"])
    assert third.status == 200, "a change within the same second shows in Last-Modified too"


def test_validators_change_with_a_round_only_where_something_happened(demo: Press) -> None:
    hosts = {"farol-do-mbalawe.example": "/rss", "difaf.example": "/rss"}
    before = {host: ask(demo, path, host=host).headers for host, path in hosts.items()}
    demo.advance()
    statuses = {}
    for host, path in hosts.items():
        by_tag = ask(demo, path, host=host, If_None_Match=before[host]["etag"]).status
        by_date = ask(demo, path, host=host, If_Modified_Since=before[host]["last-modified"]).status
        statuses[host] = (by_tag, by_date)
    assert statuses == {"farol-do-mbalawe.example": (200, 200), "difaf.example": (304, 304)}


def test_head_says_what_get_would(press: Press) -> None:
    got, headed = ask(press, "/feed"), ask(press, "/feed", method="HEAD")
    assert headed.body == b""
    assert headed.headers["content-length"] == got.headers["content-length"] == str(len(BODY))
    assert headed.headers["etag"] == got.headers["etag"]


def test_gzip_is_another_representation_with_a_tag_of_its_own(press: Press) -> None:
    plain, packed = ask(press, "/feed"), ask(press, "/feed", Accept_Encoding="br, gzip;q=0.8")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert ask(press, "/feed", Accept_Encoding="gzip", If_None_Match=packed.headers["etag"]).status == 304
    assert "content-encoding" not in ask(press, "/feed", Accept_Encoding="gzip;q=0").headers
    with Press(now=NOW, gzip=False) as opened:
        opened.set_document(HOST, "/feed", BODY)
        assert "content-encoding" not in ask(opened, "/feed", Accept_Encoding="gzip").headers


# What goes wrong, on request: one check a kind


def _slow(press: Press) -> None:
    press.misbehave(HOST, "/feed", "slow", seconds=0.15)
    began = time.monotonic()
    assert ask(press, "/feed").body == BODY
    assert time.monotonic() - began >= 0.15


def _drip(press: Press) -> None:
    press.set_document(HOST, "/feed", b"drops")
    press.misbehave(HOST, "/feed", "drip", seconds=0.02)
    began = time.monotonic()
    assert ask(press, "/feed").body == b"drops"
    assert time.monotonic() - began >= 0.1


def _status(press: Press) -> None:
    for status in (403, 404, 410, 451, 500, 503, 599):
        press.misbehave(HOST, "/feed", "status", status=status, headers=(("X-Why", "because"),))
        reply = ask(press, "/feed")
        assert (reply.status, reply.headers["x-why"]) == (status, "because")
        assert "etag" not in reply.headers


def _busy(press: Press) -> None:
    press.misbehave(HOST, "/feed", "busy", times=1, retry_after=90)
    press.misbehave(HOST, "/other", "busy", status=503, retry_after=NOW + timedelta(hours=1))
    assert [(r.status, r.headers.get("retry-after")) for r in (ask(press, "/feed"), ask(press, "/feed"))] == [
        (429, "90"),
        (200, None),
    ]
    reply = ask(press, "/other")
    assert (reply.status, reply.headers["retry-after"]) == (503, "Sun, 22 Nov 2026 11:00:00 GMT")


def _truncated(press: Press) -> None:
    for chunked in (False, True):
        press.misbehave(HOST, "/feed", "truncated", chunked=chunked)
        with pytest.raises(http.client.IncompleteRead):
            ask(press, "/feed")
        assert raw(press, get()).endswith(BODY[: len(BODY) // 2])


def _endless(press: Press) -> None:
    press.misbehave(HOST, "/feed", "endless")
    assert len(raw(press, get(), most=5 << 20)) >= 5 << 20
    received = raw(press, get())
    assert 64 << 20 <= len(received) <= 65 << 20, "our own bound, for a client that never hangs up"


def _gzip(press: Press) -> None:
    press.misbehave(HOST, "/feed", "gzip", times=1)
    reply = ask(press, "/feed")
    assert reply.headers["content-encoding"] == "gzip"
    assert gzip.decompress(reply.body) == BODY
    press.misbehave(HOST, "/feed", "gzip", really=False)
    reply = ask(press, "/feed")
    assert (reply.headers["content-encoding"], reply.body) == ("gzip", BODY)


def _gzip_bomb(press: Press) -> None:
    press.misbehave(HOST, "/feed", "gzip_bomb", size=40_000_001)
    reply = ask(press, "/feed")
    assert len(reply.body) < 100_000
    assert gzip.decompress(reply.body) == bytes(40_000_001)
    press.misbehave(HOST, "/feed", "gzip_bomb")
    assert len(raw(press, get(), most=10_000)) >= 10_000, "a gigabyte comes lazily"


def _wrong_charset(press: Press) -> None:
    press.misbehave(HOST, "/feed", "wrong_charset", charset="iso-2022-jp")
    reply = ask(press, "/feed")
    assert (reply.headers["content-type"], reply.body) == ("application/rss+xml; charset=iso-2022-jp", BODY)


def _redirect(press: Press) -> None:
    for status in (301, 302, 303, 307, 308):
        press.misbehave(HOST, "/feed", "redirect", location="/feed", status=status)
        reply = ask(press, "/feed")
        assert (reply.status, reply.headers["location"], reply.body) == (status, "/feed", b"")


def _close(press: Press) -> None:
    press.misbehave(HOST, "/feed", "close")
    with pytest.raises(http.client.RemoteDisconnected):
        ask(press, "/feed")


def _garbage(press: Press) -> None:
    press.misbehave(HOST, "/feed", "garbage")
    with pytest.raises(http.client.BadStatusLine):
        ask(press, "/feed")


def _html(press: Press) -> None:
    press.misbehave(HOST, "/feed", "html")
    reply = ask(press, "/feed")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"We value your privacy" in reply.body


def _challenge(press: Press) -> None:
    press.misbehave(HOST, "/feed", "challenge", status=503)
    reply = ask(press, "/feed")
    assert (reply.status, reply.headers["server"], reply.headers["cf-mitigated"]) == (503, "cloudflare", "challenge")
    assert b"Just a moment..." in reply.body


def _empty(press: Press) -> None:
    press.misbehave(HOST, "/feed", "empty")
    reply = ask(press, "/feed")
    assert (reply.status, reply.body, reply.headers["content-type"][:19]) == (200, b"", "application/rss+xml")


def _wrong_length(press: Press) -> None:
    press.misbehave(HOST, "/feed", "wrong_length", by=-10)
    assert ask(press, "/feed").body == BODY[:-10]
    assert raw(press, get()).endswith(BODY)
    press.misbehave(HOST, "/feed", "wrong_length", by=10)
    with pytest.raises(http.client.IncompleteRead):
        ask(press, "/feed")


def _huge_headers(press: Press) -> None:
    press.misbehave(HOST, "/feed", "huge_headers", size=300_000)
    received = raw(press, get())
    assert received.index(b"\r\n\r\n") > 290_000
    assert received.endswith(BODY)


def _lying_etag(press: Press) -> None:
    press.misbehave(HOST, "/feed", "lying_etag")
    first = ask(press, "/feed")
    assert (first.status, first.headers["etag"], "last-modified" in first.headers) == (200, '"never-changes"', False)
    press.set_document(HOST, "/feed", b"<rss>news</rss>")
    assert ask(press, "/feed", If_None_Match='"never-changes"').status == 304
    assert ask(press, "/feed").body == b"<rss>news</rss>"


def _no_validators(press: Press) -> None:
    etag = ask(press, "/feed").headers["etag"]
    press.misbehave(HOST, "/feed", "no_validators")
    reply = ask(press, "/feed", If_None_Match=etag)
    assert (reply.status, reply.body) == (200, BODY)
    assert not {"etag", "last-modified"} & set(reply.headers)


def _bad_dates(press: Press) -> None:
    press.misbehave(HOST, "/feed", "bad_dates")
    reply = ask(press, "/feed")
    assert (reply.headers["last-modified"], "etag" in reply.headers) == ("Tue, 01 Jan 2041 00:00:00 GMT", False)


CHECKS: Mapping[str, Callable[[Press], None]] = {
    "slow": _slow,
    "drip": _drip,
    "status": _status,
    "busy": _busy,
    "truncated": _truncated,
    "endless": _endless,
    "gzip": _gzip,
    "gzip_bomb": _gzip_bomb,
    "wrong_charset": _wrong_charset,
    "redirect": _redirect,
    "close": _close,
    "garbage": _garbage,
    "html": _html,
    "challenge": _challenge,
    "empty": _empty,
    "wrong_length": _wrong_length,
    "huge_headers": _huge_headers,
    "lying_etag": _lying_etag,
    "no_validators": _no_validators,
    "bad_dates": _bad_dates,
}


@pytest.mark.parametrize("kind", MISBEHAVIOURS)
def test_it_misbehaves_on_request(press: Press, kind: str) -> None:
    CHECKS[kind](press)
    press.behave(HOST, "/feed")
    press.set_document(HOST, "/feed", BODY)
    assert ask(press, "/feed").body == BODY, "and then behaves again"


def test_a_misbehaviour_may_take_a_whole_host_and_some_requests(press: Press) -> None:
    press.misbehave(HOST, "*", "status", times=2, status=500)
    assert [ask(press, path).status for path in ("/feed", "/anything", "/feed")] == [500, 500, 200]
    assert [seen.status for seen in press.requests] == [500, 500, 200]


def test_unknown_misbehaviours_and_options_are_refused(press: Press) -> None:
    with pytest.raises(PressError, match="'sulk' is unknown, expected one of slow, drip"):
        press.misbehave(HOST, "/feed", "sulk")
    with pytest.raises(PressError, match="'slow': got an unexpected keyword argument 'minutes'"):
        press.misbehave(HOST, "/feed", "slow", minutes=1)
    with pytest.raises(PressError, match="missing a required argument: 'location'"):
        press.misbehave(HOST, "/feed", "redirect")


# The server


def test_a_port_in_use_is_told_with_what_to_do() -> None:
    with Press(now=NOW) as first:
        port = first.address[1]
        with pytest.raises(PressError, match=f"port {port} on 127.0.0.1 is in use; choose another with --port"):
            Press(now=NOW, port=port).__enter__()
    with Press(now=NOW, port=port):  # and free at once when the first has closed
        pass


@every_row("host", ["0.0.0.0", "192.168.1.4", "example.com", ""])
def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(PressError, match="loopback only"):
        Press(now=NOW, host=host).__enter__()


def test_a_port_that_cannot_be_is_told() -> None:
    with pytest.raises(PressError, match=r"cannot listen on 127\.0\.0\.1 port 70000"):
        Press(now=NOW, port=70_000).__enter__()


def test_one_connection_serves_many_requests(press: Press) -> None:
    connection = http.client.HTTPConnection(*press.address, timeout=5)
    for _ in range(3):
        connection.request("POST", "/feed", body=b"thrown away", headers={"Host": HOST})
        assert connection.getresponse().read() == BODY
    connection.close()
    assert raw(press, b"GET /feed HTTP/1.0\r\nHost: daily.example\r\n\r\n").endswith(BODY)


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01 TLS hello\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
def test_what_is_not_http_is_answered_with_400(press: Press, sent: bytes) -> None:
    assert raw(press, sent).startswith(b"HTTP/1.1 400 ")
    assert ask(press, "/feed").status == 200


def test_a_head_without_an_end_is_cut_off(press: Press) -> None:
    with socket.create_connection(press.address, timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000)
        with contextlib.suppress(ConnectionResetError):  # a reset or an orderly close, either is fine
            assert connection.recv(1024) == b""


def test_a_body_that_is_too_long_is_not_read(press: Press) -> None:
    assert raw(press, b"POST /feed HTTP/1.1\r\nHost: daily.example\r\nContent-Length: 9000000\r\n\r\n") == b""
    assert press.requests == ()


def test_it_records_what_was_asked(press: Press) -> None:
    etag = ask(press, "/feed", User_Agent="TestWire/1.0").headers["etag"]
    ask(press, "/feed", If_None_Match=etag, method="HEAD")
    press.misbehave(HOST, "/feed", "close")
    with pytest.raises(http.client.RemoteDisconnected):
        ask(press, "/feed")
    first, second, third = press.requests
    assert (first.host, first.path, first.method, first.status) == (HOST, "/feed", "GET", 200)
    assert first.headers["user-agent"] == "TestWire/1.0"
    assert (second.method, second.status, second.headers["if-none-match"]) == ("HEAD", 304, etag)
    assert third.status == 0
    assert first.at <= second.at <= third.at
    press.forget()
    assert press.requests == ()


def test_hundreds_of_slow_connections_are_cheap(press: Press) -> None:
    press.misbehave(HOST, "/feed", "slow", seconds=0.2)
    threads = threading.active_count()
    began = time.monotonic()
    connections = [socket.create_connection(press.address, timeout=5) for _ in range(400)]
    for connection in connections:
        connection.sendall(get())
    for connection in connections:
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.close()
    assert time.monotonic() - began < 3
    assert threading.active_count() == threads


def test_it_stops_at_once_whatever_is_under_way() -> None:
    threads = threading.active_count()
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", BODY)
        opened.misbehave(HOST, "/feed", "drip", seconds=30.0)
        opened.misbehave(HOST, "/endless", "endless")
        connections = [socket.create_connection(opened.address, timeout=5) for _ in range(6)]
        for number, connection in enumerate(connections[:4]):
            connection.sendall(get("/endless" if number % 2 else "/feed"))
            assert connection.recv(4) == b"HTTP"
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert threading.active_count() == threads
    for connection in connections:
        connection.close()


def test_it_may_be_asked_and_changed_from_many_threads(demo: Press) -> None:
    def reader(number: int) -> set[int]:
        return {ask(demo, "/atom.xml", host="kumasi-nettle.example").status for _ in range(20)}

    def writer(number: int) -> set[int]:
        for turn in range(20):
            demo.set_document("set.example", f"/{number}/{turn}", b"<rss/>")
            demo.misbehave("set.example", f"/{number}/{turn}", "slow", seconds=0.0)
            assert demo.requests is not None
        return {demo.advance() and 200}

    with ThreadPoolExecutor(12) as pool:
        jobs = [pool.submit(job, number) for number in range(6) for job in (reader, writer)]
        assert {status for job in jobs for status in job.result()} == {200}
    assert demo.round == 6
    assert len(demo.requests) == 120


def test_two_sites_may_not_share_a_host() -> None:
    with pytest.raises(PressError, match=r"two sites share the host daily.example: daily and other"):
        Press([one_site(), replace(one_site(), key="other")], now=NOW)
    with pytest.raises(PressError, match=r"daily: \[\[feed\]\] format: found 'rss99', expected one of rss091"):
        Press([one_site((Feed(path="/feed", format="rss99"),))], now=NOW)


# Content files

FILE = """
host = "daily.example"
title = "Daily"
description = "News"
language = "en"
[[feed]]
path = "/feed"
[[report]]
guid = "1"
path = "/1"
title = "One"
summary = '''
Two
lines'''
body = '''
First
paragraph.

<ul><li>a list</li></ul>

Last.
'''
minutes = 5
sections = ["news"]
  [[report.event]]
  round = 2
  minutes = 1
  title = "Uno"
"""


def test_a_content_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "daily.toml").write_text(FILE)
    (site,) = read_sites(tmp_path)
    (read,) = site.reports
    assert (site.key, read.summary, read.sections) == ("daily", "Two lines", ("news",))
    assert read.body == "<p>First paragraph.</p>\n<ul><li>a list</li></ul>\n<p>Last.</p>"
    assert read.events == (Event(round=2, minutes=1, title="Uno"),)


@every_row(
    ("old", "new", "message"),
    [
        ('title = "Daily"', 'titel = "Daily"', r"daily\.toml: titel: unknown key, expected one of description, feeds"),
        ('guid = "1"', "guid = 1", r"daily\.toml: \[\[report\]\] 1: guid: found int 1, expected str"),
        ('path = "/1"', "", r"daily\.toml: \[\[report\]\] 1: path: missing, expected str"),
        ("round = 2", "turn = 2", r"\[\[report\]\] 1 \[\[report\.event\]\] 1: turn: unknown key"),
        ("[[feed]]", "[feeds]", r"daily\.toml: \[\[feed\]\]: found none, expected at least one"),
        ("[[feed]]", "[feed]", r"daily\.toml: \[\[feed\]\]: found dict, expected an array of tables"),
        ("host =", "host", r"daily\.toml: Expected '='"),
        (
            'language = "',
            'style = "odd"\nlanguage = "',
            r"daily\.toml: style: found 'odd', expected one of news, wordpress",
        ),
        (
            "  [[report.event]]",
            '  [report.picture]\n  file = "../a.png"\n  caption = "A"\n  credit = "B"\n  [[report.event]]',
            r"\[\[report\]\] 1 \[report\.picture\]: file: found '\.\./a\.png', expected a \.png or \.jpg file of",
        ),
    ],
)
def test_a_faulty_content_file_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "daily.toml").write_text(FILE.replace(old, new, 1))
    with pytest.raises(PressError, match=message):
        read_sites(tmp_path)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(PressError, match="found no content files"):
        read_sites(tmp_path)


# Generated feeds


@every_row("name", ["rss20-full", "atom10", "jsonfeed11", "rss10"])
@every_row("seed", range(6))
def test_generated_feeds_are_alike_for_alike_arguments(seed: int, name: str) -> None:
    made = generate_feed(seed, 12, now=NOW, format=name)
    assert made == generate_feed(seed, 12, now=NOW, format=name)
    assert made != generate_feed(seed + 6, 12, now=NOW, format=name)
    reply = Reply(200, {"content-type": FORMATS[name].media_type}, made)
    listed = items_of(reply)
    assert len({guid for guid, _, _ in listed}) == 12
    assert all(title for _, title, _ in listed)


def test_a_version_puts_new_reports_on_top_and_leaves_the_rest_alone() -> None:
    def feed(version: int) -> list[Any]:
        return list(feedparser.parse(io.BytesIO(generate_feed(7, 20, now=NOW, version=version))).entries)

    old, new = feed(0), feed(3)
    assert [entry.id for entry in new[3:]] == [entry.id for entry in old[:17]]
    assert new[3:] == old[:17]
    dates = [entry.published_parsed for entry in new]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] < NOW.timetuple()


def test_generated_bodies_have_the_lengths_they_promise() -> None:
    lengths = [
        len(item["content_html"])
        for seed in range(12)
        for item in json.loads(generate_feed(seed, 50, now=NOW, format="jsonfeed11"))["items"]
    ]
    assert min(lengths) >= 300
    assert max(lengths) <= 6_600
    assert sum(length > 3_000 for length in lengths) > 50


def ids_of(page: bytes) -> list[str]:
    return [entry.id for entry in feedparser.parse(io.BytesIO(page)).entries]


def test_an_archive_lists_what_the_feed_lists_and_then_all_before_it_to_the_first_report() -> None:
    pages = [ids_of(page) for page in generate_archive(7, 20, now=NOW, version=33)]
    assert [len(page) for page in pages] == [20, 20, 13]
    assert pages[0] == ids_of(generate_feed(7, 20, now=NOW, version=33))
    assert pages[-1][-1] == ids_of(generate_feed(7, 20, now=NOW))[-1], "the first report ever"
    assert len({each for page in pages for each in page}) == 20 + 33


@pytest.mark.parametrize("rel", ["next", "prev-archive"])
def test_pages_of_an_archive_link_the_one_after(rel: str) -> None:
    pages = generate_archive(7, 10, now=NOW, version=15, rel=rel)
    links = [
        [link.href for link in feedparser.parse(io.BytesIO(page)).feed.get("links", []) if link.rel == rel]
        for page in pages
    ]
    assert links == [["?paged=2"], ["?paged=3"], []]


def test_an_archive_is_served_by_the_number_of_its_page(press: Press) -> None:
    pages = [b"<rss>newest</rss>", b"<rss>older</rss>"]
    press.set_pages(HOST, "/feed", [*pages, b"<rss>oldest</rss>"])
    assert ask(press, "/feed?paged=3").body == b"<rss>oldest</rss>"
    press.set_pages(HOST, "/feed", pages)
    assert [ask(press, f"/feed{page}").body for page in ("", "?paged=1", "?paged=2")] == [pages[0], *pages]
    assert [ask(press, f"/feed{page}").status for page in ("?paged=3", "?paged=0", "?p=1")] == [404, 404, 404]
