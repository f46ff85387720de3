"""The strict reader: what it returns is what the way through feedparser returns, or it returns nothing.

Every test here compares both, on fixtures, on the press's feeds, on real ones where they are at hand, and on invented
and damaged ones. Coverage has its own tests, so that it cannot silently fall to zero.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from feedparser.sanitizer import _HTMLSanitizer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator import parse as room
from aggregator.demo import generate_feed
from aggregator.demo.sites import FORMATS, Site, read_sites, site_page
from aggregator.model import Parsed
from aggregator.model.errors import ParseError
from aggregator.parse import MAX_ENTRIES, encoding, strict
from aggregator.parse.strict import entries
from tests import ROOT
from tests.conftest import examples

FIXTURES = ROOT / "tests" / "fixtures" / "feed"
DEMO = ROOT / "data" / "demo" / "press"
SHARED = ROOT.parent / "shared"
URL = "https://fetched.example/feeds/all"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def by_feedparser(document: bytes) -> Parsed | str:
    try:
        return room.parse_any(document, URL, None)
    except ParseError as error:
        return str(error)


def strictly(document: bytes) -> Parsed | str | None:
    plain = strict.read(document, URL, MAX_ENTRIES)
    if plain is None:
        return None
    try:
        return room.with_channel(room.as_parsed(plain[0], plain[1], Counter(), plain[2], [None]), document, URL)
    except ParseError as error:
        return str(error)


def check(body: bytes, content_type: str | None = None) -> bool:
    """Whether the strict reader takes a document; if it does, both ways return the same."""
    document = encoding.to_utf8(body, content_type)[0]
    taken = strictly(document)
    if taken is not None:
        other = by_feedparser(document)  # it alone reads tombstones: `parse` leaves documents with any to it
        assert taken == (replace(other, withdrawn=()) if isinstance(other, Parsed) else other)
    return taken is not None


# Files


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.xml")), ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    check(path.read_bytes())


def real(folder: str) -> list[Any]:
    files = sorted((SHARED / folder).rglob("*.xml"))
    skipped = pytest.mark.skip(reason=f"{SHARED / folder} is not here: real feeds are not part of the project")
    return [pytest.param(file, id=f"{file.parent.name}/{file.stem}") for file in files] or [
        pytest.param(Path(), marks=skipped)
    ]


@pytest.mark.parametrize("path", [*real("feeds"), *real("polls")])
def test_real_feed(path: Path) -> None:
    check(path.read_bytes())


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not here: real feeds are not part of the project")
@pytest.mark.parametrize(("folder", "share"), [("feeds", 0.7), ("polls", 0.9)])
def test_most_entries_of_real_feeds_are_taken(folder: str, share: float) -> None:
    taken = Counter[bool]()
    for path in sorted((SHARED / folder).rglob("*.xml")):
        document = encoding.to_utf8(path.read_bytes(), None)[0]
        plain = strict.read(document, URL, MAX_ENTRIES)
        taken[plain is not None] += len(plain[1]) if plain else len(room.well_formed(document)[1].records)
    assert taken[True] >= share * taken.total()


XML_FORMATS = [name for name in FORMATS if not name.startswith("jsonfeed")]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", XML_FORMATS)
def test_what_the_press_writes_is_taken(name: str, seed: int) -> None:
    body = generate_feed(seed, 29, now=NOW, format=name)
    if name == "atom10-xhtml":  # the generated words have an entity that XML does not know
        body = body.replace(b"&nbsp;", b"&#160;")
    assert check(body)


@pytest.mark.parametrize("site", read_sites(DEMO), ids=lambda site: site.host)
def test_what_the_demo_serves_is_taken(site: Site) -> None:
    for feed in site.feeds:
        for at in range(3):
            page = site_page(site, feed.path, at, NOW)
            assert page
            if "json" not in page.content_type:
                assert check(page.body, page.content_type)


WORDPRESS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
	xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wfw="http://wellformedweb.org/CommentAPI/"
	xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"
	xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
	xmlns:media="http://search.yahoo.com/mrss/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">
<channel><title>The River Post</title><atom:link href="https://a.example/feed/" rel="self" type="application/rss+xml" />
<link>https://a.example</link><description>News &amp; more</description><lastBuildDate>Sun, 22 Nov 2026</lastBuildDate>
<language>fr-FR</language><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>
<generator>https://wordpress.org/?v=6.4</generator><feedburner:info uri="river"/>
<image><url>https://a.example/i.png</url><title>R</title><link>https://a.example</link><width>32</width></image>
<item><title>L&#8217;été &amp; l&#039;hiver</title><link>https://a.example/1/?a=1&amp;b=2</link>
<comments>https://a.example/1/#respond</comments><dc:creator><![CDATA[Awa Diop]]></dc:creator>
<pubDate>Sun, 22 Nov 2026 10:00:00 +0000</pubDate><category><![CDATA[Politique]]></category>
<category><![CDATA[Société]]></category><guid isPermaLink="false">https://a.example/?p=1</guid>
<description><![CDATA[<p>Court [&#8230;]</p>]]></description><content:encoded><![CDATA[
<p>Tout l&#8217;article</p>]]></content:encoded><wfw:commentRss>https://a.example/1/feed/</wfw:commentRss>
<slash:comments>3</slash:comments><media:content url="https://a.example/1.jpg" type="image/jpeg" medium="image">
<media:title type="html">Photo</media:title></media:content><media:thumbnail url="https://a.example/1s.jpg"/>
<enclosure url="https://a.example/1.mp3" length="3" type="audio/mpeg"/>
<feedburner:origLink>https://a.example/1/</feedburner:origLink></item></channel></rss>"""


