"""Of a document with more entries than are read, the newest are read, wherever they stand in it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.demo import Press, Resource
from aggregator.model import Document, FetchResult, Publisher, Source
from aggregator.parse import MAX_ENTRIES, parse
from aggregator.text.dates import utc_now
from tests.conftest import NOW, some
from tests.rows import every_row
from tests.test_trip import HOST, Trip

MANY = MAX_ENTRIES + 500
FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def iso(number: int) -> str:
    return (FIRST + timedelta(hours=number)).isoformat()


def rss(numbers: list[int], date: str = "<pubDate>{}</pubDate>") -> bytes:
    items = "".join(
        f"<item><title>n {n}</title><guid>g{n}</guid>{date.format(iso(n))}</item>" for n in numbers
    )  # fmt: skip
    return f'<rss version="2.0"><channel><title>A</title>{items}</channel></rss>'.encode()


def rdf(numbers: list[int]) -> bytes:
    items = "".join(
        f'<item rdf:about="http://a.example/{n}"><title>n {n}</title><link>http://a.example/{n}</link>'
        f"<dc:date>{iso(n)}</dc:date></item>"
        for n in numbers
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel/>{items}</rdf:RDF>'
    ).encode()


def atom(numbers: list[int]) -> bytes:
    """Each entry has a source whose own date says nothing of the entry."""
    entries = "".join(
        f"<entry><id>urn:{n}</id><title>n {n}</title><updated>{iso(n)}</updated>"
        f"<source><id>urn:s</id><updated>{iso(10**5 - n)}</updated></source></entry>"
        for n in numbers
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>{entries}</feed>'.encode()


def broken(numbers: list[int]) -> bytes:
    """No reader of XML takes this one."""
    return rss(numbers).replace(b"<channel>", b"<channel><p>a</b>")


def repairable(numbers: list[int]) -> bytes:
    return rss(numbers).replace(b"<title>A", b"<title>A & B &nbsp;")


def with_dtd(numbers: list[int]) -> bytes:
    return b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://a.example/rss.dtd">' + rss(
        numbers
    )


def jsonfeed(numbers: list[int]) -> bytes:
    items = [{"id": f"g{n}", "title": f"n {n}", "date_published": iso(n)} for n in numbers]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "A", "items": items}).encode()


def wordpress(numbers: list[int]) -> bytes:
    return json.dumps(
        [
            {
                "guid": {"rendered": f"http://a.example/?p={n}"},
                "link": f"http://a.example/{n}",
                "title": {"rendered": f"n {n}"},
                "date_gmt": iso(n)[:19],
            }
            for n in numbers
        ]
    ).encode()


def sitemap(numbers: list[int]) -> bytes:
    urls = "".join(
        f"<url><loc>http://a.example/{n}</loc><news:news><news:title>n {n}</news:title>"
        f"<news:publication_date>{iso(n)}</news:publication_date></news:news></url>"
        for n in numbers
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
    ).encode()


FORMATS = [broken, with_dtd, rdf, repairable, atom, rss, jsonfeed, wordpress, sitemap]


def read(document: bytes) -> Document:
    result = FetchResult(url="http://a.example/feed", http_status=200, headers={}, body=document)
    return parse(result, Source(publisher="a", key="feed", url=result.url))


def numbers_of(parsed: Document) -> list[int]:
    return [int(entry.title.value.split()[1]) for entry in parsed.entries if entry.title]


@pytest.mark.soak
@every_row("form", some(FORMATS, 5), ids=lambda form: form.__name__)
def test_the_newest_are_read_wherever_they_stand_and_their_order_stays(form) -> None:  # type: ignore[no-untyped-def]
    oldest_first = list(range(100))
    mixed = [*oldest_first, *(100 + (n * 1_009) % (MANY - 100) for n in range(MANY - 100))]  # no common factor
    parsed = read(form(mixed))
    assert numbers_of(parsed) == [n for n in mixed if n >= MANY - MAX_ENTRIES]
    assert parsed.drops == {"over_cap": MANY - MAX_ENTRIES}


def test_of_an_undated_document_the_first_are_read() -> None:
    parsed = read(rss(list(range(MANY)), date=""))
    assert numbers_of(parsed) == list(range(MAX_ENTRIES))
    assert parsed.drops == {"over_cap": MANY - MAX_ENTRIES}


def test_an_undated_entry_comes_after_all_that_have_a_date() -> None:
    undated = b"<item><title>n 99999</title><guid>u</guid></item>"
    parsed = read(rss(list(range(MAX_ENTRIES))).replace(b"<item>", undated + b"<item>", 1))
    assert numbers_of(parsed) == list(range(MAX_ENTRIES))


def test_a_withdrawal_counts_wherever_it_stands() -> None:
    """What takes back is never cut away for its age."""
    document = json.loads(jsonfeed(list(range(MANY))))
    document["items"][0]["pubStatus"] = "canceled"
    parsed = read(json.dumps(document).encode())
    assert parsed.withdrawn == ("g0",)
    assert len(parsed.entries) == MAX_ENTRIES


def test_what_wordpress_did_not_publish_is_counted_and_not_carried() -> None:
    posts = json.loads(wordpress([1, 2, 3, 4, 5]))
    for post, status in zip(posts, ("publish", "draft", "trash", "private", "future"), strict=True):
        post["status"] = status
    parsed = read(json.dumps(posts).encode())
    assert numbers_of(parsed) == [1]
    assert parsed.drops == {"not_published": 4}


def test_health_says_that_a_document_is_too_long(tmp_path: Path, publisher: Publisher) -> None:
    with Press(now=NOW) as press:
        # Entries that say nothing are read and not stored.
        document = re.sub(rb"<title>n \d+</title>", b"", rss(list(range(MANY))))
        press.set_document(HOST, "/feed", Resource(document, "application/rss+xml"))
        trip = Trip(press, tmp_path / "wire.db", [publisher])
        trip.now = utc_now()  # the view asks the clock
        trip()
    assert trip.rows("SELECT problem, advice FROM health") == [
        (
            "its document is too long: 500 entries beyond the newest were not read",
            "another source of daily-example with fewer entries, if it has one",
        )
    ]
