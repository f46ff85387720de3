"""A report's own page is read in the visit that is due anyway: what it adds, what it may not, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
import signal
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.desk import acts, clock, joins, merges, pending
from aggregator.desk.housekeeping import maintain
from aggregator.desk.outgoing import outlet, releases, versions
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Config, Finding, Publisher, Rights, SavedSearch, Selection
from aggregator.model.place import Place
from aggregator.model.release import Refusal, Release
from aggregator.model.signals import Looked
from aggregator.pipeline.match_waiting import match_waiting
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.text.query import parse
from tests import commands
from tests.conftest import AGREEMENT, NOW, QUOTATION, SOAK, make_publisher, some
from tests.rows import every_row
from tests.test_trip import HOST, Trip

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEAD = "Le préfet a rouvert lundi matin le pont de Kita, fermé depuis la crue du mois d'août dernier."
MORE = "Les camions attendaient sur les deux rives depuis mardi, et les commerçants parlent de pertes lourdes."
LAST = "Une commission d'enquête rendra son rapport avant la fin de l'année, selon la préfecture de Kita."


def entry(number: object = 1, title: str = "Le pont de Kita rouvre", more: str = "") -> str:
    return f"<item><guid>tag:{number}</guid><title>{title}</title><link>http://{HOST}/{number}</link>{more}</item>"


def feed(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>Daily</title>{''.join(items)}</channel></rss>".encode()


def page(
    *paragraphs: str, head: str = "", title: str = "Le pont de Kita rouvre", language: str = "fr", **fields: str
) -> Resource:
    body = "".join(f"<p>{each}</p>" for each in paragraphs or (LEAD, MORE, LAST))
    metas = "".join(f'<meta property="{name.replace("__", ":")}" content="{said}">' for name, said in fields.items())
    said = (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:title" content="{title}">{metas}{head}</head>'
        f"<body><h1>{title}</h1><article>{body}</article></body></html>"
    )
    return Resource(said.encode(), "text/html; charset=utf-8")


def with_pages(mode: Any, rights: Rights = AGREEMENT, key: str = "daily-example") -> Publisher:
    made = make_publisher(key, rights)
    return replace(made, sources=tuple(replace(source, pages=mode) for source in made.sources))


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def trip(press: Press, place: Place) -> Trip:
    press.set_document(HOST, "/feed", feed(entry()))
    press.set_document(HOST, "/1", page())
    return Trip(press, place, [with_pages("text")])


def configure(trip: Trip, *publishers: Publisher) -> None:
    trip.config = Config(wire=trip.config.wire, publishers=publishers)


def read(trip: Trip, after: timedelta = timedelta(0)) -> list[Finding]:
    """Moves the clock on and visits what is due, as a daemon does."""
    trip.now += after

    async def run(store: Store) -> list[Finding]:
        for minutes in (10, 0) if after else ():
            clock.look(store, trip.now - timedelta(minutes=minutes))
        async with Pipeline(trip.config, store, lambda: trip.now, trip.connect_to) as pipeline:
            return await pipeline.recheck(20, 20)

    with Store.open(trip.place) as store:
        sync(store, trip.config.wire, trip.config.publishers, trip.now, trip.now.date())
        return asyncio.run(run(store))


def tag(trip: Trip) -> None:
    async def run(store: Store) -> None:
        async with Pipeline(trip.config, store, lambda: trip.now, trip.connect_to) as pipeline:
            await pipeline.tag()

    with Store.open(trip.place) as store:
        asyncio.run(run(store))


def released(trip: Trip) -> Release:
    with Store.open(trip.place) as store:
        ids = [str(each) for (each,) in trip.rows("SELECT id FROM articles ORDER BY article_id LIMIT 1")]
        (out,) = releases(store, trip.config.wire, ids, outlet(store, "web", trip.now))
    assert isinstance(out, Release)
    return out


def tried(trip: Trip) -> tuple[object, ...]:
    ((outcome, reason),) = trip.rows("SELECT outcome, reason FROM pages")
    return outcome, reason


def kinds(trip: Trip) -> list[tuple[object, ...]]:
    return trip.rows("SELECT change_kind FROM changes WHERE article_id IS NOT NULL ORDER BY seq")


def asked(trip: Trip, path: str = "/1") -> list[int]:
    return [seen.status for seen in trip.press.requests if seen.path == path]


def test_a_page_is_read_at_once_and_its_text_stands_where_the_feed_had_none(trip: Trip) -> None:
    trip()
    (finding,) = read(trip)
    assert finding.result == "200"
    assert tried(trip) == ("read", None)
    out = released(trip)
    assert out.text.splitlines() == [LEAD, MORE, LAST]
    assert "<p>" in out.html
    assert LAST in unescape(out.html)
    assert kinds(trip) == [("new",), ("revised",)]
    # Its publisher changed nothing, so nothing says that it did.
    assert (out.changed_at, [each for each in out.disclaimers if "updated" in each.lower()]) == (None, [])


def test_the_first_visit_comes_at_once_and_the_later_ones_as_ever(trip: Trip) -> None:
    trip()
    seen = [trip.now - NOW for _ in read(trip)]
    for hours in (0.5, 0.5, 4, 1, 12, 6, 24, 24, 48, 24, 24, 48):
        found = read(trip, hours * HOUR)
        seen += [trip.now - NOW for _ in found]
    assert seen == [timedelta(0), HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY]
    assert asked(trip) == [200, 304, 304, 304, 304, 304]
    assert kinds(trip) == [("new",), ("revised",)]


def test_a_page_that_is_read_again_without_a_change_makes_no_version(trip: Trip) -> None:
    trip.press.misbehave(HOST, "/1", "no_validators")
    trip()
    read(trip)
    read(trip, HOUR)
    assert asked(trip) == [200, 200]
    assert trip.rows("SELECT max(number) FROM revisions") == [(2,)]


def test_a_page_that_changes_is_a_change_by_its_publisher(trip: Trip) -> None:
    trip()
    read(trip)
    trip.press.set_document(HOST, "/1", page(LEAD, MORE, LAST, "Le trafic a repris mercredi dans les deux sens."))
    read(trip, HOUR)
    out = released(trip)
    assert out.text.endswith("dans les deux sens.")
    assert out.changed_at == "2026-11-22T11:00:00Z"
    assert trip.rows("SELECT changed FROM revisions ORDER BY number") == [(None,), ('["body", "page"]',), ('["body"]',)]


def test_a_feed_that_says_the_same_again_makes_no_version_and_a_new_one_keeps_the_page(trip: Trip) -> None:
    trip()
    read(trip)
    trip.press.set_document(HOST, "/feed", feed(entry(), entry(2, "Autre chose")))
    trip.now += HOUR
    trip()
    assert trip.rows("SELECT max(number) FROM revisions WHERE article_id = 1") == [(2,)]
    edited = entry(title="Le pont de Kita rouvre enfin", more="<description>Le préfet était là.</description>")
    trip.press.set_document(HOST, "/feed", feed(edited, entry(2, "Autre chose")))
    trip.now += HOUR
    trip()
    assert trip.rows("SELECT number, changed FROM revisions WHERE article_id = 1")[2:] == [(3, '["title"]')]
    out = released(trip)
    assert (out.headline, out.summary) == ("Le pont de Kita rouvre enfin", "Le préfet était là.")
    assert out.text.splitlines() == [LEAD, MORE, LAST]


def test_a_feed_that_changes_leaves_the_tags_of_the_page(trip: Trip) -> None:
    """What the feed says alone is not what the report is about, nor who made it."""
    trip.press.set_document(HOST, "/1", page(f"BAMAKO, Mali (AFP) - {LEAD}", MORE, LAST))
    trip()
    read(trip)
    tag(trip)
    first = released(trip)
    assert (first.dateline, first.about, first.agencies) == ("BAMAKO, Mali (AFP)", ("ML",), ("AFP",))
    trip.press.set_document(HOST, "/feed", feed(entry(title="Le pont de Kita rouvre enfin")))
    trip.now += HOUR
    trip()
    tag(trip)
    out = released(trip)
    assert out.headline == "Le pont de Kita rouvre enfin"
    assert (out.dateline, out.about, out.agencies) == (first.dateline, first.about, first.agencies)


def test_what_the_feed_says_comes_before_what_the_page_says(trip: Trip) -> None:
    whole = f"{LEAD} {MORE} {LAST} " * 2
    more = (
        "<pubDate>Sat, 21 Nov 2026 08:00:00 GMT</pubDate><category>Sahel</category>"
        '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">Awa Keïta</dc:creator>'
        f"<description>{whole}</description>"
    )
    trip.press.set_document(HOST, "/feed", feed(entry(title="Kita : le pont rouvre", more=more)))
    trip.press.set_document(HOST, "/1", page(article__published_time="2026-11-20T09:00:00Z"))
    trip()
    read(trip)
    out = released(trip)
    assert (out.headline, out.byline, out.published) == ("Kita : le pont rouvre", "Awa Keïta", "2026-11-21T08:00:00Z")
    assert out.text == whole.strip()
    assert kinds(trip) == [("new",)]
    assert tried(trip) == ("read", None)


def test_a_page_fills_the_date_that_the_feed_leaves_out(trip: Trip) -> None:
    configure(trip, with_pages("metadata"))
    trip.press.set_document(HOST, "/1", page(article__published_time="2026-11-20T09:00:00Z"))
    trip()
    read(trip)
    out = released(trip)
    assert (out.published, out.text) == ("2026-11-20T09:00:00Z", "")
    trip.now += HOUR
    trip()
    read(trip, HOUR)
    assert released(trip).published == "2026-11-20T09:00:00Z"
    assert kinds(trip) == [("new",), ("revised",)]
    evidence = json.loads(str(trip.rows("SELECT evidence FROM pages")[0][0]))
    assert evidence["published"]


def test_a_feed_that_gives_the_date_later_is_believed(trip: Trip) -> None:
    trip.press.set_document(HOST, "/1", page(article__published_time="2026-11-20T09:00:00Z"))
    trip()
    read(trip)
    dated = entry(more="<pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate>")
    trip.press.set_document(HOST, "/feed", feed(dated))
    trip.now += HOUR
    trip()
    assert released(trip).published == "2026-11-20T10:00:00Z"


# What may be taken

FULL, EXCERPT = AGREEMENT, QUOTATION
HEADLINE = replace(QUOTATION, text_scope="headline_only")
METADATA_ONLY = replace(QUOTATION, storage="metadata_only")


@pytest.mark.soak
@pytest.mark.parametrize(
    ("mode", "rights", "held"),
    some(
        [
            ("text", FULL, [LEAD, MORE, LAST]),
            ("text", EXCERPT, [LEAD, MORE, LAST]),
            ("text", replace(EXCERPT, excerpt_max_words=10), [LEAD]),
            ("text", HEADLINE, []),
            ("text", METADATA_ONLY, []),
            ("text", replace(FULL, storage="metadata_only"), []),
            ("metadata", FULL, []),
            ("none", FULL, []),
        ],
        5,
    ),
)
def test_no_more_of_a_page_is_held_than_the_rights_let_out(
    place: Place, press: Press, mode: str, rights: Rights, held: list[str]
) -> None:
    press.set_document(HOST, "/feed", feed(entry()))
    press.set_document(HOST, "/1", page())
    trip = Trip(press, place, [with_pages(mode, rights)])
    trip()
    read(trip)
    assert str(trip.rows("SELECT text FROM bodies")[0][0]).splitlines() == held
    stored = words(trip)
    assert all((paragraph in stored) is (paragraph in held) for paragraph in (LEAD, MORE, LAST))


def words(trip: Trip) -> str:
    """All that any version holds, as it is stored."""
    with Store.read(trip.place) as store:
        found = [str(each) for (each,) in trip.rows("SELECT id FROM articles")]
        return json.dumps([store.revisions(each) for each in found], ensure_ascii=False, default=str)


PAYWALL = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'
COPY = '<link rel="canonical" href="http://agency.example/kita/1">'
OWN = f'<link rel="canonical" href="http://www.{HOST}/kita/1">'


@pytest.mark.parametrize(
    ("head", "outcome"),
    [
        (PAYWALL, ("withheld", "the page asks readers to pay or to sign in")),
        (COPY, ("withheld", "the page says that it is a copy of a page of another site")),
        (OWN, ("read", None)),
    ],
)
def test_a_page_s_own_signals_narrow_what_is_taken(
    place: Place, press: Press, head: str, outcome: tuple[object, ...]
) -> None:
    press.set_document(HOST, "/feed", feed(entry()))
    press.set_document(HOST, "/1", page(head=head))
    trip = Trip(press, place, [with_pages("text")])
    trip()
    read(trip)
    assert tried(trip) == outcome
    assert (released(trip).text == "") is (outcome[0] == "withheld")


def test_a_page_that_becomes_a_paywall_takes_nothing_away(trip: Trip) -> None:
    trip()
    read(trip)
    trip.press.set_document(HOST, "/1", page(LEAD, head=PAYWALL))
    read(trip, HOUR)
    assert tried(trip) == ("withheld", "the page asks readers to pay or to sign in")
    assert released(trip).text.splitlines() == [LEAD, MORE, LAST]
    assert kinds(trip) == [("new",), ("revised",)]


def test_a_licence_that_the_page_states_narrows_what_machines_may_do(trip: Trip) -> None:
    said = (
        '{"@type": "NewsArticle", "headline": "Le pont", "license": "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"}'
    )
    trip.press.set_document(HOST, "/1", page(head=f'<script type="application/ld+json">{said}</script>'))
    trip()
    before = released(trip).uses
    read(trip)
    assert (before.train, released(trip).uses.train) == ("unstated", "refused")
    edited = entry(more="<description>Mis à jour.</description>")
    trip.press.set_document(HOST, "/feed", feed(edited))
    trip.now += HOUR
    trip()
    assert released(trip).uses.train == "refused"


def test_what_the_page_says_to_machines_is_heard_with_it(trip: Trip) -> None:
    trip.press.set_document(HOST, "/1", page(head='<meta name="tdm-reservation" content="1">'))
    trip()
    read(trip)
    assert released(trip).uses.train == "refused"


# What goes wrong


@pytest.mark.parametrize(
    ("title", "head", "is_taken"),
    [
        ("Le pont de Kita est rouvert", "", True),  # the same report under a shorter address
        ("Météo : pluie attendue sur la côte", "", False),
        ("Le pont de Kita est rouvert", '<link rel="canonical" href="http://daily-example.example/">', True),
        ("Bienvenue sur notre site", '<link rel="canonical" href="http://daily-example.example/">', False),
    ],
)
def test_a_page_of_another_report_is_not_taken_for_its_own(
    place: Place, press: Press, title: str, head: str, is_taken: bool
) -> None:
    press.set_document(HOST, "/feed", feed(entry()))
    press.behave(HOST, "/1")
    if head:
        press.set_document(HOST, "/1", page(title=title, head=head))
    else:
        press.misbehave(HOST, "/1", "redirect", location=f"http://{HOST}/kita/2")
        press.set_document(HOST, "/kita/2", page(title=title))
    trip = Trip(press, place, [with_pages("text")])
    trip()
    read(trip)
    assert tried(trip) == (
        ("read", None) if is_taken else ("withheld", "the address leads to a page with another headline")
    )
    assert (released(trip).text != "") is is_taken


@pytest.mark.soak
@pytest.mark.parametrize(
    ("kind", "options", "outcome"),
    some(
        [
            ("status", {"status": 404}, ("failed", "status 404")),
            ("status", {"status": 403}, ("failed", "status 403")),
            ("status", {"status": 503}, ("failed", "status 503")),
            ("empty", {}, ("failed", None)),
            ("endless", {}, ("failed", None)),
            ("truncated", {}, ("failed", None)),
            ("challenge", {}, ("failed", None)),
            ("close", {}, ("failed", None)),
            ("redirect", {"location": "http://stranger.example/1"}, ("failed", None)),
            ("redirect", {"location": f"http://{HOST}/login?next=/1"}, ("failed", None)),
        ],
        6,
    ),
)
def test_a_page_that_cannot_be_read_says_why_and_takes_nothing(
    place: Place, press: Press, kind: str, options: dict[str, Any], outcome: tuple[str, str | None]
) -> None:
    press.set_document(HOST, "/feed", feed(entry()))
    press.set_document(HOST, "/1", page())
    press.set_document(HOST, "/login", page("Connectez-vous pour lire la suite de cet article, chers lecteurs."))
    press.misbehave(HOST, "/1", kind, **options)
    trip = Trip(press, place, [with_pages("text")])
    trip()
    read(trip)
    found, reason = tried(trip)
    assert found == outcome[0]
    assert reason == outcome[1] if outcome[1] else reason
    assert (released(trip).text, kinds(trip)) == ("", [("new",)])
    press.behave(HOST, "/1")
    for _ in range(3):  # a busy site is left in peace for a while
        read(trip, 8 * HOUR)
    if kind != "status" or options["status"] != 404:
        assert released(trip).text.splitlines() == [LEAD, MORE, LAST]


@pytest.mark.soak
@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.4 nothing to read here",
        b"<html><body>" + b"<div>" * (50_000 if SOAK else 10_000) + b"deep",
        b"<html><head><title>t</title></head><body></body></html>",
        b"<html><body>" + b"<p>a</p>" * 600_000,
        b"<html><head><meta http-equiv=refresh content='0;url=/2'></head><body><p>Un instant, on vous y conduit.</p>",
    ],
    ids=["pdf", "nesting", "nothing", "huge", "leads on"],
)
def test_hostile_pages_add_nothing(place: Place, press: Press, body: bytes) -> None:
    press.set_document(HOST, "/feed", feed(entry()))
    press.set_document(HOST, "/1", Resource(body, "text/html"))
    trip = Trip(press, place, [with_pages("text")])
    trip()
    read(trip)
    assert tried(trip)[0] in ("failed", "withheld")
    assert tried(trip)[1]
    assert kinds(trip) == [("new",)]


def test_a_page_in_another_encoding_than_it_says_is_read(trip: Trip) -> None:
    trip.press.set_document(HOST, "/1", Resource(page().body.decode().encode("cp1252"), "text/html; charset=utf-8"))
    trip()
    read(trip)
    assert tried(trip)[0] == "read"
    assert "crue du mois" in released(trip).text


def test_robots_txt_keeps_the_wire_from_a_page(trip: Trip) -> None:
    trip.press.set_document(HOST, "/robots.txt", Resource(b"User-agent: *\nDisallow: /1\n", "text/plain"))
    trip()
    read(trip)
    assert tried(trip)[0] == "failed"
    assert "robots.txt" in str(tried(trip)[1])
    assert asked(trip) == []


def test_a_source_without_pages_has_its_pages_visited_as_ever(trip: Trip) -> None:
    configure(trip, with_pages("none"))
    trip()
    assert read(trip) == []
    assert len(read(trip, HOUR)) == 1
    assert trip.rows("SELECT count(*) FROM pages") == [(0,)]
    configure(trip, with_pages("text"))  # from now on they are read; what was not read so is asked for anew
    read(trip, 6 * HOUR)
    assert asked(trip) == [200, 200]
    assert released(trip).text.splitlines() == [LEAD, MORE, LAST]


def test_a_page_that_is_gone_takes_the_report_out_as_ever(trip: Trip) -> None:
    trip()
    read(trip)
    trip.press.misbehave(HOST, "/1", "status", status=410)
    (finding,) = read(trip, HOUR)
    assert finding.removal is not None
    assert trip.rows("SELECT status FROM articles") == [("canceled",)]


# What becomes of it


def test_a_correction_on_the_page_is_a_correction_with_its_note(trip: Trip) -> None:
    trip()
    read(trip)
    note = "Correction : une version précédente de cet article disait à tort que le pont était fermé depuis juin."
    trip.press.set_document(HOST, "/1", page(LEAD, MORE, LAST, note))
    read(trip, HOUR)
    assert kinds(trip) == [("new",), ("revised",), ("corrected",)]
    out = released(trip)
    assert out.corrected
    assert any("fermé depuis juin" in each for each in out.disclaimers)


def test_versions_show_what_the_page_said(trip: Trip) -> None:
    trip()
    read(trip)
    with Store.open(trip.place) as store:
        (report,) = (str(each) for (each,) in trip.rows("SELECT id FROM articles"))
        found = versions(store, trip.config.wire, report, outlet(store, "web", trip.now), 10)
    assert found is not None
    assert not isinstance(found, Refusal)
    (_, first), (row, second) = found
    assert (first.text, second.text.splitlines()) == ("", [LEAD, MORE, LAST])
    assert row["changed"] == ["body", "page"]


def search(trip: Trip, words: str) -> int:
    async def index(store: Store) -> None:
        async with Pipeline(trip.config, store, lambda: trip.now, trip.connect_to) as pipeline:
            await pipeline.maintain()

    with Store.open(trip.place) as store:
        asyncio.run(index(store))
        return len(list(store.reports(Selection(), parse(words))))


async def matched(store: Store) -> None:
    async def on_store(work: Any) -> Any:
        return work(store)

    await match_waiting(on_store)


def test_the_words_of_a_page_are_searched_and_a_saved_search_finds_them(trip: Trip) -> None:
    trip.config = replace(trip.config, searches=(SavedSearch(name="kita", words="commission", title="Kita"),))
    with Store.open(trip.place) as store:
        sync(store, trip.config.wire, trip.config.publishers, trip.now, trip.now.date())
        store.follow_searches(trip.config.searches, (), trip.now)
    trip()
    assert search(trip, "commission") == 0
    read(trip)
    assert search(trip, "commission") == 1
    with Store.open(trip.place) as store:
        asyncio.run(matched(store))
    assert trip.rows("SELECT count(*) FROM hits") == [(1,)]


BECAUSE = Cause(actor="person:test", reason="a test")


def test_what_is_purged_leaves_nothing_of_its_page(trip: Trip) -> None:
    """Nor its address, in which the headline stands, beside what it says to machines."""
    address = "le-prefet-a-rouvert-le-pont"
    trip.press.set_document(HOST, "/feed", feed(entry(address)))
    trip.press.set_document(HOST, f"/{address}", page(head='<meta name="tdm-reservation" content="1">'))
    trip()
    read(trip)
    tag(trip)
    assert trip.rows("SELECT count(*) FROM rights_signals WHERE article_id IS NOT NULL") == [(1,)]
    with Store.open(trip.place) as store:
        (report,) = (str(each) for (each,) in trip.rows("SELECT id FROM articles"))
        ((said,), url) = store.signals_of_report(report), f"http://{HOST}/{address}"
        under_way = Looked(
            publisher=said.publisher, place="meta", url=url, about=url, signals=(said.signal,),
            article_id=said.article_id,
        )  # fmt: skip
        purge(store, chosen(store, [report], None, None), BECAUSE, trip.now)
        store.note_signals([under_way], trip.now)
    assert trip.rows("SELECT count(*) FROM pages") == [(0,)]
    assert address.encode() not in trip.place.read_bytes()
    assert not any(paragraph in words(trip) for paragraph in (LEAD, MORE, LAST))
    assert read(trip, HOUR) == []


def test_words_that_were_lent_go_with_those_of_the_page(trip: Trip) -> None:
    lent = replace(AGREEMENT, storage="transient", retention_days=3)
    configure(trip, with_pages("text", lent))
    trip.press.set_document(HOST, "/1", page(article__published_time="2026-11-20T09:00:00Z"))
    trip()
    read(trip)
    assert LAST in words(trip)
    trip.now += 4 * DAY
    with Store.open(trip.place) as store:
        for minutes in (10, 0):  # so that the clock is believed, by whose jump words are let go
            clock.look(store, trip.now - timedelta(minutes=minutes))
        maintain(store, trip.now)
    assert not any(paragraph in words(trip) for paragraph in (LEAD, MORE, LAST))
    assert trip.rows("SELECT published FROM articles") == [("2026-11-20T09:00:00Z",)]
    assert search(trip, "commission") == 0


def test_a_report_that_was_withdrawn_does_not_come_back_by_its_page(trip: Trip) -> None:
    trip()
    with Store.open(trip.place) as store:
        (report,) = (str(each) for (each,) in trip.rows("SELECT id FROM articles"))
        acts.withhold(store, report, BECAUSE, trip.now)
    read(trip)
    assert trip.rows("SELECT status FROM articles") == [("withheld",)]
    assert trip.rows("SELECT title FROM wire") == []


def test_two_publishers_and_five_languages(press: Press, place: Place) -> None:
    """Of one the text is taken, of the other its bylines and dates alone."""
    texts = {
        "fr": (LEAD, MORE),
        "en": ("The governor reopened the bridge on Monday.", "Traders had waited since August on both banks."),
        "sw": ("Gavana alifungua tena daraja siku ya Jumatatu.", "Wafanyabiashara walisubiri tangu Agosti."),
        "pt": ("O governador reabriu a ponte na segunda-feira.", "Os comerciantes esperavam desde agosto."),
        "ar": ("أعاد المحافظ فتح الجسر يوم الاثنين بعد إغلاق دام شهرين.", "وكان التجار ينتظرون على الضفتين منذ أغسطس."),
    }
    other = "the-other"
    for host in (HOST, f"{other}.example"):
        items = [entry(f"{name}-1", f"Report {name}").replace(HOST, host) for name in texts]
        press.set_document(host, "/feed", feed(*items))
        for name, paragraphs in texts.items():
            press.set_document(
                host, f"/{name}-1", page(*paragraphs, title=f"Report {name}", language=name,
                                       article__published_time="2026-11-20T09:00:00Z")
            )  # fmt: skip
    trip = Trip(press, place, [with_pages("text"), with_pages("metadata", key=other)])
    trip()
    read(trip)
    found = trip.rows(
        "SELECT a.publisher, a.title, a.published, b.text FROM articles AS a JOIN bodies AS b USING (article_id)"
    )
    dated = "2026-11-20T09:00:00Z"
    assert sorted(map(str, found)) == sorted(
        str(("daily-example" if is_text else other, f"Report {name}", dated, "\n".join(said) if is_text else ""))
        for name, said in texts.items()
        for is_text in (True, False)
    )


def test_the_language_that_a_page_states_is_one_word_of_the_publisher_beside_the_feed_s(
    press: Press, place: Place
) -> None:
    """It decides between the publisher's languages where the words do not, and against no words."""
    pages = {
        "tie": page("12 : 3", title="2026 : 12", language="rw"),  # words that are in no language
        "words": page(LEAD, MORE, title="Le pont de Kita rouvre aux camions lundi", language="rw"),
        "software": page("12 : 4", title="2026 : 14", language="en-US"),
        "agrees": page("12 : 5", title="2026 : 15", language="rn"),
    }
    titles = {key: re.search("<title>(.*)</title>", each.body.decode())[1] for key, each in pages.items()}  # type: ignore[index]
    press.set_document(HOST, "/feed", feed(*(entry(key, title) for key, title in titles.items())))
    for key, each in pages.items():
        press.set_document(HOST, f"/{key}", each)
    (source,) = with_pages("metadata").sources
    publisher = make_publisher("daily-example", AGREEMENT, languages=("rn", "fr", "rw"), sources=(source,))
    trip = Trip(press, place, [publisher])
    trip()
    tag(trip)
    query = "SELECT url, language, language_from, stated_language, revision FROM articles"

    def found() -> dict[str, tuple[object, ...]]:
        return {str(url).rpartition("/")[2]: tuple(said) for url, *said in trip.rows(query)}

    assert found() == {
        "tie": ("rn", "configured", None, 1),
        "words": ("fr", "short", None, 1),
        "software": ("rn", "configured", None, 1),
        "agrees": ("rn", "configured", None, 1),
    }
    read(trip)
    tag(trip)
    after = {
        "tie": ("rw", "stated", "rw", 2),
        "words": ("fr", "short", "rw", 2),
        "software": ("rn", "configured", None, 1),
        "agrees": ("rn", "configured", None, 1),  # it is kept that it was read, and nothing is new for readers
    }
    assert found() == after
    # What the feed says later has the page's word beside it.
    changed = {key: f"{title} !" for key, title in titles.items()}
    press.set_document(HOST, "/feed", feed(*(entry(key, title) for key, title in changed.items())))
    trip()
    tag(trip)
    assert {key: each[:3] for key, each in found().items()} == {key: each[:3] for key, each in after.items()}
    read(trip, timedelta(days=3))
    tag(trip)
    assert {key: each[:3] for key, each in found().items()} == {key: each[:3] for key, each in after.items()}


