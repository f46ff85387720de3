"""One reading for all formats: what a publisher says of a report is held alike, whichever format it is said in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

import pytest

from aggregator.model import Article, Document, FetchResult, Person, Source
from aggregator.normalise import NO_ADDRESS, normalise
from aggregator.parse import parse
from aggregator.text import raw_words
from aggregator.text.folding import opening
from tests.conftest import make_publisher
from tests.rows import every_row

URL = "https://river.example/feeds/all"
PUBLISHER = make_publisher("river-post", languages=("fr",))
SPACES = (
    " xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/'"
    " xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a publisher says of a report, in plain words, whatever the format makes of them."""

    title: str = "Le pont rouvre"
    link: str | None = "https://river.example/1"
    author: str | None = None
    published: str | None = None
    updated: str | None = None


def _element(name: str, said: str | None, inside: str = "{}") -> str:
    return "" if said is None else f"<{name}>{inside.format(escape(said))}</{name}>"


def rss(said: Said) -> str:
    return (
        f"<rss version='2.0'{SPACES}><channel><item>{_element('title', said.title)}{_element('link', said.link)}"
        f"<guid isPermaLink='false'>1</guid>{_element('author', said.author)}{_element('pubDate', said.published)}"
        f"{_element('dc:date', said.updated)}</item></channel></rss>"
    )


def broken_rss(said: Said) -> str:
    """Not well-formed from its first item on: feedparser reads it."""
    return rss(said).replace("<item>", "</broken><item>")


def atom(said: Said) -> str:
    link = f"<link href={quoteattr(said.link)}/>" if said.link else ""
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id>{_element('title', said.title)}{link}"
        f"{_element('author', said.author, '<name>{}</name>')}{_element('published', said.published)}"
        f"{_element('updated', said.updated)}</entry></feed>"
    )


def jsonfeed(said: Said) -> str:
    author = {"authors": [{"name": said.author}]} if said.author else {}
    dates = {"date_published": said.published, "date_modified": said.updated}
    item = {"id": "1", "title": said.title, "url": said.link, **author, **dates}
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "The River Post", "items": [item]})


def sitemap(said: Said) -> str:
    return (
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
        " xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>"
        f"<url>{_element('loc', said.link)}{_element('lastmod', said.updated)}<news:news>"
        f"{_element('news:title', said.title)}{_element('news:publication_date', said.published)}"
        "</news:news></url></urlset>"
    )


Format = Callable[[Said], str]
FORMATS: tuple[Format, ...] = (rss, broken_rss, atom, jsonfeed, sitemap)
all_formats = pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__)
with_authors = pytest.mark.parametrize("write", FORMATS[:4], ids=lambda write: write.__name__)


def parsed(document: str) -> Document:
    result = FetchResult(url=URL, http_status=200, headers={}, body=document.encode())
    return parse(result, Source(publisher="river-post", key="all", url=URL))


def article(document: str) -> Article:
    (made,) = normalise(parsed(document), PUBLISHER.sources[0], PUBLISHER).articles
    return made


@all_formats
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Radio shown<br> Atlantic crossed", "Radio shown Atlantic crossed"),
        ('<img src="x.gif"/> Radio', "Radio"),
        ("<b>Radio", "Radio"),
        ("<i>Titanic</i> revient", "Titanic revient"),
        ("Le pont<!-- more --> rouvre", "Le pont rouvre"),
        ("L&rsquo;eau &amp; l&#8217;été", "L’eau & l’été"),
        ("Avant &#8211 après", "Avant – après"),
        ("I <3 radio", "I <3 radio"),
        ("AT&T; hausse", "AT&T; hausse"),
    ],
)
def test_a_headline_is_shown_without_markup_and_kept_as_it_came(write: Format, said: str, shown: str) -> None:
    made = article(write(Said(title=said)))
    assert made.title == shown
    title = raw_words.decode(made.raw).title
    assert title is not None
    assert title.value == said


