"""What is not quite XML and not quite JSON is read in one way, whatever the format: a table of damages, done to one
good document of each format, with what must still be read. Lists in OPML are in tests/config/test_opml_leniency.py.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from aggregator.model import Document, FetchResult, Source
from aggregator.model.errors import ParseError
from aggregator.parse import CUT_OFF, UNREADABLE, parse
from tests.rows import every_row

URL = "https://habari.example/all"
TITLES = ("Un été à Thiès", "Habari za leo", "أخبار اليوم", "Notícias do dia")
SAID = "It said"  # stands in the third report alone; damages are done to it

Damage = Callable[[bytes], bytes]


def read(body: bytes, kind: str = "feed", content_type: str | None = None) -> Document:
    headers = {"content-type": content_type} if content_type else {}
    result = FetchResult(url=URL, http_status=200, headers=headers, body=body)
    return parse(result, Source(publisher="habari", key="all", url=URL, kind=kind))


def xml(before: str, each: str, after: str) -> bytes:
    rows = "\n".join(each.format(number=number, title=title) for number, title in enumerate(TITLES, 1))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{before}\n{rows}\n{after}\n'.encode()


RSS = xml(
    '<rss version="2.0"><channel><title>Habari</title>',
    '<item a="1"><guid isPermaLink="false">g{number}</guid><title>{title}</title><link>https://habari.example/{number}'
    "</link></item>",
    "</channel></rss>",
)
ATOM = xml(
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>Habari</title>',
    '<entry a="1"><id>g{number}</id><title>{title}</title><link href="https://habari.example/{number}"/></entry>',
    "</feed>",
)
SITEMAP = xml(
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">',
    '<url a="1"><loc>https://habari.example/{number}</loc><news:news><news:title>{title}</news:title></news:news></url>',
    "</urlset>",
)
JSONFEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Habari",
        "items": [
            {"id": f"g{n}", "url": f"https://habari.example/{n}", "title": title} for n, title in enumerate(TITLES, 1)
        ],
    },
    ensure_ascii=False,
).encode()
WORDPRESS = json.dumps(
    [
        {
            "id": n,
            "guid": {"rendered": f"g{n}"},
            "link": f"https://habari.example/{n}",
            "title": {"rendered": title},
            "status": "publish",
        }
        for n, title in enumerate(TITLES, 1)
    ],
    ensure_ascii=False,
).encode()

FORMATS = {
    "rss": ("feed", RSS),
    "atom": ("feed", ATOM),
    "sitemap": ("sitemap", SITEMAP),
    "jsonfeed": ("jsonfeed", JSONFEED),
    "wordpress": ("wordpress", WORDPRESS),
}
OF_XML, OF_JSON = ("rss", "atom", "sitemap"), ("jsonfeed", "wordpress")


def instead(old: str, new: str) -> Damage:
    """With other words, which must be there."""

    def damaged(body: bytes) -> bytes:
        assert old.encode() in body
        return body.replace(old.encode(), new.encode())

    return damaged


def titled(new: str) -> Damage:
    """With another second headline, as it stands."""
    return instead("Habari za leo", new)


def cut(title: str) -> Damage:
    """Without what stands behind the first letters of a headline."""
    return lambda body: body[: body.index(title.encode()) + 4]


def in_windows_1252(body: bytes) -> bytes:
    return body.decode().replace(TITLES[2], "Nouvelles").encode("cp1252")


@dataclass(frozen=True)
class Case:
    damage: Damage
    formats: tuple[str, ...] = OF_XML
    second: str = "Habari za leo"  # the headline that is read; "": its report is not
    count: int = 4  # reports that are read
    is_said: bool = True  # there is a warning, or a drop
    drop: str | None = None


DAMAGES = {
    "nothing": Case(lambda body: body, OF_XML + OF_JSON, is_said=False),
    "a byte order mark": Case(lambda body: b"\xef\xbb\xbf" + body, OF_XML + OF_JSON, is_said=False),
    "blank lines before": Case(lambda body: b"\r\n\n " + body, OF_XML + OF_JSON, is_said=False),
    "a notice before": Case(lambda body: b"Notice: undefined index\n" + body),
    "a notice in HTML before, and no declaration": Case(
        lambda body: b"<br /><b>Warning</b>: x\n" + body.partition(b"?>\n")[2]
    ),
    "a notice before JSON": Case(lambda body: b"<!-- cache --> Notice: x\n" + body, OF_JSON),
    "UTF-16": Case(
        lambda body: body.decode().replace("UTF-8", "UTF-16").encode("utf-16"), OF_XML + OF_JSON, is_said=False
    ),
    "gzip": Case(gzip.compress, OF_XML + OF_JSON, is_said=False),
    "windows-1252 that says UTF-8": Case(in_windows_1252, OF_XML + OF_JSON),
    "an encoding that nobody knows": Case(instead("UTF-8", "no-such"), is_said=False),
    "a control character": Case(titled("Habari\x0b za leo"), OF_XML + OF_JSON),
    "NUL": Case(titled("Habari\0 za leo"), OF_XML + OF_JSON),
    "a bare ampersand": Case(titled("Tom & Jerry"), second="Tom & Jerry"),
    "a bare `<`": Case(titled("3 < 4"), second="3 < 4"),
    "entities of HTML": Case(titled("L&rsquo;&eacute;t&eacute;"), second="L’été"),
    "a reference to no character": Case(titled("Habari&#11; za leo")),
    "an attribute twice": Case(instead('a="1"', 'a="1" a="2"')),
    "an attribute without quotes": Case(instead('a="1"', "a=1")),
    "an undeclared prefix": Case(titled("Habari za leo<x:y/>"), ("sitemap",), is_said=False),
    "a DOCTYPE": Case(
        instead('"UTF-8"?>', '"UTF-8"?><!DOCTYPE x SYSTEM "http://habari.example/x.dtd">'), is_said=False
    ),
    "something behind the end": Case(lambda body: body + b"<script>x</script>"),
    "something behind the end of JSON": Case(lambda body: body + b");", OF_JSON),
    "no end": Case(lambda body: body.rstrip().rpartition(b"\n")[0]),
    "cut in the third": Case(cut(TITLES[2]), OF_XML + OF_JSON, count=2, drop=CUT_OFF),
    "a fault and cut in the last": Case(
        lambda body: cut(TITLES[3])(titled("Tom & Jerry")(body)), second="Tom & Jerry", count=3, drop=CUT_OFF
    ),
    "a wrong end tag in the second": Case(titled("A</b>"), ("sitemap",), second="", count=3, drop=UNREADABLE),
    "a wrong end tag in the second, and cut": Case(
        lambda body: cut(TITLES[3])(titled("A</b>")(body)), ("sitemap",), second="", count=2, drop=CUT_OFF
    ),
    "commas too many": Case(lambda body: body.replace(b"}", b" , }").replace(b"]", b",\n]"), OF_JSON),
    "commas too many, and cut": Case(
        lambda body: cut(TITLES[2])(body.replace(b"}", b",}")), OF_JSON, count=2, drop=CUT_OFF
    ),
    "NaN": Case(
        instead('"title": "Habari za leo"', '"n": NaN, "title": "Habari za leo"'), ("jsonfeed",), is_said=False
    ),
}


def cases() -> Iterator[object]:
    for name, case in DAMAGES.items():
        for format_ in case.formats:
            yield pytest.param(format_, case, id=f"{format_}: {name}")


@every_row(("format_", "case"), list(cases()))
def test_what_can_be_read_is_read_and_what_cannot_is_said(format_: str, case: Case) -> None:
    kind, good = FORMATS[format_]
    parsed = read(case.damage(good), kind)
    titles = [entry.title.value for entry in parsed.entries if entry.title]
    assert len(titles) == len(parsed.entries) == case.count
    assert titles[:2] == [TITLES[0], case.second or TITLES[2]]
    assert bool(parsed.warning) == case.is_said, parsed.warning
    assert set(parsed.drops) >= ({case.drop} if case.drop else set())
    assert sum(parsed.drops.values()) + len(parsed.entries) <= len(TITLES)
    if case.drop is None:
        assert parsed.drops == {}


@pytest.mark.parametrize("format_", OF_XML)
def test_entities_that_grow_are_refused_in_every_format(format_: str) -> None:
    kind, good = FORMATS[format_]
    bomb = instead('"UTF-8"?>', f'"UTF-8"?><!DOCTYPE x [<!ENTITY a "{"a" * 1_001}">]>')(good)
    with pytest.raises(ParseError, match="an XML bomb"):
        read(titled("&a;")(bomb), kind)


@pytest.mark.parametrize("faults", [1, 30, 300])
def test_of_a_sitemap_rows_with_a_fault_alone_are_lost(faults: int) -> None:
    good = "<url><loc>https://habari.example/{}</loc><news><title>T</title></news></url>"
    bad = "<url><loc>https://habari.example/bad</loc><news><title>T</b></title></news></url>"
    rows = "".join(good.format(number) + bad for number in range(faults))
    parsed = read(f"<urlset>{rows}</urlset>".encode(), "sitemap")
    assert [entry.links[0].href for entry in parsed.entries] == [f"https://habari.example/{n}" for n in range(faults)]
    assert parsed.drops == {UNREADABLE: faults}
    assert "mismatched tag" in (parsed.warning or "")


def test_rows_in_comments_and_cdata_are_no_rows_that_were_lost() -> None:
    rows = "<!-- <url/> --><url><loc>https://habari.example/1</loc><news><title><![CDATA[<url >]]></title></news></url>"
    parsed = read(f"<urlset></foo>{rows}</urlset>".encode(), "sitemap")
    assert (len(parsed.entries), parsed.drops) == (1, {})
