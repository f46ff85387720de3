"""Our reading of feeds in XML is the definition: what elements, names, words, links and dates mean, and its bounds."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.demo import generate_feed
from aggregator.demo.sites import FORMATS, Site, read_sites, site_page
from aggregator.model import Category, Document, Entry, FetchResult, Link, Media, Person, Source, Text
from aggregator.model.errors import ParseError
from aggregator.parse import EMPTY, OVER_CAP, encoding, parse, xml
from aggregator.text import raw_words
from tests import ROOT
from tests.conftest import examples
from tests.rows import every_row

DEMO = ROOT / "data" / "demo" / "press"
SHARED = ROOT.parent / "shared"
URL = "https://fetched.example/feeds/all"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MEDIA, ATOM_URI = "http://search.yahoo.com/mrss/", "http://www.w3.org/2005/Atom"


def read(body: bytes | str) -> Document:
    body = body.encode() if isinstance(body, str) else body
    result = FetchResult(url=URL, http_status=200, headers={}, body=body)
    return parse(result, Source(publisher="river-post", key="all", url=URL))


def item(inside: str, spaces: str = "", channel: str = "") -> Entry:
    (entry,) = read(f"<rss version='2.0'{spaces}><channel>{channel}<item>{inside}</item></channel></rss>").entries
    return entry


def atom_entry(inside: str, feed: str = "", spaces: str = "") -> Entry:
    (entry,) = read(f"<feed xmlns='{ATOM_URI}'{spaces}>{feed}<entry><id>1</id>{inside}</entry></feed>").entries
    return entry


def is_read_whole(body: bytes, content_type: str | None = None) -> bool:
    """Whether our own reading takes a document, so that nothing of it is left to feedparser."""
    found = xml.read(encoding.to_utf8(body, content_type)[0])
    return found is not None and found.fault is None


# Real and realistic documents


def real(folder: str) -> list[Any]:
    files = sorted((SHARED / folder).rglob("*.xml"))
    skipped = pytest.mark.skip(reason=f"{SHARED / folder} is not here: real feeds are not part of the project")
    return [pytest.param(file, id=f"{file.parent.name}/{file.stem}") for file in files] or [
        pytest.param(Path(), marks=skipped)
    ]


@pytest.mark.parametrize("path", [*real("feeds"), *real("polls")])
def test_a_real_feed_that_can_be_made_well_formed_is_read_without_feedparser(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "feedparser", None)  # an import of it fails
    try:
        parsed = read(path.read_bytes())
    except ImportError:
        assert path.stem in ("diveintomark.org-atom03-60d170a1", "z.org-rss20-328a2c72")  # two documents in one file
    else:
        assert parsed.entries or not re.search(rb"<(?:item|entry)[\s>]", path.read_bytes())


XML_FORMATS = [name for name in FORMATS if not name.startswith("jsonfeed")]


@every_row("name", XML_FORMATS)
def test_what_the_press_writes_is_read_whole(name: str) -> None:
    for seed in range(6):
        body = generate_feed(seed, 29, now=NOW, format=name)
        if name == "atom10-xhtml":  # the generated words have an entity that XML does not know
            body = body.replace(b"&nbsp;", b"&#160;")
        assert is_read_whole(body)
        assert len(read(body).entries) == 29


@every_row("site", read_sites(DEMO), ids=lambda site: site.host)
def test_what_the_demo_serves_is_read_whole(site: Site) -> None:
    for feed in site.feeds:
        for at in range(3):
            page = site_page(site, feed.path, at, NOW)
            assert page
            if "json" not in page.content_type:
                assert is_read_whole(page.body, page.content_type)


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


def test_what_wordpress_writes() -> None:
    (entry,) = read(WORDPRESS).entries
    assert entry == Entry(
        id="https://a.example/?p=1",
        title=Text("L\u2019\xe9t\xe9 & l'hiver", "text/plain"),
        summary=Text("<p>Court [&#8230;]</p>"),
        content=(Text("\n<p>Tout l&#8217;article</p>"),),
        links=(
            Link("https://a.example/1/"),
            Link("https://a.example/1/?a=1&b=2", "alternate", "text/html"),
            Link("https://a.example/1.mp3", "enclosure", "audio/mpeg", 3),
            Link("https://a.example/1.jpg", "enclosure", "image/jpeg"),
        ),
        authors=(Person("Awa Diop"),),
        categories=(Category("Politique"), Category("Soci\xe9t\xe9")),
        published="Sun, 22 Nov 2026 10:00:00 +0000",
        media=(
            Media("https://a.example/1.jpg", "image", "image/jpeg", title="Photo"),
            Media("https://a.example/1.mp3", "audio", "audio/mpeg", length=3),
            Media("https://a.example/1s.jpg", "image"),
        ),
    )


# Names


@every_row(
    ("prefix", "uri"),
    [
        ("media", MEDIA), ("m", MEDIA), ("m", "http://search.yahoo.com/mrss"), ("m", "https://search.yahoo.com/mrss/"),
        ("m", "http://video.search.yahoo.com/mrss/"), ("media", "urn:other:address"),
    ],
)  # fmt: skip
def test_a_module_is_known_by_its_address_or_else_by_its_prefix(prefix: str, uri: str) -> None:
    said = f"<guid>1</guid><{prefix}:content url='https://a.example/1.jpg' type='image/jpeg'/>"
    assert item(said, f" xmlns:{prefix}='{uri}'").links == (Link("https://a.example/1.jpg", "enclosure", "image/jpeg"),)


_NAMESPACE = re.compile(rb"""(\sxmlns(?::[\w.-]+)?=)(["'])(https?://[^"']*)\2""")
SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "https": lambda uri: uri.replace(b"http:", b"https:"),
    "capital letters": lambda uri: uri.upper(),
    "without its end": lambda uri: uri.rstrip(b"/#"),
    "with a slash": lambda uri: uri.rstrip(b"/#") + b"/",
    "with #": lambda uri: uri.rstrip(b"/#") + b"#",
    "www.": lambda uri: uri.replace(b"://", b"://www.").replace(b"www.www.", b""),
    "blanks around": lambda uri: b" " + uri + b" ",
}


@every_row("spelling", SPELLINGS)
def test_a_namespace_is_known_in_every_spelling(spelling: str) -> None:
    """But in words, which stay as they are."""
    compared = 0
    for path in sorted((ROOT / "tests" / "fixtures" / "feed").glob("*.xml")):
        body = path.read_bytes()
        spelled = _NAMESPACE.sub(lambda found: found[1] + found[2] + SPELLINGS[spelling](found[3]) + found[2], body)
        if spelled == body or b"xhtml" in body or not is_read_whole(body):
            continue
        read_so = read(spelled)
        assert read_so == replace(read(body), warning=read_so.warning), path.name
        compared += 1
    assert compared > 25


def test_an_element_of_an_unknown_module_says_nothing() -> None:
    said = "<u:title>Other</u:title><u:wrap><title>Within</title><link>/x</link></u:wrap><title>Own</title>"
    entry = item(said, " xmlns:u='urn:odd'")
    assert (entry.title, entry.links) == (Text("Own", "text/plain"), ())


@pytest.mark.parametrize("space", ["http://backend.userland.com/rss2", "http://purl.org/rss/1.0/", "urn:mistaken"])
def test_the_formats_own_elements_may_have_any_default_namespace(space: str) -> None:
    assert item("<title>Own</title>", f" xmlns='{space}'").title == Text("Own", "text/plain")
    (entry,) = read(f"<feed xmlns='{space}/Atom'><entry><id>1</id><title>Own</title></entry></feed>").entries
    assert entry.title == Text("Own", "text/plain")


def test_the_formats_own_elements_without_a_namespace_or_in_a_mistaken_one() -> None:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    for document in (
        "<feed><entry><id>1</id><title>Own</title></entry></feed>",
        f"<rss xmlns='{ATOM_URI}'><channel><item><title>Own</title></item></channel></rss>",
        f"<r:RDF xmlns:r='{rdf}' xmlns='urn:odd'><item><title>Own</title></item></r:RDF>",
        "<RSS><CHANNEL><ITEM><TITLE>Own</TITLE></ITEM></CHANNEL></RSS>",
    ):
        (entry,) = read(document).entries
        assert entry.title == Text("Own", "text/plain")


# Words


@every_row(
    ("inside", "title", "summary", "content"),
    [
        ("<description>a</description>", None, Text("a"), ()),
        ("<description>a</description><c:encoded>b</c:encoded>", None, Text("a"), (Text("b"),)),
        ("<c:encoded>b</c:encoded>", None, None, (Text("b"),)),
        ("<i:summary>p</i:summary>", None, Text("p", "text/plain"), ()),
        ("<description>a</description><i:summary>p</i:summary>", None, Text("a"), (Text("p", "text/plain"),)),
        ("<description>a</description><i:summary>a</i:summary>", None, Text("a"), ()),
        ("<description>a</description><m:description>caption</m:description>", None, Text("a"), ()),
        ("<guid>1</guid><m:content medium='image'><m:description>cap</m:description></m:content>", None, None, ()),
        ("<m:group><m:content type='video/mp4'/><m:description>V</m:description></m:group>", None, Text("V"), ()),
        ("<title>A</title><m:title>Photo</m:title>", Text("A", "text/plain"), None, ()),
        ("<guid>1</guid><m:title>Photo</m:title><m:content medium='image'/>", None, None, ()),
        ("<m:title>V</m:title><m:content medium='video'/>", Text("V", "text/plain"), None, ()),
        ("<m:title>Photo</m:title><title>A</title>", Text("A", "text/plain"), None, ()),
        ("<title>A &amp;amp; B</title>", Text("A &amp; B", "text/html"), None, ()),
        ("<title>&lt;i&gt;A&lt;/i&gt;</title>", Text("<i>A</i>", "text/html"), None, ()),
        ("<title>&lt;unknown&gt;A&lt;/unknown&gt;</title>", Text("<unknown>A</unknown>", "text/plain"), None, ()),
        ("<description>  a\n</description>", None, Text("  a\n"), ()),
        ("<description><p>a<br/>b</p></description>", None, Text("<p>a<br/>b</p>", "application/xhtml+xml"), ()),
        ("<guid>1</guid><description>  </description>", None, None, ()),
    ],
)
def test_words_of_rss(inside: str, title: Text | None, summary: Text | None, content: tuple[Text, ...]) -> None:
    spaces = (
        f" xmlns:m='{MEDIA}' xmlns:c='http://purl.org/rss/1.0/modules/content/'"
        " xmlns:i='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    )
    entry = item(inside, spaces)
    assert (entry.title, entry.summary, entry.content) == (title, summary, content)


XHTML = "http://www.w3.org/1999/xhtml"


@every_row(
    ("inside", "content"),
    [
        ("<content>a &amp;lt; b</content>", Text("a &lt; b", "text/plain")),
        ("<content type='html'>&lt;p&gt;a</content>", Text("<p>a", "text/html")),
        ("<content type='text/html; charset=utf-8'>a</content>", Text("a", "text/html")),
        (f"<content type='xhtml'><div xmlns='{XHTML}'>a <b>b</b></div></content>", "a <b>b</b>"),
        (f"<content type='xhtml'><x:div xmlns:x='{XHTML}'>a <x:b>b</x:b></x:div></content>", "a <b>b</b>"),
        (f"<content type='xhtml'><div xmlns='{XHTML}'><![CDATA[a < b]]><br/></div></content>", "a &lt; b<br/>"),
        (f"<content type='xhtml'><div xmlns='{XHTML}'>a</div><div xmlns='{XHTML}'>b</div></content>",
         f"<div xmlns='{XHTML}'>a</div><div xmlns='{XHTML}'>b</div>"),
        ("<content type='text/plain' mode='base64'>aGk=</content>", Text("hi", "text/plain")),
        ("<content type='image/png'>aGk=</content>", None),
        (f"<content type='xhtml'><div xmlns='{XHTML}'><img src='/1.jpg'/></div></content>", "<img src='/1.jpg'/>"),
        (f"<content type='xhtml'><div xmlns='{XHTML}'> </div></content>", None),
    ],
)  # fmt: skip
def test_words_of_atom(inside: str, content: Text | str | None) -> None:
    expected = Text(content, "application/xhtml+xml") if isinstance(content, str) else content
    assert atom_entry(inside).content == ((expected,) if expected else ())


def test_words_of_atom_in_several_elements_are_all_kept() -> None:
    spaces = " xmlns:c='http://purl.org/rss/1.0/modules/content/' xmlns:i='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    entry = atom_entry("<i:summary>p</i:summary><c:encoded>a</c:encoded><content>b</content>", spaces=spaces)
    assert entry.summary == Text("p", "text/plain")
    assert entry.content == (Text("a"), Text("b", "text/plain"))


def test_a_title_of_atom_is_text_where_it_says_nothing_else() -> None:
    assert atom_entry("<title>AT&amp;amp;T &lt;/b&gt;</title>").title == Text("AT&amp;T </b>", "text/plain")


def test_a_document_may_be_one_entry() -> None:
    (entry,) = read(f"<entry xmlns='{ATOM_URI}'><id>1</id><title>Alone</title></entry>").entries
    assert (entry.id, entry.title) == ("1", Text("Alone", "text/plain"))
    (entry,) = read("<item><title>Alone</title></item>").entries
    assert entry.title == Text("Alone", "text/plain")


@pytest.mark.parametrize("attribute", ["xml:lang='sw_TZ'", "lang='sw-TZ'"])
def test_the_language_in_scope(attribute: str) -> None:
    (entry,) = read(f"<rss version='2.0' {attribute}><channel><item><title>A</title></item></channel></rss>").entries
    assert entry.language == "sw-TZ"


# Links and tokens


@every_row(
    ("inside", "href"),
    [
        ("<link>/1</link>", "https://a.example/1"), ("<link> https://b.example/2 </link>", "https://b.example/2"),
        ("<link xml:base='https://c.example/d/'>e</link>", "https://c.example/d/e"),
        ("<guid>https://a.example/3</guid>", "https://a.example/3"),
        ("<guid isPermaLink='false'>https://a.example/3</guid>", None), ("<guid>tag:3</guid>", None),
        ("<link/><guid ISPERMALINK='TRUE'>https://a.example/4</guid>", "https://a.example/4"),
        ("<link>http:///a.example/5</link>", "http://a.example/5"),
        ("<link>https://a.example/?a=1&amp;amp;b=2</link>", "https://a.example/?a=1&b=2"),
    ],
)  # fmt: skip
def test_the_link_of_an_item(inside: str, href: str | None) -> None:
    entry = item(f"<title>T</title>{inside}", channel="<link>https://a.example/</link>")
    assert [link.href for link in entry.links] == ([href] if href else [])


def test_bases_of_atom_are_within_one_another() -> None:
    entry = atom_entry(
        "<link href='c'/><link rel='related' xml:base='/d/' href='e'/>", spaces=" xml:base='https://a.example/b/'"
    )
    assert [link.href for link in entry.links] == ["https://a.example/b/c", "https://a.example/d/e"]


@every_row(
    ("inside", "feed", "authors"),
    [
        ("<author><name>A</name></author><author><name>B</name></author>", "", (Person("A"), Person("B"))),
        ("", "<author><name>F</name></author><author><name>G</name></author>", (Person("F"), Person("G"))),
        ("<source><author><name>S</name></author></source>", "<author><name>F</name></author>", (Person("S"),)),
        ("<author><name>A</name><email>a@x.example</email></author>", "", (Person("A", "a@x.example"),)),
    ],
)
def test_authors_of_atom(inside: str, feed: str, authors: tuple[Person, ...]) -> None:
    assert atom_entry(inside, feed).authors == authors


@every_row(
    ("inside", "published", "updated"),
    [
        ("<pubDate>Sun, 22 Nov 2026 10:00:00 +0000</pubDate>", "Sun, 22 Nov 2026 10:00:00 +0000", None),
        ("<d:date>2026-11-22</d:date>", "2026-11-22", None),
        ("<pubDate>soon</pubDate><d:date>2026-11-22</d:date>", "soon", "2026-11-22"),
        ("<pubDate>2026-11-22</pubDate><pubDate>soon</pubDate>", "2026-11-22", None),
        ("<pubDate>2026-11-21</pubDate><pubDate>2026-11-22</pubDate>", "2026-11-22", None),
    ],
)
def test_dates(inside: str, published: str | None, updated: str | None) -> None:
    entry = item(f"<title>T</title>{inside}", " xmlns:d='http://purl.org/dc/elements/1.1/'")
    assert (entry.published, entry.updated) == (published, updated)


@every_row(
    ("inside", "categories"),
    [
        ("<category>a</category><category>b</category><category>a</category>", ("a", "b")),
        ("<category domain='https://a.example/'> a </category>", ("a",)),
        ("<categories><category>a</category></categories>", ("a",)),
        ("<category term='t' label='l'/><category label='m'/>", ("t", "m")),
        ("<i:category text='News'/><i:keywords>a, b,,a</i:keywords>", ("News", "a", "b")),
    ],
)
def test_categories(inside: str, categories: tuple[str, ...]) -> None:
    entry = item(f"<title>T</title>{inside}", " xmlns:i='http://www.itunes.com/dtds/podcast-1.0.dtd'")
    assert tuple(category.term for category in entry.categories) == categories


# Bounds and faults


def test_elements_without_end() -> None:
    with pytest.raises(ParseError, match="nested more than 1000 deep"):
        item("<link>" * 1_100 + "</link>" * 1_100)
    entry = item("<title>T</title>" + "<category/>" * (xml.MOST_ELEMENTS + 10) + "<link>https://a.example/</link>")
    assert (entry.title, entry.links) == (Text("T", "text/plain"), ())
    flood = f"<item><guid>1</guid>{'<category/>' * xml.MOST_ELEMENTS}</item><item><guid>2</guid></item>"
    parsed = read(f"<rss version='2.0'><channel>{flood}</channel></rss>")
    assert (len(parsed.entries), parsed.drops) == (1, {EMPTY: 1})  # what is not read is counted


def test_entries_beyond_the_cap_are_counted() -> None:
    parsed = read("<rss version='2.0'><channel>" + "<item><guid>1</guid></item>" * 2_003 + "</channel></rss>")
    assert (len(parsed.entries), parsed.drops[OVER_CAP]) == (2_000, 3)


def test_of_a_document_with_a_fault_what_stands_before_it_is_exact() -> None:
    """`Ã©` is what feedparser takes for an accent that was encoded twice."""
    items = "".join(f"<item><title> Ã© {number}</title><guid>{number}</guid></item>" for number in range(3))
    parsed = read(f"<rss version='2.0'><channel>{items}</broken><item><title>After</title></item></channel></rss>")
    titles = [entry.title and entry.title.value for entry in parsed.entries]
    assert titles == [" Ã© 0", " Ã© 1", " Ã© 2", "After"]
    assert parsed.warning


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
    "<georss:where><gml:Point><gml:pos>{}</gml:pos></gml:Point></georss:where>", "<georss:point>1 2</georss:point>",
    "<georss:featurename>{}</georss:featurename>", "<geo:Point><geo:lat>1</geo:lat><geo:long>{}</geo:long></geo:Point>",
    "<geo:lat>{}</geo:lat>", "<geo:long>2</geo:long>", "<dc:contributor>{}</dc:contributor>",
    "<dc:source>{}</dc:source>", "<slash:section>{}</slash:section>", "<enclosure url={a} length={q} title={q}/>",
    "<source url={a}>{}</source>",
    "<atom:source><atom:title type='html'>{}</atom:title><atom:link href={a}/></atom:source>",
]  # fmt: skip
RSS = [
    "<description>{}</description>", "<description xml:lang='pt'>{}</description>", "<guid>{}</guid>",
    "<guid isPermaLink='false'>{}</guid>", "<guid ispermalink='true'>{}</guid>", "<pubDate>{}</pubDate>",
    "<pubdate>{}</pubdate>", "<summary>{}</summary>",
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
        "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule", "gml": "http://www.opengis.net/gml",
        "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#", "slash": "http://purl.org/rss/1.0/modules/slash/",
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
def documents(draw: st.DrawFn) -> bytes:
    """A feed of any format."""
    kind = draw(st.sampled_from(["2.0", "0.91", "0.92", "rdf", "atom10", "atom03"]))
    is_atom = kind.startswith("atom")
    own = COMMON + (ATOM if is_atom else RSS)
    entry = "entry" if is_atom else "item"
    items = ""
    for _ in range(draw(st.integers(1, 3))):
        about = " rdf:about='https://a.example/9'" if kind == "rdf" and draw(st.booleans()) else ""
        items += f"<{entry}{about}{draw(SCOPES)}>{draw(filled(own, 7))}</{entry}>"
    channel = draw(filled(CHANNEL, 4))
    root = draw(SCOPES)
    if is_atom:
        core = 'xmlns="http://www.w3.org/2005/Atom"' if kind == "atom10" else 'xmlns="http://purl.org/atom/ns#"'
        version = ' version="0.3"' if kind == "atom03" else ""
        text = f"<feed {core}{version}{SPACES}{root}>{channel}{items}</feed>"
    elif kind == "rdf":
        core = f'xmlns="http://purl.org/rss/1.0/" {RDF}'
        text = f"<rdf:RDF {core}{SPACES}{root}><channel>{channel}</channel>{items}</rdf:RDF>"
    else:
        text = f'<rss version="{kind}"{SPACES}{root}><channel{draw(SCOPES)}>{channel}{items}</channel></rss>'
    return text.encode()


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@given(documents())
@settings(deadline=None, max_examples=examples(400), suppress_health_check=QUIET)
def test_an_invented_feed_is_read_whole(body: bytes) -> None:
    """Every feed that is well-formed is read, whatever stands in it, and no entry is lost."""
    found = xml.read(body)
    assert found is not None
    assert found.fault is None
    assert len(found.entries) == len(re.findall(rb"</(?:item|entry)>", body))
    try:
        parsed = read(body)
    except ParseError:  # none of its entries says anything
        return
    assert len(parsed.entries) + sum(parsed.drops.values()) == len(found.entries)
    assert all(link.href for entry in parsed.entries for link in entry.links)
    for entry in parsed.entries:
        addresses = [entry.base, *((entry.origin.url, entry.origin.feed) if entry.origin else ())]
        assert all(address.startswith(("http://", "https://")) for address in addresses if address)
        assert all(set(place.coordinates or "1 2") <= set("0123456789.-+eE ") for place in entry.places)
        assert len(entry.categories) == len({(each.term, each.scheme) for each in entry.categories})
        assert raw_words.decode(raw_words.encode(entry)) == entry


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
def test_a_damaged_feed_is_read_or_refused(body: bytes) -> None:
    try:
        parsed = read(body)
    except ParseError:
        return
    found = xml.read(body)
    if found is not None and found.fault is None:
        assert len(parsed.entries) + sum(parsed.drops.values()) == len(found.entries)
