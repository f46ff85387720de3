"""Pages of reports in many shapes, languages and scripts: what each says is read, and nothing that it does not say."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from aggregator.model import FetchResult, Page
from aggregator.model.errors import ParseError
from aggregator.parse.page import authors, headline, linked, media, page_of, times
from tests import ROOT
from tests.conftest import SOAK, examples
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures" / "page"
URL = "https://fetched.example/2026/story"
PAGES = sorted(FIXTURES.glob("*.html"))
REPORT = "<p>The council of the town voted on Monday to repair the old bridge before the rains begin in April.</p>"


def read(body: bytes | str, url: str = URL, with_text: bool = True, content_type: str | None = None) -> Page:
    body = body.encode() if isinstance(body, str) else body
    headers = {"content-type": content_type} if content_type else {}
    return page_of(FetchResult(url=url, http_status=200, headers=headers, body=body), with_text=with_text)


def page(head: str = "", within: str = REPORT, heading: str = "A bridge is repaired") -> str:
    body = f"<body><article><h1>{heading}</h1>{within}</article></body>"
    return f"<!doctype html><html lang=en><head>{head}</head>{body}</html>"


def json_ld(**said: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **said})}</script>'


LANGUAGES: dict[str, tuple[str, str | None, tuple[str, str] | None]] = {
    "of the element": ("<html lang=rw>", "rn", ("rw", "html")),
    "of JSON-LD": (f"<html>{json_ld(headline='A bridge is repaired', inLanguage='sw-TZ')}", "en", ("sw-TZ", "json-ld")),
    "of JSON-LD as an object": (
        f"<html>{json_ld(headline='A bridge is repaired', inLanguage={'name': 'Spanish', 'alternateName': 'es'})}",
        None,
        ("es", "json-ld"),
    ),
    "of a field of HTTP within": ("<html><meta http-equiv=Content-Language content=ha>", None, ("ha", "meta")),
    "of OpenGraph": ("<html><meta property=og:locale content=pt_AO>", None, ("pt-AO", "meta")),
    "of the field of HTTP": ("<html>", "rn", ("rn", "http")),
    "of a field that names several": ("<html>", "rn, fr", None),
    "of no language": ("<html lang=x><meta property=og:locale content=Français>", "*", None),
}


@every_row("head, field, said", LANGUAGES.values(), ids=LANGUAGES)
def test_where_a_page_states_its_language(head: str, field: str | None, said: tuple[str, str] | None) -> None:
    headers = {"content-language": field} if field else {}
    body = f"<!doctype html>{head}<body><article><h1>A bridge is repaired</h1>{REPORT}</article>"
    found = page_of(FetchResult(url=URL, http_status=200, headers=headers, body=body.encode()))
    assert (found.language and (found.language, found.rule("language"))) == said


def dated(said: str) -> str:
    return f'<meta property="article:published_time" content="{said}">'


def as_json(value: Any) -> Any:
    """A value without the fields that say nothing."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Struct):
        said = {name: as_json(getattr(value, name)) for name in value.__struct_fields__}
        return {name: part for name, part in said.items() if part not in (None, [])}
    return [as_json(part) for part in value] if isinstance(value, tuple) else value


def expected_of(found: Page) -> dict[str, Any]:
    said: dict[str, Any] = as_json(found)
    return {**said, "evidence": {each.field: each.rule for each in found.evidence}}


