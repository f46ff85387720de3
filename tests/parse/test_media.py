"""Media of entries in XML: what belongs to which picture, their order, and bounds. Fixture pairs say the rest."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Document, Entry, FetchResult, Media, Source, Text
from aggregator.parse import entries, feed, parse
from aggregator.text.pictures import MOST_MEDIA
from tests import ROOT
from tests.conftest import SOAK
from tests.rows import every_row

URL = "https://fetched.example/feeds/all"
SPACES = (
    "xmlns:media='http://search.yahoo.com/mrss/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' "
    "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:atom='http://www.w3.org/2005/Atom'"
)


def read(body: str) -> Document:
    result = FetchResult(url=URL, http_status=200, headers={}, body=body.encode())
    return parse(result, Source(publisher="river-post", key="all", url=URL))


def item(inside: str, channel: str = "") -> Entry:
    (entry,) = read(
        f"<rss version='2.0' {SPACES}><channel>{channel}<item><title>Daraja</title>{inside}</item></channel></rss>"
    ).entries
    return entry


def picture(name: str, said: str = "") -> str:
    return f"<media:content url='https://a.example/{name}.jpg' medium='image'>{said}</media:content>"


def test_the_order_of_all_kinds() -> None:
    entry = item(
        "<description>&lt;img src='https://a.example/7.jpg'&gt;</description><media:thumbnail url='https://a.example/6.jpg'/>"
        "<image>https://a.example/5.jpg</image><itunes:image href='https://a.example/4.jpg'/>"
        "<atom:link rel='enclosure' href='https://a.example/3.mp3'/><enclosure url='https://a.example/3b.mp3'/>"
        f"<media:group>{picture('2')}</media:group>{picture('1')}"
        "<content:encoded>&lt;img src='https://a.example/6b.jpg'&gt;</content:encoded>"
    )
    names = [media.url.rpartition("/")[2] for media in entry.media]
    assert names == ["1.jpg", "2.jpg", "3.mp3", "3b.mp3", "4.jpg", "5.jpg", "6.jpg", "6b.jpg", "7.jpg"]


ABOUT = {
    "its own wins over its group's, and that over the item's": (
        f"<media:credit>Item</media:credit><media:group><media:credit>Group</media:credit>"
        f"{picture('1', '<media:credit>Own</media:credit>')}{picture('2')}</media:group>{picture('3')}",
        {"3": "Item", "1": "Own", "2": "Group"},
    ),
    "over the item, it is the first's that has none": (
        f"<media:credit>Item</media:credit>{picture('1', '<media:credit>Own</media:credit>')}{picture('2')}"
        f"{picture('3')}",
        {"1": "Own", "2": "Item", "3": None},
    ),
    "as many as pictures": (
        f"{picture('1')}<media:credit>Awa</media:credit>{picture('2')}<media:credit>Kofi</media:credit>"
        f"{picture('3')}<media:credit>Awa</media:credit>",
        {"1": "Awa", "2": "Kofi", "3": "Awa"},
    ),
    "several of one picture": (
        f"{picture('1')}<media:credit>Awa</media:credit><media:credit role='owner'>Kofi</media:credit>"
        "<media:credit>Awa</media:credit>",
        {"1": "Awa, Kofi"},
    ),
    "all files of a group are one picture": (
        f"<media:credit>Awa</media:credit><media:group>{picture('1')}{picture('2')}</media:group>",
        {"1": "Awa", "2": "Awa"},
    ),
    "a picture beside a sound": (
        "<enclosure url='https://a.example/1.mp3'/><media:credit>Awa</media:credit>",
        {"1": "Awa"},
    ),
    "references that were escaped twice": (picture("1", "<media:credit>A &amp;amp; B</media:credit>"), {"1": "A & B"}),
    "blanks": (f"<media:credit> Awa\n Ba </media:credit><media:credit> </media:credit>{picture('1')}", {"1": "Awa Ba"}),
}  # fmt: skip


@every_row("case", ABOUT)
def test_whose_credit_it_is(case: str) -> None:
    said, expected = ABOUT[case]
    found = {media.url.rpartition("/")[2].partition(".")[0]: media.credit for media in item(said).media}
    assert found == expected


def test_whoever_is_credited_for_no_medium_is_a_contributor() -> None:
    said = "<media:credit role='author'>Awa Diop</media:credit><media:credit>By Ben Otieno</media:credit>"
    assert [person.name for person in item(said).contributors] == ["Awa Diop", "By Ben Otieno"]
    credited = item(said + picture("1"))
    assert (credited.contributors, credited.media[0].credit) == ((), "Awa Diop, By Ben Otieno")


def test_a_copyright_is_that_of_all() -> None:
    both = picture("1", "<media:copyright>Own</media:copyright>") + picture("2")
    channel = "<media:copyright>Channel</media:copyright>"
    assert [media.copyright for media in item(both, channel).media] == ["Own", "Channel"]
    said = f"<media:copyright>Item</media:copyright>{both}"
    assert [media.copyright for media in item(said, channel).media] == ["Own", "Item"]
    within = "<description>&lt;img src='https://a.example/1.jpg'&gt;</description>"
    assert [media.copyright for media in item(within, channel).media] == [None], "it speaks of what Media RSS describes"


def test_a_group_in_a_group_and_a_content_in_a_content() -> None:
    inner = picture("2", "<media:keywords>mto, daraja</media:keywords><media:thumbnail url='https://a.example/3.jpg'/>")
    outer = f"<media:credit>Outer</media:credit><media:group><media:title>Mto</media:title>{inner}</media:group>"
    entry = item(f"<media:group>{outer}</media:group>{picture('1', '<media:credit>Own</media:credit>' + picture('4'))}")
    said = {media.url.rpartition("/")[2]: (media.credit, media.title) for media in entry.media}
    assert said == {
        "1.jpg": ("Own", None), "4.jpg": ("Own", None), "2.jpg": ("Outer", "Mto"), "3.jpg": (None, None)
    }  # fmt: skip
    assert [str(category) for category in entry.categories] == ["mto", "daraja"]
    assert [link.href[-5:] for link in entry.links] == ["1.jpg", "4.jpg", "2.jpg"]


def test_a_caption_is_no_summary_and_a_pictures_title_no_headline() -> None:
    body = (
        f"<item>{picture('1', '<media:title>IMG.jpg</media:title><media:description>Mto</media:description>')}</item>"
    )
    (entry,) = read(f"<rss version='2.0' {SPACES}><channel>{body}</channel></rss>").entries
    assert (entry.title, entry.summary, entry.content) == (None, None, ())
    assert entry.media == (
        Media("https://a.example/1.jpg", "image", title="IMG.jpg", caption=Text("Mto", "text/plain")),
    )


@every_row(
    ("said", "expected"),
    [
        ("<media:description>Le pont</media:description>", Text("Le pont", "text/plain")),
        ("<media:description>Le &lt;b&gt;pont&lt;/b&gt;</media:description>", Text("Le <b>pont</b>", "text/html")),
        ("<media:description type='plain'>5 &lt; 6</media:description>", Text("5 < 6", "text/plain")),
        ("<media:description type='HTML'>جسر</media:description>", Text("جسر", "text/html")),
        ("<media:description> <b>Daraja</b> </media:description>", Text(" <b>Daraja</b> ", "application/xhtml+xml")),
        ("<media:description> </media:description><media:text>O rio</media:text>", Text("O rio", "text/plain")),
    ],
)
def test_the_type_of_a_caption(said: str, expected: Text) -> None:
    assert [media.caption for media in item(picture("1", said)).media] == [expected]


def test_no_more_than_the_most() -> None:
    entry = item("".join(map(picture, map(str, range(3 * MOST_MEDIA)))))
    assert [media.url for media in entry.media] == [f"https://a.example/{number}.jpg" for number in range(MOST_MEDIA)]


MANY = 20_000 if SOAK else 5_000
HOSTILE = {
    "a group of many": f"<media:group>{'<media:credit>a</media:credit>' * MANY}{picture('1') * MANY}</media:group>",
    "groups in groups": "<media:group>" * 900 + picture("1", picture("2")) * (MANY // 4) + "</media:group>" * 900,
    "many groups": f"<media:group>{picture('1')}</media:group>" * MANY,
    "many pictures and credits": f"{picture('1')}<media:credit>a</media:credit>" * MANY,
    "many captions": picture("1") + "<media:description>&lt;b&gt;a</media:description>" * MANY,
    "many thumbnails": "".join(f"<media:thumbnail url='https://a.example/{number}.jpg'/>" for number in range(MANY)),
}


@pytest.mark.soak
@every_row("case", HOSTILE)
def test_a_hostile_entry_takes_little_time(case: str) -> None:
    before = time.process_time()
    assert len(item(HOSTILE[case]).media) <= MOST_MEDIA
    # About half a second of all, or an eighth; minutes, or seconds, if it were quadratic.
    assert time.process_time() - before < (4 if SOAK else 1)


@pytest.mark.parametrize(
    "name", ["caption-beside-empty-description", "enclosure-and-content-are-one", "hostile-values"]
)
def test_feedparsers_way_finds_the_same(name: str) -> None:
    document = (ROOT / "tests" / "fixtures" / "feed" / f"media-{name}.xml").read_bytes()
    ours = read(document.decode()).entries
    theirs = entries.entries(feed.read(document), URL)
    assert [{media.url for media in entry.media} for entry in theirs] == [
        {m.url for m in entry.media} for entry in ours
    ]
    assert any(entry.media for entry in ours)


@given(
    st.text(alphabet="\x09 <>&'\"=/:.htpsimgxé640px-%", max_size=80),
    st.sampled_from(["url", "width", "fileSize", "lang", "type"]),
)
def test_nothing_makes_it_fail(value: str, name: str) -> None:
    value = "".join(f"&#{ord(character)};" for character in value)
    said = {"url": "https://a.example/1.jpg"} | {name: value}
    attributes = " ".join(f'{key}="{each}"' for key, each in said.items())
    entry = item(f"<media:content {attributes}><media:description>{value}</media:description></media:content>")
    assert all(media.url.lower().startswith(("http://", "https://")) for media in entry.media)
