"""The parsing room: fixture pairs, encodings, bad input, and the promise that words come through verbatim."""

from __future__ import annotations

import codecs
import csv
import gzip
import html
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from aggregator.model import Document, FetchResult, Source, Text
from aggregator.model.errors import ParseError
from aggregator.parse import CUT_OFF, EMPTY, MAX_ENTRIES, NOT_NEWS, OVER_CAP, PARSERS, parse
from aggregator.parse import encoding as encoding_module
from aggregator.parse import gzipped as gzipped_module
from aggregator.parse import repair as repair_module
from aggregator.text import raw_words
from tests import ROOT
from tests.conftest import SOAK, examples
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures"
SHARED = ROOT.parent / "shared" / "feeds"
URL = "https://fetched.example/feeds/all"


def read(body: bytes, kind: str = "feed", content_type: str | None = None, url: str = URL) -> Document:
    headers = {"content-type": content_type} if content_type else {}
    result = FetchResult(url=url, http_status=200, headers=headers, body=body)
    return parse(result, Source(publisher="river-post", key="all", url=url, kind=kind))


def rss(items: str, declaration: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    return f'{declaration}<rss version="2.0"><channel><title>The River Post</title>{items}</channel></rss>'


# Fixture pairs: KIND/NAME.xml or KIND/NAME.feed.json, and beside it NAME.json with what is expected of it.


def inputs(kind: str) -> list[Path]:
    return sorted(path for path in (FIXTURES / kind).iterdir() if path.suffix == ".xml" or ".feed." in path.name)


def pairs() -> Iterator[Any]:
    for kind in PARSERS:
        for path in inputs(kind):
            name = path.name.split(".")[0]
            yield pytest.param(kind, path, path.with_name(f"{name}.json"), id=f"{kind}-{name}")


def as_json(value: Any) -> Any:
    if isinstance(value, Struct):
        said = {name: as_json(getattr(value, name)) for name in value.__struct_fields__}
        return {name: part for name, part in said.items() if part not in (None, [])}
    if isinstance(value, timedelta):
        return value / timedelta(minutes=1)
    return [as_json(part) for part in value] if isinstance(value, tuple) else value


@every_row(("kind", "path", "expected_path"), list(pairs()))
def test_fixture(kind: str, path: Path, expected_path: Path) -> None:
    expected = json.loads(expected_path.read_text("utf-8"))
    body, content_type = path.read_bytes(), expected.get("content_type")
    if "error" in expected:
        with pytest.raises(ParseError) as raised:
            read(body, kind, content_type)
        assert expected["error"] in str(raised.value)
        return
    parsed = read(body, kind, content_type, expected.get("url", URL))
    assert [raw_words.values(raw_words.encode(entry)) for entry in parsed.entries] == expected["entries"]
    assert (parsed.format, parsed.language) == (expected["format"], expected.get("language"))
    assert parsed.drops == expected.get("drops", {})
    assert (as_json(parsed.hints), parsed.older) == (expected.get("hints", {}), expected.get("older"))
    assert (parsed.warning is None) == ("warning" not in expected)
    assert expected.get("warning", "") in (parsed.warning or "")


@every_row("kind", PARSERS)
def test_every_kind_has_fixtures(kind: str) -> None:
    assert len(inputs(kind)) >= 10
    expected = {path.name for path in (FIXTURES / kind).glob("*.json") if ".feed." not in path.name}
    assert expected == {path.name.split(".")[0] + ".json" for path in inputs(kind)}


def test_a_kind_that_nobody_reads() -> None:
    with pytest.raises(ParseError, match=r"river-post/all is of kind 'gopher'.*known: feed, jsonfeed, wordpress"):
        read(b"<rss/>", "gopher")


# Encodings

SAMPLES = {
    "cp1250": "Żółta łódź płynie", "cp1251": "Мост открыт", "cp1252": "L’été à Ségou", "cp1253": "Το πλοίο έφυγε",
    "cp1254": "İstanbul’da yağmur", "cp1255": "הגשר נפתח", "cp1256": "فتح الجسر", "cp1257": "Tiltas ąčęė",
    "cp855": "Мост открыт", "cp866": "Мост открыт", "cp874": "ตลาดเปิด", "koi8-r": "Мост открыт",
    "koi8-u": "Міст відкрито", "mac-cyrillic": "Мост открыт", "mac-roman": "L’été à Ségou",
    "iso8859-2": "Żółta łódź", "iso8859-5": "Мост открыт", "iso8859-6": "فتح الجسر", "iso8859-7": "Το πλοίο",
    "iso8859-8": "הגשר נפתח", "iso8859-15": "L'été à 5 €", "cp932": "①番の船が着いた", "euc_jp": "船が着いた",
    "iso2022_jp": "船が着いた", "gb18030": "镕城桥梁通车", "hz": "桥梁通车", "big5": "渡輪復航", "big5hkscs": "嘅事",
    "cp949": "똠방각하 다리 개통", "johab": "다리 개통", "cp037": "Plain English", "utf-8": "ከባድ ዝናብ ጣለ",
    "utf-16-le": "ከባድ ዝናብ", "utf-16-be": "ከባድ ዝናብ", "utf-32-le": "ከባድ", "utf-32-be": "ከባድ",
}  # fmt: skip


@every_row("codec", SAMPLES)
def test_a_declared_encoding(codec: str) -> None:
    text = SAMPLES[codec]
    item = f"<item><title>{text}</title><guid>1</guid></item>"
    body = rss(item, f'<?xml version="1.0" encoding="{codec}"?>').encode(codec)
    assert [entry.title.value for entry in read(body).entries if entry.title] == [text]


@every_row("codec", [codec for codec in SAMPLES if not codec.startswith(("utf", "cp037"))])
def test_an_encoding_in_the_header(codec: str) -> None:
    text = SAMPLES[codec]
    body = rss(f"<item><title>{text}</title><guid>1</guid></item>", "").encode(codec)
    parsed = read(body, content_type=f'application/rss+xml; charset="{codec}"')
    assert [entry.title.value for entry in parsed.entries if entry.title] == [text]


@every_row(
    ("label", "codec"),
    [
        ("utf8", "utf-8"), ("unicode-1-1-utf-8", "utf-8"), ("unicode", "utf-16"), ("iso-8859-1", "cp1252"),
        ("l1", "cp1252"), ("us-ascii", "cp1252"), ("x-cp1252", "cp1252"), ("iso88599", "cp1254"),
        ("tis-620", "cp874"), ("dos-874", "cp874"), ("x-sjis", "cp932"), ("shift_jis", "cp932"),
        ("windows-31j", "cp932"), ("gb2312", "gb18030"), ("x-gbk", "gb18030"), ("ks_c_5601-1987", "cp949"),
        ("euc-kr", "cp949"), ("cp949", "cp949"), ("korean", "cp949"), ("big5-hkscs", "cp950"),
        ("x-x-big5", "cp950"), ("x-mac-cyrillic", "mac-cyrillic"), ("koi", "koi8-r"), ("logical", "iso8859-8"),
        ("sun_eu_greek", "iso8859-7"), ("hz-gb-2312", "hz"),
    ],
)  # fmt: skip
def test_labels_of_the_encoding_standard(label: str, codec: str) -> None:
    assert encoding_module.codecs_of(label)[0] == codec


@every_row("label", ["utf-7", "csUTF7", "unicode_escape", "rot13", "base64", "idna", "nonsense", ""])
def test_no_encodings(label: str) -> None:
    assert encoding_module.codecs_of(label) == ()


@given(st.binary(max_size=200), st.sampled_from(["", "utf-8", "utf-16", "shift_jis", "gb2312", "utf-7", "hz"]))
@settings(deadline=None)
def test_any_bytes_become_utf8(body: bytes, charset: str) -> None:
    document, codec, _ = encoding_module.to_utf8(body, f"text/xml; charset={charset}")
    text = document.decode("utf-8")
    assert codecs.lookup(codec)
    assert not [character for character in text if ord(character) < 32 and character not in "\t\n\r"]


# Bad input


def test_a_deeply_nested_document_is_refused() -> None:
    deep = "<b>" * 5_000 + "</b>" * 5_000
    with pytest.raises(ParseError, match="nested more than 1000 deep"):
        read(rss(f"<item><description>{deep}</description></item>").encode())


def test_what_ends_a_bomb_is_the_reading_of_the_dtd() -> None:
    """No entity is expanded: `repair` refuses the declarations, before feedparser is called."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}]>' + rss("<item><title>&l9;</title></item>", "")
    with pytest.raises(ParseError, match=r"XML bomb.*'l3' stands for"):
        repair_module.repair(document.encode(), MAX_ENTRIES)
    with pytest.raises(ParseError, match="XML bomb"):
        read(document.encode())


def test_what_ends_a_quadratic_bomb_is_expat() -> None:
    entity = f'<!DOCTYPE rss [<!ENTITY e "{"x" * 900}">]>'
    document = entity + rss(f"<item><title>{'&e;' * 100_000}</title></item>", "")
    with pytest.raises(ParseError, match=r"XML bomb.*amplification"):
        read(document.encode())


def test_an_external_entity_is_neither_fetched_nor_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    dtd = f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{secret.as_uri()}"><!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;]>'
    for broken in ("", "<b><i></b>"):  # for either parser of feedparser's
        parsed = read((dtd + rss(f"<item><title>A &e; B</title><guid>1</guid>{broken}</item>", "")).encode())
        assert "secret" not in repr(parsed)
        assert len(parsed.entries) == 1


@pytest.mark.parametrize("broken", ["", "<item><b><i></b></item>"])
def test_entries_over_the_cap_are_counted(broken: str) -> None:
    items = "".join(f"<item><guid>{n}</guid></item>" for n in range(MAX_ENTRIES + 3))
    parsed = read(rss(items + broken).encode())
    assert [entry.id for entry in parsed.entries] == [str(n) for n in range(MAX_ENTRIES)]
    assert parsed.drops == {OVER_CAP: 4 if broken else 3}


def test_items_over_the_cap_are_counted() -> None:
    items = [{"id": str(n)} for n in range(MAX_ENTRIES + 2)]
    parsed = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode(), "jsonfeed")
    assert (len(parsed.entries), parsed.drops) == (MAX_ENTRIES, {OVER_CAP: 2})


def news_sitemap(urls: str) -> bytes:
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def in_sitemap(number: int, title: str = "Report") -> str:
    news = f"<news:news><news:title>{title}</news:title></news:news>"
    return f"<url><loc>https://daily.example/{number}</loc>{news}</url>"


@pytest.mark.parametrize("broken", ["", "<url><b></url>"])
def test_news_over_the_cap_is_counted_and_pages_take_no_place(broken: str) -> None:
    pages = "<url><loc>https://daily.example/about</loc></url>" * 5
    parsed = read(news_sitemap(broken + pages + "".join(map(in_sitemap, range(MAX_ENTRIES + 2)))), "sitemap")
    assert parsed.entries[-1].links[0].href == f"https://daily.example/{MAX_ENTRIES - 1}"
    assert (len(parsed.entries), parsed.drops) == (MAX_ENTRIES, {OVER_CAP: 3 if broken else 2, NOT_NEWS: 5})


def test_a_sitemap_under_the_name_of_another_kind_is_read_for_what_it_is() -> None:
    body = news_sitemap(in_sitemap(1))
    for kind in PARSERS:
        assert read(body, kind).format == "sitemap-news09"
        assert read(gzip.compress(body), kind).format == "sitemap-news09"
    assert read(gzip.compress(WHOLE.encode())).format == "rss20"


def test_what_a_gzip_file_unpacks_to_is_bounded() -> None:
    with pytest.raises(ParseError, match="unpacks to more than 52428800 bytes"):
        read(gzip.compress(b" " * (gzipped_module.MAX_BYTES + 1)))
    with pytest.raises(ParseError, match="more than 16 members"):
        read(gzip.compress(b" ") * 10_000)


def test_the_dtd_of_a_sitemap_is_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open-sesame")
    dtd = f"<!DOCTYPE urlset SYSTEM '{secret}' [<!ENTITY a SYSTEM '{secret}'>]>".encode()
    parsed = read(dtd + news_sitemap(in_sitemap(1, "Report &a;")), "sitemap")
    assert [entry.title.value.strip() for entry in parsed.entries if entry.title] == ["Report &a;"]


WHOLE = rss(
    "<item><title> One &amp; only </title><guid>1</guid><description><![CDATA[<p>first</p>]]></description></item>"
    "<item><title>Two</title><guid>2</guid><description>second, é</description></item>"
    "<item><title>Three</title><guid>3</guid><description>third</description></item>"
)
WHOLE_ATOM = (
    '<?xml version="1.0"?><a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>T</a:title>'
    "<a:entry><a:id>1</a:id><a:title>One</a:title><a:content type='text'>first</a:content></a:entry>"
    "<a:entry><a:id>2</a:id><a:title>Two</a:title><a:content type='html'>&lt;p>second&lt;/p></a:content></a:entry>"
    "</a:feed>"
)
WHOLE_SITEMAP = (
    '<?xml version="1.0"?><urlset><url><loc>https://daily.example/1</loc><news:news><news:title>One &amp; all'
    "</news:title></news:news></url><url><loc>https://daily.example/2</loc><news:news><news:title><![CDATA[Two]]>"
    "</news:title></news:news></url></urlset>"
)
WHOLE_BUT_BROKEN = WHOLE.replace("second, é", "<b>second <i>é</b>")


def cuts_of(body: bytes) -> Iterable[int]:
    """Every length of it but the whole; in `make test` every third."""
    return reversed(range(len(body) - 1, 0, -1 if SOAK else -3))


@pytest.mark.soak
@every_row("whole", [WHOLE, WHOLE_ATOM, WHOLE_BUT_BROKEN, WHOLE_SITEMAP], ids=["rss", "atom", "broken", "sitemap"])
def test_half_an_entry_is_never_taken_for_a_whole_one(whole: str) -> None:
    body = whole.encode()
    ids = {entry.id or entry.links: entry for entry in read(body).entries}
    for length in cuts_of(body):
        try:
            parsed = read(body[:length])
        except ParseError:
            continue
        for entry in parsed.entries:
            full = ids[entry.id or entry.links]
            words = [text.value.strip() for text in (entry.title, entry.summary, *entry.content) if text]
            assert words == [text.value.strip() for text in (full.title, full.summary, *full.content) if text]
        assert set(parsed.drops) <= {CUT_OFF}
        ends = sum(body[:length].count(end) for end in (b"</item>", b"</a:entry>", b"</url>"))
        assert len(parsed.entries) == ends


@pytest.mark.soak
@pytest.mark.parametrize("name", ["jsonfeed/version-11-everything", "wordpress/two-posts", "wordpress/password-form"])
def test_of_json_that_is_cut_anywhere_whole_entries_alone_are_read(name: str) -> None:
    body = (FIXTURES / f"{name}.feed.json").read_bytes().strip()
    kind = name.split("/")[0]
    whole, counts = read(body, kind).entries, []
    for length in cuts_of(body):
        try:
            parsed = read(body[:length], kind)
        except ParseError:
            counts.append(0)
            continue
        assert parsed.entries == whole[: len(parsed.entries)]
        assert "it breaks off" in (parsed.warning or "")
        assert parsed.drops in ({}, {CUT_OFF: 1})
        counts.append(len(parsed.entries))
    assert counts == sorted(counts)
    assert set(counts) == set(range(len(whole) + 1))


@every_row("before", ["<br />\n<b>Notice</b>: {x} ", "\ufeff\n", "<!-- cached -->", "Warning: [1] ", ")]}',\n"])
def test_json_behind_something_else_is_read_for_what_it_is(before: str) -> None:
    for name in ("jsonfeed/version-10", "wordpress/two-posts"):
        body = (FIXTURES / f"{name}.feed.json").read_bytes()
        kind = name.split("/")[0]
        for said in ("feed", "sitemap", kind):
            parsed = read(before.encode() + body, said)
            assert (parsed.entries, parsed.format) == (read(body, kind).entries, read(body, kind).format)
            assert bool(parsed.warning) is bool(before.strip("\ufeff\n"))


@every_row(
    "body", ['<!DOCTYPE html><script>{"guid": 1}</script>', '<p>{"guid"', rss('{"guid": {}}'), 'Not found [{"a": 1}]']
)
def test_json_within_something_else_is_not_taken_for_the_document(body: str) -> None:
    for kind in ("feed", "jsonfeed", "wordpress"):
        with suppress(ParseError):
            assert read(body.encode(), kind).format == "rss20"


SEEDS = [path.read_bytes() for kind in PARSERS for path in inputs(kind) if path.stat().st_size < 5_000]
ODDITIES = [
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"<!DOCTYPE x", b"<?", b"&#55296;", b"&#0;", b"&#1114112;",
    b"&x;", b"</item>", b"<item>", b"<entry>", b"<links>x</links>", b"<authors>x</authors>", b"<tags>x</tags>",
    b"<width><content/>", b"<title>", b"</title>", b"<source>", b"<image>", b"<content src='x'>", b"<dc:x>",
    b"\xff", b"\0", b"{", b"}", b"[", b'"', b"<link>http://[x</link>", b"<summary_detail>x</summary_detail>",
    b"<media_content>x</media_content>", b"<url>", b"</url>", b"<loc>", b"<news:news>", b"\x1f\x8b\x08",
]  # fmt: skip
MUTATIONS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([*ODDITIES, None]), st.integers(0, 40)), max_size=5)


@given(st.sampled_from(SEEDS), MUTATIONS, st.sampled_from(sorted(PARSERS)))
@settings(deadline=None, max_examples=examples(300))
def test_a_damaged_document_gives_entries_or_a_parse_error(seed: bytes, mutations: list[Any], kind: str) -> None:
    body = seed
    for place, inserted, removed in mutations:
        at = int(place * len(body))
        body = body[:at] if inserted is None else body[:at] + inserted + body[at + removed :]
    with suppress(ParseError):
        assert all(count > 0 for count in read(body, kind).drops.values())


@given(st.binary(max_size=300), st.sampled_from(sorted(PARSERS)))
@settings(deadline=None)
def test_any_bytes_give_entries_or_a_parse_error(body: bytes, kind: str) -> None:
    with suppress(ParseError):
        read(body, kind)


def test_an_entry_without_anything_is_counted() -> None:
    assert read(rss("<item/><item><guid>1</guid></item>").encode()).drops == {EMPTY: 1}


# Verbatim

# Every character that XML 1.0 allows but CR, which XML itself makes an LF.
FORBIDDEN = "".join(map(chr, [*range(9), 11, 12, *range(13, 32), 0xFFFE, 0xFFFF]))
XML_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=FORBIDDEN), min_size=1).filter(str.strip)


def in_cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


@given(XML_TEXT, XML_TEXT, XML_TEXT, st.sampled_from([escape, in_cdata]))
@example("CafÃ©", " \x93quoted\x94 ", "&amp;#39; \x85 <b>", escape)
@example(" same ", "same", "same ", in_cdata)
@settings(deadline=None, max_examples=examples(300))
def test_rss_comes_back_verbatim(title: str, description: str, content: str, write: Any) -> None:
    item = f"<title>{write(title)}</title><description>{write(description)}</description>"
    item += f'<c:encoded xmlns:c="http://purl.org/rss/1.0/modules/content/">{write(content)}</c:encoded>'
    parsed = read(rss(f"<item>{item}</item><item><title>Another</title></item>").encode())
    entry = parsed.entries[0]
    assert entry.title
    assert entry.summary
    assert (entry.title.value, entry.summary.value) == (title, description)
    assert [text.value for text in entry.content] == [content]
    assert len(parsed.entries) == 2


@given(XML_TEXT, XML_TEXT, st.sampled_from(["text", "html"]))
@settings(deadline=None)
def test_atom_comes_back_verbatim(title: str, content: str, kind: str) -> None:
    entry = f'<id>1</id><title type="{kind}">{escape(title)}</title><content type="{kind}">{escape(content)}</content>'
    parsed = read(f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{entry}</entry></feed>'.encode()).entries[0]
    assert parsed.title
    assert (parsed.title.value, [text.value for text in parsed.content]) == (title, [content])
    assert parsed.summary is None


XHTML = st.recursive(
    XML_TEXT.map(escape),
    lambda inner: st.builds(
        "<{0} {1}='{2}'>{3}</{0}>{4}".format,
        st.sampled_from(["p", "em", "DIV", "blockquote"]),
        st.sampled_from(["id", "CLASS"]),
        st.just("a&#62;b"),
        inner,
        st.sampled_from(["", "<br/>", "<!-- note -->", "&#x2019;", "\n"]),
    ),
    max_leaves=5,
)


@given(XHTML)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_xhtml_comes_back_as_the_slice_it_was(markup: str) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{markup}<p>end</p></div>'
    entry = f'<id>1</id><content type="xhtml">{div}</content>'
    parsed = read(f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{entry}</entry></feed>'.encode()).entries[0]
    assert [(text.value, text.type) for text in parsed.content] == [(markup + "<p>end</p>", "application/xhtml+xml")]


@given(XML_TEXT, st.sampled_from([escape, in_cdata]))
@settings(deadline=None)
def test_a_headline_in_a_sitemap_comes_back_verbatim(title: str, write: Any) -> None:
    (entry,) = read(news_sitemap(in_sitemap(1, write(title))), "sitemap").entries
    assert entry.title == Text(title, "text/plain")


@given(st.text(min_size=1), st.text(min_size=1))
@settings(deadline=None)
def test_json_comes_back_verbatim(title: str, content: str) -> None:
    item = {"id": "1", "title": title, "content_html": content}
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}).encode()
    entry = read(body, "jsonfeed").entries[0]
    assert entry.title
    assert (entry.title.value, entry.content[0].value) == (title, content)


# Real publishers' feeds, where they are at hand

real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not here: real feeds are not part of the project")


def manifest() -> list[dict[str, str]]:
    if not SHARED.is_dir():
        return []
    return list(csv.DictReader((SHARED / "MANIFEST.tsv").read_text("utf-8").splitlines(), delimiter="\t"))


@real
@pytest.mark.parametrize("row", manifest(), ids=lambda row: row["file"])
def test_real_feed(row: dict[str, str]) -> None:
    body = (SHARED / row["file"]).read_bytes()
    parsed = read(body)
    assert len(parsed.entries) + sum(parsed.drops.values()) == int(row["feedparser_entries"])
    assert parsed.format == row["version"]
    source = body.decode(row["encoding"], "replace")
    source += html.unescape(source)
    words = "".join(
        text.value for entry in parsed.entries for text in (entry.title, entry.summary, *entry.content) if text
    )
    for mark in ("\ufffd", "Ã", "â€", "Â", "ï»¿"):
        assert words.count(mark) <= source.count(mark)
    if row["encoding"].lower() != "utf-8":
        titles = [entry.title.value for entry in parsed.entries if entry.title]
        assert [title for title in titles if title not in source] == []
