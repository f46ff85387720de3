"""What an entry says beside its words is bounded, and read in linear time. Fixture pairs say the rest."""

from __future__ import annotations

from time import process_time

import pytest

from aggregator.model import Category, Entry, FetchResult, Person, Place, Source
from aggregator.parse import parse
from aggregator.text import raw_words
from tests.rows import every_row

URL = "https://fetched.example/feeds/all"
SPACES = (
    'xmlns:georss="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" xmlns:other="https://other.example/geo/"'
)
BROKEN = "<item><guid>broken</guid><b><i></b></item>"  # what follows it is read by feedparser


def item(inside: str, before: str = "") -> Entry:
    body = f'<rss version="2.0" {SPACES}><channel>{before}<item><guid>1</guid>{inside}</item></channel></rss>'
    result = FetchResult(url=URL, http_status=200, headers={}, body=body.encode())
    return parse(result, Source(publisher="river-post", key="all", url=URL)).entries[-1]


@pytest.mark.parametrize("before", ["", BROKEN], ids=["ours", "feedparser"])
def test_what_is_said_is_bounded(before: str) -> None:
    names = "".join(f"<dc:contributor>Mwandishi {n}</dc:contributor>" for n in range(300))
    subjects = "".join(f"<dc:subject>mada {n}</dc:subject>" for n in range(2_000))
    long, address = "é" * 5_000, "https://a.example/" + "a" * 5_000
    entry = item(
        f'{names}{subjects}<source url="{address}">{long}</source><dc:publisher>{long}</dc:publisher>'
        f'<category domain="{long}">{long}</category><georss:featurename>{long}</georss:featurename>'
        f"<georss:line>{'1 2 ' * 5_000}</georss:line>"
        f'<atom:link href="https://a.example/1" title="{long}" hreflang="{long}" length="{"9" * 400}"/>',
        before,
    )
    assert entry.contributors == tuple(Person(f"Mwandishi {n}") for n in range(100))
    assert entry.categories == tuple(Category(f"mada {n}") for n in range(500))
    assert (entry.origin and len(entry.origin.name or ""), entry.origin and entry.origin.feed) == (500, None)
    assert entry.places == ()
    (link,) = (link for link in entry.links if link.href == "https://a.example/1")
    assert (link.length, link.hreflang, len(link.title or "")) == (None, None, 500)
    assert raw_words.decode(raw_words.encode(entry)) == entry


def test_a_category_keeps_its_term_where_its_scheme_is_too_long() -> None:
    entry = item(f'<category domain="{"d" * 400}">{"t" * 400}</category>')
    assert entry.categories == (Category("t" * 400),)


def test_places_are_bounded() -> None:
    points = "".join(f"<georss:point>{n} {n}</georss:point>" for n in range(50))
    assert item(points).places == tuple(Place(f"{n} {n}") for n in range(20))


def test_a_place_however_deep_it_stands() -> None:
    deep = "<gml:member>" * 900 + "<gml:Point><gml:pos>1 2</gml:pos></gml:Point>" + "</gml:member>" * 900
    assert item(f"<georss:where>{deep}</georss:where>").places == (Place("1 2"),)


@every_row(
    ("inside", "expected"),
    [
        ("<other:lat>1</other:lat><other:long>2</other:long>", ()),
        ("<geo:long>2</geo:long><geo:lat>1</geo:lat>", (Place("1 2"),)),
        ("<georss:point>1e1 -2.5E-1</georss:point>", (Place("1e1 -2.5E-1"),)),
        ("<georss:point>+1. .5</georss:point>", (Place("+1. .5"),)),
        ("<georss:point>1,5 2,5</georss:point>", ()),
        ("<georss:point>90.1 0</georss:point>", ()),
        ("<georss:point>0 361</georss:point>", ()),
        ("<georss:circle>1 2 -3</georss:circle>", ()),
        ("<georss:polygon>1 2 3 4</georss:polygon>", ()),
        ("<georss:point>1 2<other:x/></georss:point>", (Place("1 2"),)),
    ],
)
def test_coordinates(inside: str, expected: tuple[Place, ...]) -> None:
    assert item(inside).places == expected


def test_a_module_that_nobody_knows_is_left_out_whole() -> None:
    assert item("<other:where><georss:point>1 2</georss:point></other:where>").places == ()


@every_row(
    "words",
    [
        "<img src=" + " " * 400_000,
        " src=" * 100_000,
        '<a href="' + "a" * 500_000 + '">',
        "<" * 500_000,
        " href=&#104;" * 50_000,
    ],
    ids=["blanks", "attributes", "a long address", "brackets", "references"],
)
def test_the_search_for_relative_addresses_is_linear(words: str) -> None:
    began = process_time()
    item(f"<description><![CDATA[{words}]]></description>")
    assert process_time() - began < 5
