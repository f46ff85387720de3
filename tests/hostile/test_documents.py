"""A table of hostile documents: what becomes of each, what the others get meanwhile, and what it costs.

The limits of time and memory are about ten times what was measured, so that a busy machine breaks none of them. Small
documents are tried in `make test`, as large ones as may be (16 MB) in `make soak`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from html import escape
from time import process_time

import pytest
from msgspec import Struct
from msgspec.structs import replace

from aggregator.output.diff import word_diff
from tests import commands
from tests.conftest import SOAK
from tests.hostile.table import Table

MB = 1024 * 1024
_MOST = 16 * MB
Documents = bytes | Sequence[bytes]
_ENTITY, _NAMESPACE = "<!ENTITY a# 'x'>", "xmlns:a#='x' "
_ADDRESS = "<url><loc>http://pub.example/#</loc><news><title>A#</title></news></url>"
_LIST = b'{"version":"https://jsonfeed.org/version/1.1","items":'
_JSON = {"version": "https://jsonfeed.org/version/1.1", "title": "F"}


class Expected(Struct, frozen=True, kw_only=True):
    """The outcome of the last poll, the words of its error, and the most that it may cost."""

    outcome: str = "ok"
    error: str | None = None  # a part of it
    seconds: float = 3.0  # of processor time, of all processes
    peak: int = 150 * MB  # of the main process, more than before
    reader_peak: int = 500 * MB  # of a reading process

    def costing(self, small: float, large: float) -> Expected:
        """`small` seconds in `make test`, `large` in `make soak`, with all the memory that a reading process has."""
        if not SOAK:
            return replace(self, seconds=small)
        return replace(self, seconds=large, peak=1024 * MB, reader_peak=1100 * MB)


FINE = Expected()
FAILED = Expected(outcome="failed")


def refused(error: str) -> Expected:
    return replace(FAILED, error=error)


GIVEN_UP = refused("it was given up").costing(15.0, 30.0)
LINEAR = FINE.costing(3.0, 60.0)
# Full size is more than a reading process may take; the poll fails, and nobody else's does.
TOO_MUCH = replace(LINEAR, outcome="failed") if SOAK else LINEAR
NO_FEED = FAILED.costing(8.0, 100.0)
CUT = refused("breaks off").costing(5.0, 60.0)


def times(few: int, many: int) -> int:
    """How often a part is repeated in `make test`, and in `make soak`."""
    return many if SOAK else few


def item(title: str = "A", link: str = "", guid: str = "", words: str = "", more: str = "") -> str:
    link = f"<link>http://pub.example/{link}</link>" if link else ""
    guid = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return f"<item><title>{title}</title>{link}{guid}<description>{escape(words)}</description>{more}</item>"


def rss(*parts: str) -> bytes:
    return f"<rss version='2.0'><channel><title>F</title>{''.join(parts)}</channel></rss>".encode()[:_MOST]


def within(words: str) -> bytes:
    """As the words of an item, as they stand."""
    return rss(f"<item><title>A</title><description>{words}</description></item>")


def atom(entry: str) -> bytes:
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title>{entry}</entry></feed>".encode()[:_MOST]


def sitemap(rows: str) -> bytes:
    return f"<urlset>{rows}</urlset>".encode()[:_MOST]


def each(part: str, few: int, many: int) -> str:
    """The part so often, each time with its number in the place of `#`."""
    return "".join(part.replace("#", str(number)) for number in range(times(few, many)))


def words(count: int, seed: int = 0) -> str:
    return " ".join(f"w{(number * 7919 + seed) % 9973}" for number in range(count))


def edited(text: Callable[[int, int], str], few: int, many: int, title: str = "T") -> tuple[bytes, ...]:
    """Two polls of reports with a text of their own at each; `text` takes the number of the report and of the poll."""
    return tuple(
        rss(
            *(
                item(f"{title}{number}", str(number), f"g{number}", text(number, poll))
                for number in range(times(few, many))
            )
        )
        for poll in (1, 2)
    )


def under(guid: str, link: str, title: str = "") -> tuple[bytes, ...]:
    """Two polls of other reports, all under one name."""
    return tuple(
        rss(
            *(
                item(title or words(30, number * poll), link or f"{poll}/{number}", guid, words(40, number * poll))
                for number in range(times(60, 2_000))
            )
        )
        for poll in (1, 2)
    )


def laughs() -> bytes:
    entities = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    return f"<!DOCTYPE rss [<!ENTITY a0 'ha'>{entities}]>".encode() + within("&a9;")


# A neighbour in the table shows the same kind of fault for less.
_ONLY_SOAK = {
    "an edit of the addresses in every report",
    "a correction in every report",
    "categories of Atom",
    "authors",
    "enclosures",
    "elements that are cut",
    "a headline of entities",
    "faults in a sitemap",
    "a sitemap of tags that do not end",
    "a page of anchors",
    "a page of links",
}
DOCUMENTS: dict[str, tuple[Callable[[], Documents], Expected]] = {
    # what is compared with what is held
    "two headlines of thousands of words": (
        lambda: (rss(item("a b " * 2_000, "1", "g", "zz yy xx")), rss(item("b a c " * 2_000, "2", "g", "qq ww ee"))),
        FINE,
    ),
    "all reports under one id": (lambda: under("x", ""), LINEAR),
    "all reports under one link": (lambda: under("", "front"), LINEAR),
    "all reports under one headline": (lambda: under("", "", "Same"), LINEAR),
    "an edit of every report": (
        lambda: edited(lambda n, poll: f"<p>{words(800, n)}</p>" + f"<i>{poll}</i>" * 50, 20, 2_000),
        FINE.costing(4.0, 100.0),
    ),
    "an edit of the addresses in every report": (
        lambda: edited(lambda n, poll: "<img src='http://a/?" + "x=1&y=" * 5_000 + f"{poll}'>", 8, 300),
        FINE.costing(4.0, 100.0),
    ),
    "a correction at every line": (
        lambda: edited(
            lambda n, poll: each(f"<p>Correction: version # of {poll} was wrong.</p>", 2_000, 200_000), 1, 1
        ),
        FINE.costing(6.0, 60.0),
    ),
    "a correction in every report": (
        lambda: edited(lambda n, poll: f"<p>Correction: an earlier version said {n}{poll}.</p>" * 20, 40, 2_000),
        FINE.costing(4.0, 100.0),
    ),
    "an embargo in every headline": (
        lambda: edited(lambda n, poll: f"{poll}" + "embargoed until " * 500, 20, 1_500, title="EMBARGO until " * 100),
        FINE.costing(4.0, 100.0),
    ),
    # lists within an entry
    "categories": (lambda: rss(item(more=each("<category>c#</category>", 20_000, 400_000))), LINEAR),
    "categories of Atom": (lambda: atom(each("<category term='c#'/>", 20_000, 400_000)), LINEAR),
    "enclosures": (lambda: rss(item(more=each("<enclosure url='http://a/#'/>", 10_000, 100_000))), LINEAR),
    "links": (lambda: atom(each("<link href='http://a/#'/>", 10_000, 100_000)), LINEAR),
    "authors": (lambda: atom(each("<author><name>a#</name></author>", 10_000, 100_000)), LINEAR),
    "texts": (lambda: atom(each("<content>c#</content>", 1_500, 100_000)), TOO_MUCH),
    "dates": (lambda: rss(item(more=each("<pubDate>1 Jan 2020</pubDate>", 10_000, 200_000))), LINEAR),
    "a date of many words": (
        lambda: rss(item(more=f"<pubDate>{'Mon 1 ' * times(100_000, 2_000_000)}</pubDate>")),
        FINE,
    ),
    "hours that are skipped": (
        lambda: rss(f"<skipHours>{each('<hour>#</hour>', 20_000, 400_000)}</skipHours>", item()),
        LINEAR,
    ),
    # markup in the words
    "attributes of an element": (
        lambda: within(f"<![CDATA[<a {each('a#=1 ', 5_000, 1_000_000)}>]]>"),
        GIVEN_UP if SOAK else FINE,
    ),
    "elements that do not end": (lambda: within(f"<![CDATA[{'<table><a><p><i>' * times(2_000, 100_000)}]]>"), LINEAR),
    "elements that are cut": (lambda: within("<a " * times(15_000, 5_000_000)), TOO_MUCH),
    "entities that do not end": (lambda: within("&amp" * times(40_000, 3_500_000)), LINEAR),
    "ampersands": (lambda: within("& " * times(60_000, 7_000_000)), TOO_MUCH),
    "comments that do not end": (lambda: within("<![CDATA[" + "<!--" * times(200_000, 3_500_000) + "]]>"), LINEAR),
    "a headline of markup": (lambda: rss(f"<item><title>{'&lt;' * times(100_000, 3_500_000)}</title></item>"), LINEAR),
    "a headline of entities": (
        lambda: rss(f"<item><title>{'&amp;lt;b&amp;gt;' * times(25_000, 900_000)}</title></item>"),
        LINEAR,
    ),
    "blanks": (lambda: within("a" + " " * times(500_000, 14_000_000) + "b"), LINEAR),
    # XML
    "entities of entities": (laughs, refused("an XML bomb")),
    "entities": (
        lambda: f"<!DOCTYPE rss [{each(_ENTITY, 10_000, 400_000)}]>".encode() + within("&a1;"),
        LINEAR,
    ),
    "elements in elements": (
        lambda: ("<rss version='2.0'><channel>" + "<a>" * times(50_000, 4_000_000)).encode(),
        NO_FEED,
    ),
    "namespaces": (
        lambda: f"<rss version='2.0' {each(_NAMESPACE, 5_000, 100_000)}>".encode() + rss(item()),
        LINEAR,
    ),
    "a section that does not end": (
        lambda: rss("<item><title>A</title><description>" + "<![CDATA[" * times(100_000, 1_500_000)),
        CUT,
    ),
    "instructions that do not end": (lambda: within("<?x " * times(100_000, 3_500_000)), CUT),
    # sitemaps
    "addresses of a sitemap": (lambda: sitemap(each(_ADDRESS, 400, 150_000)), LINEAR),
    "faults in a sitemap": (lambda: sitemap(each(_ADDRESS + "<url></b></url>", 600, 100_000)), LINEAR),
    "attributes in a sitemap": (
        lambda: sitemap(each(_ADDRESS + f"<url {'a ' * 4_000}'/>", 50, 1_500)),
        LINEAR,
    ),
    "a sitemap of ends": (lambda: sitemap("</a>" * times(100_000, 4_000_000)), NO_FEED),
    "a sitemap of comments that do not end": (lambda: sitemap("</a>" + "<!--" * times(100_000, 4_000_000)), NO_FEED),
    "a sitemap of tags that do not end": (lambda: sitemap("<url " * times(40_000, 3_000_000)), NO_FEED),
    "entities of a sitemap": (
        lambda: f"<!DOCTYPE urlset [<!ENTITY a '{'a' * 1_001}'>]>".encode() + sitemap("<url><loc>&a;</loc></url>"),
        refused("an XML bomb"),
    ),
    # other formats, and none
    "lists of JSON in lists": (lambda: _LIST + b"[" * times(100_000, 10_000_000), NO_FEED),
    "a number of JSON": (lambda: _LIST + b'[{"id":' + b"9" * times(100_000, 10_000_000) + b"}]}", LINEAR),
    "tags of JSON": (
        lambda: json.dumps(
            {**_JSON, "items": [{"id": "1", "tags": [f"t{n}" for n in range(times(20_000, 500_000))]}]}
        ).encode(),
        LINEAR,
    ),
    "a page of links": (lambda: b"<html><head>" + b"<link " * times(50_000, 2_600_000), NO_FEED),
    "a page of anchors": (lambda: b"<html><body>" + b"<a href='/x.xml'>rss</a>" * times(2_500, 600_000), NO_FEED),
    "a page of instructions": (lambda: b"<html><head>" + b"<?" * times(130_000, 8_000_000), NO_FEED),
    "a page of quotes": (lambda: b"<html><head>" + b"<a href='" * times(50_000, 1_500_000), NO_FEED),
    "a page of attributes": (lambda: f"<html><a {each('a#=1 ', 20_000, 1_000_000)}>".encode(), NO_FEED),
    "nothing but NUL": (lambda: b"\0" * times(500_000, _MOST), NO_FEED),
    "nothing but blanks": (lambda: b" " * times(500_000, _MOST), NO_FEED),
    "half of UTF-16": (lambda: b"\xff\xfe" + b"<\0" * times(200_000, 8_000_000), NO_FEED),
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    commands.start_readers()  # so that the reading process is a child of this one, which measures its own
    try:
        with Table(tmp_path_factory.mktemp("documents"), rows=len(DOCUMENTS), good=2) as opened:
            yield opened
    finally:
        commands.give_readers()


@pytest.mark.soak
@pytest.mark.parametrize("name", [name for name in DOCUMENTS if SOAK or name not in _ONLY_SOAK])
def test_a_hostile_document_costs_its_own_poll_and_no_other(table: Table, name: str) -> None:
    document, expected = DOCUMENTS[name]
    row = table.run_beside(document(), good=2, seconds=120)
    taken = f"{row.cpu_seconds:.2f} s, {row.peak_bytes // MB} MB, a reading process {row.reader_peak_bytes // MB} MB"
    print(f"{name}: {row.outcome}, {taken}")
    assert row.others_stored == row.others_expected
    assert row.outcome == expected.outcome, row.error
    assert (expected.error or "") in (row.error or "")
    assert row.cpu_seconds < expected.seconds
    assert row.peak_bytes < expected.peak
    assert 0 < row.reader_peak_bytes < expected.reader_peak


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_a_diff_of_two_long_texts_is_bounded(seed: int) -> None:
    """`show --revisions` compares any two texts that a publisher wrote; two of 8 kB took a minute."""
    chance, count = random.Random(seed), times(8_000, 200_000)
    shuffled = [f"u{number}" for number in range(count)]
    chance.shuffle(shuffled)
    texts = (
        ("a b " * 2_000, "b a c " * 2_000),
        ("a b " * count, "b a c " * count),
        (" ".join(f"u{number}" for number in range(count)), " ".join(shuffled)),
        ("\n".join(["a b"] * count), "\n".join(chance.choices(["a b", "b a"], k=count))),
        tuple(" ".join(chance.choices("abcdefgh", k=count)) for _ in "ab"),
    )
    began = process_time()
    for before, after in texts:
        pieces = word_diff(before, after)
        assert "".join(text for kind, text in pieces if kind != "gone") == after.strip()
    assert process_time() - began < (60.0 if SOAK else 4.0)
