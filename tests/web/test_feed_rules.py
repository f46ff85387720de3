"""Every feed that is served keeps the rules of the W3C's validator, and a feed that breaks one is found out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

import pytest
from lxml import etree
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.model import Cause, Selection
from aggregator.model.release import Outlet, Release
from aggregator.output.formats import FORMATS
from aggregator.pipeline.opening import load_config, open_existing
from aggregator.rights import release
from tests.releases import NOW, WIRE, feed, held
from tests.web.feed_rules import RULES
from tests.web.serving import Served, served

# What feeds are of; the first two are looked at in every format, page by page.
OF = [
    "latest", "class/analysis", "country/ke", "publisher/nawras", "publisher/dega-zena", "language/fr", "language/am",
    "kind/intergovernmental", "group/institution", "class/press-release", "class/opinion",
]  # fmt: skip


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """With tombstones."""
    with served(tmp_path_factory.mktemp("served")) as found:
        with open_existing(found.paths) as store:
            for report in store.latest(Selection(limit=3)):
                acts.withdraw(store, report.id, Cause(actor="person:ama", reason="a mistake"), found.now[0])
        yield found


def pages(wire: Served, path: str) -> Iterator[tuple[str, bytes]]:
    """All pages of a feed, each with the address that it has for others."""
    site = load_config(wire.paths).wire.url.rstrip("/")
    address: str | None = site + path
    while address:
        parts = urlsplit(address)
        answer = wire.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        assert answer.status_code == 200, address
        yield address, answer.content
        if path.endswith("json"):
            address = answer.json().get("next_url")
        else:
            links = etree.fromstring(answer.content).iter("{http://www.w3.org/2005/Atom}link")
            address = next((each.get("href") for each in links if each.get("rel") == "next"), None)


@pytest.mark.parametrize("suffix", RULES)
def test_every_page_of_every_feed_that_is_served_keeps_the_rules(wire: Served, suffix: str) -> None:
    others = [of for number, of in enumerate(OF[2:]) if list(RULES)[number % len(RULES)] == suffix]
    for of in [*OF[:2], *others]:
        for address, said in islice(pages(wire, f"/feeds/{of}.{suffix}"), 2):
            assert list(RULES[suffix](said, address, wire.now[0])) == [], address


@pytest.mark.parametrize("suffix", RULES)
def test_reports_of_every_kind_keep_the_rules(wire: Served, suffix: str) -> None:
    form = FORMATS[{"json": "jsonfeed"}.get(suffix, suffix)]
    whole = feed()
    odd = (
        held(byline="Ama Boateng <ama@daily.example>"),
        held(byline="desk@daily.example", homepage="https://Daily.example"),
        held(byline="Ama Boateng, Kofi Mensah (kofi.mensah@news.daily.example)", url=None, published=None),
        held(published="2999-01-01T00:00:00Z", content="<p onclick=x><a href='/x'>x</a><img src='data:x'>"),
        held(content="<iframe src='https://x.example/'></iframe><a href='javascript:x'>y</a><svg/onload=x>"),
    )
    by = Outlet(channel="feed", now=NOW)
    out = [release(replace(each, id=f"{number:016}"), WIRE, by) for number, each in enumerate(odd)]
    odder = feed(tuple(each for each in out if isinstance(each, Release)))
    assert len(tuple(odder.releases)) == len(odd)
    for found in (whole, odder, replace(whole, releases=()), replace(whole, releases=(), gone=())):
        said = b"".join(form.render(found))
        assert list(RULES[suffix](said, found.address, wire.now[0])) == []


BREAKS = {
    "atom": [
        ('rel="self"', 'rel="alternate"', "MissingSelf"),
        ('rel="self" href="', 'rel="self" href="x', "InvalidFullLink"),
        ("<updated>2", "<updated>", "InvalidRFC3339Date"), ("<id>tag:", "<id>", "InvalidFullLink"),
        ("<published>2", "<published>9", "ImplausibleDate"), ("</entry>", "<b/></entry>", "UndefinedElement"),
        ("<content type=\"html\">", "<content type=\"html\">&lt;script&gt;", "SecurityRisk"),
        ("<content type=\"html\">", "<content type=\"html\">&lt;a href='/x'&gt;", "ContainsRelRef"),
        ("<content type=\"html\">", "<content type=\"html\">&lt;p onclick='x'&gt;", "SecurityRiskAttr"),
        ("<title>", "<title>&lt;b&gt;", "ContainsHTML"), ("<name>", "<name>a@b.example ", "ContainsEmail"),
        ("</entry>", "<id>x:y</id></entry>", "DuplicateElement"),
        ("</feed>", "<id>x:y</id></feed>", "MisplacedMetadata"),
        (' rel="via"', ' rel="alternate"', "DuplicateAtomLink"),
        (' rel="via"', ' rel="seen"', "UnregisteredAtomLinkRel"),
        ('xml:lang="', 'xml:lang="_', "InvalidLanguage"), ("<id>http", "<id>HTTP", "InvalidFullLink"),
        ("<author>", "<author><name>x</name>", "MissingElement"), ('term="', 'x="', "NotBlank"),
    ],
    "rss": [
        ('rel="self"', 'rel="hub"', "MissingSelf"), ("<pubDate>", "<pubDate>x", "InvalidRFC2822Date"),
        ("<guid ", "<guid2 ", "not well-formed"),
        ('isPermaLink="false"', 'isPermaLink="no"', "InvalidBooleanAttribute"),
        ('isPermaLink="false"', "", "InvalidFullLink"), ("<source url=\"", "<source url=\"/", "InvalidFullLink"),
        ("<title>", "<title>&amp;amp;", "ContainsHTML"), ("</item>", "<author>x</author></item>", "UndefinedElement"),
        ("<description>", "<description>&lt;iframe src='https://x.example/'&gt;", "SecurityRisk"),
        ("</item>", "<title>again</title></item>", "DuplicateElement"), ('version="2.0"', "", "InvalidRSSVersion"),
        ("</channel>", "<title>late</title></channel>", "MisplacedItem"),
    ],
    "json": [
        ('"id": "tag', '"key": "tag', "id"),
        ("/version/1.1", "/version/2", "version"), ('"feed_url": "', '"feed_url": "x', ""),
        ('"date_published": "2', '"date_published": "', "InvalidRFC3339Date"), ('"tags": [', '"tags": [1, ', "tags"),
        ('"content_html": "', '"content_text": "', "content_html"), ('"summary"', '"sumary"', "unknown"),
        ('"content_html": "', '"content_html": "<object>', "SecurityRisk"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("suffix", "old", "new", "fault"), [(key, *each) for key in RULES for each in BREAKS[key]])
def test_a_feed_that_breaks_a_rule_is_found_out(wire: Served, suffix: str, old: str, new: str, fault: str) -> None:
    form = FORMATS[{"json": "jsonfeed"}.get(suffix, suffix)]
    said = b"".join(form.render(feed())).decode()
    assert old in said
    broken = said.replace(old, new)
    try:
        found = list(RULES[suffix](broken.encode(), feed().address, wire.now[0]))
    except (etree.XMLSyntaxError, json.JSONDecodeError):
        found = ["not well-formed"]
    assert any(each.startswith(fault) for each in found), found