def test_what_wordpress_writes_is_taken() -> None:
    assert check(WORDPRESS.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<?xml version", "<!DOCTYPE rss [<!ENTITY e 'x'>]><?xml version"),
        ("</title><atom", "</title><title>Two</title><atom"),
        ("<title>L", "<title><b>L</b>"),
        ("<title>L", "<title>Ano</title><title>L"),
        ("https://a.example/1/?", "/1/?"),
        ("<description><!", "<description xml:base='http://b.example/'><!"),
        ("<slash:comments>3", "<unknown>3</unknown><slash:comments>3"),
        ("Awa Diop", "CafÃ©"),
        ("<![CDATA[Awa", "<media:description>x</media:description><![CDATA[Awa"),
        ('version="2.0"', 'version="2.0" lang="sw"'),
        ("<title>L", "<media:title>Photo</media:title><title>L"),
        ('xmlns:sy="', 'xmlns:media="http://other.example/" xmlns:sy="'),
        ('version="2.0"', 'version="3.0"'),
        ("</channel>", "</channel"),
    ],
)
def test_what_is_not_plain_is_left(old: str, new: str) -> None:
    assert old in WORDPRESS
    check(WORDPRESS.replace(old, new, 1).encode())


@pytest.mark.parametrize(
    ("channel", "item"),
    [
        ("", "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x</div><title>y</title></content>"),
        ("", "<content type='xhtml'><d:div xmlns:d='http://www.w3.org/1999/xhtml'>x</d:div></content>"),
        ("<author><name>A</name><uri>http:///a.example/</uri></author>", ""),
        ("<author><name>A</name></author><author><name>B</name></author>", ""),
        ("", "<content type='html' xml:base='http://b.example/'>x</content><link href='/1'/>"),
    ],
)
def test_what_is_not_plain_in_atom(channel: str, item: str) -> None:
    check(f'<feed xmlns="http://www.w3.org/2005/Atom">{channel}<entry><id>1</id>{item}</entry></feed>'.encode())


def test_a_document_over_the_caps_is_left() -> None:
    deep = "<a:b>" * 1_100 + "</a:b>" * 1_100
    for items in ("<item/>" * (MAX_ENTRIES + 1), f"<item xmlns:a='urn:a'>{deep}</item>"):
        assert strictly(f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()) is None


def test_the_elements_that_make_a_title_html_are_feedparsers() -> None:
    assert _HTMLSanitizer.acceptable_elements == entries.ELEMENTS


# Invented feeds

FORBIDDEN = "".join(map(chr, [*range(9), 11, 12, *range(13, 32), 0xFFFE, 0xFFFF]))
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters=FORBIDDEN)
SAMPLES = [
    "One", "<b>bold</b>", "a < b & c", "&nbsp;x", "&lt;p&gt;", "<x-y>z</x-y>", "AT&T;", "été", "Two",
    "https://a.example/1", "http:///a.example/2?x=1&amp;y=2&z;", "/3", "mailto:x@y.example", "true", "fr_FR", "a, b,a",
    "mail@paper.africa (Awa)", "Awa <mail@a.example>", "Sun, 22 Nov 2026 10:00:00 +0000", "2026-11-22T10:00:00Z",
    "x" * 400 + "@a.example", "\xa0", "\n", "]]>", "<i>", "</i>", "http://[x", "0", "&#38;", "Â",
]  # fmt: skip
ALTERED = ["CafÃ©", "\x93q\x94", "Â »", "Ã\xa0", "é\xa0»"]  # by feedparser
TEXTS = st.integers(0, 299).flatmap(
    lambda chance: (
        st.sampled_from(ALTERED if chance == 37 else SAMPLES) if chance < 250 else st.text(CHARACTERS, max_size=12)
    )
)