@with_authors
@pytest.mark.parametrize(
    ("said", "byline"),
    [
        ("Anna Bauer (dpa)", "Anna Bauer (dpa)"),
        ("a@press.africa (Anna Bauer (dpa))", "Anna Bauer (dpa)"),
        ("Anna Bauer (dpa), a@press.africa", "Anna Bauer (dpa)"),
        ("Anna (mailto:a@press.africa)", "Anna"),
        ("By Anna <a@press.africa> in Paris", "By Anna in Paris"),
        ("a@press.africa (Anna), c@press.africa (Ben)", "Anna, Ben"),
        ("a@press.africa", None),
        ("<b>Anna</b>", "Anna"),
    ],
)
def test_a_byline_is_the_names_whole_without_markup_and_mail_addresses(
    write: Format, said: str, byline: str | None
) -> None:
    assert article(write(Said(author=said))).byline == byline


@pytest.mark.parametrize("write", [rss, atom, jsonfeed], ids=lambda write: write.__name__)
def test_references_in_a_byline_are_read(write: Format) -> None:
    assert article(write(Said(author="Anna &amp; Ben&iacute;tez"))).byline == "Anna & Benítez"


PICTURE = (
    "<media:content url='https://river.example/1.jpg' medium='image'><media:title>Photo</media:title></media:content>"
)


@every_row("write", FORMATS[:3], ids=lambda write: write.__name__)
@every_row(
    "within",
    [
        "<image><url>https://river.example/1.jpg</url><title>Photo</title></image>",
        PICTURE,
        f"<media:group>{PICTURE}</media:group>",
        "<source><title>Photo</title></source>",
        "<textInput><title>Photo</title></textInput>",
    ],
)
@every_row("own", ["Le pont rouvre", ""])
def test_the_title_of_a_picture_is_no_headline(write: Format, within: str, own: str) -> None:
    """Where the entry has no headline of its own, it has none: WordPress.com lists its author's picture there."""
    document = write(Said(title=own)).replace("<feed ", f"<feed{SPACES} ")
    for before, after in (("</title>", f"</title>{within}"), ("<title>", f"{within}<title>")):
        assert article(document.replace(before, after, 1)).title == own


@every_row("write", FORMATS[:2], ids=lambda write: write.__name__)
@every_row("empty", ["", "<link/>", "<link />", "<link></link>", "<link> </link>"])
def test_an_id_that_is_a_permalink_is_the_link_of_an_item_without_one(write: Format, empty: str) -> None:
    said = "https://river.example/2"
    for guid in (f"<guid>{said}</guid>", f"<guid isPermaLink='true'>{said}</guid>"):
        for both in (empty + guid, guid + empty):
            document = write(Said(link=None)).replace("<guid isPermaLink='false'>1</guid>", both)
            assert article(document).url == said
    document = write(Said(link=None)).replace(
        "<guid isPermaLink='false'>1</guid>", f"{empty}<guid isPermaLink='false'>{said}</guid>"
    )
    assert article(document).url is None


def of_links(*links: tuple[str, str | None]) -> str:
    """An Atom entry with these alternate links: address and type."""
    said = "".join(
        f"<link href={quoteattr(href)}{f' type={quoteattr(kind)}' if kind else ''}/>" for href, kind in links
    )
    return atom(Said(link=None)).replace("</entry>", f"{said}</entry>")


HTML, PDF = "text/html", "application/pdf"
PAGE, PAPER = "https://river.example/1", "https://river.example/1.pdf"


@every_row(
    ("links", "shown"),
    [
        ([(PAPER, PDF), (PAGE, HTML)], PAGE),
        ([(PAPER, PDF), (PAGE, None)], PAGE),
        ([(PAPER, PDF), (PAGE, "application/xhtml+xml")], PAGE),
        ([("nostr:naddr1", "application/nostr+json"), (PAGE, HTML)], PAGE),
        ([("nostr:naddr1", HTML), (PAPER, PDF)], PAPER),
        ([(PAGE, HTML), ("https://river.example/2", HTML)], PAGE),
        ([("nostr:naddr1", None)], None),
    ],
)
def test_the_address_shown_is_that_of_a_page_whatever_comes_before_it(
    links: list[tuple[str, str | None]], shown: str | None
) -> None:
    made = article(of_links(*links))
    assert made.url == shown
    assert made.keys == article(of_links(*links[:1])).keys, "its keys are those of the first, as ever"