@every_row("word", ["UPDATE bodies SET summary", "UPDATE rechecks SET visits"])  # before and after the page is stored
def test_a_kill_between_a_visit_and_its_record_loses_nothing(tmp_path: Path, press: Press, word: str) -> None:
    press.set_document(HOST, "/feed", feed(entry()))
    press.set_document(HOST, "/1", page())
    trip = Trip(press, tmp_path / "wire.db", [with_pages("text")])
    trip()
    said = tmp_path / "said"
    said.write_bytes(pickle.dumps((trip.config, trip.now)))
    program = [*commands.COMMAND[:-1], "tests.pipeline.dying_visit"]
    arguments = [str(trip.place), str(said), str(press.address[1]), word]
    killed = commands.run([*program, *arguments], capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    read(trip)
    assert released(trip).text.splitlines() == [LEAD, MORE, LAST]
    assert kinds(trip) == [("new",), ("revised",)]
    assert tried(trip) == ("read", None)
    assert asked(trip)[0] == 200
    with sqlite3.connect(trip.place) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


OTHER = "Le bac de Bafoulabé reprend son service de nuit à partir de lundi, annonce le ministère."


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_join_and_its_split_leave_each_report_its_page(place: Place, press: Press, order: tuple[int, int]) -> None:
    press.set_document(HOST, "/feed", feed(entry(), entry(2, "Un bac de nuit")))
    press.set_document(HOST, "/1", page())
    press.set_document(HOST, "/2", page(OTHER, MORE, title="Un bac de nuit"))
    trip = Trip(press, place, [with_pages("text")])
    trip()
    read(trip)
    ids = [str(each) for (each,) in trip.rows("SELECT id FROM articles ORDER BY title")]
    with Store.open(trip.place) as store:
        number = joins.join(store, ids[order[0]], ids[order[1]], BECAUSE, trip.now)
        merges.split(store, number, trip.now)
    trip.now += HOUR
    more = "<description>Mis à jour.</description>"
    press.set_document(HOST, "/feed", feed(entry(more=more), entry(2, "Un bac de nuit", more=more)))
    trip()
    asks = "SELECT a.title, b.summary || '|' || b.text FROM articles AS a JOIN bodies AS b USING (article_id)"
    assert {title: said for title, said in trip.rows(asks)} == {  # noqa: C416  (rows of any columns)
        "Le pont de Kita rouvre": f"Mis à jour.|{LEAD}\n{MORE}\n{LAST}",
        "Un bac de nuit": f"Mis à jour.|{OTHER}\n{MORE}",
    }


def test_a_change_that_waits_for_a_person_keeps_the_page(trip: Trip) -> None:
    """One poll takes the words of all reports away and gives them others; a person accepts that."""
    numbers, own = range(1, 31), "<description>L'affaire {0} avance.</description>"
    trip.press.set_document(HOST, "/feed", feed(*(entry(n, f"Dossier numéro {n}", own.format(n)) for n in numbers)))
    for n in numbers:
        trip.press.set_document(
            HOST, f"/{n}", page(f"Le dossier numéro {n} est ouvert.", MORE, title=f"Dossier numéro {n}")
        )
    trip()
    read(trip)
    read(trip)
    (publisher,) = trip.config.publishers
    same = "<description>Cette page n'existe plus.</description>"
    trip.press.set_document(HOST, "/feed", feed(*(entry(n, f"Dossier numéro {n}", same) for n in numbers)))
    trip.now += HOUR
    (poll,) = trip()
    assert poll.pending == len(numbers)
    with Store.open(trip.place) as store:
        pending.accept(store, [publisher], publisher.key, pending.KINDS, "person:test", trip.now)
    found = trip.rows(
        "SELECT b.summary, b.text FROM articles AS a JOIN bodies AS b USING (article_id) WHERE a.title LIKE '% 7'"
    )
    assert found == [("Cette page n'existe plus.", f"Le dossier numéro 7 est ouvert.\n{MORE}")]