@every_row("path", PAGES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    if "error" in expected:
        with pytest.raises(ParseError, match=expected["error"]):
            read(path.read_bytes())
        return
    assert expected_of(read(path.read_bytes())) == expected


def test_every_page_says_what_is_expected_of_it() -> None:
    assert len(PAGES) >= 30
    assert {path.stem for path in PAGES} == {path.stem for path in FIXTURES.glob("*.json")}


@every_row("path", [path for path in PAGES if path.stem != "not-a-page"], ids=lambda path: path.stem)
def test_without_its_text_a_page_says_the_same_of_everything_else(path: Path) -> None:
    whole, metadata = read(path.read_bytes()), read(path.read_bytes(), with_text=False)
    assert metadata.paragraphs == ()
    for name in ("canonical", "site", "title", "language", "types", "categories", "licences", "correction", "is_free"):
        assert getattr(metadata, name) == getattr(whole, name), name


def test_each_field_that_was_found_has_a_rule() -> None:
    for path in PAGES:
        if path.stem != "not-a-page":
            found = read(path.read_bytes())
            said = {each.field for each in found.evidence}
            assert len(said) == len(found.evidence)
            for name in ("title", "published", "authors", "media", "paragraphs", "language", "canonical"):
                assert (found.rule(name) is not None) == bool(getattr(found, name)), (path.stem, name)


# Parts


@every_row(
    ("block", "headlines"),
    [
        ('{"@type":"NewsArticle","headline":"One"}', ["One"]),
        ('[{"@type":"NewsArticle","headline":"One"},{"@type":"Article","headline":"Two"}]', ["One", "Two"]),
        ('{"@type":"NewsArticle","headline":"One"}{"@type":"Article","headline":"Two"}', ["One", "Two"]),
        ('<!-- {"@type":"NewsArticle","headline":"One"} -->', ["One"]),
        ('//<![CDATA[\n{"@type":"NewsArticle","headline":"One"}\n//]]>', ["One"]),
        ('{"@type":"NewsArticle","headline":"One",}', ["One"]),
        ('{"@type":"NewsArticle","headline":"A "quoted" word","url":"x"}', ['A "quoted" word']),
        ('{"@type":"NewsArticle","headline":"Line\none"}', ["Line one"]),
        ('{"@type":"NewsArticle","headline":"One","image":undefined}', ["One"]),
        ('{"@type":"NewsArticle", /* why */ "headline":"One"}', ["One"]),
        ('{"@type":"NewsArticle","headline":"One","description":"it breaks o', ["One"]),
        ('{"@type":"NewsArticle","headline":"One","author":{"name":"Awa"}', ["One"]),
        ('var data = {"@type":"NewsArticle","headline":"One"};', ["One"]),
        ('{"@type":"NewsArticle","headline":"Caf&eacute; &amp;amp; Bar"}', ["Café & Bar"]),
        ('{"@graph":[{"@type":"WebPage","name":"x"},{"@type":"NewsArticle","headline":"One"}]}', ["One"]),
        ('{"@type":"WebPage","mainEntity":{"@type":"NewsArticle","headline":"One"}}', ["One"]),
        ("", []),
        ("not json at all", []),
        ("{" * 50_000, []),
        ("[" * 50_000, []),
    ],
)  # fmt: skip
def test_json_ld_is_read_where_it_is_broken(block: str, headlines: list[str]) -> None:
    found = linked.objects_in(linked.values_of(block))
    assert [said for each in found if (said := linked.text_of(each.get("headline")))] == headlines


@every_row(
    ("said", "names"),
    [
        ("By Awa Diop", ["Awa Diop"]),
        ("Par Awa Diop et Moussa Sarr", ["Awa Diop", "Moussa Sarr"]),
        ("Por Rosa Lima e João Sá", ["Rosa Lima", "João Sá"]),
        ("Na Neema Mushi", ["Neema Mushi"]),
        ("بقلم: سالم القذافي", ["سالم القذافي"]),
        ("By Grace Nakato, John Okello and Ruth Mwende", ["Grace Nakato", "John Okello", "Ruth Mwende"]),
        ("By Grace Nakato | 23 November 2026", ["Grace Nakato"]),
        ("Staff Reporter", ["Staff Reporter"]),
        ("https://www.facebook.com/courier", []),
        ("", []),
    ],
)
def test_a_byline_has_these_names(said: str, names: list[str]) -> None:
    assert [each.name for each in authors.persons_in(said)] == names


@every_row(
    ("caption", "expected"),
    [
        ("A bridge. (Photo: Awa Diop)", ("A bridge.", "Awa Diop")),
        ("A bridge. Photo by Awa Diop", ("A bridge.", "Awa Diop")),
        ("Un pont © Awa Diop", ("Un pont", "Awa Diop")),
        ("Un pont. | Foto: Rosa Lima", ("Un pont.", "Rosa Lima")),
        ("A bridge in Mbale. [AFP]", ("A bridge in Mbale.", "AFP")),
        ("A bridge in Mbale. (Reuters/Awa Diop)", ("A bridge in Mbale.", "Reuters/Awa Diop")),
        ("Un puerto. / Tomás Obiang", ("Un puerto.", "Tomás Obiang")),
        # Nothing says whose these are.
        ("The mayor (left) and the chair", ("The mayor (left) and the chair", "")),
        ("The mayor of Mbale (2026)", ("The mayor of Mbale (2026)", "")),
        ("A photo shop in the old town", ("A photo shop in the old town", "")),
        ("Boats and/or cars", ("Boats and/or cars", "")),
    ],
)  # fmt: skip
def test_a_caption_names_whose_picture_it_is(caption: str, expected: tuple[str, str]) -> None:
    assert media.parted(caption) == expected


@every_row(
    ("title", "expected"),
    [
        ("A bridge | Mbale Courier", "A bridge"),
        ("A bridge - News - Mbale Courier", "A bridge - News"),
        ("Mbale Courier: A bridge", "A bridge"),
        ("A bridge – a plan – Courier of Mbale", "A bridge – a plan – Courier of Mbale"),
        ("Mbale-Tororo road reopens", "Mbale-Tororo road reopens"),
    ],
)
def test_a_title_is_without_the_name_of_the_site(title: str, expected: str) -> None:
    assert headline.without_site(title, frozenset(("mbalecourier",)), ()) == expected


@every_row(
    ("head", "within", "expected"),
    [
        (json_ld(datePublished="2026-11-23T10:00:00+03:00"), "", "2026-11-23T07:00:00+00:00"),
        # The same moment with its zone, elsewhere; another moment is not taken for it.
        (json_ld(datePublished="2026-11-23T10:00:00") + dated("2026-11-23T07:00:00Z"), "", "2026-11-23T07:00:00+00:00"),
        (json_ld(datePublished="2026-11-23T10:00:00") + dated("2026-11-23T10:00:07Z"), "", "2026-11-23T10:00:00+00:00"),
        (json_ld(datePublished="2026-11-23") + dated("2026-11-23T07:00:00Z"), "", "2026-11-23T07:00:00+00:00"),
        ("", '<time datetime="2026-11-23T07:00:00Z">Monday</time>', "2026-11-23T07:00:00+00:00"),
        ("", '<p class="meta">Publié le 23 novembre 2026 à 10h15 par Awa</p>', "2026-11-23T10:15:00+00:00"),
        ("", '<span class="date">Tarehe 23 Novemba 2026</span>', "2026-11-23T00:00:00+00:00"),
        ("", '<span class="updated">Updated 24 November 2026</span>', None),
        (json_ld(datePublished="soon"), "", None),
    ],
)  # fmt: skip
def test_a_page_says_when_it_was_published(head: str, within: str, expected: str | None) -> None:
    found = read(page(head, within + REPORT), url="https://fetched.example/story", with_text=False)
    assert (found.published.isoformat() if found.published else None) == expected


def test_the_address_says_the_day_where_nothing_else_does() -> None:
    found = times.published_of({}, {}, {}, "https://daily.example/2026/11/23/bridge", [])
    assert found is not None
    assert (found.moment.isoformat(), found.rule) == ("2026-11-23T00:00:00+00:00", "address")


def test_a_figure_goes_before_the_picture_that_is_shared() -> None:
    figure = '<figure><img src="/own.jpg" width="900"><figcaption>The bridge</figcaption></figure>'
    head = '<meta property="og:image" content="https://fetched.example/shared.jpg">'
    assert [each.url.rpartition("/")[2] for each in read(page(head, figure + REPORT)).media] == [
        "own.jpg",
        "shared.jpg",
    ]
    assert [each.url.rpartition("/")[2] for each in read(page(head)).media] == ["shared.jpg"]


def test_what_json_ld_says_of_a_picture_belongs_to_that_picture() -> None:
    image = {"@type": "ImageObject", "url": "/own.jpg", "caption": "The bridge", "creditText": "Awa Diop"}
    found = read(page(json_ld(image=image), '<figure><img src="/own.jpg?w=900"></figure>' + REPORT)).media
    assert [(each.caption.value if each.caption else None, each.credit) for each in found] == [
        ("The bridge", "Awa Diop")
    ]


def test_addresses_of_a_page_are_in_full_and_lead_to_the_web() -> None:
    head = (
        '<base href="https://other.example/a/"><link rel="canonical" href="b"><link rel="license" href="javascript:x">'
    )
    found = read(page(head, '<figure><img src="c.jpg"></figure><img src="javascript:alert(1)">' + REPORT))
    assert found.canonical == "https://other.example/a/b"
    assert found.licences == ()
    assert [each.url for each in found.media] == ["https://other.example/a/c.jpg"]


@every_row("charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "iso-8859-15"])
def test_a_page_is_read_in_its_encoding(charset: str) -> None:
    text = page(
        f'<meta charset="{charset}">',
        "<p>Les élèves de la région ont été reçus à l’école par le préfet.</p>".replace("’", "'"),
    )
    found = read(text.encode(charset))
    assert found.paragraphs == ("Les élèves de la région ont été reçus à l'école par le préfet.",)


@every_row(
    ("body", "error"),
    [
        (b"", "empty"),
        (b"{}", "not an HTML page"),
        (b"%PDF-1.7 ...", "not an HTML page"),
        (bytes(range(256)) * 100, "not an HTML page"),
        (b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "not an HTML page"),
        (b"<!doctype html>" + b"<div>" * 100_000, "elements"),
        (b"<!doctype html>" + b"x" * 5_000_000, "bytes"),
    ],
)
def test_what_is_no_page_is_an_error_that_says_so(body: bytes, error: str) -> None:
    with pytest.raises(ParseError, match=error):
        read(body)


PART = 1 if SOAK else 3  # in `make test` a third of the size: a ninth of the time of what takes the square
HOSTILE = {
    "deep": "<div>" * (20_000 // PART),
    "deep-lists": "<ul><li>" * (9_000 // PART),
    "deep-marks": "<a href=x><b><i>" * (9_000 // PART),
    "long-attribute": f'<p class="{"related " * (200_000 // PART)}">',
    "spaces": f"<p>{' ' * (1_000_000 // PART)}",
    "references": "&amp;" * (200_000 // PART),
    "pictures": '<figure class="photo">' + "<img src=a.jpg>" * (15_000 // PART),
    "authors": '<div class="author">' * 200 + '<span class="author">a</span>' * (10_000 // PART),
    "dates": '<span class="date">12 12 12 12 12 12</span>' * (10_000 // PART),
    "json": f'<script type="application/ld+json">{"{" * (500_000 // PART)}</script>',
    "json-quotes": "<script type='application/ld+json'>{" + '"' * (300_000 // PART) + "</script>",
    "json-comments": "<script type='application/ld+json'>{x" + "/*" * (300_000 // PART) + "</script>",
    "comment": "<!--" + "-" * (1_000_000 // PART),
    "nulls": "\0" * (100_000 // PART),
    "entities": '<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><p>&b;&b;',
}  # fmt: skip


@pytest.mark.soak
def test_hostile_pages_are_read_or_refused_and_cost_little() -> None:
    """In a process that may use 60 seconds of a processor for all (of a third 10 seconds), and is ended by the system
    where it uses more.
    """
    program = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
from aggregator.model import FetchResult
from aggregator.model.errors import ParseError
from aggregator.parse.page import page_of
for body in json.load(sys.stdin):
    try:
        page_of(FetchResult(url="https://fetched.example/", http_status=200, headers={}, body=body.encode()))
    except ParseError:
        pass
    print("read or refused")
"""
    pages = [page("", REPORT * 3 + each) for each in HOSTILE.values()]
    command = [sys.executable, "-c", program, "60" if SOAK else "10"]
    done = subprocess.run(command, input=json.dumps(pages), **_PROCESS)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", len(HOSTILE))


_PROCESS: dict[str, Any] = {"capture_output": True, "text": True, "cwd": ROOT, "check": False}


def test_reading_what_a_page_says_of_itself_loads_no_library_of_texts() -> None:
    """trafilatura takes 180 ms and 20 MB, and only a page whose text is wanted needs it."""
    program = """
import sys
from aggregator.model import FetchResult
from aggregator.parse.page import page_of
body = sys.stdin.read().encode()
page_of(FetchResult(url="https://fetched.example/", http_status=200, headers={}, body=body), with_text=False)
print(sorted({"trafilatura", "htmldate"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], input=page(), **_PROCESS)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(PAGES), st.integers(0, 4_000), st.integers(0, 400), st.binary(max_size=60))
def test_a_damaged_page_is_read_or_refused(path: Path, at: int, gone: int, put: bytes) -> None:
    body = path.read_bytes()
    at = min(at, len(body))
    try:
        found = read(body[:at] + put + body[at + gone :])
    except ParseError:
        return
    assert all(each.strip() and "\n" not in each for each in found.paragraphs)
    assert all(each.url.startswith(("http://", "https://")) for each in found.media)


@given(st.text(max_size=200))
def test_no_json_of_a_page_raises(block: str) -> None:
    linked.values_of(block)
    linked.values_of(f'{{"headline": "{block}"}}')


LEADING = {
    "to another page": ("<meta http-equiv=Refresh content=\"0; URL='https://other.example/'\">", True),
    "with an address alone": ('<meta http-equiv=refresh content="1;/home">', True),
    "itself again, every five minutes": ('<meta http-equiv=refresh content="300">', False),
    "itself by its address": (f'<meta http-equiv=refresh content="300;url={URL}?utm_source=x">', False),
    "for browsers without scripts": ("<noscript><meta http-equiv=refresh content='0;url=/basic'></noscript>", False),
    "no address": ('<meta http-equiv=refresh content="0;url=">', False),
    "another header": ('<meta http-equiv=content-language content="0;url=/home">', False),
}


@every_row(("head", "leads_on"), LEADING.values(), ids=LEADING)
def test_a_page_that_only_leads_on_is_no_report(head: str, leads_on: bool) -> None:
    if leads_on:
        with pytest.raises(ParseError, match="a way to another address"):
            read(page(head))
        assert read(page(head, 10 * REPORT)).paragraphs  # more words than such a page has
    else:
        assert read(page(head)).title == "A bridge is repaired"


FOR_OTHERS = {
    "browsers without scripts": "<div id=root></div><noscript><p>You need JavaScript to read this site.</p></noscript>",
    "browsers without frames": "<frameset><frame src=a><noframes><body><p>No frames.</p></body></noframes></frameset>",
    "scripts": "<template><p>One of many stories, which a script will fill in here later on.</p></template>",
    "ads of AMP": "<amp-ad><div fallback><p>There are no advertisements for you today, sorry.</p></div></amp-ad>",
    "consent of AMP": "<amp-consent><p>We and our partners store information on your device.</p></amp-consent>",
}


@every_row("within", FOR_OTHERS.values(), ids=FOR_OTHERS)
def test_what_is_there_for_other_programs_is_no_text(within: str, caplog: pytest.LogCaptureFixture) -> None:
    alone = read(f"<!doctype html><html><head><title>A bridge</title></head><body>{within}</body></html>")
    assert alone.paragraphs == ()
    assert caplog.records == []  # no library says so
    assert read(page(within=REPORT + within)).paragraphs == read(page()).paragraphs