def in_cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def in_numbers(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def with_comment(text: str) -> str:
    return "<!-- c -->".join(escape(character) for character in text)


WRITTEN = st.builds(
    lambda before, write, text, after: before + write(text) + after,
    st.sampled_from(["", "", " ", "\n\t", "\xa0"]),
    st.sampled_from([escape, escape, in_cdata, in_cdata, in_numbers, with_comment]),
    TEXTS,
    st.sampled_from(["", "", " ", "\n"]),
)
QUOTED = TEXTS.map(lambda text: "'" + escape(text, {"'": "&#39;", "\n": "&#10;"}) + "'")
ADDRESSES = st.sampled_from(
    ["https://a.example/1", "http:///a.example/2", "/3", "4.html", "", " https://a.example/5 ", "tag:x", "http://[x"]
)
COMMON = [
    "<title>{}</title>", "<title xml:lang='de_DE'>{}</title>", "<title type='html'>{}</title>", "<link>{}</link>",
    "<category>{}</category>", "<category domain={q}>{}</category>", "<category term={q} label={q}/>",
    "<category scheme={q} term=''>{}</category>", "<author>{}</author>", "<author><name>{}</name></author>",
    "<author><name>{}</name><email>{}</email><uri>{}</uri></author>", "<author><url>{}</url>{}</author>",
    "<published>{}</published>", "<updated>{}</updated>", "<rights>{}</rights>", "<created>{}</created>",
    "<dc:creator>{}</dc:creator>", "<dc:date>{}</dc:date>", "<dc:subject>{}</dc:subject>", "<dc:title>{}</dc:title>",
    "<dc:language>{}</dc:language>", "<dc:rights>{}</dc:rights>", "<dc:publisher>{}</dc:publisher>",
    "<dcterms:issued>{}</dcterms:issued>", "<dcterms:modified>{}</dcterms:modified>", "<media:title>{}</media:title>",
    "<media:content url={a} type={q}/>", "<media:content url={a}><media:title>{}</media:title></media:content>",
    "<media:description>{}</media:description>", "<media:group><media:description>{}</media:description></media:group>",
    "<media:description type='html'>{}</media:description>", "<media:keywords>{}</media:keywords>",
    "<media:category label={q}>{}</media:category>", "<media:credit role={q}>{}</media:credit>",
    "<media:thumbnail url={a} xml:lang='it'/>", "<media:text lang='es'>{}</media:text>",
    "<itunes:author>{}</itunes:author>", "<itunes:summary>{}</itunes:summary>", "<itunes:keywords>{}</itunes:keywords>",
    "<itunes:subtitle>{}</itunes:subtitle>", "<itunes:image href={a}/>", "<itunes:explicit>{}</itunes:explicit>",
    "<itunes:title>{}</itunes:title>", "<itunes:duration>{}</itunes:duration>",
    "<feedburner:origLink>{}</feedburner:origLink>", "<creativeCommons:license>{}</creativeCommons:license>",
    "<atom:link rel={q} href={a}/>", "<atom:link rel='alternate' type='text/html' href={a}/>",
    "<atom:updated>{}</atom:updated>", "<atom:author><atom:name>{}</atom:name></atom:author>",
    "<u:odd>{}</u:odd>", "<u:odd><u:title>{}</u:title></u:odd>",
    "<u:author>{}</u:author>", "<u:category>{}</u:category>", "<u:wrap><category>{}</category></u:wrap>",
    "<georss:point>{}</georss:point>", "<georss:box>{}</georss:box>", "<image>{}</image>", "<date>{}</date>",
    "<comments>{}</comments>", "<odd>{}</odd>", "<content:encoded>{}</content:encoded>",
    "<content:encoded xml:lang=''>{}</content:encoded>", "<post-id xmlns='urn:w'>{}</post-id>", "\n", " ",
    "<image><url>{}</url><title>{}</title><link>{}</link></image>", "<enclosure url={a} type={q} length='1'/>",
    "<contributor><name>{}</name></contributor>", "<u:x xml:base='http://c.example/'/>", "<!-- {q} -->", "<?pi x?>",
]  # fmt: skip
RSS = [
    "<description>{}</description>", "<description xml:lang='pt'>{}</description>", "<guid>{}</guid>",
    "<guid isPermaLink='false'>{}</guid>", "<guid ispermalink='true'>{}</guid>", "<pubDate>{}</pubDate>",
    "<pubdate>{}</pubdate>", "<source url={a}>{}</source>", "<summary>{}</summary>",
    "<description><p>{}</p></description>",
]  # fmt: skip
ATOM = [
    "<id>{}</id>", "<summary>{}</summary>", "<summary type='html'>{}</summary>", "<content type='html'>{}</content>",
    "<content>{}</content>", "<content type='TEXT' xml:lang='fr_CA'>{}</content>", "<content type='xhtml'>{}</content>",
    "<content type='html' xml:base='http://d.example/e/'>{}</content>", "<content src={a} type='image/png'/>",
    "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{}<p class={q}>{}</p></div></content>",
    "<content type='xhtml'> <x:div xmlns:x='http://www.w3.org/1999/xhtml'>{}</x:div></content>",
    "<content type='xhtml'>{}<div xmlns='http://www.w3.org/1999/xhtml'>{}<br/></div>{}</content>",
    "<content type='application/xhtml+xml' mode='xml'><p xmlns='http://www.w3.org/1999/xhtml'>{}</p></content>",
    "<content type='text/html' mode='escaped'>{}</content>", "<content type='text/plain' mode='base64'>aGk=</content>",
    "<title type='xhtml'><b>{}</b></title>", "<link rel='alternate' type='text/html' href={a}/>", "<link href={a}/>",
    "<link rel={q} href={a} type={q}/>", "<link rel='self' href={a}/>", "<link rel='enclosure' href={a} length='1'/>",
    "<source><title>{}</title></source>", "<issued>{}</issued>", "<modified>{}</modified>",
]  # fmt: skip
CHANNEL = [
    "<title>{}</title>", "<link>https://a.example/</link>", "<link>{}</link>", "<description>{}</description>",
    "<language>{}</language>", "<dc:language>{}</dc:language>", "<copyright>{}</copyright>", "<rights>{}</rights>",
    "<author><name>{}</name></author>", "<author><name>{}</name><email>{}</email><uri>{}</uri></author>",
    "<author>{}</author>", "<dc:creator>{}</dc:creator>", "<itunes:author>{}</itunes:author>", "<ttl>{}</ttl>",
    "<itunes:owner><itunes:name>{}</itunes:name><itunes:email>{}</itunes:email></itunes:owner>", "<id>{}</id>",
    "<itunes:category text={q}><itunes:category text={q}/></itunes:category>", "<itunes:summary>{}</itunes:summary>",
    "<image><url>{}</url><title>{}</title><link>{}</link></image>", "<category>{}</category>",
    "<subtitle>{}</subtitle>",
    "<atom:link rel='self' href={a}/>", "<managingEditor>{}</managingEditor>", "<odd>{}</odd>", "<u:odd>{}</u:odd>",
    "<textInput><title>{}</title><name>{}</name><link>{}</link></textInput>", "<pubDate>{}</pubDate>", "<links/>",
    "<u:odd><language>{}</language></u:odd>", "<cloud domain={q} port='80'/>", "<generator uri={a}>{}</generator>",
    "<contributor><name>{}</name></contributor>", "<updated>{}</updated>", "<link rel='alternate' href={a}/>",
    "<creativeCommons:license>{}</creativeCommons:license>", "<skipDays><day>{}</day></skipDays>", "<!-- x -->",
    "<skipDays><day>Monday</day><day>Friday</day></skipDays>", "<skipHours><hour>{}</hour></skipHours>",
    "<skipHours><hour>0</hour><hour>23</hour></skipHours>", "<sy:updatePeriod>{}</sy:updatePeriod>",
    "<sy:updatePeriod>hourly</sy:updatePeriod>", "<ttl>60</ttl>", "<sy:updateFrequency>2</sy:updateFrequency>",
    "<link rel='next' href={a}/>", "<atom:link rel='prev-archive' href='/older'/>", "<atom:link rel='next' href={a}/>",
    "<media:description>{}</media:description>", "<lastBuildDate>{}</lastBuildDate>",
]  # fmt: skip
SPACES = "".join(
    f' xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "atom": "http://www.w3.org/2005/Atom", "dc": "http://purl.org/dc/elements/1.1/", "u": "urn:odd",
        "dcterms": "http://purl.org/dc/terms/", "media": "http://search.yahoo.com/mrss/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd", "georss": "http://www.georss.org/georss",
        "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
        "content": "http://purl.org/rss/1.0/modules/content/", "sy": "http://purl.org/rss/1.0/modules/syndication/",
        "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    }.items()
)  # fmt: skip
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'


@st.composite
def filled(draw: st.DrawFn, templates: list[str], most: int) -> str:
    """Some of the templates, in any order, with texts in their places."""
    places = {"{}": WRITTEN, "{q}": QUOTED, "{a}": QUOTED_ADDRESSES}
    chosen = draw(st.lists(st.sampled_from(templates), max_size=most))
    pieces = (piece for template in chosen for piece in re.split(r"(\{\w?\})", template))
    return "".join(draw(places[piece]) if piece in places else piece for piece in pieces)


QUOTED_ADDRESSES = ADDRESSES.map(lambda address: f"'{address}'")
SCOPES = st.sampled_from(
    ["", "", "", " xml:lang='en_GB'", " xml:lang=''", " lang='sw'", " xml:base='http://b.example/'"]
)


@st.composite
def documents(draw: st.DrawFn, plain: bool) -> bytes:
    """A feed of any format; `plain`: of elements that the strict reader likes, so that it takes most."""
    kind = draw(st.sampled_from(["2.0", "0.91", "0.92", "rdf", "atom10", "atom03"]))
    is_atom = kind.startswith("atom")
    own = COMMON + (ATOM if is_atom else RSS)
    own = draw(st.lists(st.sampled_from(own), min_size=1, max_size=7, unique=True)) if plain else own
    entry = "entry" if is_atom else "item"
    scope = st.just("") if plain else SCOPES
    items = ""
    for _ in range(draw(st.integers(1, 3))):
        about = " rdf:about='https://a.example/9'" if kind == "rdf" and draw(st.booleans()) else ""
        items += f"<{entry}{about}{draw(scope)}>{draw(filled(own, 7))}</{entry}>"
    channel = draw(filled(CHANNEL[:10] if plain else CHANNEL, 4))
    root = draw(scope)
    if is_atom:
        core = 'xmlns="http://www.w3.org/2005/Atom"' if kind == "atom10" else 'xmlns="http://purl.org/atom/ns#"'
        more = SPACES if kind == "atom10" else SPACES.replace(' xmlns:atom="http://www.w3.org/2005/Atom"', "")
        version = ' version="0.3"' if kind == "atom03" else ""
        text = f"<feed {core}{version}{more}{root}>{channel}{items}</feed>"
    elif kind == "rdf":
        core = f'xmlns="http://purl.org/rss/1.0/" {RDF}'
        text = f"<rdf:RDF {core}{SPACES}{root}><channel>{channel}</channel>{items}</rdf:RDF>"
    else:
        text = f'<rss version="{kind}"{SPACES}{root}><channel{draw(scope)}>{channel}{items}</channel></rss>'
    return text.encode()


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@given(documents(plain=True))
@settings(deadline=None, max_examples=examples(400), suppress_health_check=QUIET)
def test_a_plain_invented_feed(body: bytes) -> None:
    check(body)


@given(documents(plain=False))
@settings(deadline=None, max_examples=examples(300), suppress_health_check=QUIET)
def test_an_odd_invented_feed(body: bytes) -> None:
    check(body)


# Damaged feeds

BODIES = [WORDPRESS.encode()] + [generate_feed(seed, 2, now=NOW, format=name) for seed, name in enumerate(XML_FORMATS)]
SNIPPETS = [
    re.sub(r"^<(\w[\w:-]*)", rf"<\1{SPACES}", part.replace("{}", "x").replace("{q}", "'q'").replace("{a}", "'/a'"))
    for part in COMMON + RSS + ATOM
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A feed with other elements put between its own, and its own moved, doubled or left out."""
    pieces = draw(st.sampled_from(BODIES)).decode("utf-8").replace("&nbsp;", "").replace("><", ">\0<").split("\0")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(1, len(pieces) - 1))
        cut = draw(st.integers(0, 1))
        put = draw(st.one_of(st.sampled_from(SNIPPETS), st.sampled_from(pieces)))
        pieces[at : at + cut] = [put]
    return "".join(pieces).encode()


@given(damaged())
@settings(deadline=None, max_examples=examples(300), suppress_health_check=QUIET)
def test_a_damaged_feed(body: bytes) -> None:
    check(body)