@all_formats
@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,a", "file:///etc/passwd", "nostr:a", "tel:112"],
)
def test_no_address_but_of_the_web_is_shown_and_that_is_said(write: Format, link: str) -> None:
    made = article(write(Said(link=link)))
    assert (made.url, made.adjusted) == (None, (NO_ADDRESS,))


@pytest.mark.parametrize("key", ["url", "external_url"])
def test_an_item_without_an_address_of_its_own_has_that_of_the_page_it_is_about(key: str) -> None:
    document = jsonfeed(Said(link=PAGE)).replace('"url"', f'"{key}"')
    made, without = article(document), article(jsonfeed(Said(link=None)))
    assert (made.url, without.url) == (PAGE, None)
    if key == "external_url":  # another's page tells nothing about which report it is
        assert (made.keys, made.near_keys) == (without.keys, without.near_keys)
    both = jsonfeed(Said(link=PAGE)).replace('"url"', '"external_url": "https://lake.example/7", "url"')
    assert article(both).url == PAGE


GOOD = "2026-11-22T10:00:00Z"
READ = datetime(2026, 11, 22, 10, tzinfo=UTC)


@all_formats
@pytest.mark.parametrize(
    ("published", "updated", "read"),
    [
        (GOOD, None, READ),
        (GOOD, "2026-11-23T10:00:00Z", READ),
        ("bientôt", GOOD, READ),
        ("0000-00-00", GOOD, READ),
        ("bientôt", "demain", None),
        ("bientôt", None, None),
    ],
)
def test_a_good_date_stands_in_for_one_beside_it_that_cannot_be_read(
    write: Format, published: str, updated: str | None, read: datetime | None
) -> None:
    made = article(write(Said(published=published, updated=updated)))
    assert (made.published, made.published_stated) == (read, published)


LONG, SHORT = "Le pont de Ségou rouvre lundi, et les camions attendent.", "Le pont rouvre."


@every_row("write", FORMATS[:2], ids=lambda write: write.__name__)
@every_row(
    ("words", "text"),
    [
        (f"<description>{LONG}</description><itunes:summary>{SHORT}</itunes:summary>", LONG),
        (f"<itunes:summary>{SHORT}</itunes:summary><description>{LONG}</description>", LONG),
        (f"<description>{LONG}</description><itunes:subtitle>{SHORT}</itunes:subtitle>", LONG),
        (f"<description>{SHORT}</description><itunes:summary>{LONG}</itunes:summary>", LONG),
        (f"<itunes:summary>{SHORT}</itunes:summary>", SHORT),
        (
            f"<description>{LONG}</description><c:encoded>{SHORT}</c:encoded><itunes:summary>{LONG}</itunes:summary>",
            SHORT,
        ),
    ],
)
def test_the_text_of_a_podcast_is_the_longer_of_its_description_and_its_summary(
    write: Format, words: str, text: str
) -> None:
    document = write(Said()).replace("</item>", f"{words}</item>")
    made = article(document.replace("<rss ", "<rss xmlns:c='http://purl.org/rss/1.0/modules/content/' "))
    assert made.text == text
    assert made.opening == opening(text), "as the store reads it"


def test_an_author_of_a_broken_feed_is_read_as_before_where_all_was_well() -> None:
    """Names, a mail address that only its own network knows, and a page."""
    for inside, person in {
        "<name>Jo</name><email>desk@localhost</email>": Person("Jo", "desk@localhost"),
        "<name>(AFP) Jo</name><email>jo@press.com</email>": Person("(AFP) Jo", "jo@press.com"),
        "<name>Jo</name><email>jo@press.com</email><uri>https://jo.example/</uri>": Person(
            "Jo", "jo@press.com", "https://jo.example/"
        ),
        "<name>Jo &amp; Co</name>": Person("Jo &amp; Co"),
    }.items():
        document = atom(Said()).replace("<entry>", f"</broken><entry><author>{inside}</author>")
        (said,) = parsed(document).entries
        assert said.authors == (person,)
