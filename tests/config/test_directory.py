"""The shipped directory of publishers: it is sound, honest about rights, and what is said of it in pages is true."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.config.catalogue import Search
from aggregator.config.directory import outlines, page, polled, summary, switched_off
from aggregator.config.opml import Outline, read, write
from aggregator.model import Config, Credentials, Publisher, Template
from aggregator.model.errors import OpmlError
from aggregator.rights import effective
from tests import ROOT
from tests.config.shipped import shipped
from tests.conftest import NOW, make_publisher, make_source
from tests.rows import every_row

AFRICA = (
    "DZ AO BJ BW BF BI CV CM CF TD KM CG CD CI DJ EG GQ ER SZ ET GA GM GH GN GW KE LS LR LY MG MW ML MR MU MA MZ NA NE "
    "NG RW ST SN SC SL SO ZA SS SD TZ TG TN UG ZM ZW"
)


@pytest.fixture(name="shipped")
def _shipped() -> Config:
    return shipped()


def test_every_country_of_africa_is_there(shipped: Config) -> None:
    assert len(AFRICA.split()) == 54
    assert not set(AFRICA.split()) - {publisher.country for publisher in shipped.publishers}


def test_every_publisher_is_one_or_another(shipped: Config) -> None:
    groups = Counter(publisher.group for publisher in shipped.publishers)
    assert groups["news_organization"] >= 900
    assert groups["institution"] >= 1208
    assert groups["individual"] >= 51
    assert groups["own"] == 1
    assert all(publisher.sources for publisher in shipped.publishers if publisher.group != "own")


def test_nothing_leaves_whole_without_a_licence(shipped: Config) -> None:
    for publisher in shipped.publishers:
        rights = effective(publisher.rights, date(2026, 11, 22))
        assert rights.images.scope == "none" or publisher.kind == "own"
        if rights.text_scope == "full_text" and publisher.kind != "own":
            assert (publisher.profile, rights.basis) == ("open-licence", "open_licence"), publisher.key
            assert rights.licence is not None
        if publisher.kind in ("government", "intergovernmental"):
            assert (publisher.profile, rights.text_scope) == ("public-body", "excerpt"), publisher.key


def test_who_bars_taking_everything_is_quoted_only(shipped: Config) -> None:
    [conversation] = [publisher for publisher in shipped.publishers if publisher.key == "the-conversation-africa"]
    assert conversation.rights.systematic_republication == "no"
    assert effective(conversation.rights, date(2026, 11, 22)).text_scope == "excerpt"


def test_the_shipped_directory_warns_of_terms_that_nobody_read_and_of_nothing_else(shipped: Config) -> None:
    relied_on = [publisher for publisher in shipped.publishers if publisher.profile in ("open-licence", "public-body")]
    assert len(shipped.warnings) == len(relied_on)
    assert all("rights.terms_checked is missing: " in line for line in shipped.warnings)


def test_the_page_of_counts_is_that_of_the_files(shipped: Config) -> None:
    assert (ROOT / "docs" / "directory.md").read_text() == page(shipped.publishers), "run `make directory`"


def test_the_counts_of_the_readme_are_those_of_the_files(shipped: Config) -> None:
    readme = (ROOT / "README.md").read_text().partition("<!-- directory:")[2].partition("-->\n\n")[2]
    assert readme.partition("\n\n")[0] + "\n" == summary(shipped.publishers), "the first table of docs/directory.md"


# Which are meant, and how they leave


def of(shipped: Config, **said: tuple[str, ...]) -> list[Publisher]:
    return [publisher for publisher in shipped.publishers if Search(**said).takes(publisher)]


def test_publishers_are_chosen_by_what_they_are(shipped: Config) -> None:
    assert {publisher.country for publisher in of(shipped, countries=("ML", "SN"))} == {"ML", "SN"}
    assert {publisher.group for publisher in of(shipped, groups=("individual",))} == {"individual"}
    assert {publisher.kind for publisher in of(shipped, kinds=("church", "blog"))} == {"church", "blog"}
    assert all("fr" in publisher.languages for publisher in of(shipped, languages=("fr-ML",)))
    assert len(of(shipped, countries=("ML",), kinds=("newspaper",))) < len(of(shipped, countries=("ML",)))
    assert len(of(shipped)) == len(shipped.publishers)


def test_what_is_written_as_opml_is_read_back(shipped: Config) -> None:
    folders = outlines(shipped.publishers)
    assert "Mali" in folders
    written = [outline for found in folders.values() for outline in found]
    assert len(written) == sum(len(polled(publisher)) for publisher in shipped.publishers)
    text = write('Wire & "co"', folders, NOW)
    back = read(text.encode()).outlines
    assert [replace(outline, categories=outline.categories[:2]) for outline in back] == written
    assert back[0].categories[2] == next(iter(folders))


def test_a_source_is_polled_unless_it_is_switched_off_or_its_address_has_yet_to_be_found() -> None:
    on = make_source("https://x.test/a")
    off, sought = replace(on, key="off", enabled=False, reason="moved"), replace(on, key="site", kind="discover")
    publisher = make_publisher(sources=(on, off, sought, replace(sought, key="old", enabled=False)))
    assert [source.key for source in polled(publisher)] == ["feed"]
    assert [source.key for source in switched_off(publisher)] == ["off", "old"]


def test_an_address_with_a_secret_stays_here(shipped: Config) -> None:
    publisher = of(shipped, countries=("ML",))
    source = make_source("https://x.test/${TOKEN}")
    locked = make_source("https://x.test/y", Credentials(bearer=Template("${TOKEN}")))
    assert outlines([replace(publisher[0], sources=(source, locked))]) == {}


# Lists from elsewhere


def test_a_list_is_read_whatever_its_folders_and_capitals() -> None:
    document = b"""<?xml version="1.0" encoding="ISO-8859-1"?><opml version="1.0"><head/><body>
    <outline text="Afrique"><outline title="ML">
    <outline text="Les \xc9chos" xmlurl=" https://echos.test/feed "/></outline>
    <outline text="B" title="not this" xmlUrl="https://b.test/" htmlURL="https://b.test/home" language="fr"
      category="/KE, news"/></outline><outline text="no feed"/></body></opml>"""
    assert read(document).outlines == (
        Outline(title="Les \xc9chos", url="https://echos.test/feed", categories=("ML", "Afrique")),
        Outline(
            title="B",
            url="https://b.test/",
            homepage="https://b.test/home",
            language="fr",
            categories=("KE", "news", "Afrique"),
        ),
    )


@every_row(
    ("document", "said"),
    [
        (b"", "begins with ''"),
        (b"<opml><body>", "not XML"),
        (b"<rss version='2.0'/>", "begins with <rss>"),
        (b"<!DOCTYPE opml [<!ENTITY a '" + b"a" * 1_001 + b"'>]><opml>&a;</opml>", "an XML bomb.*entity 'a'"),
        (b"<opml>" + b"<outline text='A'>" * 2_000, "nested more than 1000 deep"),
        (b"<opml>" + b" " * 16_777_216, "at most"),
    ],
)
def test_what_is_no_list_is_refused(document: bytes, said: str) -> None:
    with pytest.raises(OpmlError, match=said):
        read(document)


WHOLE = '<outline text="Un" xmlUrl="https://un.test/feed"/><outline text="Deux" xmlUrl="https://deux.test/feed"/>'


@every_row(
    "document",
    [
        f'<opml><body><outline text="A & B" xmlUrl="https://a.test/?x=1&y=2"/>{WHOLE}</body></opml>',
        f'<opml><body><outline text="L&rsquo;&eacute;t&eacute;" xmlUrl="https://a.test/feed"/>{WHOLE}</body></opml>',
        f'\ufeff\n <?xml version="1.0"?><opml><body><outline text="A" xmlUrl="https://a.test/feed"/>{WHOLE}</body></opml>',
        f'<opml><body><outline text="A" xmlUrl="https://a.test/feed"/>{WHOLE}<outline text="Cut" xmlUrl="https://c',
        f'<opml><body><outline text="A" xmlUrl="https://a.test/feed"/>{WHOLE}</body></opml><script>x</script>',
        f"<br /><b>Warning</b>: x<opml><body><outline text=A xmlUrl=https://a.test/feed />{WHOLE}</body></opml>",
        f'<opml><body><outline text="A\x0b" xmlUrl="https://a.test/feed"/>{WHOLE}</body></opml>',
        f'<opml><body><outline text="A" text="A" xmlUrl="https://a.test/feed"></body>{WHOLE}</opml>',
        f'<OPML><BODY><OUTLINE TEXT="A" XMLURL="https://a.test/feed"/>{WHOLE}</BODY></OPML>',
        f'<?xml version="1.0" encoding="no-such"?><opml><outline text="A" xmlUrl="https://a.test/f"/>{WHOLE}</opml>',
    ],
    ids=["ampersand", "entity", "blank", "cut", "behind", "before", "control", "attribute", "capitals", "encoding"],
)
def test_one_slip_costs_no_other_feed_of_a_list(document: str) -> None:
    outlines = read(document.encode()).outlines
    assert len(outlines) == 3
    assert outlines[0].url.startswith("https://a.test/")
    assert [outline.url for outline in outlines[1:]] == ["https://un.test/feed", "https://deux.test/feed"]


def test_a_list_that_is_not_quite_xml_says_so() -> None:
    assert read(f"<opml><body>{WHOLE}".encode()).remark
    assert read(f"<opml><body>{WHOLE}</body></opml>".encode()).remark is None


@every_row(
    ("attributes", "url"),
    [
        ('xmlUrl="feed://a.test/feed"', "http://a.test/feed"),
        ('xmlUrl="feed:https://a.test/feed"', "https://a.test/feed"),
        ('xmlUrl="feed:a.test/feed"', "http://a.test/feed"),
        ('xmlUrl="//a.test/feed"', "http://a.test/feed"),
        ('xmlUrl="www.a.test/feed"', "http://www.a.test/feed"),
        ('type="rss" url="https://a.test/feed"', "https://a.test/feed"),
        ('url="https://a.test/feed"', "https://a.test/feed"),
        ('feedUrl="https://a.test/feed"', "https://a.test/feed"),
        ('type="rss" htmlUrl="https://a.test/"', ""),
        ('type="link" url="https://a.test/other.opml"', ""),
        ('htmlUrl="https://a.test/"', ""),
    ],
)
def test_addresses_as_programs_write_them(attributes: str, url: str) -> None:
    (outline,) = read(f'<opml><body><outline text="A" {attributes}/></body></opml>'.encode()).outlines
    assert outline.url == url


def test_a_folder_with_an_address_of_its_own_is_none_of_the_feeds() -> None:
    document = f'<opml><body><outline text="A" htmlUrl="https://a.test/">{WHOLE}</outline></body></opml>'
    assert [outline.categories for outline in read(document.encode()).outlines] == [("A",), ("A",)]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_an_error(data: bytes) -> None:
    for document in (data, b"<opml>" + data + b"</opml>"):
        with suppress(OpmlError):
            read(document)
